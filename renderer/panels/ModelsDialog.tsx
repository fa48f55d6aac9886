// The catalogue of published models: size, licence and need of each, its download as a job, and the choice of what is here.
import { Alert, Badge, Button, Group, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { CatalogueRow } from '../../main/contract/api.ts';
import type { Job } from '../../main/contract/jobs.ts';
import { sentence } from '../state/connection.ts';
import { changeSettings } from '../state/preferences.ts';
import { bytesWords, isActive } from '../state/words.ts';
import { useClient, useWorkbench } from './client.ts';
import { DialogFrame } from './DialogFrame.tsx';
import { JobView } from './JobView.tsx';
import { useStartedJob } from './startedJob.ts';

export const ModelsDialog = () => (
  <DialogFrame name="models" title="Models" size="xl">
    <Catalogue />
  </DialogFrame>
);

const isDownload = (job: Job): boolean => job.kind === 'download';

function Catalogue() {
  const { host } = useClient();
  const { job, problem, starting, start } = useStartedJob((each) => isDownload(each) && isActive(each));
  const running = job !== null && isActive(job);
  const { rows, failure } = useCatalogue(running);
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        Weights come from where their authors keep them, are checked against their digests, and lie in the cache that
        other tools share. A download that was stopped goes on where it was.
      </Text>
      {job && <JobView job={job} />}
      {(problem ?? failure) && (
        <Alert color="red" role="alert">
          {problem ?? failure}
        </Alert>
      )}
      {rows.map((row) => (
        <Model
          key={row.id}
          row={row}
          busy={running || starting}
          onDownload={() => start(() => host.models.download({ id: row.id }))}
        />
      ))}
    </Stack>
  );
}

/** Read again whenever a download has begun or ended. */
function useCatalogue(running: boolean) {
  const { host } = useClient();
  const [rows, setRows] = useState<readonly CatalogueRow[]>([]);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    if (running && rows.length > 0) return;
    host.models.catalogue().then(setRows, (error: unknown) => setFailure(sentence(error)));
  }, [host, running, rows.length]);
  return { rows, failure };
}

interface ModelProps {
  readonly row: CatalogueRow;
  readonly busy: boolean;
  onDownload(): void;
}

export const Model = ({ row, busy, onDownload }: ModelProps) => (
  <Group justify="space-between" wrap="nowrap" role="group" aria-label={row.title}>
    <div>
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {row.title}
        </Text>
        <Badge size="xs" variant="light">
          {row.kind === 'reasoner' ? 'words' : 'clicks and boxes'}
        </Badge>
      </Group>
      <Text size="xs" c="dimmed">
        {sizeWords(row)}
      </Text>
      <Text size="xs">{row.licence}</Text>
    </div>
    {row.place === null ? (
      <Button
        variant="default"
        disabled={busy || !row.canDownload}
        title={row.canDownload ? undefined : 'No address of it is known for sure; its files can be imported'}
        aria-label={`Download ${row.title}`}
        onClick={onDownload}
      >
        Download
      </Button>
    ) : (
      <Use row={row} place={row.place} />
    )}
  </Group>
);

/** "8.9 GB to download, needs 11.7 GB of memory, more than this machine has; size is an estimate". */
export function sizeWords({ bytes, memory, fits, note }: CatalogueRow): string {
  const need = `needs ${bytesWords(memory)} of memory${fits ? '' : ', more than this machine has'}`;
  return `${bytesWords(bytes)} to download, ${need}${note === null ? '' : `; ${note}`}`;
}

/** A reasoner answers words, a segmenter clicks and boxes: each is chosen apart from the other. */
function Use({ row: { kind, title }, place }: { row: CatalogueRow; place: string }) {
  const client = useClient();
  const settings = useWorkbench((state) => state.settings);
  const setting = kind === 'reasoner' ? 'weights' : 'segmenter';
  const inUse = settings[setting] === place;
  return (
    <Button
      disabled={inUse}
      title={place}
      aria-label={`Use ${title}`}
      onClick={() => void changeSettings(client, { [setting]: place })}
    >
      {inUse ? 'In use' : 'Use'}
    </Button>
  );
}
