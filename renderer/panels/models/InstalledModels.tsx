// The models that lie on this machine: what each is and is chosen for, its weights in fewer bits as a job, and adding and forgetting one.
import { Alert, Badge, Button, Group, Menu, Stack, Text, Title } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import type { InstalledRow, ModelPlace } from '../../../main/contract/api.ts';
import type { Job } from '../../../main/contract/jobs.ts';
import { sentence } from '../../state/connection.ts';
import { changeSettings } from '../../state/preferences.ts';
import { deviceWarning } from '../../state/words.ts';
import { useClient, useWorkbench } from '../window/client.ts';
import { useFileChoice } from '../window/fileChoice.tsx';
import { ModelNotice } from '../window/ModelNotice.tsx';
import { LearntNotice, useLearntVersion } from './LearntVersions.tsx';

interface Props {
  /** A job of the dialog is under way. */
  readonly busy: boolean;
  /** Titles that the catalogue has, by names. */
  readonly titles: ReadonlyMap<string, string>;
  start(request: () => Promise<Job>): void;
}

export function InstalledModels({ busy, titles, start }: Props) {
  const { host } = useClient();
  const choose = useFileChoice();
  const { rows, failure, change } = useInstalled(busy);
  const { version, setAside } = useLearntVersion();
  const warning = useWorkbench(({ engine }) => engine && deviceWarning(engine));
  const add = async (what: 'weights' | 'weights file') => {
    const [place] = await choose(what);
    if (place !== undefined) change(() => host.models.import({ place }));
  };
  return (
    <Stack component="section" aria-label="On this machine" gap="sm">
      <Group justify="space-between">
        <Title order={3} size="sm">
          On this machine
        </Title>
        <Group gap="xs">
          <Button variant="default" size="compact-sm" onClick={() => void add('weights')}>
            Add a folder…
          </Button>
          <Button
            variant="default"
            size="compact-sm"
            title="One of several segmenters that lie in one folder"
            onClick={() => void add('weights file')}
          >
            Add a file…
          </Button>
        </Group>
      </Group>
      {failure && (
        <Alert color="red" role="alert">
          {failure}
        </Alert>
      )}
      <ModelNotice />
      {warning && (
        <Alert color="yellow" role="status" aria-label="What the model lacks here">
          {warning}
        </Alert>
      )}
      <LearntNotice version={version} onSetAside={setAside} />
      <Own isAnswering={version === null} />
      <Unlisted rows={rows} />
      {rows.map((row) => (
        <Installed
          key={row.name}
          row={row}
          title={titles.get(row.name) ?? row.name}
          busy={busy}
          isAnswering={version === null}
          onQuantise={(bits) => start(() => host.models.quantise({ name: row.name, bits }))}
          onForget={() => change(() => host.models.forget({ name: row.name }))}
        />
      ))}
    </Stack>
  );
}

/** Read again when a job has ended, and after a change. */
function useInstalled(busy: boolean) {
  const { host } = useClient();
  const [rows, setRows] = useState<readonly InstalledRow[] | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const fail = useCallback((error: unknown) => setFailure(sentence(error)), []);
  const read = useCallback(() => host.models.installed().then(setRows, fail), [host, fail]);
  const isRead = rows !== null;
  useEffect(() => {
    if (!busy || !isRead) void read();
  }, [read, busy, isRead]);
  const change = (act: () => Promise<unknown>) => {
    setFailure(null);
    act().then(read, fail);
  };
  return { rows: rows ?? [], failure, change };
}

interface OwnProps {
  /** False while the open project answers by weights that it has learnt. */
  readonly isAnswering: boolean;
}

/** What comes with Loupe: always there, and what is used where nothing else was chosen. */
const Own = ({ isAnswering }: OwnProps) => {
  const client = useClient();
  const hasSegmenter = useWorkbench((state) => state.settings.segmenter !== null);
  return (
    <Group justify="space-between" wrap="nowrap" role="group" aria-label="loupe-nano">
      <div>
        <Text size="sm" fw={600}>
          loupe-nano
        </Text>
        <Text size="xs" c="dimmed">
          comes with Loupe, for words and for clicks and boxes
        </Text>
      </div>
      <Group gap="xs" wrap="nowrap" flex="none">
        {hasSegmenter && (
          <Button
            variant="default"
            title="No model for clicks alone: they go to the segmenter that the weights for words have"
            onClick={() => void changeSettings(client, { segmenter: null })}
          >
            Clicks to that of the weights
          </Button>
        )}
        <Use use="reasoner" title="loupe-nano" place={null} isAnswering={isAnswering} />
      </Group>
    </Group>
  );
};

