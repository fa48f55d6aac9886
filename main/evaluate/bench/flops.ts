// Counts the floating-point operations of a graph's products and convolutions; all else is left out.
import { dim, reachable, size, type Tensor } from '../../../models/graph/tensor.ts';

/** A product counts two operations for each pair of numbers that it multiplies and adds. */
export function productFlops(outputs: Readonly<Record<string, Tensor>>): number {
  return reachable(Object.values(outputs)).reduce((sum, t) => sum + 2 * size(t.shape) * pairs(t), 0);
}

/** Pairs multiplied for each element of the result. */
function pairs({ op, inputs: [a, b], attrs }: Tensor): number {
  if (!a || !b) return 0;
  if (op.name === 'MatMul') return dim(a, attrs.transA === 1 ? -2 : -1);
  if (op.name === 'MatMulNBits') return dim(a, -1);
  // A kernel [out, in / group, height, width].
  return op.name === 'Conv' ? size(b.shape.slice(1)) : 0;
}
