// Says what keys are called on this machine, and names commands with their keys for tooltips.
import { type CommandId, commands } from '../../../main/contract/commands.ts';
import { titleWithKeys } from '../../state/keymap.ts';
import { useWorkbench } from './client.ts';

export const isMac = typeof navigator !== 'undefined' && /mac/i.test(navigator.userAgent);

/** "Undo (Ctrl+Z)", by the keys that the person has set. */
export function useTitle(id: CommandId): string {
  const settings = useWorkbench((state) => state.settings);
  const command = commands.find((one) => one.id === id);
  return command ? titleWithKeys(command, settings, isMac) : id;
}