/** What is chosen and stands in no row, as it was forgotten or picked as a folder. */
function Unlisted({ rows }: { rows: readonly InstalledRow[] }) {
  const { weights, segmenter } = useWorkbench((state) => state.settings);
  const places = new Set(rows.map(({ place }) => place));
  const chosen = [
    ...(weights !== null && !places.has(weights) ? [`${weights} is in use for words`] : []),
    ...(segmenter !== null && !places.has(segmenter) ? [`${segmenter} is in use for clicks and boxes`] : []),
  ];
  return chosen.map((words) => (
    <Text key={words} size="xs" c="dimmed" role="note" style={{ overflowWrap: 'anywhere' }}>
      {words}, and is not in this list.
    </Text>
  ));
}

interface InstalledProps extends OwnProps {
  readonly row: InstalledRow;
  readonly title: string;
  readonly busy: boolean;
  onQuantise(bits: 4 | 8): void;
  onForget(): void;
}

export const Installed = ({ row, title, busy, isAnswering, onQuantise, onForget }: InstalledProps) => (
  <Group justify="space-between" wrap="nowrap" role="group" aria-label={title}>
    <div>
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {title}
        </Text>
        {row.uses.map((use) => (
          <Badge key={use} size="xs" variant="light">
            {kindWords(use)}
          </Badge>
        ))}
      </Group>
      <Text size="xs" c="dimmed">
        {row.detail}; {bitsWords(row)}
      </Text>
      <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        {row.place}
      </Text>
      {row.problem !== null && (
        <Text size="xs" c="red" role="alert">
          {title}: {row.problem}
        </Text>
      )}
    </div>
    <Group gap="xs" wrap="nowrap" flex="none">
      {row.canQuantise && <FewerBits title={title} busy={busy} onQuantise={onQuantise} />}
      {row.problem === null &&
        row.uses.map((use) => <Use key={use} {...{ use, title, isAnswering }} place={row.place} />)}
      <Button variant="subtle" aria-label={`Forget ${title}`} title="Its files stay" onClick={onForget}>
        Forget
      </Button>
    </Group>
  </Group>
);

export const kindWords = (use: ModelPlace['kind']): string => (use === 'reasoner' ? 'words' : 'clicks and boxes');

/** "in 4 bits". */
export const bitsWords = ({ bits }: Pick<InstalledRow, 'bits'>): string =>
  bits === null ? 'weights as they came' : `weights in ${bits} bits`;

/** Beside the weights as they came, which stay. */
const FewerBits = ({ title, busy, onQuantise }: Pick<InstalledProps, 'title' | 'busy' | 'onQuantise'>) => (
  <Menu position="bottom-end">
    <Menu.Target>
      <Button variant="default" disabled={busy} aria-label={`Fewer bits for ${title}`}>
        Fewer bits…
      </Button>
    </Menu.Target>
    <Menu.Dropdown>
      <Menu.Item onClick={() => onQuantise(4)}>4 bits: smallest, and fastest on a processor</Menu.Item>
      <Menu.Item onClick={() => onQuantise(8)}>8 bits: nearer to the original</Menu.Item>
    </Menu.Dropdown>
  </Menu>
);

interface UseProps extends OwnProps {
  readonly use: ModelPlace['kind'];
  readonly title: string;
  /** null: of what comes with Loupe. */
  readonly place: string | null;
}

/** A reasoner answers words, a segmenter clicks and boxes: each is chosen apart from the other. */
function Use({ use, title, place, isAnswering }: UseProps) {
  const client = useClient();
  const settings = useWorkbench((state) => state.settings);
  const setting = use === 'reasoner' ? 'weights' : 'segmenter';
  const isChosen = settings[setting] === place;
  const words = use === 'segmenter' || isAnswering ? 'In use' : 'Chosen';
  return (
    <Button
      disabled={isChosen}
      title={place ?? undefined}
      aria-label={`Use ${title} for ${kindWords(use)}`}
      onClick={() => void changeSettings(client, { [setting]: place })}
    >
      {isChosen ? words : 'Use'}
    </Button>
  );
}
