import { describe, expect, test } from 'vitest';
import { mul } from '../../models/graph/elementwise.ts';
import { grad } from '../../models/graph/grad.ts';
import { reduceSum } from '../../models/graph/reduce.ts';
import { concat, expand, reshape } from '../../models/graph/shape.ts';
import { constant, input, size, type Tensor } from '../../models/graph/tensor.ts';
import { attention } from '../../models/nn/attention.ts';
import { cachedAttention } from '../../models/nn/cachedAttention.ts';
import { evaluate } from '../evaluate.ts';
import { largestDifference } from '../tensors.ts';

const wave = (shape: readonly number[], seed: number) =>
  Float32Array.from({ length: size(shape) }, (_, i) => Math.sin(seed + i * 1.7));

/** Past of 5 tokens (the last two unused), 3 new ones. */
function both({ batch, heads, groups }: { batch: number; heads: number; groups: number }) {
  const [width, past, tokens] = [4, 5, 3];
  const shapes = {
    ...{ q: [batch, heads, tokens, width], key: [batch, groups, tokens, width], value: [batch, groups, tokens, width] },
    ...{ pastKey: [batch, groups, past, width], pastValue: [batch, groups, past, width] },
    mask: [batch, 1, tokens, past + tokens],
  };
  const t = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, input(name, shape)]));
  const get = (name: keyof typeof shapes): Tensor => t[name] ?? input('none', []);
  const feeds = Object.fromEntries(Object.entries(shapes).map(([name, shape], i) => [name, wave(shape, i)]));
  const seen = (i: number) => (i < past ? i < 3 : true);
  feeds.mask = Float32Array.from({ length: size(shapes.mask) }, (_, i) => {
    const [row, column] = [Math.floor(i / (past + tokens)) % tokens, i % (past + tokens)];
    return seen(column) && column - past <= row ? 0 : -1e9;
  });
  const own = { key: get('key'), value: get('value') };
  const before = { key: get('pastKey'), value: get('pastValue') };
  const split = cachedAttention(get('q'), [before], own, get('mask'));
  const joined = attention(get('q'), concat([before.key, own.key], 2), concat([before.value, own.value], 2), {
    mask: get('mask'),
  });
  return { split, joined, feeds, inputs: [get('q'), own.key, own.value, before.key, before.value] };
}

describe('cachedAttention', () => {
  test.for([
    { batch: 1, heads: 1, groups: 1 },
    { batch: 2, heads: 4, groups: 4 },
    { batch: 3, heads: 6, groups: 2 },
  ])('is attention over past and own tokens joined: %o', async (sizes) => {
    const { split, joined, feeds } = both(sizes);
    const { a = [], b = [] } = await evaluate({ a: split, b: joined }, feeds);
    expect(largestDifference(a, b)).toBeLessThan(1e-6);
    expect(split.shape).toEqual([sizes.batch, sizes.heads, 3, 4]);
  });

  test('has the same gradients', async () => {
    const { split, joined, feeds, inputs } = both({ batch: 2, heads: 4, groups: 2 });
    const weights = constant(wave(split.shape, 9), split.shape);
    const of = (y: Tensor) => grad(reduceSum(mul(y, weights), [0, 1, 2, 3]), inputs);
    const [one, two] = [of(split), of(joined)];
    const outputs = Object.fromEntries([...one.map((g, i) => [`a${i}`, g]), ...two.map((g, i) => [`b${i}`, g])]);
    const results = await evaluate(outputs, feeds);
    for (const i of inputs.keys())
      expect(largestDifference(results[`a${i}`] ?? [], results[`b${i}`] ?? [])).toBeLessThan(1e-6);
  });

  test('reads what rows share once, and gives each row what a copy of its own would give', async () => {
    const shapes = {
      q: [6, 4, 2, 4],
      own: [6, 2, 2, 4],
      suffix: [6, 2, 3, 4],
      prompt: [2, 2, 5, 4],
      mask: [6, 1, 2, 10],
    };
    const t = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, input(name, shape)]));
    const at = (name: keyof typeof shapes) => t[name] ?? input('none', []);
    const feeds = Object.fromEntries(Object.entries(shapes).map(([name, shape], i) => [name, wave(shape, i)]));
    const twice = (x: Tensor) => ({ key: x, value: mul(x, 0.5) });
    const [suffix, own] = [twice(at('suffix')), twice(at('own'))];
    const copied = reshape(expand(reshape(at('prompt'), [2, 1, 2, 5, 4]), [2, 3, 2, 5, 4]), [6, 2, 5, 4]);
    const outputs = {
      shared: cachedAttention(at('q'), [twice(at('prompt')), suffix], own, at('mask')),
      copied: cachedAttention(at('q'), [twice(copied), suffix], own, at('mask')),
    };
    const got = await evaluate(outputs, feeds);
    expect(largestDifference(got.shared ?? [], got.copied ?? [])).toBeLessThan(1e-6);
  });

  test('rows that no prompt divides are refused', () => {
    const past = { key: input('k', [2, 1, 5, 4]), value: input('v', [2, 1, 5, 4]) };
    const own = { key: input('ok', [3, 1, 1, 4]), value: input('ov', [3, 1, 1, 4]) };
    expect(() => cachedAttention(input('q', [3, 1, 1, 4]), [past], own, input('m', [3, 1, 1, 6]))).toThrow(
      'do not divide',
    );
  });

  test('never looks at the unused end of the cache', async () => {
    const { split, feeds } = both({ batch: 1, heads: 2, groups: 1 });
    const { y: before = [] } = await evaluate({ y: split }, feeds);
    for (const name of ['pastKey', 'pastValue']) feeds[name]?.fill(7, 3 * 4);
    const { y: after = [] } = await evaluate({ y: split }, feeds);
    expect(largestDifference(before, after)).toBe(0);
  });
});
