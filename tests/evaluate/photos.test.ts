import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPhotos } from '../../main/commands/eval/photos.ts';
import type { Box, DecodedImage } from '../../main/contract/records.ts';
import { maskBox, maskIou } from '../../main/contract/rle.ts';
import { evaluatePhotos } from '../../main/evaluate/photos.ts';
import { haveMaterial, material } from '../golden.ts';
import { disc, fromBox, HEIGHT, WIDTH } from '../pictures/disc.ts';

/** Everything in the box: the plainest way from box to mask. */
const boxes = {
  segment: async (_: DecodedImage, { box }: { box?: Box }) => fromBox(box ?? { x1: 0, y1: 0, x2: WIDTH, y2: HEIGHT }),
};

describe('evaluatePhotos', () => {
  test('both methods on the same things, small ones left out', async () => {
    const { image, truth } = disc(14);
    const speck = fromBox({ x1: 1, y1: 1, x2: 9, y2: 9 });
    const seen: number[] = [];
    const photos = [
      { set: 'a', image, masks: [truth, speck] },
      { set: 'b', image, masks: [] },
    ];
    const figures = await evaluatePhotos(boxes, photos, { progress: (things) => seen.push(things) });
    expect(figures).toMatchObject({ photos: 2, things: 1 });
    expect(seen).toEqual([1]);
    expect(figures.segmenter.gIoU).toBeCloseTo(maskIou(fromBox(maskBox(truth)), truth), 4);
    expect(figures.grabCut.gIoU).toBeGreaterThan(0.95);
    expect(figures.grabCut.medianMs).toBeGreaterThan(0);
  });

  test('stops between things when cancelled', async () => {
    const { image, truth } = disc(14);
    const controller = new AbortController();
    const photos = [{ set: 'a', image, masks: [truth, truth, truth] }];
    const run = evaluatePhotos(boxes, photos, { signal: controller.signal, progress: () => controller.abort() });
    await expect(run).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });

  test('figures set by set, which together are those of all', async () => {
    const [large, small] = [disc(20), disc(9)];
    const photos = [
      { set: 'large', image: large.image, masks: [large.truth] },
      { set: 'small', image: small.image, masks: [small.truth, small.truth] },
      { set: 'large', image: large.image, masks: [large.truth] },
    ];
    const { sets, ...overall } = await evaluatePhotos(boxes, photos);
    expect(Object.keys(sets)).toEqual(['large', 'small']);
    expect(sets.large).toMatchObject({ photos: 2, things: 2 });
    expect(sets.small).toMatchObject({ photos: 1, things: 2 });
    expect(overall).toMatchObject({ photos: 3, things: 4 });
    for (const method of ['segmenter', 'grabCut', 'box'] as const) {
      const mean = ((sets.large?.[method].gIoU ?? 0) + (sets.small?.[method].gIoU ?? 0)) / 2;
      expect(overall[method].gIoU).toBeCloseTo(mean, 10);
    }
    // What is asked for is told apart from what is given: a predictor that answers with the box scores as the box.
    expect(overall.segmenter.gIoU).toBe(overall.box.gIoU);
    expect(overall.box.cIoU).not.toBeCloseTo(overall.box.gIoU, 4);
  });
});

const weights = path.resolve(import.meta.dirname, '../../resources/weights/loupe-nano');
const haveWeights = existsSync(weights);
if (!haveWeights) console.warn('skipped: no resources/weights/loupe-nano');

describe.skipIf(!haveWeights || !haveMaterial)('the embedded weights on photographs', () => {
  test('every method answers for each thing of two photos', async () => {
    const photos = (await readPhotos(material())).filter(({ set }) => set === 'coco_person');
    const { loadPredictor } = await import('../../main/flow/predict.ts');
    const predictor = await loadPredictor(weights, {});
    try {
      const { things, segmenter, grabCut, box } = await evaluatePhotos(predictor, photos);
      expect(things).toBe(4);
      for (const { gIoU, cIoU } of [segmenter, grabCut, box]) {
        expect(gIoU).toBeGreaterThan(0.1);
        expect(cIoU).toBeLessThan(1);
      }
      expect(segmenter.medianMs).toBeGreaterThan(0);
    } finally {
      await predictor.release();
    }
  });
});
