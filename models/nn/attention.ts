// Scaled dot-product attention over split heads, grouped keys and values included.
import { attend } from '../graph/attention.ts';
import { add } from '../graph/elementwise.ts';
import { matmul } from '../graph/linear.ts';
import { reshape, transpose } from '../graph/shape.ts';
import { dim, dims3, dims4, type Tensor } from '../graph/tensor.ts';

export interface AttentionOptions {
  /** Added to the scores; broadcast to [B, H, Tq, Tk]. */
  mask?: Tensor;
  /** Default 1/sqrt(D). */
  scale?: number;
}

/** q [B,H,Tq,D], k and v [B,Hkv,Tk,D] with Hkv dividing H -> [B,H,Tq,D]. */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  const [, heads, , width] = dims4(q);
  if (dim(k, 1) !== heads) return groupedAttention(q, k, v, options);
  const scores = matmul(q, k, { transB: true, alpha: options.scale ?? 1 / Math.sqrt(width) });
  return attend(options.mask ? add(scores, options.mask) : scores, v);
}

/** Repeats no key: the query heads that share a key are stacked along the query axis. */
function groupedAttention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): Tensor {
  const [batch, heads, queries, width] = dims4(q);
  const [, groups, keys] = dims4(k);
  const repeats = heads / groups;
  const stacked = reshape(q, [batch, groups, repeats * queries, width]);
  const scores = matmul(stacked, k, { transB: true, alpha: options.scale ?? 1 / Math.sqrt(width) });
  const perHead = reshape(scores, [batch, heads, queries, keys]);
  const masked = options.mask ? add(perHead, options.mask) : perHead;
  const mixed = attend(reshape(masked, [batch, groups, repeats * queries, keys]), v);
  return reshape(mixed, [batch, heads, queries, dim(v, 3)]);
}

/** [B, T, H*D] -> [B, H, T, D]. */
export function splitHeads(x: Tensor, heads: number): Tensor {
  const [batch, tokens, width] = dims3(x);
  return transpose(reshape(x, [batch, tokens, heads, width / heads]), [0, 2, 1, 3]);
}

/** [B, H, T, D] -> [B, T, H*D]. */
export function mergeHeads(x: Tensor): Tensor {
  const [batch, heads, tokens, width] = dims4(x);
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, tokens, heads * width]);
}
