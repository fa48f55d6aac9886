// The affine map, in PyTorch's layout: weight [out, in]. Its parameters decide what it is: plain, quantised, with an update beside it.
import { add } from '../graph/elementwise.ts';
import { matmul } from '../graph/linear.ts';
import { quantisedMatmul } from '../graph/quantised.ts';
import { reshape, split } from '../graph/shape.ts';
import { dim, size, type Tensor } from '../graph/tensor.ts';
import type { Params, SidePath } from './params.ts';

/** x [..., in] -> [..., out]. Flattened to two dimensions, so that both gradients are plain Gemms. */
export function linear(p: Params, x: Tensor, outFeatures: number, options: { bias?: boolean } = {}): Tensor {
  const { flat, lead } = flattened(x);
  const y = product(p, flat, outFeatures);
  const biased = (options.bias ?? true) ? add(y, p.get('bias', outFeatures)) : y;
  return reshape(withUpdate(p, flat, biased), [...lead, outFeatures]);
}

/** x [rows, in] times the weight `name` [out, in], and the update beside it; tied matrices have names of their own. */
export function project(p: Params, x: Tensor, outFeatures: number, name: string): Tensor {
  return withUpdate(p, x, product(p, x, outFeatures, name), name);
}

/**
 * Several linear maps whose weights a checkpoint stores as one, such as `qkv`: x [..., in] -> `parts` tensors [..., out],
 * from weight [parts * out, in]. A plain weight is cut up instead of the product: the pieces are small, while cutting
 * activations would copy them here and pad them with zeros in the gradient.
 */
export function fusedLinear(p: Params, x: Tensor, parts: number, outFeatures: number): Tensor[] {
  const { flat, lead } = flattened(x);
  const sizes = new Array<number>(parts).fill(outFeatures);
  const biases = split(p.get('bias', parts * outFeatures), sizes, 0);
  const updates = cutUpdate(p, flat, sizes);
  return cutProduct(p, flat, sizes).map((y, i) => {
    const [bias, update] = [biases[i], updates[i]];
    const biased = bias ? add(y, bias) : y;
    return reshape(update ? add(biased, update) : biased, [...lead, outFeatures]);
  });
}

function flattened(x: Tensor): { flat: Tensor; lead: readonly number[] } {
  const lead = x.shape.slice(0, -1);
  return { flat: reshape(x, [size(lead), dim(x, -1)]), lead };
}

function product(p: Params, x: Tensor, outFeatures: number, name = 'weight'): Tensor {
  const inFeatures = dim(x, -1);
  const quantised = p.quantised(name, outFeatures, inFeatures);
  if (quantised) return quantisedMatmul(x, quantised);
  return matmul(x, p.get(name, outFeatures, inFeatures), { transB: true });
}

function cutProduct(p: Params, x: Tensor, sizes: readonly number[]): Tensor[] {
  const [total, inFeatures] = [sizes.reduce((a, b) => a + b, 0), dim(x, -1)];
  const quantised = p.quantised('weight', total, inFeatures);
  if (quantised) return split(quantisedMatmul(x, quantised), sizes, 1);
  return split(p.get('weight', total, inFeatures), sizes, 0).map((weight) => matmul(x, weight, { transB: true }));
}

function withUpdate(p: Params, x: Tensor, y: Tensor, name = 'weight'): Tensor {
  const side = p.side(name, dim(y, -1), dim(x, -1));
  return side ? add(y, beside(matmul(x, side.a, { transB: true }), side)) : y;
}

/** The inner product of an update is common to all parts of a fused weight. */
function cutUpdate(p: Params, x: Tensor, sizes: readonly number[]): Tensor[] {
  const side = p.side(
    'weight',
    sizes.reduce((a, b) => a + b, 0),
    dim(x, -1),
  );
  if (!side) return [];
  const inner = matmul(x, side.a, { transB: true });
  return split(side.b, sizes, 0).map((b) => beside(inner, { ...side, b }));
}

/** Two thin products: the full update is never formed, neither forward nor backward. */
const beside = (inner: Tensor, { b, scale }: SidePath): Tensor => matmul(inner, b, { transB: true, alpha: scale });
