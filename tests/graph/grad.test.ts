// The printed gradients of the building blocks: what the engine will really run, node by node.
import { describe, expect, it } from 'vitest';
import { mul, silu, tanh } from '../../models/graph/elementwise.ts';
import { grad } from '../../models/graph/grad.ts';
import { rmsNorm } from '../../models/graph/norm.ts';
import { print } from '../../models/graph/print.ts';
import { recompute } from '../../models/graph/recompute.ts';
import { reduceSum } from '../../models/graph/reduce.ts';
import { input, type Tensor } from '../../models/graph/tensor.ts';
import { attention } from '../../models/nn/attention.ts';
import { linear } from '../../models/nn/linear.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { interpret } from './reference.ts';

const x = input('x', [2, 3]);
const total = (y: Tensor): Tensor =>
  reduceSum(
    y,
    y.shape.map((_, i) => i),
  );

/** The lines that differentiate sum(y), without the two that seed it. */
function printed(y: Tensor, wrt: Tensor[]): string[] {
  const gradients = grad(total(y), wrt);
  const lines = print(Object.fromEntries(gradients.map((g, i) => [`d${wrt[i]?.name}`, g]))).split('\n');
  return lines.map((line) => line.replace(/ : .*/, ''));
}

describe('printed gradients', () => {
  it('of an affine map are one product for each input and one sum', () => {
    const weight = input('weight', [4, 3]);
    const bias = input('bias', [4]);
    const p = paramsFrom({ has: () => true, get: (name) => (name === 'weight' ? weight : bias) });
    expect(printed(linear(p, x, 4), [x, weight, bias])).toEqual([
      '%0 = Reshape{shape=[1,1]}(1)',
      '%1 = Expand{shape=[2,4]}(%0)',
      '%2 = ReduceSum{axes=[0]}(%1)',
      '%3 = Reshape{shape=[4]}(%2)',
      '%4 = MatMul{transA=0 transB=0 alpha=1}(%1, weight)',
      '%5 = MatMul{transA=1 transB=0 alpha=1}(%1, x)',
      'dx = %4',
      'dweight = %5',
      'dbias = %3',
    ]);
  });

  it('of SiLU reuse the forward value', () => {
    expect(printed(silu(x), [x]).slice(3)).toEqual([
      '%3 = Sigmoid(x)',
      '%4 = Sub(1, %3)',
      '%5 = Mul(%0, %4)',
      '%6 = Add(%3, %5)',
      '%7 = Mul(%2, %6)',
      'dx = %7',
    ]);
  });

  it('of RMSNorm sum by two products with a vector, and take the factors of the rows from the forward pass', () => {
    const scale = input('scale', [3]);
    const lines = printed(rmsNorm(x, scale, 1e-6), [x, scale]);
    expect(lines.filter((line) => line.includes('InverseRms'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('Reduce'))).toHaveLength(0);
    expect(lines.filter((line) => line.includes('MatMul'))).toHaveLength(2);
  });

  it('of attention are four products and one softmax rule', () => {
    const [q, k, v] = ['q', 'k', 'v'].map((name) => input(name, [1, 2, 3, 4])) as [Tensor, Tensor, Tensor];
    const lines = printed(attention(q, k, v), [q, k, v]);
    expect(lines.filter((line) => line.includes('MatMul')).slice(1)).toEqual([
      '%7 = MatMul{transA=0 transB=1 alpha=1}(%4, v)',
      '%10 = MatMul{transA=1 transB=0 alpha=1}(%1, %4)',
      '%11 = MatMul{transA=0 transB=0 alpha=0.5}(%9, k)',
      '%12 = MatMul{transA=1 transB=0 alpha=0.5}(%9, q)',
    ]);
    expect(lines.some((line) => line.includes('Transpose'))).toBe(false);
  });

  it('of a recomputed block run the block a second time', () => {
    const w = input('w', [3]);
    const block = tanh(mul(x, w));
    const y = mul(recompute([x], block), 2);
    const text = print({ y, dx: grad(total(y), [x])[0] as Tensor });
    expect(text.match(/Tanh/g)).toHaveLength(2);
    expect(text.match(/Recompute\(%1, x\)/g)).toHaveLength(1);
    expect(print({ dx: grad(total(mul(block, 2)), [x])[0] as Tensor }).match(/Tanh/g)).toHaveLength(1);
  });
});

describe('grad', () => {
  it('is zero where the loss does not depend on the input', () => {
    const other = input('other', [2]);
    const [g] = grad(total(x), [other]);
    expect(interpret([g as Tensor], { x: new Float64Array(6) })[0]).toEqual(new Float64Array(2));
  });

  it('differentiates its own result: the second derivative of x^3', () => {
    const [first] = grad(total(mul(x, mul(x, x))), [x]);
    const [second] = grad(total(first as Tensor), [x]);
    const values = Float64Array.from([1, -2, 0.5, 3, 0, -1]);
    expect(interpret([second as Tensor], { x: values })[0]).toEqual(values.map((v) => 6 * v));
  });

  it('wants a scalar loss', () => {
    expect(() => grad(x, [x])).toThrow('grad(float32[2,3]): the loss must be a scalar []');
  });
});
