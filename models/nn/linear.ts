// The affine map, in PyTorch's layout: weight [out, in].
import { add } from '../graph/elementwise.ts';
import { matmul } from '../graph/linear.ts';
import { reshape } from '../graph/shape.ts';
import { size, type Tensor } from '../graph/tensor.ts';
import type { Params } from './params.ts';

/** x [..., in] -> [..., out]. Flattened to two dimensions, so that both gradients are plain Gemms. */
export function linear(p: Params, x: Tensor, outFeatures: number, options: { bias?: boolean } = {}): Tensor {
  const inFeatures = x.shape.at(-1) ?? 1;
  const lead = x.shape.slice(0, -1);
  const flat = reshape(x, [size(lead), inFeatures]);
  const y = matmul(flat, p.get('weight', outFeatures, inFeatures), { transB: true });
  const biased = (options.bias ?? true) ? add(y, p.get('bias', outFeatures)) : y;
  return reshape(biased, [...lead, outFeatures]);
}
