// Builds attention of new tokens to remembered keys and values and to each other, without joining them in memory.
import { add } from '../graph/elementwise.ts';
import { matmul } from '../graph/linear.ts';
import { softmax } from '../graph/reduce.ts';
import { concat, reshape, split, transpose } from '../graph/shape.ts';
import { dim, dims4, fault, type Tensor } from '../graph/tensor.ts';

export interface KeysValues {
  /** [B, Hkv, tokens, D]; remembered ones may serve several rows, [B / G, Hkv, tokens, D]. */
  key: Tensor;
  value: Tensor;
}

/**
 * q [B,H,T,D], `pasts` of P tokens together, `own` of T tokens, mask broadcast to [B,H,T,P+T] -> [B,H,T,D]. Only the
 * scores are concatenated: a cache is read where it lies and never copied, and once for all rows that share it.
 */
export function cachedAttention(q: Tensor, pasts: readonly KeysValues[], own: KeysValues, mask: Tensor): Tensor {
  const [batch, heads, tokens, width] = dims4(q);
  const groups = dim(own.key, 1);
  const all = [...pasts, own];
  const lengths = all.map(({ key }) => dim(key, 2));
  const total = lengths.reduce((a, b) => a + b, 0);
  const stacked = reshape(q, [batch, groups, (heads / groups) * tokens, width]);
  const scores = all.map(({ key }) =>
    perRow(matmul(shared(stacked, key), key, { transB: true, alpha: 1 / Math.sqrt(width) }), stacked),
  );
  const perHead = reshape(concat(scores, 3), [batch, heads, tokens, total]);
  const probabilities = reshape(softmax(add(perHead, mask)), [batch, groups, dim(stacked, 2), total]);
  const shares = split(probabilities, lengths, 3);
  const mixed = all.flatMap(({ value }, i) => {
    const share = shares[i];
    return share ? [perRow(matmul(shared(share, value), value), stacked)] : [];
  });
  return reshape(mixed.reduce(add), [batch, heads, tokens, width]);
}

/** x [B, Hkv, R, n] -> [B / G, Hkv, G * R, n] for keys or values that G rows share. */
function shared(x: Tensor, past: Tensor): Tensor {
  const [batch, groups, rows, width] = dims4(x);
  const owners = dim(past, 0);
  if (batch % owners !== 0) throw fault('cachedAttention', [x, past], 'rows do not divide among those remembered');
  const each = batch / owners;
  if (each === 1) return x;
  return reshape(transpose(reshape(x, [owners, each, groups, rows, width]), [0, 2, 1, 3, 4]), [
    ...[owners, groups, each * rows, width],
  ]);
}

/** Undoes `shared`: [B / G, Hkv, G * R, n] -> [B, Hkv, R, n], with R as in `like`. */
function perRow(x: Tensor, like: Tensor): Tensor {
  const [batch, groups, rows] = dims4(like);
  const owners = dim(x, 0);
  if (owners === batch) return x;
  const apart = reshape(x, [owners, groups, batch / owners, rows, dim(x, 3)]);
  return reshape(transpose(apart, [0, 2, 1, 3, 4]), [batch, groups, rows, dim(x, 3)]);
}
