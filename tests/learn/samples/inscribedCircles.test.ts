// Masks to boxes and circle centres: depth against a plain search, points against the released preparation.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBitmap } from '../../../main/contract/rle.ts';
import {
  type Counted,
  circleCentres,
  inclusiveBox,
  pointedThing,
  squaredDepth,
} from '../../../main/learn/samples/inscribedCircles.ts';
import { goldenJson, haveGolden } from '../../golden.ts';

const counted = (rows: readonly string[]): Counted => ({
  width: rows[0]?.length ?? 0,
  height: rows.length,
  data: Uint8Array.from(rows.join(''), Number),
});

/** For every pixel, over all pixels that are 0. */
function searched({ width, height, data }: Counted): number[] {
  const zeros = [...data.keys()].filter((i) => data[i] === 0);
  return Array.from({ length: width * height }, (_, i) => {
    const gaps = zeros.map(
      (j) => ((i % width) - (j % width)) ** 2 + (Math.floor(i / width) - Math.floor(j / width)) ** 2,
    );
    return gaps.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  });
}

test('depth is the distance to the nearest pixel outside', () => {
  const sized = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }));
  const masks = sized.chain(([width, height]) =>
    fc
      .array(fc.constantFrom(0, 1, 1, 1, 1), { minLength: width * height, maxLength: width * height })
      .map((data) => ({ width, height, data: Uint8Array.from(data) })),
  );
  const property = fc.property(masks, (mask) => {
    expect([...squaredDepth(mask)]).toEqual(searched(mask));
  });
  fc.assert(property, { numRuns: 200 });
});

describe('centres', () => {
  test('of nothing there are none', () => {
    expect(circleCentres(counted(['000', '000']))).toBeNull();
    expect(inclusiveBox(counted(['000', '000']))).toEqual({ x1: 0, y1: 0, x2: 0, y2: 0 });
  });

  test('three pixels in a corner: none is farther than the median, so the centroid decides', () => {
    expect(circleCentres(counted(['00000', '01100', '01000', '00000']))).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  test('two discs get one centre each', () => {
    const rows = ['000000000', '011100000', '011100000', '011100110', '000000110', '000000000'];
    expect(circleCentres(counted(rows))).toEqual([
      [2, 2],
      [6, 3],
    ]);
  });
});

interface MaskCase {
  name: string;
  rows: string[];
  exotic?: boolean;
  box: number[];
  points: number[][] | null;
  max_distance: number;
  distance_sum: number;
  box_840: number[] | null;
  points_840: number[][] | null;
}

describe.skipIf(!haveGolden)('golden rewards/ground-truth.json', () => {
  const { masks } = haveGolden ? goldenJson<{ masks: MaskCase[] }>('rewards', 'ground-truth.json') : { masks: [] };

  test.each(masks.filter((each) => !each.exotic))('$name', (each) => {
    const mask = counted(each.rows);
    const depth = [...squaredDepth(mask)].map(Math.sqrt);
    const points = circleCentres(mask);
    const box = Object.values(inclusiveBox(mask));
    const to840 = (value: number, axis: number) =>
      Math.floor((value * 840) / (axis % 2 === 0 ? mask.width : mask.height) + 0.5);
    expect(box).toEqual(each.box);
    expect(points).toEqual(each.points);
    expect(Math.max(...depth)).toBeCloseTo(each.max_distance, 9);
    expect(depth.reduce((sum, value) => sum + value, 0)).toBeCloseTo(each.distance_sum, 6);
    expect(points?.map((point) => point.map(to840)) ?? null).toEqual(each.points_840);
    expect(points === null ? null : box.map(to840)).toEqual(each.box_840);
  });
});

describe('a thing in the frame of a model', () => {
  const side = 20;
  const square = Uint8Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [i % side, Math.floor(i / side)];
    return Number(x >= 4 && x < 13 && y >= 2 && y < 11);
  });

  test('has box and centres in whole pixels of it', () => {
    const thing = pointedThing(fromBitmap(square, side, side), { width: 840, height: 420 });
    expect(thing?.box).toEqual({ x1: 4 * 42, y1: 2 * 21, x2: 12 * 42, y2: 10 * 21 });
    expect(thing?.points[0]).toEqual([8 * 42, 6 * 21]);
    for (const [x, y] of thing?.points ?? []) {
      expect(x >= 4 * 42 && x <= 12 * 42).toBe(true);
      expect(y >= 2 * 21 && y <= 10 * 21).toBe(true);
    }
  });

  test('of no pixel there is none', () => {
    const empty = fromBitmap(new Uint8Array(side * side), side, side);
    expect(pointedThing(empty, { width: 840, height: 840 })).toBeNull();
  });
});
