// NoC on held-out objects: of a segmenter that gets better click by click, and the same clicks for the same seed.
import { describe, expect, it } from 'vitest';
import { unpackMask } from '../../../main/contract/project.ts';
import type { DecodedImage, Mask } from '../../../main/contract/records.ts';
import { fromBitmap } from '../../../main/contract/rle.ts';
import type { SegmenterPrompt } from '../../../main/flow/segmenter/zoom.ts';
import { clicksIn, measure, projectFigures } from '../../../main/learn/gate/measure.ts';
import type { MeasuredImage } from '../../../main/learn/samples/measuredImage.ts';
import { side, teachingImages } from '../teaching.ts';

const images = teachingImages(4).map((image) => ({ ...image, group: image.imageId, read: () => image.read() }));
const task = { mostObjects: 10, seed: 3 };
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
  return { asked, segment, predict: () => Promise.reject(new Error('no words are asked')) };
}

type Asked = ReturnType<typeof knowingAfter>;
const clicksOf = async (predictor: Asked, some: readonly MeasuredImage[], { mostObjects, seed }: typeof task) =>
  clicksIn(await measure(predictor, some, { mostWorded: 0, clicks: { mostObjects, seed } }));

describe('clicks on held-out objects', () => {
  it('are counted to both IoUs, as many as it took', async () => {
    for (const clicks of [1, 3])
      expect(await clicksOf(knowingAfter(clicks), images, task)).toEqual({
        ...{ objects: 4, noc85: clicks, noc90: clicks },
      });
    const never = await clicksOf(knowingAfter(99), images, { ...task, mostObjects: 1 });
    expect(never).toEqual({ objects: 1, noc85: 20, noc90: 20 });
  });

  it('miss the middle alike for one seed, and otherwise for another', async () => {
    const points = async (seed: number) => {
      const one = knowingAfter(2);
      await clicksOf(one, images, { ...task, seed });
      return one.asked.flatMap((ask) => ask.points?.slice(0, 1) ?? []);
    };
    expect(await points(1)).toEqual(await points(1));
    expect(await points(1)).not.toEqual(await points(2));
  });

  it('stop at the most objects, and are a figure of the project', async () => {
    const clicks = { ...task, mostObjects: 3 };
    const scores = await measure(knowingAfter(2), images, { mostWorded: 0, clicks });
    expect(scores.map(({ clicked }) => clicked.length)).toEqual([1, 1, 1, 0]);
    expect(projectFigures(scores).clicks).toEqual({ objects: 3, noc85: 2, noc90: 2 });
  });

  it('end when they are stopped', async () => {
    const stop = new AbortController();
    const slow = knowingAfter(99);
    const segment: typeof slow.segment = (image, ask) => {
      if (slow.asked.length > 20) stop.abort(new Error('stopped'));
      return slow.segment(image, ask);
    };
    const run = measure({ ...slow, segment }, images, { mostWorded: 0, clicks: task, signal: stop.signal });
    await expect(run).rejects.toThrow('stopped');
    expect(slow.asked.length).toBeLessThan(60);
  });

  it('are none where nothing is held out', async () => {
    expect(await clicksOf(knowingAfter(1), [], task)).toEqual({ objects: 0, noc85: 0, noc90: 0 });
    const scores = await measure(knowingAfter(1), images, { mostWorded: 0 });
    expect(projectFigures(scores)).not.toHaveProperty('clicks');
  });
});
