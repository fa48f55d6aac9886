// Changes keys: whose habits they follow, and a key of one's own for any command; says where a key is taken already.
import {
  Alert,
  Badge,
  Button,
  Group,
  Kbd,
  ScrollArea,
  Select,
  Stack,
  Table,
  Text,
  TextInput,
  VisuallyHidden,
} from '@mantine/core';
import { IconRestore, IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, useState } from 'react';
import { type Command, commands } from '../../../main/contract/commands.ts';
import type { Settings } from '../../../main/contract/settings.ts';
import { chordToStore, conflicts, presets, rebind, shownChord, unbind } from '../../state/keymap.ts';
import { changeSettings } from '../../state/preferences.ts';
import { useClient, useWorkbench } from '../window/client.ts';
import { DialogFrame } from '../window/DialogFrame.tsx';
import { isMac } from '../window/keys.ts';
import { Chords, matches } from './HelpDialog.tsx';

export const KeySettings = () => (
  <DialogFrame name="keys" title="Change keys" size="xl">
    <KeyList />
  </DialogFrame>
);

/** A chord that was pressed for a command and is not given to it yet, because others have it. */
interface Wanted {
  readonly command: Command;
  readonly chord: string;
  readonly holders: readonly Command[];
}

function KeyList() {
  const client = useClient();
  const settings = useWorkbench((state) => state.settings);
  const [words, setWords] = useState('');
  const [listening, setListening] = useState<string | null>(null);
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const give = (command: Command, chord: string) => {
    setWanted(null);
    setListening(null);
    void changeSettings(client, { rebound: rebind(command.id, chord, settings) });
  };
  const pressed = (command: Command, chord: string) => {
    const holders = conflicts(command.id, chord, settings);
    if (holders.length === 0) give(command, chord);
    else setWanted({ command, chord, holders });
  };
  return (
    <Stack gap="sm">
      <Top {...{ words, setWords }} />
      {wanted && <Warning wanted={wanted} onGive={give} onLeave={() => setWanted(null)} />}
      <ScrollArea h={420} type="auto" tabIndex={0} aria-label="Commands and their keys">
        <Table verticalSpacing={4} stickyHeader>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Command</Table.Th>
              <Table.Th ta="right">Keys</Table.Th>
              <Table.Th w={210}>
                <VisuallyHidden>Change</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {commands
              .filter((command) => matches(command, words))
              .map((command) => (
                <KeyRow
                  key={command.id}
                  {...{ command, settings }}
                  listening={listening === command.id}
                  onListen={(on) => setListening(on ? command.id : null)}
                  onPress={(chord) => pressed(command, chord)}
                  onReset={() => void changeSettings(client, { rebound: unbind(command.id, settings.rebound) })}
                />
              ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
    </Stack>
  );
}

function Top({ words, setWords }: { words: string; setWords(words: string): void }) {
  const client = useClient();
  const { keys, rebound } = useWorkbench((state) => state.settings);
  return (
    <Group align="flex-end" wrap="nowrap">
      <Select
        label="Habits"
        data={presetChoices}
        value={keys}
        allowDeselect={false}
        onChange={(value) => void changeSettings(client, { keys: presets.find((one) => one === value) ?? keys })}
        w={230}
      />
      <TextInput
        label="Search"
        leftSection={<IconSearch size={14} aria-hidden />}
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
        data-autofocus
        flex={1}
      />
      <Button
        variant="default"
        leftSection={<IconRestore size={16} aria-hidden />}
        disabled={Object.keys(rebound).length === 0}
        onClick={() => void changeSettings(client, { rebound: {} })}
      >
        Reset all
      </Button>
    </Group>
  );
}

export const presetChoices = [
  { value: 'Loupe', label: 'Loupe' },
  { value: 'X-AnyLabeling', label: 'X-AnyLabeling and labelme' },
  { value: 'CVAT', label: 'CVAT' },
];

interface WarningProps {
  readonly wanted: Wanted;
  onGive(command: Command, chord: string): void;
  onLeave(): void;
}

function Warning({ wanted: { command, chord, holders }, onGive, onLeave }: WarningProps) {
  const names = holders.map(({ title }) => `“${title}”`).join(' and ');
  return (
    <Alert color="yellow" role="alert" title={`${shownChord(chord, isMac).join(' ')} is already ${names}`}>
      <Group>
        <Button size="compact-sm" onClick={() => onGive(command, chord)} autoFocus>
          Give it to “{command.title}”
        </Button>
        <Button size="compact-sm" variant="default" onClick={onLeave}>
          Leave it
        </Button>
      </Group>
    </Alert>
  );
}

interface RowProps {
  readonly command: Command;
  readonly settings: Settings;
  readonly listening: boolean;
  onListen(on: boolean): void;
  onPress(chord: string): void;
  onReset(): void;
}

function KeyRow({ command, settings, listening, onListen, onPress, onReset }: RowProps) {
  const own = command.id in settings.rebound;
  const capture = (event: KeyboardEvent) => {
    if (!listening || event.key === 'Tab') return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Escape' && !event.ctrlKey) return onListen(false);
    const { key, code, ctrlKey, metaKey, altKey, shiftKey } = event;
    const altGraph = event.getModifierState('AltGraph');
    const chord = chordToStore({ key, code, ctrlKey, metaKey, altKey, shiftKey, altGraph });
    if (chord !== null) onPress(chord);
  };
  return (
    <Table.Tr>
      <Table.Td>
        {command.title}{' '}
        <Text component="span" size="xs" c="dimmed">
          {command.group}
        </Text>{' '}
        {own && (
          <Badge size="xs" variant="light">
            yours
          </Badge>
        )}
      </Table.Td>
      <Table.Td>
        <Chords command={command} />
      </Table.Td>
      <Table.Td>
        <Group gap={4} wrap="nowrap">
          <Button
            size="compact-xs"
            variant={listening ? 'filled' : 'default'}
            aria-label={`Change the key of ${command.title}`}
            onClick={() => onListen(!listening)}
            onKeyDown={capture}
            // Esc then ends the listening, not the dialog.
            data-mantine-stop-propagation={listening || undefined}
            onBlur={() => listening && onListen(false)}
          >
            {listening ? 'Press keys…' : 'Change'}
          </Button>
          {listening && (
            <Text size="xs" c="dimmed" component="span">
              <Kbd size="xs">Esc</Kbd> leaves it
            </Text>
          )}
          {own && !listening && (
            <Button
              size="compact-xs"
              variant="subtle"
              aria-label={`Reset the key of ${command.title}`}
              onClick={onReset}
            >
              Reset
            </Button>
          )}
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}
