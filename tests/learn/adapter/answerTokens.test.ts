// Log-probabilities of tokens in pieces: those of the whole, their gradients too, in memory that the number of rows hardly moves.
import { describe, expect, it } from 'vitest';
import { readTokens } from '../../../main/learn/adapter/answerTokens.ts';
import { mul } from '../../../models/graph/elementwise.ts';
import { grad } from '../../../models/graph/grad.ts';
import { lower } from '../../../models/graph/lower.ts';
import { estimatePeakBytes } from '../../../models/graph/memory.ts';
import { reduceSum } from '../../../models/graph/reduce.ts';
import { orderNodes } from '../../../models/graph/schedule.ts';
import { input, type Tensor } from '../../../models/graph/tensor.ts';
import type { NamedValues } from '../../../models/graph/value.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { published } from '../../../models/qwen/config.ts';
import { evaluate } from '../../evaluate.ts';
import { quantisedWeight } from '../../graph/quantisedWeights.ts';

const [vocabulary, width] = [40, 32];
const config = { ...published['3B'].language, vocabulary, hidden: width };
const table = input('table', [vocabulary, width]);
const plain = paramsFrom({ has: () => true, get: () => table });
const weight = quantisedWeight(vocabulary, width, 4);
const inBits = paramsFrom({ has: () => true, get: () => table, quantised: () => weight });

const wave = (count: number, step: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * step));

/** Rows, what each counts, and the gradient of the sum at the hidden states. */
function outputsOf(rows: number, atOnce: number, p = plain): Record<string, Tensor> {
  const hidden = input('hidden', [rows, width]);
  const { logProbs, right } = readTokens(p, hidden, input('ids', [rows], 'int64'), { config, atOnce });
  const [gradient] = grad(reduceSum(mul(logProbs, input('weights', [rows])), [0]), [hidden]);
  if (!gradient) throw new Error('unreachable');
  return { logProbs, right, gradient };
}

describe.each([
  ['a plain matrix', plain],
  ['one in 4 bits', inBits],
])('tokens that are read by %s', (_, p) => {
  it.each([1, 3, 7])('in pieces of %i are those of the whole, gradients too', async (atOnce) => {
    const rows = 7;
    const ids = BigInt64Array.from({ length: rows }, (_, i) => BigInt((i * 11) % vocabulary));
    const feeds = { hidden: wave(rows * width, 1.7), ids, weights: wave(rows, 0.9) };
    const named: NamedValues = p === plain ? { table: wave(vocabulary * width, 0.37) } : {};
    const run = (size: number) => evaluate(outputsOf(rows, size, p), { ...feeds, ...named }, { purpose: 'train' });
    const [pieces, whole] = [await run(atOnce), await run(100)];
    for (const name of ['logProbs', 'gradient']) {
      const [got, wanted] = [pieces[name] ?? [], whole[name] ?? []];
      expect(got.length).toBe(name === 'logProbs' ? rows : rows * width);
      got.forEach((value, i) => expect(value).toBeCloseTo(Number(wanted[i]), 5));
      expect(Math.hypot(...got)).toBeGreaterThan(0.1);
    }
    expect(pieces.right).toEqual(whole.right);
  });
});

it('the logits of four times as many rows take hardly more memory, those of one piece four times as much', () => {
  const peak = (rows: number, atOnce: number) =>
    estimatePeakBytes(orderNodes(lower(outputsOf(rows, atOnce), 'cpu'), 'reversed'));
  const states = (rows: number) => 4 * rows * width;
  expect(peak(2048, 64) - 4 * states(2048)).toBeLessThan(2 * peak(512, 64));
  expect(peak(2048, 2048)).toBeGreaterThan(3.5 * peak(512, 512));
});

it('rows of the published vocabulary are read some 260 at a time', () => {
  const language = published['3B'].language;
  const hidden = input('hidden', [2048, language.hidden]);
  const params = paramsFrom({ has: () => true, get: (name, shape) => input(name, shape) });
  const { logProbs } = readTokens(params, hidden, input('ids', [2048], 'int64'), { config: language });
  expect(logProbs.inputs).toHaveLength(8);
});
