// Attention against its formula in plain loops: masks, scales, grouped heads, other widths of values, and its gradient.
import { describe, expect, test } from 'vitest';
import { mul } from '../../models/graph/elementwise.ts';
import { grad } from '../../models/graph/grad.ts';
import { reduceSum } from '../../models/graph/reduce.ts';
import { input, size, type Tensor } from '../../models/graph/tensor.ts';
import { type AttentionOptions, attention, mergeHeads, splitHeads } from '../../models/nn/attention.ts';
import { evaluate } from '../evaluate.ts';
import { largestDifference } from '../tensors.ts';

const wave = (shape: readonly number[], seed: number) =>
  Float32Array.from({ length: size(shape) }, (_, i) => Math.sin(seed + i * 1.3));

interface Sizes {
  batch: number;
  heads: number;
  groups: number;
  queries: number;
  keys: number;
  width: number;
  out: number;
}

const usual: Sizes = { batch: 2, heads: 4, groups: 4, queries: 3, keys: 5, width: 4, out: 4 };
const shapes = ({ batch, heads, groups, queries, keys, width, out }: Sizes) => ({
  q: [batch, heads, queries, width],
  k: [batch, groups, keys, width],
  v: [batch, groups, keys, out],
});

/** softmax(scale q k + mask) v, one number after the other. */
function byHand(
  sizes: Sizes,
  feeds: Record<'q' | 'k' | 'v', Float32Array>,
  scale: number,
  mask?: Float32Array,
): number[] {
  const { batch, heads, groups, queries, keys, width, out } = sizes;
  const result: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++)
      for (let t = 0; t < queries; t++) {
        const group = b * groups + Math.floor(h / (heads / groups));
        const scores = Array.from({ length: keys }, (_, s) => {
          let dot = 0;
          for (let d = 0; d < width; d++)
            dot +=
              (feeds.q[((b * heads + h) * queries + t) * width + d] ?? 0) *
              (feeds.k[(group * keys + s) * width + d] ?? 0);
          return scale * dot + (mask?.[t * keys + s] ?? 0);
        });
        const weights = scores.map((score) => Math.exp(score));
        const sum = weights.reduce((a, c) => a + c, 0);
        for (let d = 0; d < out; d++)
          result.push(weights.reduce((a, w, s) => a + (w / sum) * (feeds.v[(group * keys + s) * out + d] ?? 0), 0));
      }
  return result;
}

const inputs = (sizes: Sizes) => {
  const { q, k, v } = shapes(sizes);
  return { q: input('q', q), k: input('k', k), v: input('v', v) };
};
const feedsOf = (sizes: Sizes) => {
  const { q, k, v } = shapes(sizes);
  return { q: wave(q, 1), k: wave(k, 2), v: wave(v, 3) };
};

async function difference(sizes: Sizes, options: AttentionOptions & { data?: Float32Array } = {}): Promise<number> {
  const { q, k, v } = inputs(sizes);
  const feeds = feedsOf(sizes);
  const out = attention(q, k, v, options);
  expect(out.shape).toEqual([sizes.batch, sizes.heads, sizes.queries, sizes.out]);
  const got = await evaluate({ out }, { ...feeds, ...(options.data ? { mask: options.data } : {}) });
  const scale = options.scale ?? 1 / Math.sqrt(sizes.width);
  return largestDifference(got.out ?? [], byHand(sizes, feeds, scale, options.data));
}

describe('attention', () => {
  test('is a mean of the values, weighted by the softmax of the scaled scores', async () => {
    expect(await difference(usual)).toBeLessThan(1e-5);
    expect(await difference({ ...usual, queries: 1, keys: 1 })).toBeLessThan(1e-5);
  });

  test('takes a scale and values of another width', async () => {
    expect(await difference(usual, { scale: 0.9 })).toBeLessThan(1e-5);
    expect(await difference({ ...usual, out: 7 })).toBeLessThan(1e-5);
  });

  test.each([1, 2])('shares %i keys among four heads of queries', async (groups) => {
    expect(await difference({ ...usual, groups })).toBeLessThan(1e-5);
    expect(await difference({ ...usual, groups, out: 3 }, { scale: 2 })).toBeLessThan(1e-5);
  });

  test.each([4, 2])('adds a mask to the scores, with %i key heads', async (groups) => {
    const data = Float32Array.from({ length: 15 }, (_, i) => (i % 5 > Math.floor(i / 5) ? -1e9 : 0.1 * i));
    const mask = input('mask', [1, 1, 3, 5]);
    expect(await difference({ ...usual, groups }, { mask, data })).toBeLessThan(1e-5);
  });

  test('does not see what the mask hides', async () => {
    const { q, k, v } = inputs({ ...usual, groups: 2 });
    const feeds = feedsOf({ ...usual, groups: 2 });
    const out = attention(q, k, v, { mask: input('mask', [1, 1, 1, 5]) });
    const mask = Float32Array.of(0, 0, -1e9, 0, -1e9);
    const before = await evaluate({ out }, { ...feeds, mask });
    const change = (data: Float32Array, width: number) =>
      data.map((x, i) => ([2, 4].includes(Math.floor(i / width) % 5) ? 100 - x : x));
    const after = await evaluate({ out }, { q: feeds.q, k: change(feeds.k, 4), v: change(feeds.v, 4), mask });
    expect(largestDifference(after.out ?? [], before.out ?? [])).toBeLessThan(1e-5);
  });

  test.each([4, 2])('has the gradients of its differences, with %i key heads', async (groups) => {
    const sizes = { ...usual, batch: 1, groups };
    const { q, k, v } = inputs(sizes);
    const feeds = feedsOf(sizes);
    const weights = input('weights', [1, 4, 3, 4]);
    const loss = reduceSum(mul(attention(q, k, v), weights), [0, 1, 2, 3]);
    const slopes = grad(loss, [q, k, v]);
    const outputs: Record<string, Tensor> = { loss };
    for (const [i, name] of ['q', 'k', 'v'].entries()) outputs[`grad.${name}`] = slopes[i] ?? loss;
    const all = { ...feeds, weights: wave([1, 4, 3, 4], 5) };
    const here = await evaluate(outputs, all);
    for (const name of ['q', 'k', 'v'] as const)
      for (const at of [0, 7, feeds[name].length - 1]) {
        const moved = async (by: number) => {
          const data = feeds[name].map((x, i) => (i === at ? x + by : x));
          return (await evaluate({ loss }, { ...all, [name]: data })).loss?.[0] ?? 0;
        };
        const slope = ((await moved(1e-2)) - (await moved(-1e-2))) / 2e-2;
        expect(here[`grad.${name}`]?.[at]).toBeCloseTo(slope, 3);
      }
  });
});

describe('splitHeads and mergeHeads', () => {
  const x = input('x', [2, 3, 8]);
  const data = Float32Array.from({ length: 48 }, (_, i) => i);

  test('give each head its stretch of every token', async () => {
    const { heads = [] } = await evaluate({ heads: splitHeads(x, 4) }, { x: data });
    expect(splitHeads(x, 4).shape).toEqual([2, 4, 3, 2]);
    // Head 1 of sample 0: channels 2 and 3 of the three tokens.
    expect([...heads.slice(6, 12)]).toEqual([2, 3, 10, 11, 18, 19]);
  });

  test('undo each other', async () => {
    const { back = [] } = await evaluate({ back: mergeHeads(splitHeads(x, 2)) }, { x: data });
    expect([...back]).toEqual([...data]);
  });
});
