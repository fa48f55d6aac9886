// Builds LENS's context module: from the reasoner's states at the context queries to one prompt token of the segmenter.
import { add, gelu, quickGelu } from '../graph/elementwise.ts';
import { matmul } from '../graph/linear.ts';
import { layerNorm } from '../graph/norm.ts';
import { reshape, transpose } from '../graph/shape.ts';
import { dim, GraphError, type Tensor } from '../graph/tensor.ts';
import { attention, mergeHeads, splitHeads } from '../nn/attention.ts';
import { fusedLinear, linear } from '../nn/linear.ts';
import { mlp } from '../nn/mlp.ts';
import type { Params } from '../nn/params.ts';
import type { LensConfig } from './config.ts';

/** The learned embeddings that close the reasoner's input, [1, Q, H]. */
export const contextQueries = (p: Params, { numOfQuery, hidden }: LensConfig): Tensor =>
  p.get('learnable_query', 1, numOfQuery, hidden);

/** states [B, Q, H], after the reasoner's last norm -> [B, 1, samWidth]. */
export function contextModule(p: Params, config: LensConfig, states: Tensor): Tensor {
  const { hidden, samWidth } = config;
  const last = connector(p.at('connector'), config, states).at(-1) ?? states;
  const token = collapsed(p.at('conv_1d'), config, last); // [B, 1, H]
  return mlp(p.at('proj_to_sam'), token, gelu, { names: ['0', '2'], widths: [hidden, samWidth] });
}

/** The states with their positions, then after every block. */
export function connector(p: Params, config: LensConfig, states: Tensor): Tensor[] {
  const { numOfQuery, hidden, blocks } = config;
  if (dim(states, 1) !== numOfQuery || dim(states, 2) !== hidden)
    throw new GraphError(
      `contextModule: states [${states.shape.join(',')}] are not [batch, ${numOfQuery}, ${hidden}].`,
    );
  const steps = [add(states, p.get('pos_embed', 1, numOfQuery, hidden))];
  for (let i = 0; i < blocks; i++) steps.push(block(p.at(`blocks.${i}`), config, steps[i] ?? states));
  return steps;
}

/** Every query attends to every other one: no causal mask. */
function block(p: Params, { hidden, heads, mlpRatio }: LensConfig, x: Tensor): Tensor {
  const split = fusedLinear(p.at('attn.qkv'), normalised(p.at('norm1'), x), 3, hidden).map((t) => splitHeads(t, heads));
  const [q, k, v] = split;
  if (!q || !k || !v) throw new GraphError('contextModule: no projections.');
  const mixed = add(x, linear(p.at('attn.proj'), mergeHeads(attention(q, k, v)), hidden));
  const widths: [number, number] = [mlpRatio * hidden, hidden];
  return add(mixed, mlp(p.at('mlp'), normalised(p.at('norm2'), mixed), quickGelu, { names: ['fc1', 'fc2'], widths }));
}

function normalised(p: Params, x: Tensor): Tensor {
  const width = dim(x, -1);
  return layerNorm(x, p.get('weight', width), p.get('bias', width), 1e-6);
}

/** A convolution as long as the sequence, so it has one output: a matrix product over all queries and channels. */
export function collapsed(p: Params, { hidden, numOfQuery }: LensConfig, x: Tensor): Tensor {
  const batch = dim(x, 0);
  const flat = reshape(transpose(x, [0, 2, 1]), [batch, hidden * numOfQuery]);
  const kernel = reshape(p.get('weight', hidden, hidden, numOfQuery), [hidden, hidden * numOfQuery]);
  return reshape(add(matmul(flat, kernel, { transB: true }), p.get('bias', hidden)), [batch, 1, hidden]);
}
