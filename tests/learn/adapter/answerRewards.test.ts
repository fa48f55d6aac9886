// What answers of LENS, Seg-Zero and VisionReasoner earn for a sample: several outlines as one thing, or paired one to one.
import { describe, expect, it } from 'vitest';
import { packMask, unpackMask } from '../../../main/contract/project.ts';
import { fromBitmap, unionOf } from '../../../main/contract/rle.ts';
import { type DrawnObjects, isRewarded, rewarderOf } from '../../../main/learn/adapter/answerRewards.ts';
import type { SampleObject } from '../../../main/learn/samples/sample.ts';
import { type RecipeName, recipes } from '../../../main/weights/recipe.ts';
import { objectOf, sampleOf } from '../teaching.ts';

const side = 84;
const seen = { frame: { width: 840, height: 840 }, size: { width: side, height: side } };

/** A square of the picture, from (x, y), all of it inside. */
function squareAt(x: number, y: number, size: number): SampleObject {
  const inside = (i: number) => {
    const [column, row] = [i % side, Math.floor(i / side)];
    return column >= x && column < x + size && row >= y && row < y + size;
  };
  return objectOf(
    fromBitmap(
      Uint8Array.from({ length: side * side }, (_, i) => Number(inside(i))),
      side,
      side,
    ),
  );
}

const [left, right] = [squareAt(4, 10, 21), squareAt(50, 10, 21)];
const both = sampleOf(1, 'cat', [left, right]);
const think = '<think>They sit there.</think>';
const totalOf = (name: RecipeName, text: string, sample = both): number | undefined =>
  rewarderOf(recipes[name])?.(sample, seen)?.rewardOf(text).total;

describe('Seg-Zero', () => {
  const answer = (bbox: readonly number[], a: readonly number[], b: readonly number[]) =>
    `${think}<answer>${JSON.stringify({ bbox, points_1: a, points_2: b })}</answer>`;

  it('is told of two things as one: the box around both, a point in each', () => {
    expect(totalOf('seg-zero', answer([40, 100, 700, 300], [140, 200], [600, 200]))).toBe(5);
    // Points may come in either order.
    expect(totalOf('seg-zero', answer([40, 100, 700, 300], [600, 200], [140, 200]))).toBe(5);
  });

  it('earns less for a box of one of them, and the form alone for one that is far off', () => {
    expect(totalOf('seg-zero', answer([40, 100, 240, 300], [140, 200], [140, 210]))).toBe(2);
    expect(totalOf('seg-zero', answer([40, 100, 240, 300], [140, 200], [140, 210]), sampleOf(1, 'cat', [left]))).toBe(
      5,
    );
    expect(totalOf('seg-zero', answer([800, 800, 820, 820], [810, 810], [811, 811]))).toBe(2);
  });

  it('earns nothing for the form without thinking, and for points under other names', () => {
    const loose = `${think}<answer>{"bbox_2d": [40, 100, 700, 300], "point_1": [140, 200], "point_2": [600, 200]}</answer>`;
    expect(totalOf('seg-zero', loose)).toBe(1);
    expect(totalOf('seg-zero', '')).toBe(0);
  });
});

describe('VisionReasoner', () => {
  const list = (...things: readonly (readonly [readonly number[], readonly number[]])[]) =>
    `${think}<answer>${JSON.stringify(things.map(([bbox_2d, point_2d]) => ({ bbox_2d, point_2d })))}</answer>`;
  const one = [
    [40, 100, 240, 300],
    [140, 200],
  ] as const;
  const other = [
    [500, 100, 700, 300],
    [600, 200],
  ] as const;

  it('earns most for both things, in any order', () => {
    expect(totalOf('vision-reasoner', list(one, other))).toBe(7);
    expect(totalOf('vision-reasoner', list(other, one))).toBe(7);
  });

  it('earns less for one of two, for one twice, and for everything there could be', () => {
    expect(totalOf('vision-reasoner', list(one))).toBe(5.5);
    expect(totalOf('vision-reasoner', list(one, one))).toBe(5.5);
    const many = Array.from(
      { length: 6 },
      (_, i) =>
        [
          [i * 100, 0, i * 100 + 90, 90],
          [i * 100 + 40, 40],
        ] as const,
    );
    expect(totalOf('vision-reasoner', list(one, other, ...many))).toBeLessThan(5.5);
  });

  it('earns the form alone where nothing is named', () => {
    expect(totalOf('vision-reasoner', `${think}<answer>[]</answer>`)).toBe(2);
  });
});

