// The affine map on any leading shape, its keys, and the update that may run beside it.
import { describe, expect, test } from 'vitest';
import { grad } from '../../models/graph/grad.ts';
import { print } from '../../models/graph/print.ts';
import { reduceSum } from '../../models/graph/reduce.ts';
import { input } from '../../models/graph/tensor.ts';
import { linear } from '../../models/nn/linear.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { evaluate } from '../evaluate.ts';
import { askedParams, shapesOf } from '../parameters.ts';

const weight = Float32Array.of(1, 2, 3, -1, 0, 1);
const bias = Float32Array.of(10, 20);
const x = Float32Array.of(1, 1, 1, 0, 2, 0);

describe('linear', () => {
  test('multiplies with the rows of the weight and adds the bias', async () => {
    const y = linear(paramsFrom(askedParams()), input('x', [2, 3]), 2);
    const got = await evaluate({ y }, { x, weight, bias });
    expect([...(got.y ?? [])]).toEqual([16, 20, 14, 20]);
  });

  test('leaves the bias out when told so', async () => {
    const source = askedParams();
    const y = linear(paramsFrom(source), input('x', [2, 3]), 2, { bias: false });
    const got = await evaluate({ y }, { x, weight });
    expect([...(got.y ?? [])]).toEqual([6, 0, 4, 0]);
    expect(shapesOf(source)).toEqual({ weight: [2, 3] });
  });

  test.each([[[3]], [[1, 2, 3]], [[2, 1, 1, 3]]])('keeps the leading axes of %j', async (shape) => {
    const source = askedParams();
    const y = linear(paramsFrom(source, 'a.b'), input('x', shape), 2);
    expect(y.shape).toEqual([...shape.slice(0, -1), 2]);
    expect(shapesOf(source)).toEqual({ 'a.b.weight': [2, 3], 'a.b.bias': [2] });
    const feeds = {
      x: x.slice(
        0,
        shape.reduce((a, b) => a * b, 1),
      ),
      'a.b.weight': weight,
      'a.b.bias': bias,
    };
    const got = await evaluate({ y }, feeds);
    expect([...(got.y ?? [])]).toEqual([16, 20, 14, 20].slice(0, (got.y ?? []).length));
  });

  test('has plain products as gradients: no batched ones, no transposed copies', async () => {
    const source = askedParams();
    const data = input('x', [1, 2, 3]);
    const loss = reduceSum(linear(paramsFrom(source), data, 2), [0, 1, 2]);
    const [dx = loss, dw = loss, db = loss] = grad(loss, [data, ...source.asked.values()]);
    const got = await evaluate({ dx, dw, db }, { x, weight, bias });
    expect([...(got.dx ?? [])]).toEqual([0, 2, 4, 0, 2, 4]);
    expect([...(got.dw ?? [])]).toEqual([1, 3, 1, 1, 3, 1]);
    expect([...(got.db ?? [])]).toEqual([2, 2]);
    expect(print({ dx, dw, db })).not.toContain('Transpose');
  });
});

describe('the update beside a weight', () => {
  const source = askedParams();
  const side = (name: string, [out = 0, inner = 0]: readonly number[]) => ({
    a: source.get(`${name}.a`, [1, inner]),
    b: source.get(`${name}.b`, [out, 1]),
    scale: 0.5,
  });
  const feeds = { x, weight, 'weight.a': Float32Array.of(1, 0, 2), 'weight.b': Float32Array.of(2, -2) };

  test('is added, scaled', async () => {
    const y = linear(paramsFrom({ ...source, side }), input('x', [2, 3]), 2, { bias: false });
    const got = await evaluate({ y }, feeds);
    expect([...(got.y ?? [])]).toEqual([6 + 3, 0 - 3, 4, 0]);
  });

  test('learns beside a weight that does not', async () => {
    const y = linear(paramsFrom({ ...source, side }), input('x', [2, 3]), 2, { bias: false });
    const loss = reduceSum(y, [0, 1]);
    const [a, b] = ['weight.a', 'weight.b'].map((name) => source.asked.get(name));
    if (!a || !b) throw new Error('unreachable');
    const [da = loss, db = loss] = grad(loss, [a, b]);
    const got = await evaluate({ da, db }, feeds);
    expect([...(got.da ?? [])]).toEqual([0, 0, 0]);
    expect([...(got.db ?? [])]).toEqual([1.5, 1.5]);
  });
});
