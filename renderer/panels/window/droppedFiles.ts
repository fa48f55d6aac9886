// Takes files dropped on the window: opens a project, adds images and folders to what is open, or makes a project of them.
import { useEffect } from 'react';
import type { Client } from '../../state/client.ts';
import { sentence } from '../../state/connection.ts';
import { say } from '../../state/workbench.ts';
import { useShell } from './client.ts';
import { openFolder } from './openFolder.ts';

/** A page that does not take drops would be replaced by the dropped file. */
export function useDrops(client: Client): void {
  const shell = useShell();
  useEffect(() => {
    const over = (event: DragEvent) => event.preventDefault();
    const drop = (event: DragEvent) => {
      event.preventDefault();
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length === 0) return;
      if (!shell) {
        say(
          client.store,
          'plain',
          'A browser does not say where dropped files lie. Choose them with Add images or Open.',
        );
        return;
      }
      const paths = files.map((file) => shell.pathOf(file));
      dropped(client, paths).catch((error: unknown) => say(client.store, 'bad', sentence(error)));
    };
    window.addEventListener('dragover', over);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', over);
      window.removeEventListener('drop', drop);
    };
  }, [shell, client]);
}

export async function dropped(client: Client, paths: readonly string[]): Promise<boolean> {
  const { store, actions } = client;
  const project = paths.find((path) => path.toLowerCase().endsWith('.loupe'));
  const [first] = paths;
  if (project !== undefined) return actions.openProject(project);
  if (store.getState().project) return actions.addImages([...paths]);
  return first === undefined ? false : openFolder(client, first);
}
