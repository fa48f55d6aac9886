// Held-back images with toy weights in training: what a decoder draws of them, and what a reasoner answers, as of the moment.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maskBox } from '../../main/contract/rle.ts';
import { overlapOf } from '../../main/evaluate/metrics.ts';
import { loadPredictor } from '../../main/flow/predict.ts';
import { type DecoderWeights, decoderPolicy } from '../../main/learn/decoder/decoderTier.ts';
import { decoderValidation } from '../../main/learn/decoder/decoderValidation.ts';
import { readCurves } from '../../main/learn/loop/curves.ts';
import { outlinesOf } from '../../main/learn/samples/decoderPrompts.ts';
import type { TeachingImage } from '../../main/learn/samples/task.ts';
import { answerValidation } from '../../main/learn/supervised/answerValidation.ts';
import { wordsToTeach } from '../../main/learn/supervised/learnReasoner.ts';
import { supervisedPolicy } from '../../main/learn/supervised/supervisedTier.ts';
import { teach } from '../../main/learn/teach.ts';
import { openWeights } from '../../main/weights/open.ts';
import { noBase, sampleOf, taskOf, teachingImages, untaughtWeights } from './teaching.ts';

let root: string;
let weights: string;
beforeAll(async () => {
  ({ root, weights } = await untaughtWeights());
});
afterAll(() => rm(root, { recursive: true }));

const opened = async (): Promise<DecoderWeights> => openWeights(weights);
/** Counts how often its images are read. */
const counted = (images: readonly TeachingImage[], read: number[]): TeachingImage[] =>
  images.map((image) => ({
    ...image,
    read: () => {
      read.push(image.imageId);
      return image.read();
    },
  }));

describe('masks of held-back objects', { timeout: 120_000 }, () => {
  it('are those that a person would see, of twelve objects at most, whose pictures are read once', async () => {
    const read: number[] = [];
    const held = teachingImages(15);
    const own = await opened();
    const policy = await decoderPolicy(own);
    const validation = await decoderValidation(own, policy, { held: counted(held, read), seed: 4 });
    const overlaps = await validation?.measure(policy.parameters);
    const again = await validation?.measure(policy.parameters);
    await validation?.release();
    expect(new Set(read).size).toBe(12);
    expect(read).toHaveLength(12);
    expect(again).toEqual(overlaps);
    const predictor = await loadPredictor(weights);
    const seen = [];
    for (const id of read) {
      const image = held.find(({ imageId }) => imageId === id);
      const [{ mask } = { mask: null }] = image?.samples.flatMap(outlinesOf) ?? [];
      if (!image || !mask) throw new Error('unreachable');
      seen.push(overlapOf(await predictor.segment(await image.read(), { box: maskBox(mask) }), mask));
    }
    await predictor.release();
    expect(overlaps).toEqual(seen);
  });

  it('follow the values of the moment', async () => {
    const own = await opened();
    const policy = await decoderPolicy(own);
    const validation = await decoderValidation(own, policy, { held: teachingImages(4), seed: 4 });
    const before = await validation?.measure(policy.parameters);
    for (const [name, { values }] of policy.parameters.all)
      if (name.includes('output_upscaling')) values.forEach((value, i) => values.set([-3 * value + 0.1], i));
    const after = await validation?.measure(policy.parameters);
    await validation?.release();
    expect(after).not.toEqual(before);
  });

  it('are not measured where nothing has an outline', async () => {
    const own = await opened();
    const held = teachingImages(3).map((image) => ({ ...image, samples: [sampleOf(image.imageId, 'horse', [])] }));
    expect(await decoderValidation(own, await decoderPolicy(own), { held, seed: 4 })).toBeNull();
  });
});

describe('answers to held-back prompts', { timeout: 120_000 }, () => {
  it('are those of a version of the moment, of which nothing is left', async () => {
    const learnt = teachingImages(6, undefined, () => 'skier');
    const held = [...teachingImages(9).slice(6), ...teachingImages(1).map(withNothing)];
    const folder = path.join(root, 'answers');
    await mkdir(folder);
    const validation = await answerValidation({ folder, seed: 1 }, { learnt, held, from: weights });
    const words = wordsToTeach(await openWeights(weights), learnt);
    const policy = await supervisedPolicy(weights, words, 1);
    expect(policy.tokenizer.words.has('skier')).toBe(true);
    const overlaps = await validation?.(policy.parameters);
    // The toy answers that nothing is there, so all that is true is missed.
    expect(overlaps).toHaveLength(3);
    expect(overlaps?.every(({ intersection, union }) => intersection === 0 && union > 0)).toBe(true);
    expect(existsSync(path.join(folder, 'shown'))).toBe(false);
  });

  it('are not asked for where no prompt has outlines', async () => {
    const held = teachingImages(3).map(withNothing);
    expect(await answerValidation({ folder: root, seed: 1 }, { learnt: [], held, from: weights })).toBeNull();
  });
});

const withNothing = (image: TeachingImage): TeachingImage => ({
  ...image,
  samples: [sampleOf(image.imageId, 'horse', [])],
});

describe('a run', { timeout: 300_000 }, () => {
  const curvesOf = async (folder: string) => readCurves(await readFile(path.join(folder, 'curves.jsonl'), 'utf8'));

  it('of the decoder tier has a curve of what is held back, from before its first step to after its last', async () => {
    const folder = path.join(root, 'decoder');
    const told = new Set<string>();
    const outcome = await teach(
      { ...taskOf(folder, weights, teachingImages(12)), minutes: 0.05 },
      { report: ({ figures }) => Object.keys(figures).forEach((name) => told.add(name)) },
    );
    const points = (await curvesOf(folder)).get('decoder')?.get('validation gIoU') ?? [];
    expect(points[0]?.step).toBe(0);
    expect(points.length).toBeGreaterThan(1);
    // Every held-back image has one object here, so the last point is what the gate measures.
    expect(points[0]?.value).toBeCloseTo(outcome.before?.gIoU ?? Number.NaN, 5);
    expect([...told]).toEqual(expect.arrayContaining(['iou', 'validation gIoU', 'validation cIoU']));
  });

  it('of the supervised tier has one of answers', async () => {
    const folder = path.join(root, 'supervised');
    const asked = { ...taskOf(folder, weights, teachingImages(12)), base: noBase, minutes: 0.03 };
    await teach({ ...asked, tier: 'supervised' }, { report: () => {} });
    const points = (await curvesOf(folder)).get('reasoner')?.get('validation gIoU') ?? [];
    expect(points.map(({ step }) => step)).toContain(0);
    expect(points.length).toBeGreaterThan(1);
    expect(existsSync(path.join(folder, 'shown'))).toBe(false);
  });
});
