// Says when a command can be run, runs it by its id, and finds the command of a key press.
import { type Command, type CommandId, commands, type Needs } from '../../main/contract/commands.ts';
import { inReview } from './answers.ts';
import { type CommandContext, commandActions } from './commandActions.ts';
import { sentence } from './connection.ts';
import { chordsOf, commandsAt, type Focus, type Pressed, passes } from './keymap.ts';
import { say, type Workbench } from './workbench.ts';

/** Whether the pair of the repair is what the person looks at. */
export const showsPair = ({ side, repair, open }: Workbench): boolean =>
  side === 'repair' && repair.pair !== null && repair.pair.imageId === open?.image.id;

const met: Readonly<Record<Needs, (state: Workbench) => boolean>> = {
  nothing: () => true,
  project: ({ project }) => project !== null,
  image: ({ open }) => open !== null,
  shape: ({ selected }) => selected.size > 0,
  shapes: ({ selected }) => selected.size > 1,
  proposal: (state) => inReview(state).proposal !== null,
  copied: ({ open, copied }) => open !== null && copied.length > 0,
  judging: (state) => state.repair.stage === 'judging' && showsPair(state),
  editing: (state) => state.repair.stage === 'editing' && showsPair(state),
  wipe: ({ wipe }) => wipe !== null,
};

/** What to say where a command cannot be done yet. */
export const needed: Readonly<Record<Needs, string>> = {
  nothing: '',
  project: 'Open a project first.',
  image: 'Open an image first.',
  shape: 'Select a shape first.',
  shapes: 'Select two shapes or more first.',
  proposal: 'Ask a prompt first.',
  copied: 'Copy a shape first.',
  judging: 'Start the repair first.',
  editing: 'Choose to edit a pair of the repair first.',
  wipe: 'Nothing is compared.',
};

export const isAvailable = ({ needs }: Command, state: Workbench): boolean => met[needs](state);

const checks: Partial<Readonly<Record<CommandId, (state: Workbench) => boolean>>> = {
  'view.masks': ({ masksShown }) => masksShown,
  'view.labels': ({ labelsShown }) => labelsShown,
  'view.byLabel': ({ settings }) => settings.colourBy === 'label',
  'view.byShape': ({ settings }) => settings.colourBy === 'object',
  'view.byReview': ({ settings }) => settings.colourBy === 'review',
};

/** Whether a switch is on; null: the command is no switch. */
export const isChecked = (id: CommandId, state: Workbench): boolean | null => checks[id]?.(state) ?? null;

const byId: ReadonlyMap<string, Command> = new Map(commands.map((command) => [command.id, command]));

/** Undefined where the table has no such command, as an older shell's menu may ask for. */
export const commandOf = (id: string): Command | undefined => byId.get(id);

/** Does it where it can be done; what goes wrong is said on screen. */
export async function runCommand(id: CommandId, context: CommandContext): Promise<void> {
  const { store } = context.client;
  const command = byId.get(id);
  if (!command) return;
  if (!isAvailable(command, store.getState())) return say(store, 'plain', needed[command.needs]);
  try {
    await commandActions[id](context);
  } catch (error) {
    say(store, 'bad', sentence(error));
  }
}

/** True where the key is ours, and the page is to do nothing with it. */
export function pressKey(pressed: Pressed, focus: Focus, context: CommandContext): boolean {
  const state = context.client.store.getState();
  if (state.dialog !== null || focus === 'away') return false;
  let known = false;
  for (const chord of chordsOf(pressed)) {
    if (!passes(chord, focus)) continue;
    const all = commandsAt(chord, state.settings);
    const command = all.find((one) => isAvailable(one, state));
    if (command) {
      void runCommand(command.id, context);
      return true;
    }
    // A browser would save the page on Ctrl+S, although there is nothing to save yet.
    known ||= all.length > 0 && chord.startsWith('Ctrl+');
  }
  return known;
}
