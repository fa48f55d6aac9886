// Builds the mask decoder: image features and encoded prompts to four mask proposals with their quality, by a two-way transformer.
import { conv, convTranspose } from '../graph/conv.ts';
import { add, gelu, mul, relu, sigmoid } from '../graph/elementwise.ts';
import { matmul } from '../graph/linear.ts';
import { layerNorm, layerNorm2d } from '../graph/norm.ts';
import { concat, expand, reshape, slice, transpose } from '../graph/shape.ts';
import { dim, type Tensor } from '../graph/tensor.ts';
import { attention, mergeHeads, splitHeads } from '../nn/attention.ts';
import { linear } from '../nn/linear.ts';
import { mlp } from '../nn/mlp.ts';
import type { Params } from '../nn/params.ts';
import { type DecoderConfig, partNames } from './config.ts';
import { densePositions, type EncodedPrompts } from './promptEncoder.ts';

/** Mask 0 is the single answer; 1 to 3 are alternatives for an ambiguous prompt. */
export const maskCount = 4;

export interface DecodedMasks {
  /** Logits [B, 4, 4g, 4g] with g = imageSize / 16. */
  readonly masks: Tensor;
  /** Predicted IoU, [B, 4]. */
  readonly iou: Tensor;
  /** Logit that the object is there at all, [B, 1]. SAM 2 ignores it for pictures, SAM 1 has none. */
  readonly objectScore?: Tensor;
  /** [B, 6 + prompts, width]: object score (not in SAM 1), IoU, four masks, then the prompts. */
  readonly tokens: Tensor;
}

/** What the decoder reads of a picture; SAM 1 has no finer maps. */
export interface DecoderFeatures {
  /** [B, width, g, g] */
  readonly embed: Tensor;
  /** [B, width / 8, 4g, 4g] */
  readonly s0?: Tensor;
  /** [B, width / 4, 2g, 2g] */
  readonly s1?: Tensor;
}

/** One picture may serve a batch of prompts: features or prompts of batch 1 are repeated. */
export function maskDecoder(
  p: Params,
  config: DecoderConfig,
  features: DecoderFeatures,
  prompts: EncodedPrompts,
): DecodedMasks {
  const own = p.at(partNames(config).masks);
  const { width, isSam1 } = config;
  const { sparse, dense } = prompts;
  const batch = Math.max(dim(features.embed, 0), sparse ? dim(sparse, 0) : 1, dim(dense, 0));
  const image = repeated(flattened(add(features.embed, dense)), batch); // [B, g * g, width]
  const initial = [outputTokens(own, config), ...(sparse ? [sparse] : [])].map((t) => repeated(t, batch));
  const start: Streams = { tokens: concat(initial, 1), image };
  const end = twoWay(own.at('transformer'), config, start, densePositions(p, config));
  // Counted from the IoU's token; SAM 2 has the object score's before it.
  const token = (i: number) => slice(end.tokens, [i + (isSam1 ? 0 : 1)], [i + (isSam1 ? 1 : 2)], [1]);
  const iou = reshape(head(own.at('iou_prediction_head'), token(0), config.iouHidden, maskCount), [batch, maskCount]);
  const pixels = upscaled(own, config, end.image, { ...features, map: prompts.map }); // [B, width / 8, 4g, 4g]
  const filters = Array.from({ length: maskCount }, (_, i) =>
    head(own.at(`output_hypernetworks_mlps.${i}`), token(1 + i), width, width / 8),
  );
  return {
    masks: painted(concat(filters, 1), pixels),
    iou: isSam1 ? iou : sigmoid(iou),
    ...(!isSam1 && { objectScore: reshape(head(own.at('pred_obj_score_head'), token(-1), width, 1), [batch, 1]) }),
    tokens: end.tokens,
  };
}

/** [B, C, H, W] -> [B, H * W, C]. */
const flattened = (x: Tensor): Tensor =>
  transpose(reshape(x, [dim(x, 0), dim(x, 1), dim(x, 2) * dim(x, 3)]), [0, 2, 1]);

const repeated = (x: Tensor, batch: number): Tensor => expand(x, [batch, ...x.shape.slice(1)]);

/** [1, 6, width], in SAM 1 [1, 5, width] */
function outputTokens(p: Params, { width, isSam1 }: DecoderConfig): Tensor {
  const names = [...(isSam1 ? [] : ['obj_score_token.weight']), 'iou_token.weight'];
  const all = [...names.map((name) => p.get(name, 1, width)), p.get('mask_tokens.weight', maskCount, width)];
  return reshape(concat(all, 0), [1, names.length + maskCount, width]);
}

/** Three linear maps with ReLU between them. */
function head(p: Params, x: Tensor, inner: number, out: number): Tensor {
  const widths: [number, number] = [inner, inner];
  return linear(p.at('layers.2'), relu(mlp(p, x, relu, { names: ['layers.0', 'layers.1'], widths })), out);
}

/** Each mask is the product of its filter with every pixel. */
function painted(filters: Tensor, pixels: Tensor): Tensor {
  const [batch = 1, channels = 1, height = 1, width = 1] = pixels.shape;
  const flat = reshape(pixels, [batch, channels, height * width]);
  return reshape(matmul(filters, flat), [batch, maskCount, height, width]);
}

interface Finer extends DecoderFeatures {
  /** Logits [B, 1, 4g, 4g] of what is pointed at. */
  readonly map?: Tensor;
}

