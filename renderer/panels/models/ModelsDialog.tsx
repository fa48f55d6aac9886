// The models of this machine, and the catalogue of published ones: size, licence and need of each, and its download as a job.
import { Alert, Badge, Button, Group, Stack, Text, Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { CatalogueRow } from '../../../main/contract/api.ts';
import type { Job } from '../../../main/contract/jobs.ts';
import { sentence } from '../../state/connection.ts';
import { bytesWords, isActive } from '../../state/words.ts';
import { useClient } from '../window/client.ts';
import { DialogFrame } from '../window/DialogFrame.tsx';
import { JobView } from '../window/JobView.tsx';
import { useStartedJob } from '../window/startedJob.ts';
import { InstalledModels, kindWords } from './InstalledModels.tsx';

export const ModelsDialog = () => (
  <DialogFrame name="models" title="Models" size="xl">
    <Catalogue />
  </DialogFrame>
);

const isOfModels = ({ kind }: Job): boolean => kind === 'download' || kind === 'quantise';

function Catalogue() {
  const { host } = useClient();
  const { job, problem, starting, start } = useStartedJob((each) => isOfModels(each) && isActive(each));
  const running = job !== null && isActive(job);
  const { rows, failure } = useCatalogue(running);
  const busy = running || starting;
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
      <InstalledModels busy={busy} titles={new Map(rows.map(({ id, title }) => [id, title]))} start={start} />
      <Title order={3} size="sm">
        To be downloaded
      </Title>
      {rows
        .filter(({ place }) => place === null)
        .map((row) => (
          <Model
            key={row.id}
            row={row}
            busy={busy}
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
          {kindWords(row.kind)}
        </Badge>
      </Group>
      <Text size="xs" c="dimmed">
        {sizeWords(row)}
      </Text>
      <Text size="xs">{row.licence}</Text>
      {!row.canDownload && (
        <Text size="xs" c="dimmed">
          No address of it is known for sure; files of it that you have can be added above.
        </Text>
      )}
    </div>
    <Button
      variant="default"
      flex="none"
      disabled={busy || !row.canDownload}
      aria-label={`Download ${row.title}`}
      onClick={onDownload}
    >
      Download
    </Button>
  </Group>
);

/** "8.9 GB to download, needs 11.7 GB of memory, more than this machine has, in 4 bits about 4.8 GB; size is an estimate". */
export function sizeWords({ bytes, memory, fits, quantised, note }: CatalogueRow): string {
  const need = `needs ${needWords({ memory, fits })}`;
  const small = quantised === null ? '' : `, in 4 bits about ${needWords(quantised)}`;
  return `${bytesWords(bytes)} to download, ${need}${small}${note === null ? '' : `; ${note}`}`;
}

const needWords = ({ memory, fits }: { memory: number; fits: boolean }): string =>
  `${bytesWords(memory)} of memory${fits ? '' : ', more than this machine has'}`;
