// What a segmenter step is fed: clicks that say what they claim, rough masks, and true masks at their size.
import { describe, expect, it } from 'vitest';
import { random } from '../../main/contract/random.ts';
import { promptSlots, samSide, segmenterBatch, targetSide } from '../../main/nano/layout.ts';
import {
  askFeeds,
  boxSlots,
  buildSegmenterBatch,
  jitter,
  joined,
  samImages,
  shrink,
  targetFeed,
} from '../../main/nano/segmenterBatch.ts';
import { visibleMask } from '../../main/scenes/scene.ts';
import { prepareSamImage } from '../../models/sam2/processor.ts';
import { scenesOf } from '../scenes/drawing.ts';

const { scenes: count, perScene } = segmenterBatch;
const scenes = scenesOf('train', count);
const asks = count * perScene;

describe('shrink', () => {
  it('averages areas, whole pixels and parts of pixels', () => {
    expect([...shrink(Uint8Array.of(1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1), 4, 2)]).toEqual([1, 0, 0, 0.75]);
    const thirds = [...shrink(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 1), 3, 2)];
    [4 / 9, 0, 0, 4 / 9].forEach((share, i) => expect(thirds[i]).toBeCloseTo(share, 6));
  });

  it('keeps the covered share, whatever the sizes', () => {
    const draw = random(4);
    for (const [from, to] of [
      [224, 128],
      [224, 64],
      [30, 30],
      [7, 5],
    ] as const) {
      const mask = Uint8Array.from({ length: from * from }, () => (draw.chance(0.3) ? 1 : 0));
      const mean = mask.reduce((a, b) => a + b, 0) / mask.length;
      const small = shrink(mask, from, to);
      expect(small).toHaveLength(to * to);
      expect(small.reduce((a, b) => a + b, 0) / small.length).toBeCloseTo(mean, 5);
      expect(Math.max(...small)).toBeLessThanOrEqual(1 + 1e-6);
    }
  });
});

describe('askFeeds', () => {
  it('fills the slots in order and says of the rest that they are no points', () => {
    const box = boxSlots({ x1: 0, y1: 56, x2: 112, y2: 224 }, 224);
    const { at, labels, hasRough } = askFeeds(
      [
        { slots: [], rough: null },
        { slots: [...box, { x: 7, y: 9, label: 0 }], rough: null },
      ],
      224,
    );
    expect([...labels].map(Number)).toEqual([-1, -1, -1, -1, 2, 3, 0, -1]);
    expect([...at.subarray(2 * promptSlots)]).toEqual([0, 64, 128, 256, 7, 9, 0, 0]);
    expect([...hasRough]).toEqual([0, 1]);
  });

  it('gives a rough mask as logits from -6 to 6, where one is given', () => {
    const rough = new Uint8Array(128 * 128).fill(1, 0, 64 * 128 + 64);
    const { roughMask, hasRough } = askFeeds(
      [
        { slots: [], rough: null },
        { slots: [], rough },
      ],
      128,
    );
    const side = samSide / 4;
    expect([...hasRough]).toEqual([0, 1]);
    expect(new Set(roughMask.subarray(0, side * side))).toEqual(new Set([0]));
    expect([roughMask[side * side], roughMask.at(-1)]).toEqual([6, -6]);
    expect(roughMask[side * side + 32 * side + 31]).toBeCloseTo(0, 5);
  });
});

describe('jitter', () => {
  it('moves each edge by at most a tenth of its side, most by little', () => {
    const box = { x1: 50, y1: 20, x2: 150, y2: 60 };
    const moved = Array.from({ length: 400 }, (_, seed) => jitter(box, random(seed)));
    const off = moved.flatMap(({ x1, x2 }) => [Math.abs(x1 - 50), Math.abs(x2 - 150)]);
    expect(Math.max(...off)).toBeLessThanOrEqual(10);
    expect(Math.max(...off)).toBeGreaterThan(8);
    expect(Math.max(...moved.map(({ y1 }) => Math.abs(y1 - 20)))).toBeLessThanOrEqual(4);
    expect(off.filter((by) => by < 2).length).toBeGreaterThan(off.length / 2);
  });
});

