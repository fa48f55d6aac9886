// Sessions: what is in use and said, node orders, repeatability, feeds that do not fit.

import { describe, expect, it } from 'vitest';
import { transformerStep } from '../../main/evaluate/bench/engineBench.ts';
import { add, cast, exp, mul, neg } from '../../models/graph/elementwise.ts';
import { gather, scatterAdd } from '../../models/graph/gather.ts';
import { grad } from '../../models/graph/grad.ts';
import { matmul } from '../../models/graph/linear.ts';
import { argMax, reduceMean, reduceSum } from '../../models/graph/reduce.ts';
import { constant, dim, input, size, type Tensor } from '../../models/graph/tensor.ts';
import type { Value } from '../../models/graph/value.ts';
import { type Provider, Session, type SessionOptions } from '../../models/runtime/session.ts';
import { runProgram } from '../program.ts';

type Outputs = Record<string, Tensor>;

async function run(outputs: Outputs, feeds: Record<string, Value>, options: SessionOptions = {}) {
  const session = await Session.create(outputs, options);
  const results = await session.run(feeds);
  await session.release();
  return results;
}

const config = { layers: 3, width: 32, heads: 2, hidden: 48, tokens: 32, batch: 2, vocabulary: 40 };

function feedsOf(parameters: readonly Tensor[]): Record<string, Value> {
  const rows = config.batch * config.tokens;
  const ids = (step: number) => BigInt64Array.from({ length: rows }, (_, i) => BigInt((i * step) % config.vocabulary));
  const wave = (t: Tensor, at: number) =>
    Float32Array.from({ length: size(t.shape) }, (_, i) => (1.5 * Math.sin(i * i + at)) / Math.sqrt(dim(t, -1)));
  const values = parameters.map((t, i) => [t.name ?? '', wave(t, i)] as const);
  return { ids: ids(7), targets: ids(3), ...Object.fromEntries(values) };
}

function stepWith(options: { recompute: boolean }) {
  const { outputs, parameters } = transformerStep({ ...config, ...options });
  return { outputs, feeds: feedsOf(parameters) };
}

/** Largest difference of any output, over that output's largest value. */
function worst(a: Record<string, Value>, b: Record<string, Value>): number {
  expect(Object.keys(b)).toEqual(Object.keys(a));
  const largest = (values: number[]) => values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const differences = Object.entries(a).map(([name, data]) => {
    const [x, y] = [Array.from(data, Number), Array.from(b[name] ?? [], Number)];
    return largest(x.map((v, i) => v - (y[i] ?? Number.NaN))) / largest(x);
  });
  return differences.reduce((m, d) => (d <= m ? m : d), 0);
}

describe('node orders', () => {
  it('runs training reversed and inference as written', async () => {
    const outputs = { y: exp(input('x', [2])) };
    const [training, inference] = [await Session.create(outputs, { purpose: 'train' }), await Session.create(outputs)];
    expect([training.order, inference.order]).toEqual(['reversed', 'natural']);
    expect([training.warnings, inference.warnings]).toEqual([[], []]);
    await Promise.all([training.release(), inference.release()]);
  });

  it('gives the same bits whatever the order, the legal fallback included', async () => {
    const { outputs, feeds } = stepWith({ recompute: false });
    const natural = await run(outputs, feeds, { purpose: 'train', order: 'natural' });
    expect(await run(outputs, feeds, { purpose: 'train', order: 'reversed' })).toEqual(natural);
    expect(await run(outputs, feeds, { purpose: 'train', order: 'sorted' })).toEqual(natural);
    expect(Number(natural.loss?.[0])).toBeGreaterThan(1);
  });

  it('gives the same loss and gradients with recomputed blocks, in every order', async () => {
    const plain = stepWith({ recompute: false });
    const again = stepWith({ recompute: true });
    const expected = await run(plain.outputs, plain.feeds, { purpose: 'train' });
    for (const order of ['reversed', 'sorted'] as const)
      expect(worst(expected, await run(again.outputs, again.feeds, { purpose: 'train', order }))).toBeLessThan(1e-6);
  });
});

/** Repeated indices, a product, a long sum: what could depend on how work is shared out. */
function sums(): { outputs: Outputs; feeds: Record<string, Value> } {
  const [rows, width, table] = [512, 48, 16];
  const embedding = input('embedding', [table, width]);
  const ids = input('ids', [rows], 'int64');
  const weight = input('weight', [width, width]);
  const picked = matmul(gather(embedding, ids), weight);
  const loss = reduceMean(mul(picked, picked), [0, 1]);
  const spread = constant(
    Array.from({ length: rows * width }, (_, i) => Math.floor(i / width) % table),
    [rows, width],
    'int64',
  );
  const added = scatterAdd(embedding, spread, picked, 0);
  const [byEmbedding, byWeight] = grad(loss, [embedding, weight]);
  if (!byEmbedding || !byWeight) throw new Error('unreachable');
  const wave = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * i + i));
  const feeds = {
    embedding: wave(table * width),
    weight: wave(width * width),
    ids: BigInt64Array.from({ length: rows }, (_, i) => BigInt((i * i) % table)),
  };
  return { outputs: { loss, added, byEmbedding, byWeight }, feeds };
}

