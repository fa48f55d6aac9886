// Held-out prompts to scores: what is drawn under true boxes and by the words is measured, and kept for whoever wants to see it.
import { describe, expect, it } from 'vitest';
import { unpackMask } from '../../../main/contract/project.ts';
import type { DecodedImage, Mask, Prompt } from '../../../main/contract/records.ts';
import { fromBitmap, maskArea, maskBox } from '../../../main/contract/rle.ts';
import type { Predictor, Proposal } from '../../../main/flow/predictor.ts';
import type { SegmenterPrompt } from '../../../main/flow/segmenter/zoom.ts';
import { measure, pointedIou, projectFigures } from '../../../main/learn/gate/measure.ts';
import type { MeasuredImage } from '../../../main/learn/samples/measuredImage.ts';
import { sampleOf, side, teachingImages } from '../teaching.ts';

const whole = fromBitmap(new Uint8Array(side * side).fill(1), side, side);
const images: MeasuredImage[] = teachingImages(3).map((image) => ({
  ...{ ...image, group: image.imageId, read: () => image.read() },
  samples: [...image.samples, sampleOf(image.imageId, 'horse', [])],
}));
const truthOf = (image: MeasuredImage | undefined): Mask => {
  const mask = image?.samples[0]?.objects[0]?.mask;
  if (!mask) throw new Error('the sample has no mask');
  return unpackMask(mask);
};

/** Draws all of the picture under a box; to the words it answers with one object of that mask, or with none. */
function predicting(answer: Mask | null): Pick<Predictor, 'segment' | 'predict'> & { readonly said: string[] } {
  const said: string[] = [];
  const proposal: Proposal = {
    ...{ answer: { text: '', reasoning: '' }, frame: { width: side, height: side } },
    ...{ found: answer ? 'objects' : 'nothing', rewards: { format: 1 }, timings: {} },
    objects: answer ? [{ box: maskBox(answer), mask: answer }] : [],
  };
  return {
    said,
    segment: async (_image: DecodedImage, _ask: SegmenterPrompt) => whole,
    predict: async (_image: DecodedImage, { text }: Prompt) => {
      said.push(text);
      return proposal;
    },
  };
}

describe('held-out prompts', () => {
  it('are measured under boxes and by the words, and keep what was drawn', async () => {
    const truth = truthOf(images[0]);
    const [cat, horse] = await measure(predicting(truth), images.slice(0, 1), { mostWorded: 9 });
    expect(cat && pointedIou(cat)).toBeCloseTo(maskArea(truth) / side ** 2, 6);
    expect(cat?.worded).toMatchObject({ boxHit: true, saidNothing: false });
    expect(cat?.drawn).toEqual({ truth, pointed: whole, worded: truth });
    expect(horse).toMatchObject({ nothing: true, pointed: [], worded: { boxHit: false, saidNothing: false } });
    expect(horse?.drawn).toEqual({ truth: null, pointed: null, worded: truth });
  });

  it('know where nothing was said and nothing matches', async () => {
    const [cat, horse] = await measure(predicting(null), images.slice(0, 1), { mostWorded: 9 });
    expect(horse?.worded).toMatchObject({ boxHit: true, saidNothing: true });
    expect(cat?.worded).toMatchObject({ boxHit: false, saidNothing: true });
    expect(cat?.drawn?.worded).toBeNull();
  });

  it('are asked by words no oftener than they may be', async () => {
    const predictor = predicting(null);
    const seen: number[] = [];
    const scores = await measure(predictor, images, { mostWorded: 2, progress: (done) => seen.push(done) });
    expect(predictor.said).toEqual(['cat', 'horse']);
    expect(scores.map(({ worded }) => worded !== null)).toEqual([true, true, false, false, false, false]);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
    expect(projectFigures(scores)).toMatchObject({ prompts: 6, objects: 3, words: { prompts: 2, box50: 0.5 } });
  });

  it('are left when the run is stopped', async () => {
    const stopped = { mostWorded: 0, signal: AbortSignal.abort(new Error('stopped')) };
    await expect(measure(predicting(null), images, stopped)).rejects.toThrow('stopped');
  });
});
