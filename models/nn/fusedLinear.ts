// Several linear maps whose weights a checkpoint stores as one, such as `qkv`.
import { add } from '../graph/elementwise.ts';
import { matmul } from '../graph/linear.ts';
import { reshape, split } from '../graph/shape.ts';
import { size, type Tensor } from '../graph/tensor.ts';
import type { Params } from './params.ts';

/**
 * x [..., in] -> `parts` tensors [..., out], from weight [parts * out, in]. The weight is cut up instead of the product:
 * the pieces are small, while cutting activations would copy them here and pad them with zeros in the gradient.
 */
export function fusedLinear(p: Params, x: Tensor, parts: number, outFeatures: number): Tensor[] {
  const inFeatures = x.shape.at(-1) ?? 1;
  const lead = x.shape.slice(0, -1);
  const flat = reshape(x, [size(lead), inFeatures]);
  const sizes = new Array<number>(parts).fill(outFeatures);
  const biases = split(p.get('bias', parts * outFeatures), sizes, 0);
  return split(p.get('weight', parts * outFeatures, inFeatures), sizes, 0).map((weight, i) => {
    const y = matmul(flat, weight, { transB: true });
    const bias = biases[i];
    return reshape(bias ? add(y, bias) : y, [...lead, outFeatures]);
  });
}
