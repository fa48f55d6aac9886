// Gives panels the commands: running one by its id, its keys for tooltips, and the key presses of the whole page.
import { createContext, useCallback, useContext, useEffect } from 'react';
import { type Command, type CommandId, commands } from '../../../main/contract/commands.ts';
import { type CommandContext, rememberTools } from '../../state/commandActions.ts';
import { pressKey, runCommand } from '../../state/commands.ts';
import { chordsFor, focusOf, shownChord } from '../../state/keymap.ts';
import { useWorkbench } from './client.ts';
import { isMac } from './keys.ts';

export const CommandsContext = createContext<CommandContext | null>(null);

function useCommandContext(): CommandContext {
  const context = useContext(CommandsContext);
  if (context === null) throw new Error('this panel stands outside of a window');
  return context;
}

/** Does a command; what cannot be done now is said on screen. */
export function useCommand(): (id: CommandId) => void {
  const context = useCommandContext();
  return useCallback((id) => void runCommand(id, context), [context]);
}

const find = (id: CommandId): Command => {
  const command = commands.find((one) => one.id === id);
  if (command === undefined) throw new Error(`no command ${id}`);
  return command;
};

/** The first keys of a command as parts to be shown; none where it has none. */
export const useKeys = (): ((id: CommandId) => readonly string[]) => {
  const settings = useWorkbench((state) => state.settings);
  return (id) => {
    const [first] = chordsFor(find(id), settings);
    return first === undefined ? [] : shownChord(first, isMac);
  };
};

/** Reads every key press of the page for as long as the window stands. */
export function useKeyboard(context: CommandContext | null): void {
  useEffect(() => {
    if (context === null) return;
    const dialogs = watchDialogs(context.client);
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || dialogs.own(event)) return;
      const altGraph = event.getModifierState('AltGraph');
      const { key, code, ctrlKey, metaKey, altKey, shiftKey } = event;
      const target = event.target instanceof HTMLElement ? event.target : null;
      const focus = focusOf(target === document.body ? null : target);
      if (key === 'Escape' && focus === 'text') return target?.blur();
      if (pressKey({ key, code, ctrlKey, metaKey, altKey, shiftKey, altGraph }, focus, context)) event.preventDefault();
    };
    window.addEventListener('keydown', pressed);
    const forget = rememberTools(context.client);
    return () => {
      window.removeEventListener('keydown', pressed);
      dialogs.forget();
      forget();
    };
  }, [context]);
}

/**
 * Keys belong to a dialog that stands, and to one that this very key has closed: it is gone when the key gets here, and where the focus
 * was on a button that can no longer be pressed, nothing else tells so. The next key is the window's, however soon it comes.
 */
function watchDialogs({ store }: CommandContext['client']): { own(event: Event): boolean; forget(): void } {
  let stands = store.getState().dialog !== null;
  let closing: Event | undefined;
  const forget = store.subscribe(({ dialog }) => {
    if (stands && dialog === null) closing = window.event;
    stands = dialog !== null;
  });
  return { own: (event) => stands || event === closing, forget };
}
