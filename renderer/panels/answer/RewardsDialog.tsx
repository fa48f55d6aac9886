// Lists what every judged proposal earned against what was kept: sorted by any term, filtered by words, weights and reward.
import { Group, NumberInput, Select, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import type { RewardRow } from '../../../main/contract/proposalReward.ts';
import { sentence } from '../../state/connection.ts';
import { counted, several, weightsName } from '../../state/words.ts';
import { useClient } from '../window/client.ts';
import { DialogFrame, useCloseDialog } from '../window/DialogFrame.tsx';

export const RewardsDialog = () => (
  <DialogFrame name="rewards" title="Rewards of proposals" size="xl">
    <RewardsList />
  </DialogFrame>
);

interface Listed {
  readonly rows: readonly RewardRow[];
  readonly total: number;
}

function RewardsList() {
  const { host, actions } = useClient();
  const close = useCloseDialog();
  const [listed, setListed] = useState<Listed | string | null>(null);
  useEffect(() => {
    host.learning.rewards().then(setListed, (error: unknown) => setListed(sentence(error)));
  }, [host]);
  const open = async ({ imageId, promptId, proposalId }: RewardRow) => {
    close();
    await actions.openImage(imageId);
    actions.choosePrompt(promptId);
    actions.chooseProposal(proposalId);
  };
  if (listed === null) return <Text size="sm">Rewards are being added up…</Text>;
  if (typeof listed === 'string') return <Text size="sm">{listed}</Text>;
  return <Rewards listed={listed} onOpen={(row) => void open(row)} />;
}

const terms = ['total', 'format', 'box', 'mask'] as const;
type Term = (typeof terms)[number];
const termWords: Readonly<Record<Term, string>> = { total: 'Reward', format: 'Format', box: 'Box', mask: 'Mask' };

export interface RewardFilter {
  /** Part of the prompt or of the image's path. */
  readonly search: string;
  /** null: of any weights. */
  readonly weights: string | null;
  /** Rewards that are no larger. */
  readonly most: number;
}

export interface RewardOrder {
  readonly by: Term;
  readonly rises: boolean;
}

/** The largest reward: each of three terms is 1. */
const LARGEST = 3;
const all: RewardFilter = { search: '', weights: null, most: LARGEST };

export function shownRewards(
  rows: readonly RewardRow[],
  { search, weights, most }: RewardFilter,
  { by, rises }: RewardOrder,
): RewardRow[] {
  const wanted = search.trim().toLowerCase();
  const found = rows.filter(
    (row) =>
      row.total <= most &&
      (weights === null || row.weights === weights) &&
      `${row.text} ${row.path}`.toLowerCase().includes(wanted),
  );
  return found.toSorted((a, b) => (rises ? a[by] - b[by] : b[by] - a[by]));
}

interface RewardsProps {
  readonly listed: Listed;
  onOpen(row: RewardRow): void;
}

export function Rewards({ listed: { rows, total }, onOpen }: RewardsProps) {
  const [filter, setFilter] = useState(all);
  const [order, setOrder] = useState<RewardOrder>({ by: 'total', rises: true });
  if (rows.length === 0) return <Text size="sm">No answer was judged yet, so nothing says what one is worth.</Text>;
  const shown = shownRewards(rows, filter, order);
  const weights = [...new Set(rows.map((row) => row.weights))].map((value) => ({ value, label: weightsName(value) }));
  return (
    <>
      <Text size="xs" c="dimmed">
        What each proposal earns against what you kept, as answers are rewarded in training: form, boxes and mask, each
        from 0 to 1, overlaps squared. {several(shown.length, 'proposal')} of {counted(total)}.
      </Text>
      <Group gap="xs" my="xs" align="flex-end" grow>
        <TextInput
          label="Prompt or image"
          value={filter.search}
          onChange={(event) => setFilter({ ...filter, search: event.currentTarget.value })}
        />
        <Select
          label="Weights"
          placeholder="any"
          data={weights}
          value={filter.weights}
          clearable
          clearButtonProps={{ 'aria-label': 'Any weights' }}
          onChange={(value) => setFilter({ ...filter, weights: value })}
        />
        <NumberInput
          label="Reward at most"
          min={0}
          max={LARGEST}
          step={0.25}
          value={filter.most}
          onChange={(value) => setFilter({ ...filter, most: value === '' ? LARGEST : Number(value) })}
        />
      </Group>
      <Head order={order} onOrder={setOrder} />
      <Rows rows={shown} onOpen={onOpen} />
    </>
  );
}

function Head({ order, onOrder }: { order: RewardOrder; onOrder(order: RewardOrder): void }) {
  return (
    <div className="reward-row reward-head" role="toolbar" aria-label="Sort by">
      <span>Prompt</span>
      {terms.map((by) => {
        const isChosen = order.by === by;
        const arrow = order.rises ? ' ↑' : ' ↓';
        return (
          <UnstyledButton
            key={by}
            className="number"
            aria-pressed={isChosen}
            onClick={() => onOrder({ by, rises: isChosen ? !order.rises : true })}
          >
            {termWords[by]}
            {isChosen && arrow}
          </UnstyledButton>
        );
      })}
    </div>
  );
}

const rowHeight = 42;
const tallest = 420;

function Rows({ rows, onOpen }: { rows: readonly RewardRow[]; onOpen(row: RewardRow): void }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => rows[index]?.proposalId ?? index,
    estimateSize: () => rowHeight,
    initialRect: { width: 700, height: tallest },
    overscan: 4,
  });
  return (
    <div ref={scroller} className="label-rows" style={{ maxHeight: tallest }}>
      <ul
        className="plain-list"
        aria-label="Proposals"
        style={{ height: virtual.getTotalSize(), position: 'relative' }}
      >
        {virtual.getVirtualItems().map(({ index, key, start }) => {
          const row = rows[index];
          return (
            row && (
              <li key={key} style={{ transform: `translateY(${start}px)`, height: rowHeight }}>
                <RewardLine row={row} onOpen={onOpen} />
              </li>
            )
          );
        })}
      </ul>
    </div>
  );
}

const RewardLine = ({ row, onOpen }: { row: RewardRow; onOpen(row: RewardRow): void }) => (
  <UnstyledButton className="reward-row" title="Show it" onClick={() => onOpen(row)}>
    <span className="ellipsis">
      {row.text}
      <Text span size="xs" c="dimmed" display="block" className="ellipsis">
        {row.path}, {weightsName(row.weights)}
      </Text>
    </span>
    {terms.map((term) => (
      <span key={term} className="number">
        {row[term].toFixed(2)}
      </span>
    ))}
  </UnstyledButton>
);
