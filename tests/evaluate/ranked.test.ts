// Masks with their IoU to the best, the median and the worst of them.
import { expect, test } from 'vitest';
import { rankedMasks } from '../../main/evaluate/ranked.ts';

const masks = [0.5, 0.9, 0.1, 0.7, 0.3, 0.8, 0.2].map((iou) => ({ iou }));
const ious = (some: readonly { readonly iou: number }[]) => some.map(({ iou }) => iou);

test('the best come best first, the worst worst first, and the median from the middle of all', () => {
  const { best, median, worst } = rankedMasks(masks, 3);
  expect([ious(best), ious(median), ious(worst)]).toEqual([
    [0.9, 0.8, 0.7],
    [0.3, 0.5, 0.7],
    [0.1, 0.2, 0.3],
  ]);
});

test('fewer masks than are wanted are all of each, and none are none', () => {
  const { best, median, worst } = rankedMasks(masks.slice(0, 2), 3);
  expect([ious(best), ious(median), ious(worst)]).toEqual([
    [0.9, 0.5],
    [0.5, 0.9],
    [0.5, 0.9],
  ]);
  expect(rankedMasks([], 3)).toEqual({ best: [], median: [], worst: [] });
});
