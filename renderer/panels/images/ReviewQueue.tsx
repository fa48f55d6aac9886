// Steps through what is left to review: how much of each kind there is, in which order, and a start.
import { Alert, Button, Group, Progress, Select, Stack, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { ImageQuery } from '../../../main/contract/api.ts';
import { underKey } from '../../../main/contract/lookup.ts';
import { sentence } from '../../state/connection.ts';
import { orderedLabels } from '../../state/labelEdits.ts';
import { fittedView } from '../../state/view.ts';
import { counted, percent, several } from '../../state/words.ts';
import { Keys } from '../window/CommandPalette.tsx';
import { useClient, useWorkbench } from '../window/client.ts';

type Status = ImageQuery['status'];

const piles: readonly { readonly status: Status; readonly title: string; readonly hint: string }[] = [
  { status: 'unreviewed', title: 'Unreviewed', hint: 'Nobody has accepted these yet' },
  { status: 'unclear', title: 'Unclear', hint: 'Somebody was not sure' },
  { status: 'nothing found', title: 'Nothing found', hint: 'A prompt found nothing there' },
  { status: 'problem', title: 'With a problem', hint: 'The file is missing, changed or unreadable' },
  { status: 'accepted', title: 'Accepted', hint: 'To look at once more' },
];

const orders: readonly { readonly value: ImageQuery['order']; readonly label: string }[] = [
  { value: 'path', label: 'By name' },
  { value: 'disagreement', label: 'Model and mask disagree most' },
  { value: 'spread', label: 'Candidates differ most' },
];

/** How many images there are of each kind, with the label that is chosen. */
function useCounts(labelId: number | null) {
  const { host } = useClient();
  const version = useWorkbench(({ listVersion, project }) => `${listVersion} ${project?.file}`);
  const [counts, setCounts] = useState<ReadonlyMap<Status, number> | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let current = version !== '';
    const ask = async ({ status }: { status: Status }): Promise<[Status, number]> => {
      const query = { search: '', status, labelId, order: 'path' as const };
      return [status, (await host.images.list({ ...query, offset: 0, limit: 1 })).total];
    };
    // A little later, once for many changes.
    const timer = setTimeout(() => {
      Promise.all(piles.map(ask)).then(
        (all) => {
          if (current) setCounts(new Map(all));
          if (current) setProblem(null);
        },
        (error: unknown) => current && setProblem(sentence(error)),
      );
    }, 150);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [host, labelId, version]);
  return { counts, problem };
}

export function ReviewQueue() {
  const { store, actions } = useClient();
  const query = useWorkbench((state) => state.query);
  const labels = useWorkbench((state) => state.labels);
  const project = useWorkbench((state) => state.project);
  const { counts, problem } = useCounts(query.labelId);
  const [pile, setPile] = useState<Status>(query.status === 'all' ? 'unreviewed' : query.status);
  const start = async () => {
    actions.setQuery({ status: pile, search: '' });
    await actions.first();
    // A close look at something, as the repair takes it, is not meant for the queue.
    store.setState((state) => ({ side: 'review', view: fittedView(state) }));
  };
  const count = counts === null ? 0 : underKey(counts, pile, 'counts');
  return (
    <Stack gap="xs" p="xs" className="workflow" role="region" aria-label="Review queue">
      {project && <Done images={project.images} unreviewed={project.unreviewed} />}
      {problem && (
        <Alert color="red" role="alert">
          {problem}
        </Alert>
      )}
      <div className="piles" role="radiogroup" aria-label="What to review">
        {piles.map((one) => (
          <Pile
            key={one.status}
            {...one}
            count={counts?.get(one.status) ?? null}
            chosen={pile === one.status}
            onChoose={() => setPile(one.status)}
          />
        ))}
        <Button
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          disabled={count === 0}
          aria-label={`Start with ${several(count, 'image')}`}
          onClick={() => void start()}
        >
          Start
        </Button>
      </div>
      <Group gap="xs" grow>
        <Select
          aria-label="Only images with"
          placeholder="any label"
          data={orderedLabels(labels).map(({ id, name }) => ({ value: String(id), label: name }))}
          value={query.labelId === null ? null : String(query.labelId)}
          clearable
          clearButtonProps={{ 'aria-label': 'Any label' }}
          onChange={(id) => actions.setQuery({ labelId: id === null ? null : Number(id) })}
        />
        <Select
          aria-label="In which order"
          data={orders.map((one) => ({ ...one }))}
          value={query.order}
          allowDeselect={false}
          onChange={(value) => actions.setQuery({ order: orders.find((one) => one.value === value)?.value ?? 'path' })}
        />
      </Group>
      <Group gap={6}>
        <Keys id="review.accept" />
        <Text size="xs" c="dimmed">
          accepts and goes on,
        </Text>
        <Keys id="review.unclear" />
        <Text size="xs" c="dimmed">
          marks as unclear
        </Text>
      </Group>
    </Stack>
  );
}

function Done({ images, unreviewed }: { images: number; unreviewed: number }) {
  const share = images === 0 ? 0 : (images - unreviewed) / images;
  return (
    <div>
      <Group justify="space-between">
        <Text size="sm" fw={600}>
          Reviewed
        </Text>
        <Text size="sm">
          {counted(images - unreviewed)} of {counted(images)} ({percent(share)})
        </Text>
      </Group>
      <Progress value={share * 100} size="sm" mt={4} aria-label="Share of images that are reviewed" />
    </div>
  );
}

interface PileProps {
  readonly title: string;
  readonly hint: string;
  readonly count: number | null;
  readonly chosen: boolean;
  onChoose(): void;
}

const Pile = ({ title, hint, count, chosen, onChoose }: PileProps) => (
  <Tooltip label={hint} position="left">
    <UnstyledButton className="pile" role="radio" aria-checked={chosen} onClick={onChoose}>
      <Text size="sm" fw={chosen ? 600 : 400} component="span">
        {title}
      </Text>
      <Text size="sm" component="span" className="number">
        {count === null ? '…' : counted(count)}
      </Text>
    </UnstyledButton>
  </Tooltip>
);
