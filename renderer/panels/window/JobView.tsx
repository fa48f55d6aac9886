// Shows one job: how far it is, how long it still takes, cancel, its result, and the lines of what was left out.
import { Alert, Button, Group, Progress, Stack, Text } from '@mantine/core';
import type { Job } from '../../../main/contract/jobs.ts';
import { sentence } from '../../state/connection.ts';
import { bytesWords, counted, isActive, jobPercent, jobTitle, several, timeLeft } from '../../state/words.ts';
import { say } from '../../state/workbench.ts';
import { useClient } from './client.ts';

interface Props {
  readonly job: Job;
  /** What the notes are lines of. */
  readonly notesTitle?: string;
}

export function JobView({ job, notesTitle = 'Notes' }: Props) {
  return (
    <Stack gap={6} role="group" aria-label={jobTitle(job)}>
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" fw={600} truncate>
          {jobTitle(job)}
        </Text>
        {isActive(job) && <CancelButton job={job} />}
      </Group>
      {isActive(job) && <Bar job={job} />}
      {!isActive(job) && job.message && <Outcome job={job} message={job.message} />}
      {job.state === 'cancelled' && !job.message && <Text size="sm">Cancelled. What was done so far is kept.</Text>}
      {job.notes.length > 0 && <Notes title={notesTitle} lines={job.notes} />}
    </Stack>
  );
}

/** "120 of 3,000, 2 min left". */
export function progressWords({ kind, state, done, total, secondsLeft }: Job): string {
  if (state === 'waiting') return 'Waits for its turn';
  const words = kind === 'download' ? bytesWords : (count: number) => counted(Math.floor(count));
  const far = total === null ? words(done) : `${words(done)} of ${words(total)}`;
  return secondsLeft === null ? far : `${far}, ${timeLeft(secondsLeft)} left`;
}

function Bar({ job }: { job: Job }) {
  const share = jobPercent(job);
  return (
    <>
      <Progress
        value={share === null ? 100 : share * 100}
        animated={share === null}
        striped={share === null}
        aria-label={job.title}
      />
      <Text size="xs" c="dimmed" role="status">
        {progressWords(job)}
      </Text>
    </>
  );
}

const Outcome = ({ job, message }: { job: Job; message: string }) =>
  job.state === 'failed' ? (
    <Alert color="red" role="alert">
      {message}
    </Alert>
  ) : (
    <Text size="sm" role="status">
      {message}
    </Text>
  );

function CancelButton({ job }: { job: Job }) {
  const { host, store } = useClient();
  const cancel = () => host.jobs.cancel({ id: job.id }).catch((error: unknown) => say(store, 'bad', sentence(error)));
  return (
    <Button size="compact-xs" variant="default" onClick={() => void cancel()} aria-label={`Cancel: ${job.title}`}>
      Cancel
    </Button>
  );
}

/** Long lists scroll in place. */
export const Notes = ({ title, lines }: { title: string; lines: readonly string[] }) => (
  <section aria-label={title}>
    <Text size="xs" fw={600} mb={2}>
      {title} ({several(lines.length, 'line')})
    </Text>
    <ul className="notes" tabIndex={lines.length > 8 ? 0 : undefined}>
      {[...new Set(lines)].map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  </section>
);
