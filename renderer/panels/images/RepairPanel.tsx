// Repairs coarse masks: the model draws each anew, and a person keeps, replaces or edits them in an order that is shown.
import { Button, Group, Kbd, Loader, Progress, Select, Stack, Text } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { RepairOrder, RepairPair } from '../../../main/contract/api.ts';
import type { CommandId } from '../../../main/contract/commands.ts';
import type { Job } from '../../../main/contract/jobs.ts';
import { showsPair } from '../../state/commands.ts';
import { orderedLabels } from '../../state/labelEdits.ts';
import { compareMasks, nextPair, sortPairs, startOver } from '../../state/repair.ts';
import { counted, isActive, percent, several, weightsName } from '../../state/words.ts';
import { useClient, useWorkbench } from '../window/client.ts';
import { JobView } from '../window/JobView.tsx';
import { ModelNotice } from '../window/ModelNotice.tsx';
import { useCommand, useKeys } from '../window/useCommands.ts';

/** The latest comparison of this session. */
const comparison = (jobs: ReadonlyMap<string, Job>): Job | null =>
  [...jobs.values()].findLast(({ kind }) => kind === 'compare') ?? null;

export function RepairPanel() {
  const client = useClient();
  const job = useWorkbench(({ jobs }) => comparison(jobs));
  const { stage } = useWorkbench((state) => state.repair);
  const file = useWorkbench(({ project }) => project?.file);
  const running = job !== null && isActive(job);
  // Pairs of an earlier day are there at once, those of a comparison as soon as it is over.
  useEffect(() => {
    const { repair } = client.store.getState();
    if (file && !running && (repair.stage === 'idle' || repair.stage === 'finished')) void nextPair(client);
  }, [client, running, file]);
  return (
    <Stack gap="xs" p="xs" className="workflow" role="region" aria-label="Repair">
      {running && <JobView job={job} />}
      {!running && (stage === 'idle' || stage === 'finished') && <Start job={job} />}
      {stage === 'loading' && <Loader size="sm" role="status" aria-label="Fetching the next pair" />}
      {(stage === 'judging' || stage === 'editing') && <Pair />}
    </Stack>
  );
}

function Start({ job }: { job: Job | null }) {
  const client = useClient();
  const labels = useWorkbench((state) => state.labels);
  const { stage, left, judged, skipped } = useWorkbench((state) => state.repair);
  const ready = useWorkbench(({ engine }) => engine?.state === 'ready');
  const [label, setLabel] = useState<string | null>(null);
  const finished = stage === 'finished';
  return (
    <Stack gap="sm">
      <div>
        <Text size="sm" fw={600}>
          {finished ? `${several(judged.length, 'pair')} judged` : 'Repair coarse masks'}
        </Text>
        <Text size="xs" c="dimmed">
          {finished
            ? leftWords(left, skipped.size)
            : 'The model draws every mask anew. You then step through both, and keep, replace or edit by one key.'}
        </Text>
      </div>
      {job?.message && <Text size="xs">{job.message}</Text>}
      {left > 0 && finished && <Button onClick={() => void startOver(client)}>Judge those put off</Button>}
      <ModelNotice />
      <Sorting />
      <Group gap="xs" grow preventGrowOverflow={false} wrap="nowrap">
        <Select
          aria-label="Which masks"
          placeholder="of every label"
          data={orderedLabels(labels).map(({ id, name }) => ({ value: String(id), label: name }))}
          value={label}
          clearable
          clearButtonProps={{ 'aria-label': 'Of every label' }}
          onChange={setLabel}
          miw={110}
        />
        <Button
          variant={finished ? 'default' : 'filled'}
          disabled={!ready}
          flex="none"
          onClick={() => void compareMasks(client, label === null ? null : Number(label))}
        >
          {finished ? 'Compare new ones' : 'Compare with the model'}
        </Button>
      </Group>
    </Stack>
  );
}

export const leftWords = (left: number, skipped: number): string =>
  left === 0 || skipped === 0 ? 'Nothing is left to judge.' : `${several(skipped, 'pair')} put off for later.`;

