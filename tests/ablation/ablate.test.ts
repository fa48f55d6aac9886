// The ablation bench on toy weights: figures of each kind of variant, and that finished ones are not run again.
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AblationResult, type AblationTask, ablate } from '../../main/ablation/ablate.ts';
import { ablationTables, benchOf } from '../../main/commands/bench/ablation.ts';
import { untaughtWeights } from '../learn/teaching.ts';

let root: string;
let task: AblationTask;
let results: AblationResult[];
const said: string[] = [];
const { signal } = new AbortController();
const watched = { signal, note: (line: string) => said.push(line) };
const names = ['queries-4', 'no-context', 'connector-mlp', 'box-alone', 'box-and-points', 'released-token'];
const learning = ['start', 'rewards-no-format'];

beforeAll(async () => {
  const toy = await untaughtWeights();
  root = toy.root;
  task = {
    ...{ weights: toy.weights, out: path.join(root, 'out'), variants: names, seeds: 1, minutes: 0.01 },
    sizes: { scenes: 2, prompts: 2, measured: 2 },
    answers: { pictures: 2, warm: 1, asked: 1 },
  };
  results = await ablate(task, watched);
}, 300_000);
afterAll(() => rmSync(root, { recursive: true }));

describe('variants between reasoner and segmenter', () => {
  it('are measured under true and under misleading boxes', () => {
    expect(results.map(({ variant }) => variant)).toEqual(names);
    for (const { figures } of results) {
      expect(Object.keys(figures)).toEqual(['gIoU', 'misled gIoU']);
      for (const value of Object.values(figures)) expect(value >= 0 && value <= 1).toBe(true);
    }
  });

  it('train until their processor time is spent, or not at all', () => {
    const [trained, , , told] = results;
    expect(trained?.steps).toBeGreaterThan(0);
    expect(trained?.seconds).toBeGreaterThan(0);
    expect(told).toMatchObject({ steps: 0, seconds: 0 });
  });

  it('say how far they are and how long they will take', () => {
    expect(said).toHaveLength(names.length);
    expect(said[0]).toMatch(/^1\/6 {2}queries-4 seed 1: \d+ steps {2}gIoU \d.*min left\n$/u);
  });
});

describe('variants that learn answers', { timeout: 300_000 }, () => {
  it('lie beside the others, with figures of their own', async () => {
    const all = await ablate({ ...task, variants: learning, out: path.join(root, 'answers') }, watched);
    expect(all.map(({ variant }) => variant)).toEqual(learning);
    expect(all.map(({ steps }) => steps > 0)).toEqual([false, true]);
    const text = ablationTables(benchOf(all, ['rewards'], { minutes: 0.01, seeds: 1 }));
    expect(text).toMatch(/^rewards +seeds +steps +trained +gIoU +shifted gIoU +own scenes +format\nstart +1 +0 /u);
    said.length = 0;
  });
});

describe('a bench that goes on', () => {
  it('reads what is finished and runs what is missing', async () => {
    rmSync(path.join(task.out, 'box-alone.1.json'));
    said.length = 0;
    const again = await ablate(task, watched);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^6\/6 {2}box-alone seed 1/u);
    const byName = (all: readonly AblationResult[]) => new Map(all.map((one) => [one.variant, one.figures]));
    expect(byName(again)).toEqual(byName(results));
    expect(readdirSync(task.out).filter((name) => !name.endsWith('.json'))).toEqual([]);
  });

  it('refuses results of another budget, and files that are no results', async () => {
    await expect(ablate({ ...task, minutes: 2 }, watched)).rejects.toThrow(
      /was run with --minutes 0\.01, not 2, and budgets must be alike; choose another --out/u,
    );
    writeFileSync(path.join(task.out, 'strange.json'), '{');
    await expect(ablate(task, watched)).rejects.toThrow(/strange\.json: is no result of this bench/u);
    rmSync(path.join(task.out, 'strange.json'));
  });

  it('stops when it is told to, with nothing half done', async () => {
    rmSync(path.join(task.out, 'no-context.1.json'));
    const stopped = { ...watched, signal: AbortSignal.abort() };
    await expect(ablate(task, stopped)).rejects.toThrow();
    expect(readdirSync(task.out).filter((name) => name.startsWith('no-context'))).toEqual([]);
  });
});

describe('what is printed', () => {
  it('is a table for each row, and each claim with what becomes of it', () => {
    const made = benchOf(results, ['connector', 'pipeline'], { minutes: 0.01, seeds: 1 });
    expect(Object.keys(made.rows)).toEqual(['connector', 'pipeline']);
    expect(new Set(made.claims.map(({ row }) => row))).toEqual(new Set(['connector', 'pipeline']));
    const text = ablationTables(made);
    expect(text).toMatch(/^connector +seeds +steps +trained +gIoU +misled gIoU\nconnector-mlp +1 /u);
    expect(text).toContain('\npipeline ');
    expect(text).toMatch(/\nnot run: LENS: a transformer connects better than an MLP/u);
  });
});
