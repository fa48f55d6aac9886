// What a segmenter step is fed: parts of photographs and scenes, clicks that say what they claim, masks that belong to them.
import { describe, expect, it } from 'vitest';
import { fromBitmap, maskBox } from '../../../main/contract/rle.ts';
import type { LabelledImage } from '../../../main/evaluate/cocoPhotos.ts';
import { promptSlots, samSide, segmenterBatch, targetSide } from '../../../main/nano/parameters/layout.ts';
import { LessonMaker } from '../../../main/nano/segmenter/lessons.ts';
import { makeUnnamed } from '../../../main/scenes/unnamed.ts';

const { scenes: count, perScene } = segmenterBatch;
const asks = count * perScene;

/** A red rectangle on green. */
function photo(
  set: string,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
): LabelledImage {
  const frame = { width: 90, height: 60 };
  const bitmap = new Uint8Array(frame.width * frame.height);
  for (let row = y; row < y + height; row++) bitmap.fill(1, row * frame.width + x, row * frame.width + x + width);
  const data = new Uint8Array(bitmap.length * 3);
  bitmap.forEach((inside, i) => data.set(inside ? [220, 20, 20] : [20, 160, 20], i * 3));
  const mask = fromBitmap(bitmap, frame.width, frame.height);
  return { set, image: { ...frame, data }, things: [{ label: 'thing', mask, box: maskBox(mask) }] };
}

const photos = [
  photo('a', { x: 10, y: 10, width: 30, height: 20 }),
  photo('a', { x: 50, y: 20, width: 20, height: 35 }),
  photo('b', { x: 0, y: 0, width: 60, height: 60 }),
];
const scene = (index: number) => makeUnnamed(index, 96);
const maker = (sceneShare: number) => new LessonMaker({ photos, scene, scenes: 5, sceneShare });
const mixed = maker(0.4);

describe('a batch', () => {
  it('has the shapes of the graph and is the same for the same step', () => {
    const feeds = mixed.batch(3);
    expect(Object.fromEntries(Object.entries(feeds).map(([name, data]) => [name, data.length]))).toEqual({
      samImage: count * 3 * samSide ** 2,
      at: asks * promptSlots * 2,
      labels: asks * promptSlots,
      roughMask: asks * (samSide / 4) ** 2,
      hasRough: asks,
      target: asks * targetSide ** 2,
    });
    expect(maker(0.4).batch(3)).toEqual(feeds);
    expect(mixed.batch(4).at).not.toEqual(feeds.at);
  });

  it('clicks inside and outside as it says, asks in every way, and always for something that is seen', () => {
    const kinds = new Set<string>();
    for (let step = 0; step < 8; step++) {
      const { at, labels, hasRough, target } = mixed.batch(step);
      for (let ask = 0; ask < asks; ask++) {
        const own = [...labels.subarray(ask * promptSlots, (ask + 1) * promptSlots)].map(Number);
        const truth = target.subarray(ask * targetSide ** 2, (ask + 1) * targetSide ** 2);
        expect(Math.max(...truth)).toBeGreaterThan(0.5);
        expect(hasRough[ask]).toBe(1);
        const clicks = own.filter((label) => label === 0 || label === 1).length;
        kinds.add(`${own[0] === 2 ? 'box' : ''}${clicks > 1 ? ' clicks' : clicks === 1 ? ' click' : ''}`);
        own.forEach((label, slot) => {
          const [x = 0, y = 0] = at.subarray((ask * promptSlots + slot) * 2);
          const cell = Math.floor((y * targetSide) / samSide) * targetSide + Math.floor((x * targetSide) / samSide);
          if (label === 1) expect(truth[cell]).toBeGreaterThan(0);
          if (label === 0) expect(truth[cell]).toBeLessThan(1);
        });
      }
    }
    for (const kind of ['', 'box', ' click', ' clicks', 'box clicks']) expect(kinds).toContain(kind);
  });

  it('keeps masks and pixels together through flips and turns', () => {
    const feeds = maker(0).batch(1);
    const area = samSide * samSide;
    const step = samSide / targetSide;
    for (let view = 0; view < count; view++) {
      // The first prompt is for the thing of the photograph: red where it is, green elsewhere.
      const truth = feeds.target.subarray(view * perScene * targetSide ** 2);
      const means = { inside: [0, 0], outside: [0, 0] };
      for (let cell = 0; cell < targetSide ** 2; cell++) {
        const share = truth[cell] ?? 0;
        if (share > 0 && share < 1) continue;
        const pixel = (Math.floor(cell / targetSide) * step + 2) * samSide + (cell % targetSide) * step + 2;
        const at = view * 3 * area + pixel;
        const sum = share === 1 ? means.inside : means.outside;
        sum[0] = (sum[0] ?? 0) + (feeds.samImage[at] ?? 0) - (feeds.samImage[at + area] ?? 0);
        sum[1] = (sum[1] ?? 0) + 1;
      }
      const mean = ([total = 0, n = 0]: number[]) => total / Math.max(1, n);
      // Colours may be taken away altogether: then both are alike, but for what a blur carries over the edge.
      expect(mean(means.inside)).toBeGreaterThanOrEqual(mean(means.outside) - 0.02);
    }
  });

  it('is of scenes alone where there are no photographs', () => {
    const seen: number[] = [];
    const scenes = new LessonMaker({
      photos: [],
      scene: (i) => {
        seen.push(i);
        return scene(i);
      },
      scenes: 5,
      sceneShare: 0,
    });
    scenes.batch(0);
    scenes.batch(1);
    expect(new Set(seen).size).toBe(seen.length);
    expect(Math.max(...seen)).toBeLessThan(5);
  });
});
