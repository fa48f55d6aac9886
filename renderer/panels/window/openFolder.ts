// Opens a folder of images as a project: the one that is kept in it already, or a new one beside the images.
import type { Client } from '../../state/client.ts';
import { fileName } from '../../state/words.ts';

/** The file that a folder's project has unless somebody says otherwise. */
export function projectFileIn(folder: string): string {
  const separator = folder.includes('\\') ? '\\' : '/';
  const bare = folder.replace(/[/\\]+$/u, '');
  return `${bare}${separator}${fileName(bare) || 'images'}.loupe`;
}

export async function openFolder({ host, actions }: Client, folder: string): Promise<boolean> {
  const file = projectFileIn(folder);
  const { entries } = await host.files.browse({ folder });
  const known = entries.find(({ kind, path }) => kind === 'project' && path === file);
  return known ? actions.openProject(file) : actions.createProject(file, folder);
}
