// Attention of new tokens to remembered keys and values and to each other, without joining the two in memory.
import { add } from '../graph/elementwise.ts';
import { matmul } from '../graph/linear.ts';
import { softmax } from '../graph/reduce.ts';
import { concat, reshape, split } from '../graph/shape.ts';
import { dim, type Tensor } from '../graph/tensor.ts';

export interface KeysValues {
  /** [B, Hkv, tokens, D] */
  key: Tensor;
  value: Tensor;
}

/**
 * q [B,H,T,D], `past` of P tokens, `own` of T tokens, mask broadcast to [B,H,T,P+T] -> [B,H,T,D]. Only the scores of past
 * and own are concatenated: the cache is read where it lies and never copied.
 */
export function cachedAttention(q: Tensor, past: KeysValues, own: KeysValues, mask: Tensor): Tensor {
  const [batch = 1, heads = 1, tokens = 1, width = 1] = q.shape;
  const groups = dim(own.key, 1);
  const rows = (heads / groups) * tokens;
  const lengths = [dim(past.key, 2), tokens];
  const total = dim(past.key, 2) + tokens;
  const stacked = reshape(q, [batch, groups, rows, width]);
  const scores = [past.key, own.key].map((k) => matmul(stacked, k, { transB: true, alpha: 1 / Math.sqrt(width) }));
  const probabilities = softmax(add(reshape(concat(scores, 3), [batch, heads, tokens, total]), mask));
  const shares = split(reshape(probabilities, [batch, groups, rows, total]), lengths, 3);
  const [before, now] = [past.value, own.value].map((v, i) => matmul(shares[i] ?? stacked, v));
  return reshape(before && now ? add(before, now) : stacked, [batch, heads, tokens, width]);
}
