// Held-back prompts while a run trains: when they are measured, what of it is kept, and that it changes nothing of the run.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { trainUntil } from '../../../main/learn/decoder/learnDecoder.ts';
import { readCurves } from '../../../main/learn/loop/curves.ts';
import type { Run } from '../../../main/learn/loop/loop.ts';
import { Parameters } from '../../../main/learn/loop/parameters.ts';
import { type Validation, validatedRun } from '../../../main/learn/loop/validation.ts';
import { mul, sub } from '../../../models/graph/elementwise.ts';
import { reduceMean } from '../../../models/graph/reduce.ts';
import { input } from '../../../models/graph/tensor.ts';

let folder: string;
const folders: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-validation-'));
  folders.push(folder);
});
afterAll(async () => {
  for (const each of folders) await rm(each, { recursive: true });
});

/** w goes to 0.5. */
type Toy = Run<{ parameters: Parameters }, number, number>;
const toyRun = (steps: number): Toy => ({
  ...{ name: 'toy', steps, shape: 1, perStep: 1, samples: (step) => [step] },
  settings: { schedule: { kind: 'cosine', base: 0.02, warmup: 2, total: steps } },
  policy: { parameters: new Parameters(() => Float32Array.of(0, 0)) },
  objective: {
    graph: ({ parameters }) => {
      const source = parameters.source();
      const error = sub(source.get('w', [2]), input('y', [2]));
      return {
        loss: reduceMean(mul(error, error), [0]),
        figures: {},
        parameters: source.tensors,
        trains: () => true,
      };
    },
    open: async () => ({ feed: async () => ({ y: Float32Array.of(0.5, 0.5) }), release: async () => {} }),
  },
});

/** A clock of seconds: a step takes 1, a measurement `cost`. */
async function paced(steps: number, cost: number) {
  let clock = 0;
  const measured: number[] = [];
  const run = toyRun(steps);
  let step = 0;
  const validation: Validation = async () => {
    measured.push(step);
    clock += cost;
    return [{ intersection: 1, union: 2 }];
  };
  const validated = validatedRun(run, validation, { folder, now: () => clock });
  const feeder = await validated.run.objective.open(run.policy, 1, {});
  for (; step < steps; step++) {
    await feeder.feed([step], step);
    clock += 1;
  }
  await validated.end();
  return { measured, clock };
}

describe('the time that measuring takes', () => {
  it('is a twentieth of the run, and a point at either end', async () => {
    const { measured, clock } = await paced(400, 2);
    expect(measured[0]).toBe(0);
    expect(measured.at(-1)).toBe(400);
    expect(measured.length).toBeGreaterThan(5);
    expect((2 * (measured.length - 1)) / clock).toBeLessThanOrEqual(0.05);
  });

  it('is never spent more often than every ten steps, however cheap it is', async () => {
    const { measured } = await paced(45, 0.001);
    expect(measured).toEqual([0, 10, 20, 30, 40, 45]);
  });

  it('is spent at the ends alone where it is dear', async () => {
    const { measured } = await paced(60, 30);
    expect(measured).toEqual([0, 60]);
  });
});

const limits = () => ({ folder, minutes: 1, saveEvery: 10 });
const right: Validation = async () => [
  { intersection: 1, union: 2 },
  { intersection: 10, union: 10 },
];

describe('the minutes of a run', () => {
  it('end it, however often memory is collected meanwhile', async () => {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    if (typeof collect !== 'function') throw new Error('memory cannot be collected on demand');
    let last = 0;
    const run = toyRun(60);
    const slow: Toy = {
      ...run,
      objective: {
        ...run.objective,
        open: async () => ({
          feed: async (_, step) => {
            last = step;
            await new Promise((resolve) => setTimeout(resolve, 50));
            collect();
            return { y: Float32Array.of(0.5, 0.5) };
          },
          release: async () => {},
        }),
      },
    };
    await trainUntil(slow, { ...limits(), minutes: 0.01 }, { report: () => {} });
    // On a busy machine the time may be over before the first step is.
    expect(last).toBeLessThan(40);
  });
});

describe('what was measured', () => {
  it('is points of the run’s curves, mean and ratio, with the time that it took', async () => {
    await trainUntil(toyRun(25), limits(), { report: () => {}, validation: right });
    const curves = readCurves(await readFile(path.join(folder, 'curves.jsonl'), 'utf8')).get('toy');
    const points = curves?.get('validation gIoU');
    expect(points?.at(0)?.step).toBe(0);
    expect(points?.at(-1)?.step).toBe(25);
    expect(points?.[0]?.value).toBeCloseTo(0.75, 3);
    expect(curves?.get('validation cIoU')?.[0]?.value).toBeCloseTo(11 / 12, 3);
    const seconds = curves?.get('validation seconds')?.map(({ value }) => value) ?? [];
    expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
    expect([...(curves?.keys() ?? [])]).toContain('loss');
  });

  it('is told with the figures of the steps', async () => {
    const heard: Readonly<Record<string, number>>[] = [];
    await trainUntil(toyRun(20), limits(), { report: ({ figures }) => heard.push(figures), validation: right });
    expect(heard.length).toBeGreaterThan(0);
    for (const figures of heard) expect(Object.keys(figures)).toContain('validation gIoU');
  });

  it('is seen with the values of the moment, which end as they do where nothing is measured', async () => {
    const [watched, alone] = [toyRun(30), toyRun(30)];
    const seen: number[] = [];
    const validation: Validation = async (parameters) => {
      seen.push(parameters.values('w')[0] ?? Number.NaN);
      return [];
    };
    await trainUntil(watched, limits(), { report: () => {}, validation });
    folder = path.join(folder, 'alone');
    await trainUntil(alone, limits(), { report: () => {} });
    expect(seen[0]).toBe(0);
    expect(seen.at(-1)).toBe(watched.policy.parameters.values('w')[0]);
    expect(watched.policy.parameters.values('w')).toEqual(alone.policy.parameters.values('w'));
  });

  it('that fails ends no run', async () => {
    const run = toyRun(12);
    const validation: Validation = () => Promise.reject(new Error('no space left on device'));
    await trainUntil(run, limits(), { report: () => {}, validation });
    expect(run.policy.parameters.values('w')[0]).toBeGreaterThan(0);
    const text = await readFile(path.join(folder, 'curves.jsonl'), 'utf8');
    expect(text).not.toContain('validation');
  });
});
