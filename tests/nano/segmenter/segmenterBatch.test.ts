// The parts of what a segmenter is fed: slots of clicks and boxes, rough masks, and true masks at their size.
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { joined } from '../../../main/learn/loop/joinFloats.ts';
import { promptSlots, samSide, targetSide } from '../../../main/nano/parameters/layout.ts';
import {
  askFeeds,
  boxSlots,
  jitter,
  samImages,
  shrink,
  targetFeed,
} from '../../../main/nano/segmenter/segmenterBatch.ts';
import { visibleMask } from '../../../main/scenes/scene.ts';
import { prepareSamImage } from '../../../models/sam2/processor.ts';
import { scenesOf } from '../../scenes/drawing.ts';

const scenes = scenesOf('train', 2);

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
      [96, 48],
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
    const { at, labels, hasRough } = askFeeds([
      { slots: [], rough: null },
      { slots: [...box, { x: 7, y: 9, label: 0 }], rough: null },
    ]);
    const none = (count: number) => new Array<number>(count).fill(-1);
    expect([...labels].map(Number)).toEqual([...none(promptSlots), 2, 3, 0, ...none(promptSlots - 3)]);
    const half = samSide / 2;
    expect([...at.subarray(2 * promptSlots, 2 * promptSlots + 8)]).toEqual([0, half / 2, half, samSide, 7, 9, 0, 0]);
    expect([...hasRough]).toEqual([0, 1]);
  });

  it('gives a rough mask as logits from -6 to 6, where one is given', () => {
    const rough = new Uint8Array(96 * 96).fill(1, 0, 48 * 96 + 48);
    const { roughMask, hasRough } = askFeeds([
      { slots: [], rough: null },
      { slots: [], rough },
    ]);
    const side = samSide / 4;
    expect([...hasRough]).toEqual([0, 1]);
    expect(new Set(roughMask.subarray(0, side * side))).toEqual(new Set([0]));
    expect([roughMask[side * side], roughMask.at(-1)]).toEqual([6, -6]);
    const row = side / 2;
    expect(roughMask[side * side + row * side + row - 1]).toBeCloseTo(0, 5);
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

describe('the parts', () => {
  it('join pictures and masks one after the other', () => {
    const [a, b] = scenes;
    if (!a || !b) throw new Error('unreachable');
    const images = samImages([a.image, b.image]);
    expect(images.slice(0, images.length / 2)).toEqual(prepareSamImage(a.image, samSide));
    const masks = [a, b].map((scene) => ({ mask: visibleMask(scene, 0), width: 224 }));
    const both = targetFeed(masks);
    expect(both.slice(targetSide ** 2)).toEqual(shrink(visibleMask(b, 0), 224, targetSide));
    expect([...joined([Float32Array.of(1), new Float32Array(), Float32Array.of(2, 3)])]).toEqual([1, 2, 3]);
  });
});
