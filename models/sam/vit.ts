// Builds SAM 1's vision transformer: attention in windows and over the whole map, with relative positions split by axis.
import { conv } from '../graph/conv.ts';
import { add, gelu } from '../graph/elementwise.ts';
import { gather } from '../graph/gather.ts';
import { matmul } from '../graph/linear.ts';
import { layerNorm } from '../graph/norm.ts';
import { softmax } from '../graph/reduce.ts';
import { concat, reshape, slice, split, transpose, unsqueeze } from '../graph/shape.ts';
import { constant, dim, GraphError, type Tensor } from '../graph/tensor.ts';
import { channelsLast, cutWindows, joinWindows, padToWindows } from '../nn/featureMap.ts';
import { fusedLinear, linear } from '../nn/linear.ts';
import { mlp } from '../nn/mlp.ts';
import type { Params } from '../nn/params.ts';
import type { VitPlan } from './config.ts';

const patch = 16;

/** image [B, 3, S, S] -> [B, S / 16, S / 16, width]. */
export function vit(p: Params, plan: VitPlan, image: Tensor): Tensor {
  const { width, blocks } = plan;
  const grid = dim(image, 2) / patch;
  const embed = p.at('patch_embed.proj');
  const kernel = embed.get('weight', width, 3, patch, patch);
  const patches = conv(image, kernel, embed.get('bias', width), { strides: [patch, patch] });
  const placed = add(channelsLast(patches), p.get('pos_embed', 1, grid, grid, width));
  const each = Array.from({ length: blocks }, (_, i) => i);
  return each.reduce((x, i) => block(p.at(`blocks.${i}`), x, plan, plan.globalBlocks.includes(i)), placed);
}

function block(p: Params, x: Tensor, { width, heads, window }: VitPlan, isGlobal: boolean): Tensor {
  const normal = (name: string, map: Tensor) =>
    layerNorm(map, p.get(`${name}.weight`, width), p.get(`${name}.bias`, width), 1e-6);
  const side = isGlobal ? dim(x, 1) : window;
  const mixed = add(x, windowAttention(p.at('attn'), normal('norm1', x), { heads, side }));
  const widths: [number, number] = [4 * width, width];
  return add(mixed, mlp(p.at('mlp'), normal('norm2', mixed), gelu, { names: ['lin1', 'lin2'], widths }));
}

interface Window {
  readonly heads: number;
  readonly side: number;
}

/** x [B, g, g, C] -> the same. Padding is zeros and is attended to, as in SAM 1. */
function windowAttention(p: Params, x: Tensor, { heads, side }: Window): Tensor {
  const [, height = 1, , width = 1] = x.shape;
  const padded = padToWindows(x, [side, side]);
  const parts = fusedLinear(p.at('qkv'), padded, 3, width).map((part) => cutWindows(part, [side, side], heads));
  const mixed = joinWindows(attention(p, parts, side), padded.shape, [side, side]);
  return linear(p.at('proj'), slice(mixed, [0, 0], [height, height], [1, 2]), width);
}

/**
 * q, k, v [N, heads, side * side, D] -> the same shape. Of a single window, which is the whole map, one head after the
 * other: all scores at once would be a gigabyte.
 */
function attention(p: Params, parts: readonly Tensor[], side: number): Tensor {
  const [q, k, v] = parts;
  if (!q || !k || !v) throw new GraphError('attention: no projections.');
  if (dim(q, 0) > 1) return attended(p, [q, k, v], side);
  const single = [q, k, v].map((all) => split(all, new Array<number>(dim(all, 1)).fill(1), 1));
  const [queries = [], keys = [], values = []] = single;
  return concat(
    queries.flatMap((one, i) => {
      const [key, value] = [keys[i], values[i]];
      return key && value ? [attended(p, [one, key, value], side)] : [];
    }),
    1,
  );
}

function attended(p: Params, [q, k, v]: readonly [Tensor, Tensor, Tensor], side: number): Tensor {
  const scores = matmul(q, k, { transB: true, alpha: 1 / Math.sqrt(dim(q, 3)) });
  const windows = dim(q, 0) * dim(q, 1);
  const split5 = reshape(scores, [windows, side, side, side, side]);
  const rows = distanceScores(p.get('rel_pos_h', 2 * side - 1, dim(q, 3)), q, side, 'rows');
  const columns = distanceScores(p.get('rel_pos_w', 2 * side - 1, dim(q, 3)), q, side, 'columns');
  const placed = add(add(split5, unsqueeze(rows, [4])), unsqueeze(columns, [3]));
  return matmul(softmax(reshape(placed, scores.shape)), v);
}

/**
 * How much each query is for each row, or column, of keys, by its distance alone: [windows, side, side, side], the last
 * axis the keys'. table [2 * side - 1, D] holds an embedding for every distance, q is not scaled.
 */
function distanceScores(table: Tensor, q: Tensor, side: number, along: 'rows' | 'columns'): Tensor {
  const [batch = 1, heads = 1, , depth = 1] = q.shape;
  const distances = Array.from({ length: side * side }, (_, i) => Math.floor(i / side) - (i % side) + side - 1);
  const embeddings = reshape(gather(table, constant(distances, [side * side], 'int64')), [side, side, depth]);
  const [there, back] =
    along === 'rows'
      ? [
          [1, 0, 2, 3],
          [1, 0, 2, 3],
        ]
      : [
          [2, 0, 1, 3],
          [1, 2, 0, 3],
        ]; // the axis first
  const placed = transpose(reshape(q, [batch * heads, side, side, depth]), there);
  const scores = matmul(reshape(placed, [side, batch * heads * side, depth]), embeddings, { transB: true });
  return transpose(reshape(scores, [side, batch * heads, side, side]), back);
}
