// All stages on a toy nano: each changes what it should, none runs twice, and a killed run goes on to the same bits.
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCurves } from '../../main/learn/loop/curves.ts';
import { isContext } from '../../main/nano/context/contextGraph.ts';
import {
  alignmentBatch,
  listBatch,
  reasonerBatch,
  segmenterBatch,
  towerBatch,
} from '../../main/nano/parameters/layout.ts';
import type { Nano } from '../../main/nano/parameters/nano.ts';
import { type Curriculum, nanoRecipe, settingsOf } from '../../main/nano/recipe.ts';
import type { StageName } from '../../main/nano/stageNames.ts';
import { progressLine, type TrainNanoOptions, trainNano } from '../../main/nano/train.ts';
import { openWeights } from '../../main/weights/open.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { atlas } from '../scenes/drawing.ts';
import { largestDifference } from '../tensors.ts';
import { allParameters, toyNano } from './toy.ts';

const names: readonly StageName[] = ['tower', 'lists', 'reasoner', 'segmenter', 'alignment', 'reinforcement'];

/** Two steps of each stage at full rate from the first. */
const recipe: Curriculum = {
  tower: { ...nanoRecipe.tower, steps: 2, warmup: 0 },
  lists: { ...nanoRecipe.lists, steps: 2, warmup: 0 },
  reasoner: { ...nanoRecipe.reasoner, steps: 2, warmup: 0 },
  segmenter: { ...nanoRecipe.segmenter, steps: 2, warmup: 0 },
  alignment: { ...nanoRecipe.alignment, steps: 2, warmup: 0 },
  reinforcement: { ...nanoRecipe.reinforcement, steps: 2, warmup: 0 },
};

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-train-'));
});
afterAll(() => rm(root, { recursive: true }));

interface Trained {
  nano: Nano;
  said: string[];
}

async function train(folder: string, options: Partial<TrainNanoOptions> = {}): Promise<Trained> {
  const nano = toyNano({ atlas });
  const said: string[] = [];
  const usual = { folder: path.join(root, folder), seed: 1, recipe, nano, validation: 1 };
  await trainNano({ ...usual, report: (line) => said.push(line), ...options });
  return { nano, said };
}

/** Names of parameters that are not the same in two runs, bit for bit. */
const differing = (a: Trained, b: Trained): string[] =>
  [...a.nano.parameters.all].flatMap(([name, { values }]) =>
    Buffer.compare(bytes(values), bytes(b.nano.parameters.values(name))) === 0 ? [] : [name],
  );

