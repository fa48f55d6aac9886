// Runs of a toy problem: learning, killing, resuming bit for bit, and the lines that a run leaves behind.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import { random } from '../../../main/contract/random.ts';
import { trainUntil } from '../../../main/learn/decoder/learnDecoder.ts';
import { checkpointStep } from '../../../main/learn/loop/checkpoint.ts';
import { readCurves } from '../../../main/learn/loop/curves.ts';
import { type LossGraph, type Run, train } from '../../../main/learn/loop/loop.ts';
import type { StepProgress } from '../../../main/learn/loop/meter.ts';
import { Parameters } from '../../../main/learn/loop/parameters.ts';
import { add, mul, sub, tanh } from '../../../models/graph/elementwise.ts';
import { matmul } from '../../../models/graph/linear.ts';
import { reduceMean } from '../../../models/graph/reduce.ts';
import { input } from '../../../models/graph/tensor.ts';
import type { NamedValues } from '../../../models/graph/value.ts';

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

const normal = (name: string, i: number) => random(name.length + i, 7).between(-1, 1);
const fresh = () =>
  new Parameters((name, shape) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => normal(name, i)),
  );

/** y = tanh(x W) + b against a line; `scale` is read but not trained. */
function graphOf({ parameters }: { parameters: Parameters }, rows: number): LossGraph {
  const source = parameters.source();
  const [w, b, scale] = [source.get('w', [3, 1]), source.get('b', [1]), source.get('scale', [1])];
  const y = mul(add(tanh(matmul(input('x', [rows, 3]), w)), b), scale);
  const error = sub(y, input('y', [rows, 1]));
  const figures = { bias: reduceMean(b, [0]) };
  return {
    loss: reduceMean(mul(error, error), [0, 1]),
    figures,
    parameters: source.tensors,
    trains: (n) => n !== 'scale',
  };
}

/** A sample is the seed of one row. */
type Toy = Run<{ parameters: Parameters }, number, number>;
type ToyObjective = Toy['objective'];

function feedsOf(seeds: readonly number[]): NamedValues {
  const x = Float32Array.from(
    seeds.flatMap((seed) => Array.from({ length: 3 }, (_, i) => normal('row', 9 * seed + i))),
  );
  return { x, y: Float32Array.from(seeds, (_, i) => 0.3 * (x[3 * i] ?? 0) + 0.5) };
}

/** What was opened, fed and released, in order. */
const objectiveOf = (said: string[] = [], feed: typeof feedsOf = feedsOf): ToyObjective => ({
  graph: graphOf,
  open: async (_, shape, reference) => {
    said.push(`open ${shape} ${[...(reference.w ?? [])].map((v) => v.toFixed(3)).join(' ')}`);
    return {
      feed: async (samples) => feed(samples),
      release: async () => {
        said.push('release');
      },
    };
  },
});

interface Made {
  parameters: Parameters;
  reports: StepProgress[];
  seen: number[];
}

/** A run of a process: everything from the seed, and what the folder holds. */
async function run(steps: number, { signal, ...changed }: Partial<Toy> & { signal?: AbortSignal } = {}): Promise<Made> {
  const parameters = fresh();
  const [reports, seen]: [StepProgress[], number[]] = [[], []];
  const context = { folder, report: (p: StepProgress) => reports.push(p), signal };
  const settings: Toy['settings'] = { schedule: { kind: 'cosine', base: 0.02, warmup: 5, total: 300 } };
  const toy: Toy = {
    ...{ name: 'toy', steps, settings, policy: { parameters }, objective: objectiveOf(), shape: 4, perStep: 4 },
    samples: (step) => Array.from({ length: 4 }, (_, i) => 4 * step + i),
    ...changed,
  };
  const samples = (step: number) => {
    seen.push(step);
    return toy.samples(step);
  };
  await train({ ...toy, samples }, context);
  return { parameters, reports, seen };
}

/** Aborts in the batch of a step, as Ctrl-C would. */
function abortingAt(step: number): { signal: AbortSignal } & Pick<Toy, 'samples'> {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    samples: (at) => {
      if (at === step) controller.abort();
      return Array.from({ length: 4 }, (_, i) => 4 * at + i);
    },
  };
}

const valuesOf = ({ parameters }: Made) => [...parameters.all].map(([name, { values }]) => [name, [...values]]);
const lines = async () => (await readFile(path.join(folder, 'curves.jsonl'), 'utf8')).trimEnd().split('\n');

describe('train', () => {
  it('learns, step by step on its own batches, and leaves alone what is not trained', async () => {
    const { parameters, reports, seen } = await run(150);
    expect(seen).toEqual(Array.from({ length: 150 }, (_, i) => i));
    expect(reports.at(-1)?.figures.loss).toBeLessThan((reports[0]?.figures.loss ?? 0) / 2);
    const start = fresh();
    graphOf({ parameters: start }, 4);
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
    const dying = (at: number) => {
      if (at === 280) throw new Error('killed');
      return Array.from({ length: 4 }, (_, i) => 4 * at + i);
    };
    await expect(run(290, { samples: dying })).rejects.toThrow('killed');
    const resumed = await run(290);
    expect(resumed.seen[0]).toBe(250);
    expect(valuesOf(resumed)).toEqual(valuesOf(whole));
    const steps = readCurves(await readFile(path.join(folder, 'curves.jsonl'), 'utf8'))
      .get('toy')
      ?.get('loss');
    expect(steps?.map(({ step }) => step)).toEqual(Array.from({ length: 29 }, (_, i) => 10 * (i + 1)));
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
    graphOf({ parameters: start }, 4);
    expect(seen).toEqual([]);
    expect(parameters.values('w')).toEqual(start.values('w'));
  });
});

