// Scaled dot-product attention over split heads, grouped keys and values included.
import { add } from '../graph/elementwise.ts';
import { matmul } from '../graph/linear.ts';
import { softmax } from '../graph/reduce.ts';
import { reshape, transpose } from '../graph/shape.ts';
import type { Tensor } from '../graph/tensor.ts';

export interface AttentionOptions {
  /** Added to the scores; broadcast to [B, H, Tq, Tk]. */
  mask?: Tensor;
  /** Default 1/sqrt(D). */
  scale?: number;
}

/** q [B,H,Tq,D], k and v [B,Hkv,Tk,D] with Hkv dividing H -> [B,H,Tq,D]. */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  const [batch = 1, heads = 1, queries = 1, dim = 1] = q.shape;
  const groups = k.shape[1] ?? 1;
  if (groups !== heads) return groupedAttention(q, k, v, options);
  const scores = matmul(q, k, { transB: true, alpha: options.scale ?? 1 / Math.sqrt(dim) });
  const probabilities = softmax(options.mask ? add(scores, options.mask) : scores);
  return reshape(matmul(probabilities, v), [batch, heads, queries, v.shape[3] ?? dim]);
}

/** Repeats no key: the query heads that share a key are stacked along the query axis. */
function groupedAttention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): Tensor {
  const [batch = 1, heads = 1, queries = 1, dim = 1] = q.shape;
  const [, groups = 1, keys = 1] = k.shape;
  const repeats = heads / groups;
  const stacked = reshape(q, [batch, groups, repeats * queries, dim]);
  const scores = matmul(stacked, k, { transB: true, alpha: options.scale ?? 1 / Math.sqrt(dim) });
  const perHead = reshape(scores, [batch, heads, queries, keys]);
  const probabilities = softmax(options.mask ? add(perHead, options.mask) : perHead);
  const mixed = matmul(reshape(probabilities, [batch, groups, repeats * queries, keys]), v);
  return reshape(mixed, [batch, heads, queries, v.shape[3] ?? dim]);
}

/** [B, T, H*D] -> [B, H, T, D]. */
export function splitHeads(x: Tensor, heads: number): Tensor {
  const [batch = 1, tokens = 1, width = 1] = x.shape;
  return transpose(reshape(x, [batch, tokens, heads, width / heads]), [0, 2, 1, 3]);
}

/** [B, H, T, D] -> [B, T, H*D]. */
export function mergeHeads(x: Tensor): Tensor {
  const [batch = 1, heads = 1, tokens = 1, dim = 1] = x.shape;
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, tokens, heads * dim]);
}
