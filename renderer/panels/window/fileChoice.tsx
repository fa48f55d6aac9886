// Chooses files: by the system's dialogs in the desktop window, by the host's folders in a browser; one function for both.
import { createContext, type ReactNode, useCallback, useContext, useState } from 'react';
import { useShell } from './client.ts';
import { FileBrowser, type FileWish } from './FileBrowser.tsx';

/** Gives absolute paths; none where the person closed the dialog. `name` is offered for files that are made. */
export type ChooseFiles = (what: FileWish, name?: string) => Promise<readonly string[]>;

const ChoiceContext = createContext<ChooseFiles | null>(null);

export function useFileChoice(): ChooseFiles {
  const choose = useContext(ChoiceContext);
  if (choose === null) throw new Error('no way to choose files here');
  return choose;
}

const ChoosingContext = createContext(false);

/** Whether files are being chosen in the page: the keys are for that, and not for what lies below. */
export const useIsChoosing = (): boolean => useContext(ChoosingContext);

interface FileQuestion {
  readonly what: FileWish;
  readonly name?: string;
  settle(paths: readonly string[]): void;
}

export function FileChoiceProvider({ children }: { children: ReactNode }) {
  const shell = useShell();
  const [asked, setAsked] = useState<FileQuestion | null>(null);
  const choose = useCallback<ChooseFiles>(
    (what, name) =>
      shell
        ? shell.choose(what === 'image' ? 'images' : what === 'weights' ? 'folder' : what, name)
        : new Promise((settle) => setAsked({ what, name, settle })),
    [shell],
  );
  const done = (paths: readonly string[]) => {
    asked?.settle(paths);
    setAsked(null);
  };
  return (
    <ChoiceContext.Provider value={choose}>
      <ChoosingContext.Provider value={asked !== null}>{children}</ChoosingContext.Provider>
      {asked && <FileBrowser what={asked.what} name={asked.name} onDone={done} />}
    </ChoiceContext.Provider>
  );
}
