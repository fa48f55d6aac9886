// Where the segmenter looks: around what is pointed at, in sizes where clicks alone say little, and asks in that part's pixels.
import { describe, expect, it } from 'vitest';
import type { Point } from '../../../main/contract/records.ts';
import { fromBitmap, maskBox } from '../../../main/contract/rle.ts';
import {
  agreement,
  boxAround,
  clickPlaces,
  type FoundLogits,
  focusOf,
  foundBox,
  sharesIn,
  withinPlace,
} from '../../../main/flow/segmenter/zoom.ts';

const click = (x: number, y: number, sign: Point['sign'] = '+'): Point => ({ x, y, sign });
const box = { x1: 10, y1: 20, x2: 30, y2: 40 };
const bitmap = new Uint8Array(100 * 80);
for (let row = 30; row < 50; row++) bitmap.fill(1, row * 100 + 50, row * 100 + 60);
const rough = fromBitmap(bitmap, 100, 80);
const empty = fromBitmap(new Uint8Array(100 * 80), 100, 80);

describe('focusOf', () => {
  it('is around box, rough mask and the clicks on the thing', () => {
    expect(focusOf({ box })).toEqual(box);
    expect(focusOf({ rough })).toEqual({ x1: 50, y1: 30, x2: 60, y2: 50 });
    expect(focusOf({ box, rough, points: [click(5, 70), click(90, 3, '-')] })).toEqual({
      x1: 5,
      y1: 20,
      x2: 60,
      y2: 70,
    });
  });

  it('is not known where there are clicks alone, or nothing', () => {
    expect(focusOf({ points: [click(5, 70)] })).toBeNull();
    expect(focusOf({ rough: empty })).toBeNull();
    expect(focusOf({})).toBeNull();
    expect(boxAround([null, null])).toBeNull();
  });
});

describe('clickPlaces', () => {
  const picture = { width: 100, height: 80 };

  it('has a part of each size around the clicks', () => {
    const places = clickPlaces({ points: [click(50, 40)] }, picture, [1, 0.5, 0.25]);
    expect(places).toEqual([
      { x: 0, y: 0, width: 100, height: 80 },
      { x: 25, y: 15, width: 50, height: 50 },
      { x: 38, y: 28, width: 25, height: 25 },
    ]);
  });

  it('holds all clicks on the thing, and none twice', () => {
    const places = clickPlaces({ points: [click(10, 40), click(80, 40)] }, picture, [1, 0.5, 0.25]);
    expect(places).toHaveLength(2);
    for (const { x, width } of places) expect(x <= 10 && x + width >= 80).toBe(true);
    expect(clickPlaces({ points: [click(50, 40, '-')] }, picture, [0.5])).toEqual([
      { x: 25, y: 15, width: 50, height: 50 },
    ]);
  });
});

/** 4 * 4 cells over x 20 to 40, y 10 to 30, the four in the middle inside. */
const found: FoundLogits = {
  values: {
    width: 4,
    height: 4,
    data: Float32Array.from({ length: 16 }, (_, i) => ([5, 6, 9, 10].includes(i) ? 2 : -2)),
  },
  place: { x: 20, y: 10, width: 20, height: 20 },
  quality: 0.5,
};

describe('what was found', () => {
  it('has a box in image pixels', () => {
    expect(foundBox(found)).toEqual({ x1: 25, y1: 15, x2: 35, y2: 25 });
    const none = { ...found, values: { ...found.values, data: new Float32Array(16).fill(-1) } };
    expect(foundBox(none)).toBeNull();
  });

  it('obeys a share of the clicks', () => {
    expect(agreement(found, { points: [click(30, 20), click(21, 11, '-'), click(90, 70, '-')] })).toBe(1);
    expect(agreement(found, { points: [click(30, 20, '-'), click(90, 70)] })).toBe(0);
    expect(agreement(found, { points: [click(30, 20), click(21, 11)] })).toBe(0.5);
  });

  it('is carried over to another part', () => {
    const shares = sharesIn(found, { x: 25, y: 15, width: 20, height: 20 }, 4);
    expect([...shares].map((share) => Math.round(share * 1e4) / 1e4)).toEqual([
      1,
      1,
      0,
      0,
      1,
      1,
      0,
      0,
      ...new Array(8).fill(0),
    ]);
    expect(sharesIn(found, { x: 60, y: 60, width: 10, height: 10 }, 4).every((share) => share === 0)).toBe(true);
  });
});

describe('withinPlace', () => {
  it('moves box, clicks and rough mask, and leaves out what lies outside', () => {
    const place = { x: 40, y: 20, width: 30, height: 40 };
    const moved = withinPlace({ box, rough, points: [click(45, 30), click(5, 5, '-')] }, place);
    expect(moved.box).toEqual({ x1: -30, y1: 0, x2: -10, y2: 20 });
    expect(moved.points).toEqual([click(5, 10)]);
    expect(moved.rough?.size).toEqual([40, 30]);
    expect(moved.rough && maskBox(moved.rough)).toEqual({ x1: 10, y1: 10, x2: 20, y2: 30 });
  });

  it('changes nothing where the whole picture is looked at', () => {
    const token = Float32Array.of(1, 2);
    const ask = { box, points: [click(1, 2)], rough, token };
    expect(withinPlace(ask, { x: 0, y: 0, width: 100, height: 80 })).toEqual(ask);
  });
});
