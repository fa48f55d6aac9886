// Builds the decoder-only language model: token ids, image features and query vectors to hidden states and logits.
import { rotate } from '../graph/attention.ts';
import { add } from '../graph/elementwise.ts';
import { gather } from '../graph/gather.ts';
import { rmsNorm } from '../graph/norm.ts';
import { recompute } from '../graph/recompute.ts';
import { concat, expand, reshape, slice, transpose } from '../graph/shape.ts';
import { dim, dims3, type Tensor } from '../graph/tensor.ts';
import { attention } from '../nn/attention.ts';
import { cachedAttention, type KeysValues } from '../nn/cachedAttention.ts';
import { linear, project } from '../nn/linear.ts';
import { gatedMlp } from '../nn/mlp.ts';
import type { Params } from '../nn/params.ts';
import type { LanguageConfig } from './config.ts';

/** What a pass gets about its places. */
export interface Places {
  /** Rotary tables of the tokens, [B or 1, 1, T, head width]; the sine as `RotaryTable` has it. */
  cosine: Tensor;
  sine: Tensor;
  /** Added to the scores: [B or 1, 1, T, past + T], 0 where a token may look, very negative elsewhere. */
  mask: Tensor;
}

export interface DecoderOptions {
  /** Each layer's keys (turned already) and values of earlier tokens, in one or more stretches. */
  pasts?: readonly (readonly KeysValues[])[];
  /** Compute activations of each layer again in the backward pass instead of keeping them. */
  again?: boolean;
}

export interface Decoded {
  /** After the final norm: [B, T, hidden]. */
  hidden: Tensor;
  /** After each layer: [B, T, hidden]. */
  layers: readonly Tensor[];
  /** Keys and values of these tokens alone, by layer. */
  cache: readonly KeysValues[];
}

/** ids [B, T] -> [B, T, hidden]. All functions take parameters that stand at the checkpoint's root. */
export function embedTokens(p: Params, ids: Tensor, config: LanguageConfig): Tensor {
  return gather(embedding(p, config), ids);
}

/** The token table, [vocabulary, hidden]. */
export const embedding = (p: Params, { vocabulary, hidden }: LanguageConfig): Tensor =>
  p.get('model.embed_tokens.weight', vocabulary, hidden);

/** Puts each row's image features at the same place: x [B, T, hidden], features [B * n, hidden]. */
export function insertSpan(x: Tensor, features: Tensor, start: number): Tensor {
  const [batch, tokens, hidden] = dims3(x);
  const count = dim(features, 0) / batch;
  const parts = [reshape(features, [batch, count, hidden])];
  if (start > 0) parts.unshift(slice(x, [0], [start], [1]));
  if (start + count < tokens) parts.push(slice(x, [start + count], [tokens], [1]));
  return concat(parts, 1);
}

/** Puts image features anywhere: `index` [B * T] counts rows of x first, then features (see `featureIndex`). */
export function insertFeatures(x: Tensor, features: Tensor, index: Tensor): Tensor {
  const rows = reshape(x, [-1, dim(x, -1)]);
  return reshape(gather(concat([rows, features], 0), index), x.shape);
}

/** The index for `insertFeatures`: the places of `imageToken` take the features in order. */
export function featureIndex(ids: ArrayLike<number>, imageToken: number): Int32Array<ArrayBuffer> {
  let seen = 0;
  return Int32Array.from({ length: ids.length }, (_, i) => (ids[i] === imageToken ? ids.length + seen++ : i));
}

/** Appends the same vectors [Q, hidden] to every row: [B, T + Q, hidden]. */
export function appendQueries(x: Tensor, queries: Tensor): Tensor {
  const [batch, , hidden] = dims3(x);
  return concat([x, expand(reshape(queries, [1, -1, hidden]), [batch, dim(queries, -2), hidden])], 1);
}

/** x [B, T, hidden] through all layers. */
export function decoder(
  p: Params,
  x: Tensor,
  places: Places,
  { config, pasts, again = false }: DecoderOptions & { config: LanguageConfig },
): Decoded {
  const [batch, tokens, hidden] = dims3(x);
  // Rows stay flat between layers, so that no linear needs a reshape.
  let flat = reshape(x, [batch * tokens, hidden]);
  const layers: Tensor[] = [];
  const cache: KeysValues[] = [];
  for (let i = 0; i < config.layers; i++) {
    const frame = { batch, tokens, config, places, pasts: pasts?.[i] };
    const layer = decoderLayer(p.at(`model.layers.${i}`), flat, frame);
    flat = again ? recompute([flat, places.cosine, places.sine, places.mask], layer.x) : layer.x;
    layers.push(reshape(flat, x.shape));
    cache.push(layer.own);
  }
  const normed = rmsNorm(flat, p.get('model.norm.weight', hidden), config.epsilon);
  return { hidden: reshape(normed, x.shape), layers, cache };
}