describe('LENS', () => {
  const text = (box: readonly number[]) =>
    `${think}<answer>${JSON.stringify([{ bbox_2d: box, label: 'cat' }])}</answer>`;
  const earned = (name: RecipeName, said: string, drawn: DrawnObjects | undefined, sample = both) =>
    rewarderOf(recipes[name])?.(sample, seen)?.rewardOf(said, drawn);
  const masks = both.objects.flatMap(({ mask }) => (mask ? [unpackMask(mask)] : []));
  const all = unionOf(masks);
  const around = [40, 100, 710, 310];

  it('earns box and mask, and the form where reasoning was asked for', () => {
    const drawn = { named: [], mask: all };
    expect(earned('lens-released', text(around), drawn)?.total).toBeCloseTo(2, 5);
    expect(earned('lens-reasonseg-cot', text(around), drawn)?.total).toBeCloseTo(3, 5);
    expect(earned('lens-reasonseg-cot', 'no box', undefined)?.total).toBe(0);
  });

  it('earns the square of the overlaps of one thing around all that matches', () => {
    const [one = null] = masks;
    const reward = earned('lens-released', text([40, 100, 250, 310]), { named: [], mask: one });
    expect(reward?.mask).toBeCloseTo(0.25, 5);
    expect(reward?.total).toBeCloseTo(0.25 + (210 / 670) ** 2, 5);
    expect(rewarderOf(recipes['lens-released'])?.(sampleOf(1, 'cat', []), seen)).toBeNull();
  });

  it('of the mended recipe earns each thing once, and for saying that nothing matches', () => {
    const boxes = both.objects.map(({ box }) => ({ box }));
    const list = (count: number) =>
      `${think}<answer>${JSON.stringify(Array(count).fill({ bbox_2d: [1, 1, 9, 9] }))}</answer>`;
    expect(earned('lens-loupe', list(2), { named: boxes, mask: all })?.total).toBeCloseTo(3, 5);
    expect(earned('lens-loupe', list(4), { named: [...boxes, ...boxes], mask: all })?.total).toBeCloseTo(2.5, 5);
    const none = sampleOf(1, 'horse', []);
    expect(earned('lens-loupe', `${think}<answer>[]</answer>`, undefined, none)?.total).toBe(3);
    expect(earned('lens-loupe', list(1), { named: boxes.slice(0, 1), mask: masks[0] ?? null }, none)?.total).toBe(1);
  });
});

describe('what can be rewarded', () => {
  it('is known outlines of something, asked by words alone', () => {
    expect(isRewarded(both)).toBe(true);
    expect(isRewarded({ ...both, objects: [left, { ...right, mask: null }] })).toBe(false);
    expect(isRewarded({ ...both, prompt: { ...both.prompt, points: [{ x: 1, y: 1, sign: '+' }] } })).toBe(false);
  });

  it('is nothing where outlines have no pixel, or nobody published rewards', () => {
    const empty = { ...left, mask: packMask(fromBitmap(new Uint8Array(side * side), side, side)) };
    for (const name of ['seg-zero', 'vision-reasoner'] as const)
      for (const objects of [[empty], []])
        expect(rewarderOf(recipes[name])?.(sampleOf(1, 'cat', objects), seen)).toBeNull();
    expect(rewarderOf(recipes['qwen-zero-shot'])).toBeNull();
  });
});
