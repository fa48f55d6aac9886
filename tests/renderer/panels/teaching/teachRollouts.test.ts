// Sampled answers of a run, on their pictures, by their words: what each earned and which of them are made likelier.
import { describe, expect, it } from 'vitest';
import type { DrawnRollout, ShownRollouts } from '../../../../main/contract/learning.ts';
import { fromPolygon } from '../../../../main/contract/polygon.ts';
import { packMask } from '../../../../main/contract/project.ts';
import { bestFirst, earned, Rollouts, teachesNothing } from '../../../../renderer/panels/teaching/TeachRollouts.tsx';
import { wordsOf } from '../../printed.ts';
import { laidOpen } from '../laidOpen.ts';

const square = (x: number) => packMask(fromPolygon([x, 10, x + 40, 10, x + 40, 50, x, 50], 400, 300));
const box = { x1: 20, y1: 10, x2: 60, y2: 50 };
const image = { id: 7, path: 'bolts/a.png', width: 400, height: 300, hash: 'abc' };
const answer = (advantage: number, mask: number, also: Partial<DrawnRollout> = {}): DrawnRollout => ({
  ...{ text: `<think>one bolt, ${mask}</think>`, boxes: [box], mask: square(20), advantage },
  reward: { total: 1.5 + mask, terms: { format: 1, box: 0.5, mask } },
  ...also,
});
const shown = (...rollouts: DrawnRollout[]): ShownRollouts => ({
  step: 11,
  groups: [{ imageId: 7, text: 'left bolt', truth: square(20), rollouts, image }],
});

describe('sampled answers', () => {
  const rollouts = shown(answer(-1.2, 0.1, { mask: null, boxes: [] }), answer(1.4, 0.91), answer(-0.2, 0.4));
  const markup = laidOpen(Rollouts, {}, { rollouts });
  const words = wordsOf(markup);

  it('stand on their picture, the best first, each with its advantage and what its terms earned', () => {
    expect(words).toContain('Sampled answers of step 12');
    expect(words).toMatch(
      /left bolt bolts\/a\.png.*\+1\.40 2\.41: format 1\.00, box 0\.50, mask 0\.91.*−0\.20 1\.90.*−1\.20 1\.60/u,
    );
    expect(markup.match(/<canvas/gu)).toHaveLength(3);
    expect(markup.match(/thumbnail\?v=abc|picture\?v=abc/gu)).toHaveLength(3);
  });

  it('have their words at hand', () => {
    expect(markup).toContain('title="&lt;think&gt;one bolt, 0.91&lt;/think&gt;"');
  });

  it('say where a group teaches nothing', () => {
    expect(words).not.toContain('all earn the same');
    const equal = laidOpen(Rollouts, {}, { rollouts: shown(answer(0, 0.4), answer(0, 0.4)) });
    expect(wordsOf(equal)).toContain('all earn the same, so only their masks teach');
    expect([teachesNothing([answer(0, 1)]), teachesNothing([answer(0, 1), answer(1, 1)])]).toEqual([true, false]);
  });

  it('are not there before the first step', () => {
    expect(wordsOf(laidOpen(Rollouts, {}, { rollouts: { step: 0, groups: [] } }))).not.toContain('Sampled answers');
  });
});

describe('in words', () => {
  it('of equal advantages the one that earned more comes first', () => {
    const [one, other] = [answer(0, 0.1), answer(0, 0.2)];
    expect(bestFirst([one, other])).toEqual([other, one]);
  });

  it('a reward is its sum and its terms', () => {
    expect(earned(answer(1, 0.25))).toBe('1.75: format 1.00, box 0.50, mask 0.25');
  });
});
