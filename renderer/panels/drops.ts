// Files dropped on the window: a project is opened, images and folders are added to what is open or become a project.
import { useEffect } from 'react';
import { sentence } from '../state/connection.ts';
import type { Desk } from '../state/desk.ts';
import { say } from '../state/workbench.ts';
import { useShell } from './desk.ts';
import { openFolder } from './openFolder.ts';

/** A page that does not take drops would be replaced by the dropped file. */
export function useDrops(desk: Desk): void {
  const shell = useShell();
  useEffect(() => {
    const over = (event: DragEvent) => event.preventDefault();
    const drop = (event: DragEvent) => {
      event.preventDefault();
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length === 0) return;
      if (!shell) {
        say(
          desk.store,
          'plain',
          'A browser does not say where dropped files lie. Choose them with Add images or Open.',
        );
        return;
      }
      const paths = files.map((file) => shell.pathOf(file));
      dropped(desk, paths).catch((error: unknown) => say(desk.store, 'bad', sentence(error)));
    };
    window.addEventListener('dragover', over);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', over);
      window.removeEventListener('drop', drop);
    };
  }, [shell, desk]);
}

export async function dropped(desk: Desk, paths: readonly string[]): Promise<boolean> {
  const { store, actions } = desk;
  const project = paths.find((path) => path.toLowerCase().endsWith('.loupe'));
  const [first] = paths;
  if (project !== undefined) return actions.openProject(project);
  if (store.getState().project) return actions.addImages([...paths]);
  return first === undefined ? false : openFolder(desk, first);
}
