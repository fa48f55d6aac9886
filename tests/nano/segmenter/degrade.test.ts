// True masks made wrong: never empty, mostly near, and different every time.
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { degrade } from '../../../main/nano/segmenter/degrade.ts';

const side = 64;
const disc = (cx: number, cy: number, radius: number): Uint8Array =>
  Uint8Array.from({ length: side * side }, (_, i) =>
    Math.hypot((i % side) - cx, Math.floor(i / side) - cy) < radius ? 1 : 0,
  );
const truth = { width: side, height: side, data: disc(28, 30, 14) };
const neighbour = disc(50, 30, 7);

function iou(a: Uint8Array, b: Uint8Array): number {
  const both = a.filter((value, i) => value === 1 && b[i] === 1).length;
  return both / a.filter((value, i) => value === 1 || b[i] === 1).length;
}

describe('degrade', () => {
  const found = Array.from({ length: 120 }, (_, seed) => degrade(truth, neighbour, random(seed)));

  it('gives masks of 0 and 1 that are not empty, and leaves the truth as it is', () => {
    for (const mask of found) {
      expect(mask).toHaveLength(side * side);
      expect(mask.every((value) => value === 0 || value === 1)).toBe(true);
      expect(mask.some((value) => value === 1)).toBe(true);
    }
    expect(truth.data).toEqual(disc(28, 30, 14));
  });

  it('is wrong by little and by much, by too much and by too little', () => {
    const ious = found.map((mask) => iou(mask, truth.data));
    expect(ious.filter((value) => value > 0.5).length).toBeGreaterThan(60);
    expect(ious.filter((value) => value < 0.75).length).toBeGreaterThan(20);
    const area = (mask: Uint8Array) => mask.filter((value) => value === 1).length;
    expect(found.filter((mask) => area(mask) > 1.1 * area(truth.data)).length).toBeGreaterThan(10);
    expect(found.filter((mask) => area(mask) < 0.9 * area(truth.data)).length).toBeGreaterThan(10);
  });

  it('adds no frame along the border of the picture, which no annotator draws', () => {
    const middle = { width: side, height: side, data: disc(32, 32, 12) };
    const corners = [0, side - 1, side * (side - 1), side * side - 1];
    const framed = Array.from({ length: 200 }, (_, seed) => degrade(middle, null, random(seed))).filter((mask) =>
      corners.every((at) => mask[at] === 1),
    );
    expect(framed).toHaveLength(0);
  });

  it('runs together with a neighbour at times', () => {
    const joined = found.filter((mask) => neighbour.every((value, i) => value === 0 || mask[i] === 1));
    expect(joined.length).toBeGreaterThan(3);
    const alone = Array.from({ length: 60 }, (_, seed) => degrade(truth, null, random(seed)));
    expect(alone.every((mask) => mask.some((value) => value === 1))).toBe(true);
  });

  it('is the same for the same seed', () => {
    expect(degrade(truth, neighbour, random(7))).toEqual(found[7]);
  });
});