describe('repeatability', () => {
  it('returns the same bits run after run, with one thread and with several', async () => {
    const { outputs, feeds } = sums();
    const expected = await run(outputs, feeds, { purpose: 'train', threads: 1 });
    for (const threads of [1, 2, 3]) {
      const session = await Session.create(outputs, { purpose: 'train', threads });
      for (let i = 0; i < 10; i++) expect(await session.run(feeds)).toEqual(expected);
      await session.release();
    }
  });

  it('loses no addend of a repeated index', async () => {
    const { outputs, feeds } = sums();
    const { added } = await run(outputs, feeds, { threads: 3 });
    const total = (data: ArrayLike<number>) => Array.from(data).reduce((a, b) => a + b, 0);
    const picked = await run(
      {
        t: reduceSum(
          matmul(gather(input('embedding', [16, 48]), input('ids', [512], 'int64')), input('weight', [48, 48])),
          [0, 1],
        ),
      },
      feeds,
    );
    expect(total(added as Float32Array) - total(feeds.embedding as Float32Array)).toBeCloseTo(Number(picked.t?.[0]), 1);
  });

  it('repeats a whole training step bit for bit', async () => {
    const { outputs, feeds } = stepWith({ recompute: true });
    const first = await run(outputs, feeds, { purpose: 'train', threads: 2 });
    expect(await run(outputs, feeds, { purpose: 'train', threads: 2 })).toEqual(first);
    expect(await run(outputs, feeds, { purpose: 'train', threads: 1 })).toEqual(first);
  });
});

interface Tried {
  provider: Provider;
  warnings: string[];
  y: number[];
}

describe('providers', () => {
  it.each(['webgpu', 'cuda', 'dml', 'coreml'] as const)(
    '%s is used, or the refusal is one sentence',
    { timeout: 60_000 },
    async (wanted) => {
      const { provider, warnings, y } = await runProgram<Tried>(new URL('./tryProvider.ts', import.meta.url), [wanted]);
      expect([wanted, 'cpu']).toContain(provider);
      const sentence = new RegExp(`^${wanted} was asked for but cannot be used \\([^()/]+\\); running on cpu\\.$`);
      expect(warnings).toEqual(provider === wanted ? [] : [expect.stringMatching(sentence)]);
      y.forEach((v, i) => {
        expect(v).toBeCloseTo(Math.exp(i / 2), 5);
      });
    },
  );

  it('says nothing on CPU', async () => {
    const session = await Session.create({ y: exp(input('x', [2])) });
    expect([session.provider, session.warnings]).toEqual(['cpu', []]);
    await session.release();
  });
});

describe('run', () => {
  const x = input('x', [2, 2]);
  const flags = input('flags', [2], 'bool');
  const ids = input('ids', [2], 'int64');
  const outputs = { y: neg(x), z: mul(cast(flags, 'int64'), ids), best: argMax(x, 1), same: add(x, 0), x2: x };
  const feeds = {
    x: Float32Array.of(1, 2, 4, 3),
    flags: Uint8Array.of(1, 0),
    ids: BigInt64Array.of(2n ** 40n, 7n),
  };

  it('keeps names and element types, 64-bit numbers whole', async () => {
    const results = await run(outputs, feeds);
    expect(results).toEqual({
      y: Float32Array.of(-1, -2, -4, -3),
      z: BigInt64Array.of(2n ** 40n, 0n),
      best: BigInt64Array.of(1n, 0n),
      same: feeds.x,
      x2: feeds.x,
    });
  });

  it('refuses what does not fit and goes on', async () => {
    const session = await Session.create(outputs);
    const { x: _, ...withoutX } = feeds;
    await expect(session.run(withoutX)).rejects.toThrow('Input x: nothing was fed; it needs float32[2,2].');
    const wrong = { ...feeds, x: new Float32Array(3) };
    await expect(session.run(wrong)).rejects.toThrow('Input x: Float32Array[3] was fed for float32[2,2].');
    const wide = { ...feeds, ids: new Int32Array(2) };
    await expect(session.run(wide)).rejects.toThrow('Input ids: Int32Array[2] was fed for int64[2].');
    expect((await session.run(feeds)).y?.[0]).toBe(-1);
    await session.release();
  });

  it('names the operator when an index is out of range, in one line', async () => {
    const session = await Session.create({ y: gather(input('t', [3, 1]), input('i', [1], 'int64')) });
    const failing = session.run({ t: new Float32Array(3), i: BigInt64Array.of(9n) });
    await expect(failing).rejects.toThrow(/^Gather: .*idx=9.*$/);
    await session.release();
  });

  it('rejects a run after release', async () => {
    const session = await Session.create({ y: exp(x) });
    await session.release();
    await expect(session.run(feeds)).rejects.toThrow();
  });
});

/** Processor time of many short runs, each after a pause in which threads have nothing to do. */
async function processorTime(threads: number): Promise<number> {
  let y = input('x', [64, 256]);
  const weight = constant(new Float32Array(256 * 256).fill(1 / 256), [256, 256]);
  for (let i = 0; i < 4; i++) y = matmul(y, weight);
  const session = await Session.create({ y }, { threads });
  const x = new Float32Array(64 * 256).fill(1);
  await session.run({ x });
  const before = process.cpuUsage();
  for (let i = 0; i < 60; i++) {
    await session.run({ x });
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  const { user, system } = process.cpuUsage(before);
  await session.release();
  return (user + system) / 1e6;
}

it('takes no core while its threads wait', async () => {
  // In turns, and the least of each: other programs make a run dearer, never cheaper. Threads that spin take 15 times as much.
  const [one, four] = [[], []] as [number[], number[]];
  for (let turn = 0; turn < 4; turn++) {
    one.push(await processorTime(1));
    four.push(await processorTime(4));
  }
  expect(Math.min(...four)).toBeLessThan(4 * Math.min(...one));
});
