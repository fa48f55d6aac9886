// Every command by name: typed words find it, Enter does it, and its keys stand beside it to be learnt.
import { Group, Kbd } from '@mantine/core';
import { createSpotlight, Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { useEffect } from 'react';
import { type Command, type CommandId, commandGroups, commands } from '../../../main/contract/commands.ts';
import { isAvailable, needed } from '../../state/commands.ts';
import { orderedLabels } from '../../state/labelEdits.ts';
import type { Workbench } from '../../state/workbench.ts';
import { useClient, useWorkbench } from './client.ts';
import { useCommand, useKeys } from './useCommands.ts';

const [store, palette] = createSpotlight();

// Mantine gives the focus back shortly after closing; a command that sets it must come later.
const afterClosing = 60;

/** Mantine does it a moment later: on a busy page what is typed meanwhile would be lost. */
const takeKeys = (field: HTMLInputElement | null) => field?.focus({ preventScroll: true });

export function CommandPalette() {
  const { store: workbench, actions } = useClient();
  const open = useWorkbench(({ dialog }) => dialog === 'commands');
  const labels = useWorkbench((state) => state.labels);
  const run = useCommand();
  useEffect(() => (open ? palette.open() : palette.close()), [open]);
  const later = (work: () => void) => setTimeout(work, afterClosing);
  const groups = open ? commandEntries(workbench.getState(), (id) => later(() => run(id))) : [];
  const named = orderedLabels(labels).map(({ id, name, colour }) => ({
    id: `give ${id}`,
    label: `Label: ${name}`,
    leftSection: <span style={{ width: 10, height: 10, borderRadius: 5, background: colour }} />,
    onClick: () => later(() => void actions.setLabel(id)),
  }));
  return (
    <Spotlight
      store={store}
      shortcut={null}
      attributes={{ content: { 'aria-label': 'All commands' } }}
      overlayProps={{ backgroundOpacity: 0.35, blur: 0 }}
      scrollable
      centered={false}
      maxHeight={440}
      highlightQuery
      actions={named.length > 0 && open ? [...groups, { group: 'Give a label', actions: named }] : groups}
      nothingFound="No command is called so."
      searchProps={{
        placeholder: 'What do you want to do?',
        'aria-label': 'Search commands',
        ref: takeKeys,
        leftSection: <IconSearch size={18} aria-hidden />,
      }}
      onSpotlightClose={() => workbench.setState(({ dialog }) => ({ dialog: dialog === 'commands' ? null : dialog }))}
    />
  );
}

/** Lists commands in the groups of the menu; a digit is shown as its label, and not at all where it has none. */
function commandEntries(state: Workbench, run: (id: CommandId) => void): SpotlightActionGroupData[] {
  return commandGroups
    .filter((group) => group !== 'Label')
    .map((group) => ({
      group,
      actions: commands
        .filter((command) => command.group === group && command.id !== 'app.palette')
        .map((command) => entry(command, state, run)),
    }));
}

const entry = (command: Command, state: Workbench, run: (id: CommandId) => void) => ({
  id: command.id,
  label: command.title,
  keywords: [command.group],
  description: isAvailable(command, state) ? undefined : needed[command.needs],
  rightSection: <Keys id={command.id} />,
  onClick: () => run(command.id),
});

/** The first keys of a command. */
export function Keys({ id }: { id: CommandId }) {
  const parts = useKeys()(id);
  return (
    <Group gap={2} wrap="nowrap" component="span">
      {parts.map((part) => (
        <Kbd key={part} size="xs">
          {part}
        </Kbd>
      ))}
    </Group>
  );
}
