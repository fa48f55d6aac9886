// Cross-validation of toy weights: every image is judged once, by a run that did not learn from it, and only a gain leads to weights.
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TeachProgress } from '../../main/contract/learning.ts';
import { readChanges } from '../../main/learn/gate/changes.ts';
import type { TeachOutcome, TeachTask } from '../../main/learn/samples/task.ts';
import { teach } from '../../main/learn/teach.ts';
import { noBase, taskOf, teachingImages, untaughtWeights } from './teaching.ts';

let root: string;
let weights: string;
beforeAll(async () => {
  ({ root, weights } = await untaughtWeights());
});
afterAll(() => rm(root, { recursive: true }));

let runs = 0;
const task = (images = teachingImages(7), folds: number | null = 3): TeachTask => ({
  ...taskOf(path.join(root, `run-${runs++}`), weights, images),
  ...{ folds, base: { ...noBase, measured: teachingImages(12).slice(10) } },
});

/** Enough for toy weights to learn something that other images gain by. */
const many = () => teachingImages(20).map((image) => ({ ...image, samples: [...image.samples, ...image.samples] }));
const all = Array.from({ length: 20 }, (_, i) => i + 1);

async function run(asked: TeachTask, signal?: AbortSignal) {
  const heard: TeachProgress[] = [];
  const outcome = await teach(asked, { signal, report: (progress) => heard.push(progress) });
  return { outcome, heard };
}

describe('cross-validation that finds a gain', { timeout: 300_000 }, () => {
  let outcome: TeachOutcome;
  let heard: TeachProgress[];
  let asked: TeachTask;
  beforeAll(async () => {
    asked = task(many(), 2);
    ({ outcome, heard } = await run(asked));
  }, 300_000);

  it('judges each image once, and ends in weights that learnt from all of them', () => {
    expect(outcome).toMatchObject({ folds: 2, samples: 40, held: [], tier: 'decoder' });
    expect(outcome.prompts).toHaveLength(40);
    expect([...new Set(outcome.prompts.map(({ imageId }) => imageId))].toSorted((a, b) => a - b)).toEqual(all);
    expect(outcome.taught).toEqual(all);
    expect(existsSync(path.join(outcome.weights ?? '', 'model.safetensors'))).toBe(true);
    expect(outcome.gate.gain).toBeCloseTo((outcome.after?.gIoU ?? 0) - (outcome.before?.gIoU ?? 0), 6);
    expect(outcome.gate.low).toBeGreaterThan(0);
    // What the weights came with is measured of those that learnt from all images.
    expect(outcome.gate.base).not.toBeNull();
  });

  it('says how it was judged, and that the weights themselves measured nothing new', () => {
    expect(outcome.gate.reason).toContain('Judged by 2 runs, each on images that it did not learn from; ');
    expect(outcome.gate.reason).toMatch(/learnt from all 20 images, so nothing new was left to measure them on\.$/u);
  });

  it('says which part is at work, and leaves nothing of the parts behind', async () => {
    const folds = heard.filter(({ phase }) => phase === 'training').map(({ fold }) => fold?.number ?? null);
    expect([...new Set(folds)]).toEqual([1, 2, null]);
    expect((await readdir(asked.folder)).filter((name) => name.startsWith('fold'))).toEqual([]);
    const drawn = (await readChanges(asked.folder)).map(({ imageId }) => imageId);
    expect(drawn.length).toBeGreaterThan(0);
    expect(outcome.prompts.slice(0, drawn.length).map(({ imageId }) => imageId)).toEqual(drawn);
  });

  it('stopped in a later part and called again ends in the same weights, to the bit', async () => {
    const again = task(many(), 2);
    const abort = new AbortController();
    const stopping = teach(again, {
      signal: abort.signal,
      report: ({ fold, phase }) => fold?.number === 2 && phase === 'training' && abort.abort(),
    });
    await expect(stopping).rejects.toThrow();
    const { outcome: same } = await run(again);
    const bytes = (of: TeachOutcome) => readFile(path.join(of.weights ?? '', 'model.safetensors'));
    expect((await bytes(same)).equals(await bytes(outcome))).toBe(true);
    expect(same.gate).toEqual(outcome.gate);
  });
});

describe('cross-validation', { timeout: 120_000 }, () => {
  it('that finds no gain trains nothing on all images and keeps the weights', async () => {
    const { outcome, heard } = await run({ ...task(), minutes: 0.0001 });
    expect(outcome).toMatchObject({ weights: null, taught: [], folds: 3 });
    expect(outcome.after?.prompts).toBe(7);
    expect(outcome.gate.promoted).toBe(false);
    expect(outcome.gate.reason).toMatch(/Judged by 3 runs, each on images that it did not learn from\.$/u);
    expect(heard.filter(({ phase, fold }) => phase === 'training' && !fold)).toEqual([]);
  });

  it('is offered where images are too few to hold some back, and refused where they are too few for it too', async () => {
    const seven = await run(task(undefined, null));
    expect(seven.outcome).toMatchObject({ crossValidates: true, weights: null });
    expect(seven.outcome.gate.reason).toMatch(/label or correct more images, or let cross-validation judge\.$/u);
    const three = await run(task(teachingImages(3), null));
    expect(three.outcome.crossValidates).toBe(false);
    const { outcome } = await run(task(teachingImages(3)));
    expect(outcome.gate.reason).toBe(
      '3 different images with 3 prompts teach; cross-validation needs 5, or 20 prompts on at least two of them; label or correct more images.',
    );
    const enough = await run({ ...task(teachingImages(12), null), minutes: 0.0001 });
    expect(enough.outcome.crossValidates).toBeUndefined();
  });
});
