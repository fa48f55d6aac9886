// Keys of the present habits and what the mouse does, on one sheet that can be searched.
import { Button, Group, Kbd, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { IconKeyboard, IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { type Command, commandGroups, commands } from '../../../main/contract/commands.ts';
import { toolOptions } from '../../../main/contract/tools.ts';
import { chordsFor, shownChord } from '../../state/keymap.ts';
import { useWorkbench } from '../window/client.ts';
import { DialogFrame } from '../window/DialogFrame.tsx';
import { isMac } from '../window/keys.ts';
import { useCommand } from '../window/useCommands.ts';

export const HelpDialog = () => (
  <DialogFrame name="help" title="Keys and mouse" size="xl">
    <HelpSheet />
  </DialogFrame>
);

type Rows = readonly (readonly [string, string])[];

const mouse: Rows = [
  ['Wheel', 'Zoom at the pointer (Settings can make it scroll)'],
  ['Space + drag, middle drag', 'Pan, in every tool and within a stroke'],
  ['Click', 'Select; a corner in polygon; a point in points'],
  ['Right click', 'A point that is not on the thing; else the menu'],
  ['Double click', 'Close the polygon; the label of the shape'],
  ['Ctrl + drag in brush', 'Erase'],
  ['Alt while drawing', 'Take away from the mask'],
  ['Shift + click in wand', 'Add to the mask'],
  ['Alt + wheel', 'Size of the brush'],
];

const bar: Rows = Object.values(toolOptions).map(({ title, does }) => [title, does]);

function HelpSheet() {
  const [words, setWords] = useState('');
  const preset = useWorkbench(({ settings }) => settings.keys);
  const run = useCommand();
  const found = commandGroups.flatMap((group) => {
    const shown = commands.filter((command) => command.group === group && matches(command, words));
    return shown.length > 0 ? [{ group, shown }] : [];
  });
  return (
    <Stack gap="sm">
      <Group justify="space-between" wrap="nowrap">
        <TextInput
          aria-label="Search keys"
          placeholder="Search"
          leftSection={<IconSearch size={14} aria-hidden />}
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
          data-autofocus
          flex={1}
        />
        <Button variant="default" leftSection={<IconKeyboard size={16} aria-hidden />} onClick={() => run('app.keys')}>
          Change keys…
        </Button>
      </Group>
      <Text size="sm" c="dimmed">
        Keys as in {preset}. Single letters rest while you write; Esc steps out of a text.
      </Text>
      <div className="key-columns">
        {found.map(({ group, shown }) => (
          <KeyTable key={group} title={group} rows={shown} />
        ))}
        {words === '' && <PlainTable title="Mouse" rows={mouse} />}
        {words === '' && <PlainTable title="Bar over the canvas" rows={bar} />}
      </div>
      {found.length === 0 && <Text size="sm">No command is called so.</Text>}
    </Stack>
  );
}

export const matches = ({ title, group }: Command, words: string): boolean =>
  words
    .toLowerCase()
    .split(/\s+/u)
    .every((word) => `${group} ${title}`.toLowerCase().includes(word));

function KeyTable({ title, rows }: { title: string; rows: readonly Command[] }) {
  return (
    <section>
      <Title order={3} size="sm" mb={4}>
        {title}
      </Title>
      <Table verticalSpacing={3} horizontalSpacing="xs" aria-label={`Keys: ${title}`}>
        <Table.Tbody>
          {rows.map((command) => (
            <Table.Tr key={command.id}>
              <Table.Td>{command.title}</Table.Td>
              <Table.Td ta="right">
                <Chords command={command} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}

/** All keys of a command. */
export function Chords({ command }: { command: Command }) {
  const settings = useWorkbench((state) => state.settings);
  const all = chordsFor(command, settings);
  if (all.length === 0) {
    return (
      <Text size="xs" c="dimmed" ta="right">
        no key
      </Text>
    );
  }
  return (
    <Group gap={6} justify="flex-end" wrap="wrap">
      {all.map((chord) => (
        <Group key={chord} gap={2} wrap="nowrap">
          {shownChord(chord, isMac).map((part) => (
            <Kbd key={part} size="xs">
              {part}
            </Kbd>
          ))}
        </Group>
      ))}
    </Group>
  );
}

const PlainTable = ({ title, rows }: { title: string; rows: Rows }) => (
  <section>
    <Title order={3} size="sm" mb={4}>
      {title}
    </Title>
    <Table verticalSpacing={3} horizontalSpacing="xs" aria-label={title}>
      <Table.Tbody>
        {rows.map(([what, does]) => (
          <Table.Tr key={what}>
            <Table.Td>{what}</Table.Td>
            <Table.Td>{does}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  </section>
);
