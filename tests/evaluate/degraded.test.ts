// True masks made wrong in six ways: each in its own way, repeatable, and never with a frame along the picture's border.
import { describe, expect, it } from 'vitest';
import { outlinesOf, simplified } from '../../main/contract/outline.ts';
import { random } from '../../main/contract/random.ts';
import { fromBitmap, maskArea, maskIou, sharedArea, toBitmap } from '../../main/contract/rle.ts';
import { degradationKinds, degraded } from '../../main/evaluate/degraded.ts';

const [width, height] = [120, 90];
const disc = (cx: number, cy: number, radius: number) =>
  fromBitmap(
    Uint8Array.from({ length: width * height }, (_, i) =>
      Math.hypot((i % width) - cx, Math.floor(i / width) - cy) < radius ? 1 : 0,
    ),
    width,
    height,
  );
const truth = disc(50, 45, 20);
const neighbour = disc(82, 45, 12);
const wrong = (kind: (typeof degradationKinds)[number], seed: number) =>
  degraded(truth, kind, { others: [neighbour], random: random(seed) });
const seeds = [1, 2, 3, 4, 5, 6];

describe('degraded', () => {
  it('is wrong in every way, by little or by much, and the same each time', () => {
    for (const kind of degradationKinds) {
      const masks = seeds.flatMap((seed) => wrong(kind, seed) ?? []);
      expect(masks.length).toBeGreaterThan(3);
      for (const mask of masks) {
        expect(maskIou(mask, truth)).toBeLessThan(0.97);
        expect(maskIou(mask, truth)).toBeGreaterThan(0.3);
      }
      expect(wrong(kind, 2)).toEqual(wrong(kind, 2));
    }
  });

  it('dilates to more, erodes and cuts to less, and shifts to as much', () => {
    const areas = (kind: (typeof degradationKinds)[number]) =>
      seeds.flatMap((seed) => wrong(kind, seed) ?? []).map((mask) => [maskArea(mask), sharedArea(mask, truth)]);
    const all = maskArea(truth);
    for (const [area, shared] of areas('dilate')) expect([area && area > all, shared]).toEqual([true, all]);
    for (const kind of ['erode', 'cut'] as const)
      for (const [area, shared] of areas(kind)) expect([area && area < all, shared]).toEqual([true, area]);
    for (const [area] of areas('shift')) expect(area).toBe(all);
  });

  it('merges with the thing beside it', () => {
    for (const seed of seeds) expect(sharedArea(wrong('merge', seed) ?? truth, neighbour)).toBe(maskArea(neighbour));
    const alone = degraded(truth, 'merge', { others: [], random: random(1) });
    expect(maskArea(alone ?? truth)).toBeGreaterThan(maskArea(truth));
  });

  it('draws no frame along the border of the picture', () => {
    for (const seed of seeds) expect(toBitmap(wrong('dilate', seed) ?? truth)[0]).toBe(0);
  });

  it('is null where nothing would be left, or nothing would differ', () => {
    const dot = fromBitmap(new Uint8Array(width * height).fill(1, 5, 6), width, height);
    expect(degraded(dot, 'erode', { others: [], random: random(1) })).toBeNull();
  });

  it('simplifies to few corners, which keep most of the area', () => {
    for (const seed of seeds) {
      const mask = wrong('simplify', seed);
      if (!mask) continue;
      const [corners] = outlinesOf(mask).map(({ points }) => simplified(points, 1.2).length / 2);
      expect(corners).toBeLessThan(20);
      expect(maskIou(mask, truth)).toBeGreaterThan(0.5);
    }
  });

  it('cuts along a straight line: what is left lies on one side of what is missing', () => {
    const mask = wrong('cut', 3);
    if (!mask) throw new Error('a cut leaves most of a disc');
    const left = toBitmap(mask);
    const all = toBitmap(truth);
    const centre = (keep: (i: number) => boolean) => {
      const some = [...all.keys()].filter((i) => all[i] === 1 && keep(i));
      const sum = (at: (i: number) => number) => some.reduce((total, i) => total + at(i), 0) / some.length;
      return { x: sum((i) => i % width), y: sum((i) => Math.floor(i / width)) };
    };
    const [kept, gone] = [centre((i) => left[i] === 1), centre((i) => left[i] === 0)];
    const along = (i: number) => (kept.x - gone.x) * (i % width) + (kept.y - gone.y) * Math.floor(i / width);
    const inside = [...all.keys()].filter((i) => all[i] === 1);
    const lost = inside.filter((i) => left[i] === 0).map(along);
    const still = inside.filter((i) => left[i] === 1).map(along);
    // The line through the two centres is not quite across the cut, so a few pixels at its ends are let pass.
    const limit = lost.toSorted((a, b) => a - b).at(-Math.ceil(0.1 * lost.length)) ?? 0;
    expect(still.filter((value) => value < limit).length).toBeLessThan(0.15 * still.length);
  });
});
