// Feed-forward blocks of transformers.
import { mul, silu } from '../graph/elementwise.ts';
import { dim, type Tensor } from '../graph/tensor.ts';
import { linear } from './linear.ts';
import type { Params } from './params.ts';

/** down(silu(gate(x)) * up(x)); x [..., width]. */
export function gatedMlp(p: Params, x: Tensor, inner: number, options: { bias?: boolean } = {}): Tensor {
  const gate = silu(linear(p.at('gate_proj'), x, inner, options));
  const up = linear(p.at('up_proj'), x, inner, options);
  return linear(p.at('down_proj'), mul(gate, up), dim(x, -1), options);
}

/** second(activation(first(x))), both with bias; `names` are the linears' keys, `widths` inner and outgoing. */
export function mlp(
  p: Params,
  x: Tensor,
  activation: (x: Tensor) => Tensor,
  { names: [first, second], widths: [inner, out] }: { names: [string, string]; widths: [number, number] },
): Tensor {
  return linear(p.at(second), activation(linear(p.at(first), x, inner)), out);
}
