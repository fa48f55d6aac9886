// Makes the sample project: copies the scenes that come with Loupe beside a project file of the person's own.
import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { BadInput } from '../../contract/badInput.ts';
import { openProject } from '../../store/project.ts';

const shipped = path.resolve(import.meta.dirname, '../../../resources/sample');
/** One of its pictures: what loupe-nano is asked about where only the time of an answer matters. */
export const sampleScene = path.join(shipped, 'scene-01.jpg');
const NAME = 'Sample scenes.loupe';

/**
 * The project file in `folder`, made where it is not there; the scenes lie in `Sample scenes` beside it, with
 * `coarse.json`, a COCO file of rough masks to repair. Copies, because an update replaces the app's own folder.
 */
export function makeSampleProject(folder: string): string {
  const file = path.join(folder, NAME);
  if (existsSync(file)) return file;
  const part = path.join(folder, `making-${randomUUID()}.loupe`);
  try {
    const images = copyScenes(path.join(folder, 'Sample scenes'));
    const project = openProject(part, { create: true });
    try {
      project.addImages(images.map((name) => ({ path: `Sample scenes/${name}` })));
    } finally {
      project.close();
    }
    renameSync(part, file);
    return file;
  } catch (error) {
    if (existsSync(part)) rmSync(part);
    if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error;
    throw new BadInput(`${folder}: the sample project cannot be made there (${error.code})`, { cause: error });
  }
}

/** Names of the pictures, in order. */
function copyScenes(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(shipped).sort();
  for (const name of names) copyFileSync(path.join(shipped, name), path.join(folder, name));
  return names.filter((name) => name.endsWith('.jpg'));
}
