// The list of rewards: sorted by each term, filtered by words, weights and the reward itself; and the line beside an answer.
import { describe, expect, it } from 'vitest';
import type { RewardRow } from '../../../../main/contract/proposalReward.ts';
import { rewardWords } from '../../../../renderer/panels/answer/proposalRewards.ts';
import { Rewards, RewardsDialog, shownRewards } from '../../../../renderer/panels/answer/RewardsDialog.tsx';
import { wordsOf } from '../../printed.ts';
import { project } from '../given.ts';
import { laidOpen } from '../laidOpen.ts';

const row = (proposalId: number, text: string, [format, box, mask]: [number, number, number]): RewardRow => ({
  ...{ promptId: proposalId, proposalId, format, box, mask, total: format + box + mask },
  ...{ imageId: 1, path: `${text}.png`, text, weights: proposalId < 3 ? '/w/nano 1' : '/w/nano 2' },
});
const rows = [row(1, 'left bolt', [1, 0.2, 0.9]), row(2, 'nut', [0, 0.8, 0.1]), row(3, 'right bolt', [1, 1, 0.4])];
const all = { search: '', weights: null, most: 3 };
const ids = (...[filter, order]: [Parameters<typeof shownRewards>[1], Parameters<typeof shownRewards>[2]]) =>
  shownRewards(rows, filter, order).map(({ proposalId }) => proposalId);

describe('rewards of proposals', () => {
  it('are sorted by any term, either way', () => {
    expect(ids(all, { by: 'total', rises: true })).toEqual([2, 1, 3]);
    expect(ids(all, { by: 'total', rises: false })).toEqual([3, 1, 2]);
    expect(ids(all, { by: 'box', rises: true })).toEqual([1, 2, 3]);
    expect(ids(all, { by: 'mask', rises: true })).toEqual([2, 3, 1]);
  });

  it('are filtered by prompt or image, weights, and the reward', () => {
    const order = { by: 'total', rises: true } as const;
    expect(ids({ ...all, search: ' BOLT ' }, order)).toEqual([1, 3]);
    expect(ids({ ...all, weights: '/w/nano 2' }, order)).toEqual([3]);
    expect(ids({ ...all, most: 1 }, order)).toEqual([2]);
  });

  it('stand in lines with each of their terms', () => {
    const words = wordsOf(laidOpen(Rewards, {}, { listed: { rows, total: 3 }, onOpen: () => {} }));
    expect(words).toContain('3 proposals of 3.');
    expect(words).toContain('Reward ↑');
    expect(words).toMatch(/nut\s*nut\.png, nano 1\s*0\.90\s*0\.00\s*0\.80\s*0\.10/u);
    expect(wordsOf(laidOpen(Rewards, {}, { listed: { rows: [], total: 0 }, onOpen: () => {} }))).toContain(
      'No answer was judged yet',
    );
    expect(wordsOf(laidOpen(RewardsDialog, { dialog: 'rewards', project }))).toContain('Rewards of proposals');
  });

  it('are a line beside the answer', () => {
    expect(rewardWords({ format: 1, box: 0.81, mask: 0.6, total: 2.41 })).toBe(
      'reward 2.41 of 3: format 1.00, box 0.81, mask 0.60',
    );
  });
});