describe('buildSegmenterBatch', () => {
  const feeds = buildSegmenterBatch(scenes, random(5, 12));

  it('has the shapes of the graph and is the same for the same seed', () => {
    expect(Object.fromEntries(Object.entries(feeds).map(([name, data]) => [name, data.length]))).toEqual({
      samImage: count * 3 * samSide ** 2,
      at: asks * promptSlots * 2,
      labels: asks * promptSlots,
      roughMask: asks * (samSide / 4) ** 2,
      hasRough: asks,
      target: asks * targetSide ** 2,
    });
    expect(buildSegmenterBatch(scenes, random(5, 12))).toEqual(feeds);
    expect(buildSegmenterBatch(scenes, random(6, 12)).at).not.toEqual(feeds.at);
  });

  it('asks each scene for different things as long as it has some', () => {
    const area = targetSide ** 2;
    scenes.forEach((scene, b) => {
      const truths = scene.things.map((_, i) => shrink(visibleMask(scene, i), 224, targetSide));
      const found = Array.from({ length: perScene }, (_, k) => {
        const target = feeds.target.subarray((b * perScene + k) * area, (b * perScene + k + 1) * area);
        return truths.findIndex((truth) => Buffer.compare(bytes(truth), bytes(target)) === 0);
      });
      expect(found).not.toContain(-1);
      expect(new Set(found).size).toBe(Math.min(perScene, scene.things.length));
    });
  });

  it('clicks inside and outside as it says, and boxes what it means', () => {
    const kinds = new Set<string>();
    for (let seed = 0; seed < 12; seed++) {
      const { at, labels, hasRough, roughMask, target } = buildSegmenterBatch(scenes, random(seed, 12));
      for (let ask = 0; ask < asks; ask++) {
        const own = [...labels.subarray(ask * promptSlots, (ask + 1) * promptSlots)].map(Number);
        // Above a box's 1 and below a click's 8 there are only rough masks.
        const map = roughMask.subarray((ask * samSide ** 2) / 16, ((ask + 1) * samSide ** 2) / 16);
        const isRough = map.some((v) => v > 1.001 && v < 7.999);
        kinds.add(`${own.filter((label) => label >= 0).join('')}${isRough ? 'r' : ''}`);
        own.forEach((label, slot) => {
          const [x = 0, y = 0] = at.subarray((ask * promptSlots + slot) * 2);
          const cell = Math.floor((y * targetSide) / samSide) * targetSide + Math.floor((x * targetSide) / samSide);
          const share = target[ask * targetSide ** 2 + cell] ?? 0;
          if (label === 1) expect(share).toBeGreaterThan(0);
          if (label === 0) expect(share).toBeLessThan(1);
        });
        if (own[0] === 2) expect(own[1]).toBe(3);
        expect(hasRough[ask]).toBe(1);
      }
    }
    for (const kind of ['23', '231', '230', '1', '11', '10', 'r', '23r', '1r']) expect(kinds).toContain(kind);
  });

  it('boxes the thing that is wanted', () => {
    const { at, labels, target } = feeds;
    for (let ask = 0; ask < asks; ask++) {
      if (labels[ask * promptSlots] !== 2n) continue;
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = at.subarray(ask * promptSlots * 2);
      const inBox = (i: number, by: number) => {
        const [x, y] = [((i % targetSide) + 0.5) * 2, (Math.floor(i / targetSide) + 0.5) * 2];
        return x > x1 - by && x < x2 + by && y > y1 - by && y < y2 + by;
      };
      const own = target.subarray(ask * targetSide ** 2, (ask + 1) * targetSide ** 2);
      const margin = 3 + 0.1 * Math.max(x2 - x1, y2 - y1);
      const covered = [...own.keys()].filter((i) => (own[i] ?? 0) > 0.5);
      expect(covered.filter((i) => !inBox(i, margin))).toEqual([]);
      expect(covered.filter((i) => inBox(i, 0)).length).toBeGreaterThan(0.6 * covered.length);
    }
  });
});

describe('the parts', () => {
  it('join pictures and masks one after the other', () => {
    const [a, b] = scenes;
    if (!a || !b) throw new Error('unreachable');
    const images = samImages([a, b]);
    expect(images.slice(0, images.length / 2)).toEqual(prepareSamImage(a.image, samSide));
    const masks = [a, b].map((scene) => ({ mask: visibleMask(scene, 0), width: 224 }));
    const both = targetFeed(masks);
    expect(both.slice(targetSide ** 2)).toEqual(shrink(visibleMask(b, 0), 224, targetSide));
    expect([...joined([Float32Array.of(1), new Float32Array(), Float32Array.of(2, 3)])]).toEqual([1, 2, 3]);
  });
});

const bytes = (values: Float32Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