describe('trainNano', () => {
  let whole: Trained;
  beforeAll(async () => {
    whole = await train('whole');
  });

  it('runs the stages in order and writes their curves', async () => {
    const steps = whole.said.filter((line) => !line.includes('validation')).map((line) => line.split(' ')[0]);
    expect(steps).toEqual(names);
    const curves = readCurves(await readFile(path.join(root, 'whole', 'curves.jsonl'), 'utf8'));
    expect([...curves.keys()]).toEqual(names);
    for (const [, figures] of curves) expect([...figures.keys()]).toContain('loss');
  });

  it('changes in each stage what the stage trains, and nothing else', async () => {
    const start = toyNano({ atlas });
    allParameters(start);
    const trainedBy = async (stage: StageName) => {
      const { tensors } = await openSafetensors(path.join(root, 'whole', `${stage}.safetensors`));
      return [...tensors.keys()].flatMap((key) => (key.startsWith('value.') ? [key.slice('value.'.length)] : []));
    };
    expect((await trainedBy('tower')).every((name) => /^(visual|dense\.vision)\./.test(name))).toBe(true);
    expect((await trainedBy('segmenter')).every((name) => name.startsWith('sam.'))).toBe(true);
    expect((await trainedBy('alignment')).filter((name) => !isContext(name))).toEqual([]);
    expect((await trainedBy('reasoner')).filter((name) => isContext(name) || name.startsWith('sam.'))).toEqual([]);
    const last = await trainedBy('reinforcement');
    expect(last).toContain('model.layers.0.self_attn.q_proj.weight');
    expect(last.filter((name) => name.startsWith('sam.image_encoder') || name.startsWith('dense.'))).toEqual([]);
    const moved = differing({ nano: start, said: [] }, whole);
    const still = [...start.parameters.all.keys()].filter((name) => !moved.includes(name));
    expect(still.filter((name) => !/gaussian_matrix$|pred_obj_score_head|output_hypernetworks/.test(name))).toEqual([]);
  });

  it('leaves a weights folder with the result, and what it is worth after each stage', async () => {
    const weights = await openWeights(path.join(root, 'whole', 'weights'));
    const query = await weights.read('learnable_query');
    expect(largestDifference(query, whole.nano.parameters.values('learnable_query'))).toBeLessThan(1e-4);
    const lines = (await readFile(path.join(root, 'whole', 'validation.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).stage)).toEqual(['segmenter', 'alignment', 'reinforcement']);
  });

  it('run again reads everything back and does nothing', async () => {
    const again = await train('whole');
    expect(again.said).toEqual([]);
    expect(differing(again, whole)).toEqual([]);
  });

  it('runs the stages alone that are asked for, and writes the weights after the last', async () => {
    const start = toyNano({ atlas });
    allParameters(start);
    const only = await train('only', { only: ['tower'] });
    expect(only.said.map((line) => line.split(' ')[0])).toEqual(['tower']);
    const moved = differing({ nano: start, said: [] }, only);
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.filter((name) => !/^(visual|dense\.vision)\./.test(name))).toEqual([]);
    const weights = await openWeights(path.join(root, 'only', 'weights'));
    const [name] = moved.filter((each) => each.startsWith('visual.'));
    if (name === undefined) throw new Error('The tower did not move.');
    expect(largestDifference(await weights.read(name), only.nano.parameters.values(name))).toBeLessThan(1e-3);
  });

  it('killed in the middle of a stage goes on to the same numbers, to the bit', async () => {
    await mkdir(path.join(root, 'killed'));
    for (const file of ['tower.safetensors', 'lists.safetensors', 'segmenter.safetensors'])
      await copyFile(path.join(root, 'whole', file), path.join(root, 'killed', file));
    for (const at of ['reasoner', 'reinforcement'] as const) {
      const controller = new AbortController();
      await train('killed', { signal: controller.signal, recipe: killedIn(at, controller), validation: 0 });
      const { tensors } = await openSafetensors(path.join(root, 'killed', `${at}.safetensors`));
      expect(tensors.size).toBeGreaterThan(10);
    }
    const resumed = await train('killed', { validation: 0 });
    expect(resumed.said.map((line) => line.split(' ')[0])).toEqual(['reinforcement']);
    expect(differing(resumed, whole)).toEqual([]);
  });
});

/** The recipe of a process that is stopped while it draws the first scenes of a stage. */
const killedIn = (stage: StageName, controller: AbortController): Curriculum => ({
  ...recipe,
  [stage]: {
    ...recipe[stage],
    get firstScene() {
      controller.abort();
      return nanoRecipe[stage].firstScene;
    },
  },
});

describe('settingsOf', () => {
  const settings = settingsOf(nanoRecipe.reasoner);

  it('warms up and ends at a hundredth', () => {
    const { base, warmup, total, floor } = settings.schedule;
    expect([base, warmup, total, floor]).toEqual([1e-3, nanoRecipe.reasoner.warmup, nanoRecipe.reasoner.steps, 0.01]);
  });

  it('decays matrices, not scales and biases', () => {
    const decays = settings.decays ?? (() => true);
    expect(decays('model.layers.0.mlp.up_proj.weight')).toBe(true);
    for (const name of ['model.norm.weight', 'visual.blocks.0.norm1.weight', 'visual.merger.mlp.0.bias'])
      expect(decays(name), name).toBe(false);
  });

  it('moves what was trained before more slowly where the recipe says so', () => {
    const slow = settingsOf({ ...nanoRecipe.reasoner, rates: { 'visual.': 0.2, 'visual.x': 0.5 } });
    expect(['visual.x.weight', 'model.x', 'x.visual.'].map((name) => slow.rateOf?.(name))).toEqual([0.2, 1, 1]);
    expect(settingsOf(nanoRecipe.tower).rateOf?.('visual.x')).toBe(1);
  });
});

describe('nanoRecipe', () => {
  it('shows no scene in two stages', () => {
    const most = Math.max(
      towerBatch.scenes,
      listBatch.scenes,
      reasonerBatch.scenes,
      segmenterBatch.scenes,
      alignmentBatch.scenes,
    );
    const spans = names
      .map((name) => nanoRecipe[name])
      .map((s) => [s.firstScene, s.firstScene + s.steps * most] as const);
    for (const [i, [, end]] of spans.slice(0, -1).entries()) expect(end).toBeLessThan(spans[i + 1]?.[0] ?? 0);
  });
});

describe('progressLine', () => {
  const line = (secondsLeft: number) =>
    progressLine({
      ...{ stage: 'tower', step: 3, steps: 9 },
      figures: { loss: 1.23456, hit: 0.5 },
      samplesPerSecond: 5.44,
      secondsLeft,
    });

  it('says stage, step, figures, speed and time left', () => {
    expect(line(1860)).toBe('tower 3/9  loss 1.235  hit 0.500  5.4 samples/s  31 min left\n');
    expect(line(12.4)).toMatch(/12 s left\n$/);
  });
});

const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength);
