import { describe, expect, test } from 'vitest';
import type { Box } from '../../main/contract/records.ts';
import { fromBitmap } from '../../main/contract/rle.ts';
import { matchObjects, pluralFigures } from '../../main/evaluate/plural.ts';

const picture = { width: 20, height: 10 };

function block(x1: number, x2: number): { box: Box; mask: ReturnType<typeof fromBitmap> } {
  const data = Uint8Array.from({ length: 200 }, (_, i) => (i % 20 >= x1 && i % 20 < x2 ? 1 : 0));
  return { box: { x1, y1: 0, x2, y2: 10 }, mask: fromBitmap(data, 20, 10) };
}
const masks = (...blocks: ReturnType<typeof block>[]) => blocks.map(({ mask }) => mask);
const [left, middle, right] = [block(0, 4), block(8, 12), block(16, 20)];

describe('matchObjects', () => {
  test('pairs one to one, whatever the order', () => {
    expect(matchObjects([right, left], masks(left, right), picture)).toMatchObject({ found: 2, meant: 2, hits: 2 });
    // Two boxes on one thing are one hit.
    expect(matchObjects([left, left], masks(left, right), picture)).toMatchObject({ found: 2, meant: 2, hits: 1 });
  });

  test('takes the pairing with the most overlap, and counts a pair from half on', () => {
    const wide = block(0, 9);
    expect(matchObjects([wide], masks(left), picture).hits).toBe(0);
    expect(matchObjects([block(0, 8)], masks(left), picture).hits).toBe(1);
  });

  test('compares the unions pixel by pixel', () => {
    const { overlap } = matchObjects([left, middle], masks(left, right), picture);
    expect(overlap).toEqual({ intersection: 40, union: 120 });
  });

  test('nothing found where nothing is meant is right', () => {
    const match = matchObjects([], [], picture);
    expect(match).toEqual({ found: 0, meant: 0, hits: 0, overlap: { intersection: 0, union: 0 } });
    expect(matchObjects([left], [], picture)).toMatchObject({ found: 1, meant: 0, hits: 0 });
    expect(matchObjects([], masks(left), picture)).toMatchObject({ found: 0, meant: 1, hits: 0 });
  });
});

describe('pluralFigures', () => {
  const told = { format: 1, ms: 10 };

  test('counts boxes over all prompts, and prompts for the counts', () => {
    const right2 = { ...told, ...matchObjects([left, right], masks(left, right), picture) };
    const missed = { ...told, ...matchObjects([left], masks(left, middle, right), picture) };
    const none = { ...told, ms: 40, format: 0, ...matchObjects([], [], picture) };
    const figures = pluralFigures([right2, missed, none]);
    expect(figures).toMatchObject({ count: 3, medianMs: 10 });
    expect(figures.f1).toBeCloseTo((2 * 3) / 8);
    expect(figures.countRight).toBeCloseTo(2 / 3);
    expect(figures.gIoU).toBeCloseTo((1 + 1 / 3 + 1) / 3, 4);
    expect(figures.format).toBeCloseTo(2 / 3);
  });

  test('is whole where every prompt means nothing and finds nothing', () => {
    expect(pluralFigures([{ ...told, ...matchObjects([], [], picture) }])).toMatchObject({ f1: 1, countRight: 1 });
  });
});
