// Stages of a toy problem: learning, killing, resuming bit for bit, and the lines that a run leaves behind.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readCurves } from '../../main/learn/curves.ts';
import { Parameters } from '../../main/nano/parameters.ts';
import { type Progress, runStage, type StageGraph, type StagePlan } from '../../main/nano/stage.ts';
import { random } from '../../main/scenes/random.ts';
import { add, mul, sub, tanh } from '../../models/graph/elementwise.ts';
import { matmul } from '../../models/graph/linear.ts';
import { reduceMean } from '../../models/graph/reduce.ts';
import { input } from '../../models/graph/tensor.ts';

let root: string;
let folder: string;
let runs = 0;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-stage-'));
});
beforeEach(() => {
  folder = path.join(root, String(runs++), 'nano');
});
afterAll(() => rm(root, { recursive: true }));

const fresh = () =>
  new Parameters(7, (_, shape, normal) => Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, normal));

/** y = tanh(x W) + b against a line; `scale` is read but not trained. */
function graphOf(parameters: Parameters): StageGraph {
  const source = parameters.source();
  const [w, b, scale] = [source.get('w', [3, 1]), source.get('b', [1]), source.get('scale', [1])];
  const y = mul(add(tanh(matmul(input('x', [4, 3]), w)), b), scale);
  const error = sub(y, input('y', [4, 1]));
  const figures = { bias: reduceMean(b, [0]) };
  return {
    loss: reduceMean(mul(error, error), [0, 1]),
    figures,
    parameters: source.tensors,
    trains: (n) => n !== 'scale',
  };
}

function planOf(steps: number, seen: number[] = []): StagePlan {
  return {
    ...{ name: 'toy', steps, samples: 4 },
    settings: { schedule: { kind: 'cosine', base: 0.02, warmup: 5, total: 300 } },
    batch: async (step) => {
      seen.push(step);
      const draw = random(step, 1);
      const x = Float32Array.from({ length: 12 }, () => draw.between(-1, 1));
      return { x, y: Float32Array.from({ length: 4 }, (_, i) => 0.3 * (x[3 * i] ?? 0) + 0.5) };
    },
  };
}

interface Run {
  parameters: Parameters;
  reports: Progress[];
  seen: number[];
}

/** A run of a process: everything from the seed, and what the folder holds. */
async function run(steps: number, options: { signal?: AbortSignal; plan?: Partial<StagePlan> } = {}): Promise<Run> {
  const parameters = fresh();
  const [reports, seen]: [Progress[], number[]] = [[], []];
  const context = { folder, parameters, report: (p: Progress) => reports.push(p), signal: options.signal };
  const plan = { ...planOf(steps, seen), ...options.plan };
  await runStage(plan, graphOf(parameters), context);
  return { parameters, reports, seen };
}

/** Aborts in the batch of a step, as Ctrl-C would. */
function abortingAt(step: number): { signal: AbortSignal; plan: Partial<StagePlan> } {
  const controller = new AbortController();
  const { batch } = planOf(0);
  return {
    signal: controller.signal,
    plan: {
      batch: (at) => {
        if (at === step) controller.abort();
        return batch(at);
      },
    },
  };
}

const valuesOf = ({ parameters }: Run) => [...parameters.all].map(([name, { values }]) => [name, [...values]]);
const lines = async () => (await readFile(path.join(folder, 'curves.jsonl'), 'utf8')).trimEnd().split('\n');

