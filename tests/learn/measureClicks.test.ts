// NoC on held-out objects: of a segmenter that gets better click by click, and the same clicks for the same seed.
import { describe, expect, it } from 'vitest';
import { unpackMask } from '../../main/contract/project.ts';
import type { DecodedImage, Mask } from '../../main/contract/records.ts';
import { fromBitmap } from '../../main/contract/rle.ts';
import type { SegmenterPrompt } from '../../main/flow/zoom.ts';
import { measureClicks } from '../../main/learn/measureClicks.ts';
import { side, teachingImages } from './teaching.ts';

const images = teachingImages(4).map((image) => ({ ...image, group: image.imageId, read: () => image.read() }));
const truths = new Map<DecodedImage, Mask>();
for (const { read, samples } of images) {
  const mask = samples[0]?.objects[0]?.mask;
  if (mask) truths.set(await read(), unpackMask(mask));
}

/** Draws all of the picture until it is clicked so often, then the truth. */
function knowingAfter(clicks: number) {
  const asked: SegmenterPrompt[] = [];
  const segment = async (image: DecodedImage, ask: SegmenterPrompt): Promise<Mask> => {
    asked.push(ask);
    const truth = truths.get(image);
    if (!truth) throw new Error('an unknown picture');
    return (ask.points ?? []).length >= clicks ? truth : fromBitmap(new Uint8Array(side * side).fill(1), side, side);
  };
  return { asked, segment };
}

const task = { mostObjects: 10, seed: 3 };

describe('clicks on held-out objects', () => {
  it('are counted to both IoUs, as many as it took', async () => {
    for (const clicks of [1, 3])
      expect(await measureClicks(knowingAfter(clicks), images, task)).toEqual({
        ...{ objects: 4, noc85: clicks, noc90: clicks },
      });
    const never = await measureClicks(knowingAfter(99), images, { ...task, mostObjects: 1 });
    expect(never).toEqual({ objects: 1, noc85: 20, noc90: 20 });
  });

  it('miss the middle alike for one seed, and otherwise for another', async () => {
    const points = async (seed: number) => {
      const one = knowingAfter(2);
      await measureClicks(one, images, { ...task, seed });
      return one.asked.map((ask) => ask.points?.[0]);
    };
    expect(await points(1)).toEqual(await points(1));
    expect(await points(1)).not.toEqual(await points(2));
  });

  it('stop at the most objects, report each, and end when they are stopped', async () => {
    const seen: number[] = [];
    const some = { ...task, mostObjects: 3, progress: (done: number) => seen.push(done) };
    expect((await measureClicks(knowingAfter(1), images, some)).objects).toBe(3);
    expect(seen).toEqual([1, 2, 3]);
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(measureClicks(knowingAfter(1), images, { ...task, signal })).rejects.toThrow('stopped');
  });

  it('are none where nothing is held out', async () => {
    expect(await measureClicks(knowingAfter(1), [], task)).toEqual({ objects: 0, noc85: 0, noc90: 0 });
  });
});