/** "12 of 240": the one on screen counts. */
export const progressOf = (judged: number, left: number): string =>
  `${counted(judged + 1)} of ${counted(judged + left)}`;

const orders: readonly { readonly value: RepairOrder; readonly label: string }[] = [
  { value: 'gain', label: 'Expected gain' },
  { value: 'boundary', label: 'How much the outlines differ' },
  { value: 'disagreement', label: 'How much the masks differ' },
];

function Sorting() {
  const client = useClient();
  const order = useWorkbench(({ repair }) => repair.order);
  return (
    <Select
      label="Sorted by"
      size="xs"
      data={orders.map((one) => ({ ...one }))}
      value={order}
      allowDeselect={false}
      onChange={(value) => void sortPairs(client, orders.find((one) => one.value === value)?.value ?? 'gain')}
    />
  );
}

const isLikelyBetter = ({ gain }: RepairPair): boolean => gain !== null && gain > 0;

/** What the person may expect of the proposal. */
export function expectation({ gain }: Pick<RepairPair, 'gain'>): string {
  if (gain === null) return 'Whether the proposal is better is not known.';
  if (gain <= 0) return 'What stands is likely as good as the proposal.';
  return `The proposal is likely better, by about ${percent(gain)} of overlap.`;
}

function Pair() {
  const client = useClient();
  const { pair, left, judged, stage } = useWorkbench((state) => state.repair);
  const shown = useWorkbench(showsPair);
  const shape = useWorkbench(({ open }) => pair && open?.shapes.get(pair.shapeId));
  const label = useWorkbench(({ labels }) => shape && labels.get(shape.labelId));
  if (!pair) return null;
  const done = stage === 'editing' ? judged.length - 1 : judged.length;
  return (
    <Stack gap={8}>
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" fw={600} role="status" flex="none">
          {progressOf(done, left)}
        </Text>
        <Text size="sm" truncate>
          {label?.name} <b>{percent(pair.disagreement)}</b> different from {weightsName(pair.weights)}
        </Text>
      </Group>
      <Progress value={(100 * done) / Math.max(1, done + left)} aria-label="Share of pairs that are judged" />
      {!shown && (
        <Button variant="default" onClick={() => void client.actions.openImage(pair.imageId)}>
          Back to the image of this pair
        </Button>
      )}
      {shown && stage === 'judging' && <Judging pair={pair} />}
      {shown && stage === 'editing' && (
        <>
          <Text size="sm">Correct the shape with any tool.</Text>
          <Verdict id="repair.done" text="Done, next pair" filled />
        </>
      )}
      <Text size="xs" c={isLikelyBetter(pair) ? undefined : 'dimmed'}>
        {expectation(pair)}
      </Text>
      <Sorting />
      {shown && stage === 'judging' && <Again />}
    </Stack>
  );
}

/** They come first: what lies below may have to be scrolled to. */
const Judging = ({ pair }: { pair: RepairPair }) => (
  <div className="verdicts">
    <Verdict id="repair.keep" text="Keep" filled={pair.gain !== null && !isLikelyBetter(pair)} />
    <Verdict id="repair.replace" text="Replace" filled={isLikelyBetter(pair)} />
    <Verdict id="repair.edit" text="Edit" />
    <Verdict id="repair.skip" text="Later" />
  </div>
);

function Again() {
  const again = useWorkbench(({ repair }) => repair.judged.length > 0);
  const run = useCommand();
  return (
    <Button
      variant="subtle"
      size="compact-xs"
      leftSection={<IconArrowBackUp size={14} aria-hidden />}
      disabled={!again}
      onClick={() => run('repair.back')}
    >
      Judge the last one again
    </Button>
  );
}

function Verdict({ id, text, filled = false }: { id: CommandId; text: string; filled?: boolean }) {
  const run = useCommand();
  const keys = useKeys()(id);
  return (
    <Button
      variant={filled ? 'filled' : 'default'}
      justify="space-between"
      rightSection={keys.map((key) => (
        <Kbd key={key} size="xs">
          {key}
        </Kbd>
      ))}
      onClick={() => run(id)}
      fullWidth
    >
      {text}
    </Button>
  );
}