describe('reports', () => {
  it('come every 10 steps and at the end, as lines of the curves too', async () => {
    const { reports } = await run(36);
    expect(reports.map(({ step }) => step)).toEqual([10, 20, 30, 36]);
    const written = (await lines()).map((line) => JSON.parse(line));
    expect(written).toEqual(
      reports.map(({ stage, step, figures, samplesPerSecond }) => ({ stage, step, ...figures, samplesPerSecond })),
    );
    for (const { figures } of reports) expect(Object.keys(figures).sort()).toEqual(['bias', 'gradientNorm', 'loss']);
  });

  it('come at the end of a run that is stopped before its tenth step', async () => {
    const { reports } = await run(36, abortingAt(3));
    expect(reports.map(({ step }) => step)).toEqual([4]);
  });

  it('hold the means since the last one', async () => {
    const start = fresh();
    graphOf({ parameters: start }, 4);
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
    expect((await lines()).map((line) => JSON.parse(line).step)).toEqual([10, 20, 27, 30]);
  });
});

describe('what stops a run', () => {
  it('is a number that is none, with step and tensor; the checkpoint stays that of before', async () => {
    const poisoned = (seeds: readonly number[]) =>
      seeds[0] === 24 ? { ...feedsOf(seeds), y: Float32Array.of(Number.NaN, 0, 0, 0) } : feedsOf(seeds);
    await expect(run(10, { objective: objectiveOf([], poisoned) })).rejects.toThrow(/^Step 7: "loss" is NaN/);
    await expect(stat(path.join(folder, 'toy.safetensors'))).rejects.toThrow('ENOENT');
  });

  it('is said to a person as one sentence; what was trained before it stays', async () => {
    const poisoned = (seeds: readonly number[]) =>
      seeds[0] === 24 ? { ...feedsOf(seeds), x: new Float32Array(12).fill(Number.NaN) } : feedsOf(seeds);
    const settings: Toy['settings'] = { schedule: { kind: 'cosine', base: 0.02, warmup: 5, total: 300 } };
    const toy: Toy = {
      ...{ name: 'toy', steps: 10, settings, policy: { parameters: fresh() }, shape: 4, perStep: 4 },
      objective: objectiveOf([], poisoned),
      samples: (step) => Array.from({ length: 4 }, (_, i) => 4 * step + i),
    };
    const ended = trainUntil(toy, { folder, minutes: 1, saveEvery: 2 }, { report: () => {} });
    await expect(ended).rejects.toThrow(BadInput);
    await expect(ended).rejects.toThrow(
      /^Step 7: "loss" is NaN.*: the run ended there and the weights stay as they were; teach again with another seed/u,
    );
    expect(await checkpointStep(path.join(folder, 'toy.safetensors'))).toBe(6);
  });

  it('is a checkpoint of another model', async () => {
    await run(5);
    const graph = ({ parameters }: { parameters: Parameters }): LossGraph => {
      const source = parameters.source();
      const other = source.get('other', [2]);
      return { loss: reduceMean(other, [0]), figures: {}, parameters: source.tensors, trains: () => true };
    };
    const objective = { ...objectiveOf(), graph };
    await expect(run(9, { objective })).rejects.toThrow('holds no values for "other", which has 2');
  });

  it('is a low-rank update that the graph does not use: it would be trained for nothing', async () => {
    const graph = (policy: Made, shape: number): LossGraph => {
      policy.parameters.set('w.lora_A.weight', [1, 3], new Float32Array(3));
      return graphOf(policy, shape);
    };
    await expect(run(5, { objective: { ...objectiveOf(), graph } })).rejects.toThrow(
      'No graph uses w.lora_A.weight: a low-rank update works only beside a linear map',
    );
  });

  it('is a batch that lacks what the graph reads', async () => {
    const lacking = objectiveOf([], () => ({ x: new Float32Array(12) }));
    await expect(run(5, { objective: lacking })).rejects.toThrow('Input y: nothing was fed');
  });
});

describe('what a run opens', () => {
  const start = fresh();
  graphOf({ parameters: start }, 4);
  const opened = `open 4 ${[...start.values('w')].map((v) => v.toFixed(3)).join(' ')}`;

  it('is released when it ends, and when it fails', async () => {
    const said: string[] = [];
    await run(3, { objective: objectiveOf(said) });
    const lacking = objectiveOf(said, () => ({}));
    await expect(run(5, { objective: lacking })).rejects.toThrow('nothing was fed');
    expect(said).toEqual([opened, 'release', opened, 'release']);
  });

  it('is told what the policy was before the run, when it goes on too, and is not opened for a finished run', async () => {
    const said: string[] = [];
    await run(30, { ...abortingAt(10), objective: objectiveOf(said) });
    await run(30, { objective: objectiveOf(said) });
    await run(30, { objective: objectiveOf(said) });
    expect(said).toEqual([opened, 'release', opened, 'release']);
  });
});