interface Frame {
  batch: number;
  tokens: number;
  config: LanguageConfig;
  places: Places;
  pasts: readonly KeysValues[] | undefined;
}

/** x [B * T, hidden] -> the same, and the keys and values of these tokens. */
function decoderLayer(p: Params, x: Tensor, frame: Frame): { x: Tensor; own: KeysValues } {
  const { hidden, inner, epsilon } = frame.config;
  const normed = rmsNorm(x, p.get('input_layernorm.weight', hidden), epsilon);
  const { mixed, own } = selfAttention(p.at('self_attn'), normed, frame);
  const seen = add(x, mixed);
  const again = rmsNorm(seen, p.get('post_attention_layernorm.weight', hidden), epsilon);
  return { x: add(seen, gatedMlp(p.at('mlp'), again, inner, { bias: false })), own };
}

function selfAttention(p: Params, x: Tensor, frame: Frame): { mixed: Tensor; own: KeysValues } {
  const { config, places, pasts } = frame;
  const { heads, kvHeads, headWidth, hidden } = config;
  const project = (name: string, count: number) => toHeads(linear(p.at(name), x, count * headWidth), count, frame);
  const turn = (t: Tensor) => rotate(t, places.cosine, places.sine);
  const q = turn(project('q_proj', heads));
  const own = { key: turn(project('k_proj', kvHeads)), value: project('v_proj', kvHeads) };
  const mixed = pasts
    ? cachedAttention(q, pasts, own, places.mask)
    : attention(q, own.key, own.value, { mask: places.mask });
  return { mixed: linear(p.at('o_proj'), fromHeads(mixed, frame), hidden, { bias: false }), own };
}

/** [B * T, H * D] -> [B, H, T, D]; of a single token nothing moves. */
function toHeads(x: Tensor, heads: number, { batch, tokens, config: { headWidth } }: Frame): Tensor {
  if (tokens === 1) return reshape(x, [batch, heads, 1, headWidth]);
  return transpose(reshape(x, [batch, tokens, heads, headWidth]), [0, 2, 1, 3]);
}

function fromHeads(x: Tensor, { batch, tokens }: Frame): Tensor {
  return reshape(tokens === 1 ? x : transpose(x, [0, 2, 1, 3]), [batch * tokens, -1]);
}

/** hidden [..., hidden] -> [rows, vocabulary], of all rows or those at `rows` (indices into B * T). */
export function logitsAt(p: Params, hidden: Tensor, config: LanguageConfig, rows?: Tensor): Tensor {
  const flat = reshape(hidden, [-1, config.hidden]);
  return project(p, rows ? gather(flat, rows) : flat, config.vocabulary, headName(config));
}

const headName = ({ tied }: LanguageConfig): string => (tied ? 'model.embed_tokens.weight' : 'lm_head.weight');

/** Whether the output matrix is stored in 4 or 8 bits. */
export const headIsQuantised = (p: Params, config: LanguageConfig): boolean =>
  p.quantised(headName(config), config.vocabulary, config.hidden) !== null;

/** Finite, because a row of padding sees nothing and a softmax of infinities is not a number. */
const hiddenScore = -1e9;

/** Causal mask [B, 1, T, T]; where a row of `seen` is 0, that token is seen by nobody. */
export function causalMask(seen: readonly ArrayLike<number>[]): Float32Array<ArrayBuffer> {
  const [first] = seen;
  if (!first) throw new Error('A mask needs at least one row of tokens.');
  const tokens = first.length;
  const mask = new Float32Array(seen.length * tokens * tokens).fill(hiddenScore);
  seen.forEach((row, b) => {
    for (let i = 0; i < tokens; i++) {
      const at = (b * tokens + i) * tokens;
      for (let j = 0; j <= i; j++) if (row[j] !== 0) mask[at + j] = 0;
    }
  });
  return mask;
}
