// The affine map, in PyTorch's layout: weight [out, in]; a low-rank update, where there is one, runs beside it.
import { add } from '../graph/elementwise.ts';
import { matmul } from '../graph/linear.ts';
import { reshape } from '../graph/shape.ts';
import { size, type Tensor } from '../graph/tensor.ts';
import type { Params, SidePath } from './params.ts';

/** x [..., in] -> [..., out]. Flattened to two dimensions, so that both gradients are plain Gemms. */
export function linear(p: Params, x: Tensor, outFeatures: number, options: { bias?: boolean } = {}): Tensor {
  const inFeatures = x.shape.at(-1) ?? 1;
  const lead = x.shape.slice(0, -1);
  const flat = reshape(x, [size(lead), inFeatures]);
  const y = matmul(flat, p.get('weight', outFeatures, inFeatures), { transB: true });
  const biased = (options.bias ?? true) ? add(y, p.get('bias', outFeatures)) : y;
  const side = p.side('weight', outFeatures, inFeatures);
  const sum = side ? add(biased, beside(flat, side)) : biased;
  return reshape(sum, [...lead, outFeatures]);
}

/** Two thin products: the full update is never formed, neither forward nor backward. */
function beside(x: Tensor, { a, b, scale }: SidePath): Tensor {
  return matmul(matmul(x, a, { transB: true }), b, { transB: true, alpha: scale });
}
