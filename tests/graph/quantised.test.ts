// Products with 4- and 8-bit weights: what rounding activations costs, what is refused, and what trains through them.
import { describe, expect, it, test } from 'vitest';
import { grad } from '../../models/graph/grad.ts';
import { matmul } from '../../models/graph/linear.ts';
import { dequantised, quantisedMatmul } from '../../models/graph/quantised.ts';
import { reduceSum } from '../../models/graph/reduce.ts';
import { constant, input } from '../../models/graph/tensor.ts';
import { evaluate } from '../evaluate.ts';
import { quantisedWeight, quantisedWeights } from './quantisedWeights.ts';

const wave = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.3));

describe.each(quantisedWeights)('$name', ({ weight }) => {
  const x = input('x', [6, weight.columns]);
  const feeds = { x: wave(6 * weight.columns) };

  it('accuracy level 4 differs from the product with the dequantised weight by the rounding of activations only', async () => {
    const outputs = { got: quantisedMatmul(x, weight), wanted: matmul(x, dequantised(weight), { transB: true }) };
    const { got = [], wanted = [] } = await evaluate(outputs, feeds);
    const [error, norm] = [Math.hypot(...got.map((v, i) => v - (wanted[i] ?? Number.NaN))), Math.hypot(...wanted)];
    expect(error / norm).toBeLessThan(0.01);
    expect(norm).toBeGreaterThan(0);
  });

  it('its input gradient is the product with the dequantised weight', async () => {
    const loss = (y: typeof x) => reduceSum(y, [0, 1]);
    const [through] = grad(loss(quantisedMatmul(x, weight)), [x]);
    const [plain] = grad(loss(matmul(x, dequantised(weight), { transB: true })), [x]);
    if (!through || !plain) throw new Error('unreachable');
    const got = await evaluate({ through, plain }, feeds, { purpose: 'train' });
    expect(got.through).toEqual(got.plain);
  });
});

test.each([
  ['columns that do not fit the blocks', 3 * 16 + 1, 'do not hold 49 columns'],
  ['an input of another width', 32, 'needs an input of 32 columns'],
])('%s are refused', (_, columns, sentence) => {
  const weight = { ...quantisedWeight(2, 32, 4), columns };
  expect(() => quantisedMatmul(input('x', [1, 40]), weight)).toThrow(sentence);
});

test('scales of another weight are refused', () => {
  const weight = { ...quantisedWeight(2, 32, 4), scales: constant([1, 1, 1], [3, 1]) };
  expect(() => quantisedMatmul(input('x', [1, 32]), weight)).toThrow('differ in blocks');
});