describe('runStage', () => {
  it('learns, step by step on its own batches, and leaves alone what is not trained', async () => {
    const { parameters, reports, seen } = await run(150);
    expect(seen).toEqual(Array.from({ length: 150 }, (_, i) => i));
    expect(reports.at(-1)?.figures.loss).toBeLessThan((reports[0]?.figures.loss ?? 0) / 2);
    const start = fresh();
    graphOf(start);
    expect(parameters.values('scale')).toEqual(start.values('scale'));
    expect(parameters.values('w')).not.toEqual(start.values('w'));
  });

  it.each([1, 40, 77])('aborted in step %i and run again gives the same numbers, to the bit', async (step) => {
    const whole = await run(120);
    folder = path.join(root, String(runs++));
    const broken = await run(120, abortingAt(step - 1));
    expect(valuesOf(broken)).not.toEqual(valuesOf(whole));
    const resumed = await run(120);
    expect(resumed.seen).toEqual(Array.from({ length: 120 - step }, (_, i) => step + i));
    expect(valuesOf(resumed)).toEqual(valuesOf(whole));
  });

  it('killed without warning goes on from its last checkpoint, to the same numbers', async () => {
    const whole = await run(290);
    folder = path.join(root, String(runs++));
    const { batch } = planOf(0);
    const dying = (at: number) => (at === 280 ? Promise.reject(new Error('killed')) : batch(at));
    await expect(run(290, { plan: { batch: dying } })).rejects.toThrow('killed');
    const resumed = await run(290);
    expect(resumed.seen[0]).toBe(250);
    expect(valuesOf(resumed)).toEqual(valuesOf(whole));
    const steps = readCurves(await readFile(path.join(folder, 'curves.jsonl'), 'utf8'))
      .get('toy')
      ?.get('loss');
    expect(steps?.map(({ step }) => step)).toEqual([25, 50, 75, 100, 125, 150, 175, 200, 225, 250, 275, 290]);
  });

  it('reads a finished stage back instead of running it again', async () => {
    const first = await run(30);
    const file = path.join(folder, 'toy.safetensors');
    const { mtimeMs } = await stat(file);
    const again = await run(30);
    expect([again.seen, again.reports]).toEqual([[], []]);
    expect(valuesOf(again)).toEqual(valuesOf(first));
    expect((await stat(file)).mtimeMs).toBe(mtimeMs);
    expect((await run(31)).seen).toEqual([30]);
  });

  it('does nothing when it is aborted before it begins', async () => {
    const { parameters, seen } = await run(30, { signal: AbortSignal.abort() });
    const start = fresh();
    graphOf(start);
    expect(seen).toEqual([]);
    expect(parameters.values('w')).toEqual(start.values('w'));
  });
});

describe('reports', () => {
  it('come every 25 steps and at the end, as lines of the curves too', async () => {
    const { reports } = await run(60);
    expect(reports.map(({ step }) => step)).toEqual([25, 50, 60]);
    const written = (await lines()).map((line) => JSON.parse(line));
    expect(written).toEqual(reports.map(({ stage, step, figures }) => ({ stage, step, ...figures })));
    for (const { figures } of reports) expect(Object.keys(figures).sort()).toEqual(['bias', 'gradientNorm', 'loss']);
  });

  it('hold the means since the last one', async () => {
    const start = fresh();
    graphOf(start);
    const biases = [start.values('b')[0] ?? 0];
    for (const steps of [1, 2, 3]) {
      const { parameters } = await run(steps);
      biases.push(parameters.values('b')[0] ?? 0);
    }
    folder = path.join(root, String(runs++));
    const { reports } = await run(3);
    expect(reports[0]?.figures.bias).toBeCloseTo(((biases[0] ?? 0) + (biases[1] ?? 0) + (biases[2] ?? 0)) / 3, 6);
    // The first step of a warm-up moves nothing.
    expect(new Set(biases).size).toBe(3);
  });

  it('say how fast and how long still', async () => {
    const { reports } = await run(50);
    for (const { samplesPerSecond, secondsLeft, step, steps, stage } of reports) {
      expect(samplesPerSecond).toBeGreaterThan(0);
      expect(secondsLeft).toBeCloseTo(((steps - step) * 4) / samplesPerSecond, 6);
      expect([stage, steps]).toEqual(['toy', 50]);
    }
    expect(reports.at(-1)?.secondsLeft).toBe(0);
  });

  it('append to those of an earlier run', async () => {
    await run(30, abortingAt(26));
    await run(30);
    expect((await lines()).map((line) => JSON.parse(line).step)).toEqual([25, 30]);
  });
});

describe('what stops a run', () => {
  it('is a number that is none, with step and tensor; the checkpoint stays that of before', async () => {
    const { batch } = planOf(0);
    const poisoned = async (at: number) => {
      const feeds = await batch(at);
      return at === 6 ? { ...feeds, y: Float32Array.of(Number.NaN, 0, 0, 0) } : feeds;
    };
    await expect(run(10, { plan: { batch: poisoned } })).rejects.toThrow(/^Step 7: "loss" is NaN/);
    await expect(stat(path.join(folder, 'toy.safetensors'))).rejects.toThrow('ENOENT');
  });

  it('is a checkpoint of another model', async () => {
    await run(5);
    const parameters = fresh();
    const source = parameters.source();
    const other = source.get('other', [2]);
    const graph = { loss: reduceMean(other, [0]), figures: {}, parameters: source.tensors, trains: () => true };
    const context = { folder, parameters, report: () => {} };
    await expect(runStage(planOf(9), graph, context)).rejects.toThrow('holds no values for "other", which has 2');
  });

  it('is a batch that lacks what the graph reads', async () => {
    const plan = { batch: async () => ({ x: new Float32Array(12) }) };
    await expect(run(5, { plan })).rejects.toThrow('Input y: nothing was fed');
  });
});