/** image [B, g * g, width], enlarged twice, the finer features added on the way. */
function upscaled(own: Params, { width, imageSize, refine }: DecoderConfig, image: Tensor, finer: Finer): Tensor {
  const p = own.at('output_upscaling');
  const grid = imageSize / 16;
  const map = reshape(transpose(image, [0, 2, 1]), [dim(image, 0), width, grid, grid]);
  const told = refine && finer.map && mul(finer.map, 1 / 8);
  const once = plus(doubled(p.at('0'), map, width / 4), finer.s1);
  const normal = layerNorm2d(once, p.get('1.weight', width / 4), p.get('1.bias', width / 4), 1e-6);
  const middle = gelu(
    told ? add(normal, conv(told, p.get('map.0.weight', width / 4, 1, 2, 2), null, halving)) : normal,
  );
  const twice = plus(
    doubled(p.at('3'), refined(p.at('refine.0'), middle, refine ? refine[0] : 0), width / 8),
    finer.s0,
  );
  const fine = gelu(told ? add(twice, conv(told, p.get('map.1.weight', width / 8, 1, 3, 3), null, padding)) : twice);
  return refined(p.at('refine.1'), fine, refine ? refine[1] : 0);
}

const plus = (x: Tensor, y: Tensor | undefined): Tensor => (y ? add(x, y) : x);

const halving = { strides: [2, 2] } as const;
const padding = { pads: [1, 1, 1, 1] } as const;

/** Blocks of two convolutions beside the map itself: what one cell of the coarse map says, its neighbours can correct. */
function refined(p: Params, x: Tensor, blocks: number): Tensor {
  const width = dim(x, 1);
  const around = (own: Params, map: Tensor) =>
    conv(map, own.get('weight', width, width, 3, 3), own.get('bias', width), padding);
  const each = Array.from({ length: blocks }, (_, i) => p.at(String(i)));
  return each.reduce((map, own) => add(map, around(own.at('conv2'), relu(around(own.at('conv1'), map)))), x);
}

function doubled(p: Params, x: Tensor, channels: number): Tensor {
  return convTranspose(x, p.get('weight', dim(x, 1), channels, 2, 2), p.get('bias', channels), { strides: [2, 2] });
}

interface Streams {
  /** [B, N, width] */
  readonly tokens: Tensor;
  /** [B, g * g, width] */
  readonly image: Tensor;
}

/** Two layers and a last look at the image. Tokens carry their first values as positions throughout. */
function twoWay(p: Params, config: DecoderConfig, start: Streams, imageAt: Tensor): Streams {
  const at: Streams = { tokens: start.tokens, image: imageAt };
  const { tokens, image } = [0, 1].reduce((now, i) => twoWayLayer(p.at(`layers.${i}`), config, now, at), start);
  const look = crossAttention(p.at('final_attn_token_to_image'), config, {
    queries: add(tokens, at.tokens),
    keys: add(image, at.image),
    values: image,
  });
  return { tokens: normalised(p.at('norm_final_attn'), add(tokens, look)), image };
}

function twoWayLayer(p: Params, config: DecoderConfig, now: Streams, at: Streams): Streams {
  const own = normalised(p.at('norm1'), selfAttention(p.at('self_attn'), config, now.tokens, at.tokens));
  const imageKeys = add(now.image, at.image);
  const look = crossAttention(p.at('cross_attn_token_to_image'), config, {
    queries: add(own, at.tokens),
    keys: imageKeys,
    values: now.image,
  });
  const seen = normalised(p.at('norm2'), add(own, look));
  const thought = mlp(p.at('mlp'), seen, relu, {
    names: partNames(config).mlp,
    widths: [config.decoderMlp, config.width],
  });
  const tokens = normalised(p.at('norm3'), add(seen, thought));
  const told = crossAttention(p.at('cross_attn_image_to_token'), config, {
    queries: imageKeys,
    keys: add(tokens, at.tokens),
    values: tokens,
  });
  return { tokens, image: normalised(p.at('norm4'), add(now.image, told)) };
}

/** In the first layer tokens and positions are the same; there neither positions nor the residual are added. */
function selfAttention(p: Params, config: DecoderConfig, tokens: Tensor, at: Tensor): Tensor {
  const first = tokens === at;
  const placed = first ? tokens : add(tokens, at);
  const inputs = { queries: placed, keys: placed, values: tokens };
  const mixed = projectedAttention(p, config, config.width, inputs);
  return first ? mixed : add(tokens, mixed);
}

interface AttentionInputs {
  readonly queries: Tensor;
  readonly keys: Tensor;
  readonly values: Tensor;
}

/** Between tokens and image, at half the width. */
const crossAttention = (p: Params, config: DecoderConfig, inputs: AttentionInputs): Tensor =>
  projectedAttention(p, config, config.width / 2, inputs);

function projectedAttention(p: Params, config: DecoderConfig, inner: number, x: AttentionInputs): Tensor {
  const heads = (name: string, t: Tensor) => splitHeads(linear(p.at(name), t, inner), config.decoderHeads);
  const mixed = attention(heads('q_proj', x.queries), heads('k_proj', x.keys), heads('v_proj', x.values));
  return linear(p.at('out_proj'), mergeHeads(mixed), config.width);
}

function normalised(p: Params, x: Tensor): Tensor {
  const width = dim(x, -1);
  return layerNorm(x, p.get('weight', width), p.get('bias', width), 1e-5);
}
