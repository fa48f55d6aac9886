// A sample's objects to what the segmenter is asked: boxes and clicks as people and reasoners place them.
import { describe, expect, it } from 'vitest';
import { boxIou } from '../../../main/contract/geometry.ts';
import { fromPolygon } from '../../../main/contract/polygon.ts';
import { random } from '../../../main/contract/random.ts';
import { maskBox, toBitmap } from '../../../main/contract/rle.ts';
import { decoderPromptsOf, outlinesOf } from '../../../main/learn/samples/decoderPrompts.ts';
import { objectOf, sampleOf } from '../teaching.ts';

const frame = { width: 60, height: 40 };
const mask = fromPolygon([4, 6, 34, 6, 34, 30, 4, 30], frame.width, frame.height);
const seeds = Array.from({ length: 40 }, (_, i) => i);
const asked = (seed: number) => decoderPromptsOf(mask, frame, random(seed, 1)).map(({ ask }) => ask);

describe('an object is asked for', () => {
  it('by its box, a box that is slightly off, a click, and a box with a click, each for the same mask', () => {
    const all = decoderPromptsOf(mask, frame, random(1, 1));
    expect(all.map(({ truth }) => truth)).toEqual([mask, mask, mask, mask]);
    expect(all.map(({ ask }) => Object.keys(ask))).toEqual([['box'], ['box'], ['points'], ['box', 'points']]);
    expect(all[0]?.ask.box).toEqual(maskBox(mask));
    expect(all[3]?.ask.box).toEqual(maskBox(mask));
  });

  it('in the same way by the same draw', () => {
    expect(asked(7)).toEqual(asked(7));
    expect(asked(7)).not.toEqual(asked(8));
  });

  it('by clicks that lie on it, everywhere on it in the long run', () => {
    const bitmap = toBitmap(mask);
    const clicks = seeds.flatMap((seed) => asked(seed).flatMap(({ points = [] }) => points));
    expect(clicks).toHaveLength(2 * seeds.length);
    for (const { x, y, sign } of clicks) {
      expect(sign).toBe('+');
      expect(bitmap[Math.floor(y) * frame.width + Math.floor(x)]).toBe(1);
    }
    const xs = clicks.map(({ x }) => x);
    expect(Math.min(...xs)).toBeLessThan(10);
    expect(Math.max(...xs)).toBeGreaterThan(28);
  });

  it('by boxes off by a tenth of its sides at most, inside the picture', () => {
    const own = maskBox(mask);
    for (const seed of seeds) {
      const box = asked(seed)[1]?.box;
      if (!box) throw new Error('the second ask has no box');
      expect(boxIou(box, own)).toBeGreaterThan(0.6);
      for (const side of ['x1', 'x2'] as const) expect(Math.abs(box[side] - own[side])).toBeLessThanOrEqual(3);
      for (const side of ['y1', 'y2'] as const) expect(Math.abs(box[side] - own[side])).toBeLessThanOrEqual(2.4);
      expect(box.x1 >= 0 && box.y1 >= 0 && box.x2 <= frame.width && box.y2 <= frame.height).toBe(true);
    }
  });

  it('by boxes that are cut where the picture ends', () => {
    const all = fromPolygon([0, 0, 60, 0, 60, 40, 0, 40], frame.width, frame.height);
    for (const seed of seeds) {
      const box = decoderPromptsOf(all, frame, random(seed, 1))[1]?.ask.box;
      expect(box && box.x1 >= 0 && box.y1 >= 0 && box.x2 <= 60 && box.y2 <= 40).toBe(true);
    }
  });
});

describe('outlines of a sample', () => {
  it('are those of its objects that have a mask with a pixel', () => {
    const empty = fromPolygon([0, 0, 0, 0, 0, 0], frame.width, frame.height);
    const objects = [
      objectOf(mask),
      { ...objectOf(mask), mask: null },
      objectOf(empty, { x1: 0, y1: 0, x2: 4, y2: 4 }),
    ];
    expect(outlinesOf(sampleOf(1, 'cat', objects))).toEqual([{ box: maskBox(mask), mask }]);
    expect(outlinesOf(sampleOf(1, 'cat', []))).toEqual([]);
  });
});
