// The whole program on toy weights that are made on the spot: train every stage, save, load, predict, cancel, segment.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mask } from '../main/contract/records.ts';
import { fromBitmap } from '../main/contract/rle.ts';
import { loadPredictor } from '../main/flow/predict.ts';
import type { Predictor } from '../main/flow/predictor.ts';
import { exportNano } from '../main/nano/export.ts';
import { type Nano, trainingScenes } from '../main/nano/parameters/nano.ts';
import { type Curriculum, nanoRecipe } from '../main/nano/recipe.ts';
import type { StageName } from '../main/nano/stageNames.ts';
import { trainNano } from '../main/nano/train.ts';
import { decodeImage, writePng } from '../main/pictures/image.ts';
import { visibleMask } from '../main/scenes/scene.ts';
import { toyNano } from './nano/toy.ts';
import { atlas } from './scenes/drawing.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-tiny-'));
});
afterAll(() => rm(folder, { recursive: true }));

const drawn = (nano: Nano) => {
  const [scene] = trainingScenes(nano, 7, 1);
  const prompt = scene?.prompts[0];
  if (!scene || !prompt) throw new Error('the scene has prompts');
  return { scene, prompt: { text: prompt.text } };
};

/** Masks of weights that learnt nothing are speckles: moved to the edges of the picture, they would be the same. */
async function leaveOutlines(file: string): Promise<void> {
  const config = JSON.parse(await readFile(file, 'utf8'));
  config.recipe.segmenter.followsEdges = false;
  await writeFile(file, JSON.stringify(config));
}

describe('predicting', () => {
  const nano = toyNano({ seed: 3, atlas });
  const { scene, prompt } = drawn(nano);
  let predictor: Predictor;
  beforeAll(async () => {
    await exportNano(nano, path.join(folder, 'random'));
    await leaveOutlines(path.join(folder, 'random', 'config.json'));
    predictor = await loadPredictor(path.join(folder, 'random'));
  });
  afterAll(() => predictor.release());

  it('ends in the same proposal for the same seed, from a picture that came from a file', async () => {
    const file = path.join(folder, 'scene.png');
    await writePng(file, { ...scene.image, channels: 3 });
    const image = await decodeImage(file);
    const ask = async (seed: number) => {
      const { answer, objects, rewards } = await predictor.predict(image, prompt, { seed, temperature: 0.9 });
      return { text: answer.text, log: answer.logProbabilities, objects, rewards };
    };
    const first = await ask(1);
    expect(await ask(1)).toEqual(first);
    expect((await ask(2)).text).not.toEqual(first.text);
    expect(first.text.length).toBeGreaterThan(10);
  });

  it('draws three candidates and proposes one of them', async () => {
    const { candidates = [], answer, timings } = await predictor.predict(scene.image, prompt, { samples: 3, seed: 5 });
    expect(candidates).toHaveLength(3);
    expect(new Set(candidates.map((one) => one.answer.text)).size).toBe(3);
    expect(candidates.map((one) => one.answer.text)).toContain(answer.text);
    expect(timings.totalMs).toBeGreaterThan(0);
  });

  it('is cancelled between two tokens, with the reason', async () => {
    const controller = new AbortController();
    const reason = new Error('the window was closed');
    let pieces = 0;
    const onText = () => {
      pieces++;
      controller.abort(reason);
    };
    await expect(predictor.predict(scene.image, prompt, { signal: controller.signal, onText })).rejects.toBe(reason);
    expect(pieces).toBe(1);
  });

  it('paints a mask for a box, clicks and a rough mask, without words', async () => {
    const box = scene.things[0]?.box ?? { x1: 10, y1: 10, x2: 60, y2: 60 };
    const rough = fromBitmap(visibleMask(scene, 0), 224, 224);
    const points = [{ x: (box.x1 + box.x2) / 2, y: (box.y1 + box.y2) / 2, sign: '+' as const }];
    const masks = [{ box }, { points }, { rough }].map((ask) => predictor.segment(scene.image, ask));
    const painted = await Promise.all(masks);
    for (const mask of painted) expect(Mask.parse(mask).size).toEqual([224, 224]);
    expect(new Set(painted.map((mask) => JSON.stringify(mask))).size).toBe(3);
  });
});

describe('training', () => {
  const stages: readonly StageName[] = ['tower', 'lists', 'reasoner', 'segmenter', 'alignment', 'reinforcement'];

  /** One step of the first `count` stages; their losses before the step. */
  async function stepOfEach(nano: Nano, name: string, count: number): Promise<number[]> {
    const once = (stage: StageName) => ({
      ...nanoRecipe[stage],
      ...{ steps: stages.indexOf(stage) < count ? 1 : 0, warmup: 0, learningRate: 3e-3 },
    });
    const recipe: Curriculum = {
      ...{ tower: once('tower'), lists: once('lists'), reasoner: once('reasoner'), segmenter: once('segmenter') },
      ...{ alignment: once('alignment'), reinforcement: once('reinforcement') },
    };
    const run = { folder: path.join(folder, name), seed: 3, recipe, nano, validation: 0, report: () => {} };
    await trainNano(run);
    const lines = (await readFile(path.join(folder, name, 'curves.jsonl'), 'utf8')).trimEnd().split('\n');
    const curves = lines.map((line) => JSON.parse(line));
    expect(curves.map((line) => line.stage)).toEqual(stages.slice(0, count));
    return curves.map((line) => line.loss);
  }

  it('lowers the losses on the same batch, and its weights can be asked', async () => {
    const nano = toyNano({ seed: 3, atlas });
    const before = await stepOfEach(nano, 'first', stages.length);
    for (const [i, loss] of before.entries()) expect(Number.isFinite(loss), stages[i]).toBe(true);
    const after = await stepOfEach(nano, 'second', 3);
    for (const [i, loss] of after.entries()) expect(loss, stages[i]).toBeLessThan(before[i] ?? 0);
    const trained = await loadPredictor(path.join(folder, 'second', 'weights'));
    const { scene, prompt } = drawn(nano);
    const { answer } = await trained.predict(scene.image, prompt);
    expect(answer.logProbabilities?.length).toBeGreaterThan(0);
    await trained.release();
  });
});
