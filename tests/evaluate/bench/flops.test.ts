// Work counted by hand: products, transposed and batched ones, quantised ones, convolutions; nothing else counts.
import { expect, it } from 'vitest';
import { productFlops } from '../../../main/evaluate/bench/flops.ts';
import { conv } from '../../../models/graph/conv.ts';
import { exp } from '../../../models/graph/elementwise.ts';
import { matmul } from '../../../models/graph/linear.ts';
import { quantisedMatmul } from '../../../models/graph/quantised.ts';
import { input } from '../../../models/graph/tensor.ts';
import { quantisedWeight } from '../../graph/quantisedWeights.ts';

it.each([
  ['a product', 2 * 3 * 5 * 4, matmul(input('a', [3, 4]), input('b', [4, 5]))],
  ['a transposed one', 2 * 3 * 5 * 4, matmul(input('a', [4, 3]), input('b', [5, 4]), { transA: true, transB: true })],
  ['a batch', 2 * 7 * 3 * 5 * 4, matmul(input('a', [7, 3, 4]), input('b', [7, 4, 5]))],
  ['quantised weights', 2 * 3 * 6 * 32, quantisedMatmul(input('x', [3, 32]), quantisedWeight(6, 32, 4))],
  [
    'a convolution in groups',
    2 * (6 * 4 * 4) * 2 * 9,
    conv(input('x', [1, 4, 6, 6]), input('w', [6, 2, 3, 3]), null, { group: 2 }),
  ],
  ['what computes element by element', 0, exp(input('x', [9]))],
])('%s', (_, wanted, y) => {
  expect(productFlops({ y })).toBe(wanted);
});

it('counts what two outputs share once', () => {
  const shared = matmul(input('a', [2, 2]), input('b', [2, 2]));
  expect(productFlops({ one: shared, two: exp(shared) })).toBe(16);
});
