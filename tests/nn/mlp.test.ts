import { expect, test } from 'vitest';
import { relu } from '../../models/graph/elementwise.ts';
import { input } from '../../models/graph/tensor.ts';
import { linear } from '../../models/nn/linear.ts';
import { gatedMlp, mlp } from '../../models/nn/mlp.ts';
import { type ParamSource, paramsFrom } from '../../models/nn/params.ts';
import { evaluate } from '../evaluate.ts';

const source: ParamSource = { has: () => true, get: (name, shape) => input(name, shape) };
const p = paramsFrom(source);
const x = input('x', [1, 1, 2]);
const feeds = { x: Float32Array.of(1, -2) };
const silu = (v: number) => v / (1 + Math.exp(-v));

test('gatedMlp is down(silu(gate(x)) * up(x))', async () => {
  const { y = [] } = await evaluate(
    { y: gatedMlp(p, x, 1, { bias: false }) },
    {
      ...feeds,
      'gate_proj.weight': Float32Array.of(3, 1),
      'up_proj.weight': Float32Array.of(-1, 4),
      'down_proj.weight': Float32Array.of(0.5, 2),
    },
  );
  const inner = silu(3 - 2) * (-1 - 8);
  [0.5 * inner, 2 * inner].forEach((v, i) => expect(y[i]).toBeCloseTo(v, 5));
});

test('gatedMlp has biases when asked', async () => {
  const { y = [] } = await evaluate(
    { y: gatedMlp(p, x, 1) },
    {
      ...feeds,
      ...{ 'gate_proj.weight': Float32Array.of(0, 0), 'gate_proj.bias': Float32Array.of(2) },
      ...{ 'up_proj.weight': Float32Array.of(0, 0), 'up_proj.bias': Float32Array.of(3) },
      ...{ 'down_proj.weight': Float32Array.of(1, 0), 'down_proj.bias': Float32Array.of(10, 20) },
    },
  );
  expect(y[0]).toBeCloseTo(10 + 3 * silu(2), 5);
  expect(y[1]).toBe(20);
});

test('mlp is two affine maps with the activation between, under the names given', async () => {
  const { y } = await evaluate(
    { y: mlp(p, x, relu, { names: ['fc1', 'mlp.2'], widths: [2, 1] }) },
    {
      ...feeds,
      ...{ 'fc1.weight': Float32Array.of(1, 0, 0, 1), 'fc1.bias': Float32Array.of(0.5, 0.5) },
      ...{ 'mlp.2.weight': Float32Array.of(2, 100), 'mlp.2.bias': Float32Array.of(1) },
    },
  );
  expect([...(y ?? [])]).toEqual([4]);
});

test('linear adds the low-rank update that its source has beside the weight', async () => {
  const side = (name: string) => ({ a: input(`${name}.a`, [1, 2]), b: input(`${name}.b`, [2, 1]), scale: 3 });
  const layer = paramsFrom({ ...source, side });
  const { y } = await evaluate(
    { y: linear(layer.at('q'), x, 2, { bias: false }) },
    {
      ...feeds,
      'q.weight': Float32Array.of(1, 0, 0, 1),
      ...{ 'q.weight.a': Float32Array.of(2, 0.5), 'q.weight.b': Float32Array.of(1, -1) },
    },
  );
  expect([...(y ?? [])]).toEqual([4, -5]);
  expect(paramsFrom(source).side('q.weight', 2, 2)).toBeNull();
});
