// Figures of a segmenter on sets of photographs: boxes, clicks where it is wrong, GrabCut and the bare box beside it.
import { describe, expect, it } from 'vitest';
import type { DecodedImage } from '../../main/contract/records.ts';
import { maskBox, maskIou } from '../../main/contract/rle.ts';
import type { LabelledImage } from '../../main/evaluate/cocoPhotos.ts';
import { evaluatePhotoSets } from '../../main/evaluate/photoSets.ts';
import type { SegmenterPrompt } from '../../main/flow/segmenter/zoom.ts';
import { disc, fromBox, HEIGHT, WIDTH } from '../pictures/disc.ts';

const photo = (set: string, radius: number): LabelledImage => {
  const { image, truth } = disc(radius);
  return { set, image, things: [{ label: 'thing', mask: truth, box: maskBox(truth) }] };
};
const photos = [photo('a', 14), photo('a', 20), photo('b', 12)];

/** No photograph is asked about in words unless that is wanted. */
const silent = {
  unknownWords: () => [],
  predict: () => Promise.reject(new Error('was asked in words')),
};

/** Takes the box; of clicks it draws the truth from the third on, before that the left half of the picture. */
const slow = (asked: SegmenterPrompt[] = []) => ({
  ...silent,
  repair: async () => null,
  segment: async (image: DecodedImage, ask: SegmenterPrompt) => {
    asked.push(ask);
    if (ask.box) return fromBox(ask.box);
    if ((ask.points ?? []).length < 3) return fromBox({ x1: 0, y1: 0, x2: WIDTH / 2, y2: HEIGHT });
    return photos.find((each) => each.image === image)?.things[0]?.mask ?? fromBox({ x1: 0, y1: 0, x2: 1, y2: 1 });
  },
});

describe('evaluatePhotoSets', () => {
  it('measures boxes and clicks, set by set and over all', async () => {
    const { sets, overall } = await evaluatePhotoSets(slow(), photos, { grabCuts: 2 });
    expect(Object.keys(sets)).toEqual(['a', 'b']);
    expect(overall.boxToMask.count).toBe(3);
    const bare = photos.map(({ things: [thing] }) => (thing ? maskIou(fromBox(thing.box), thing.mask) : 0));
    expect(overall.boxToMask.mIoU).toBeCloseTo(bare.reduce((a, b) => a + b, 0) / 3, 6);
    expect(overall.bareBox.mIoU).toBeCloseTo(overall.boxToMask.mIoU, 6);
    expect(overall.boxToMask.meanOfSets).toBeCloseTo(((bare[0] ?? 0) + (bare[1] ?? 0)) / 4 + (bare[2] ?? 0) / 2, 6);
    expect(overall.grabCut.count).toBe(2);
    expect(overall.grabCut.mIoU).toBeGreaterThan(0.9);
    expect(overall.clicks['1']).toBeLessThan(0.6);
    expect([overall.clicks['3'], overall.clicks['5'], overall.noc85]).toEqual([1, 1, 3]);
    expect(overall.repair.count).toBe(0);
  });

  it('clicks in the middle of what is missing first, and then where the mask is wrong', async () => {
    const asked: SegmenterPrompt[] = [];
    const [first] = photos;
    if (!first) throw new Error('unreachable');
    await evaluatePhotoSets(slow(asked), [first], { grabCuts: 0 });
    const clicks = asked.filter(({ box }) => !box).map(({ points = [] }) => points);
    expect(clicks.map((points) => points.length)).toEqual([1, 2, 3]);
    const box = first.things[0]?.box ?? { x1: 0, y1: 0, x2: 0, y2: 0 };
    expect(Math.abs((clicks[0]?.[0]?.x ?? 0) - (box.x1 + box.x2) / 2)).toBeLessThan(2);
    expect(clicks[0]?.[0]?.sign).toBe('+');
    for (const points of clicks) expect(clicks[2]?.slice(0, points.length)).toEqual(points);
  });

  it('counts ten clicks where the mask is never good', async () => {
    const never = { ...silent, repair: async () => null, segment: async () => fromBox({ x1: 0, y1: 0, x2: 3, y2: 3 }) };
    const { overall } = await evaluatePhotoSets(never, photos, { grabCuts: 0 });
    expect([overall.noc85, overall.grabCut.count]).toEqual([10, 0]);
  });

  it('makes masks wrong and tells what repair makes of them', async () => {
    const knowing = {
      ...slow(),
      repair: async (image: DecodedImage) => {
        const mask = photos.find((each) => each.image === image)?.things[0]?.mask;
        return mask ? { mask, gain: 0.1, boundary: 0.1, features: {} } : null;
      },
    };
    const { overall } = await evaluatePhotoSets(knowing, photos, { grabCuts: 0, clicked: 0, repaired: 3 });
    expect(overall.repair).toMatchObject({ after: 1, harm: 0, count: 3 });
    expect(overall.repair.before).toBeLessThan(0.95);
  });

  it('measures some of the things where it is told so, and stops when cancelled', async () => {
    const seen: string[] = [];
    const some = await evaluatePhotoSets(slow(), photos, {
      ...{ grabCuts: 0, clicked: 1, most: 2, progress: (done: number, of: number) => seen.push(`${done}/${of}`) },
    });
    expect([some.overall.boxToMask.count, some.overall.clicks.count]).toEqual([2, 1]);
    expect(seen).toEqual(['1/2', '2/2']);
    const controller = new AbortController();
    const run = evaluatePhotoSets(slow(), photos, {
      ...{ grabCuts: 0, signal: controller.signal, progress: () => controller.abort() },
    });
    await expect(run).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});
