// Builds the image encoder: a normalised picture to the three feature maps that the mask decoder reads (Hiera trunk, neck, first convolutions).
import { conv, resizeBicubic } from '../graph/conv.ts';
import { add, gelu } from '../graph/elementwise.ts';
import { layerNorm } from '../graph/norm.ts';
import { reduceMax } from '../graph/reduce.ts';
import { expand, reshape, slice } from '../graph/shape.ts';
import { dim, GraphError, type Tensor } from '../graph/tensor.ts';
import { attention } from '../nn/attention.ts';
import { channelsFirst, channelsLast, cutWindows, joinWindows, padToWindows, pointwise } from '../nn/featureMap.ts';
import { fusedLinear, linear } from '../nn/linear.ts';
import { mlp } from '../nn/mlp.ts';
import type { Params } from '../nn/params.ts';
import { type BlockPlan, blockPlans, type Sam2Config } from './config.ts';

/** With g = imageSize / 16, channels first. */
export interface ImageFeatures {
  /** [B, width, g, g] */
  readonly embed: Tensor;
  /** [B, width / 8, 4g, 4g] */
  readonly s0: Tensor;
  /** [B, width / 4, 2g, 2g] */
  readonly s1: Tensor;
}

/** image [B, 3, S, S]. */
export function imageEncoder(p: Params, config: Sam2Config, image: Tensor): ImageFeatures {
  const { width } = config;
  const [fine, middle, coarse] = neck(p.at('image_encoder.neck'), config, trunk(p, config, image));
  if (!fine || !middle || !coarse) throw new GraphError('imageEncoder: needs at least three stages.');
  const decoder = p.at('sam_mask_decoder');
  return {
    embed: channelsFirst(add(coarse, reshape(p.get('no_mem_embed', 1, 1, width), [1, 1, 1, width]))),
    s0: channelsFirst(pointwise(decoder.at('conv_s0'), fine, width / 8)),
    s1: channelsFirst(pointwise(decoder.at('conv_s1'), middle, width / 4)),
  };
}

/** The map after every stage, [B, side, side, channels], finest first. */
export function trunk(p: Params, config: Sam2Config, image: Tensor): Tensor[] {
  const t = p.at('image_encoder.trunk');
  const side = config.imageSize / 4;
  if (dim(image, 2) !== config.imageSize || dim(image, 3) !== config.imageSize)
    throw new GraphError(`imageEncoder: [${image.shape.join(',')}] is no picture of side ${config.imageSize}.`);
  const patch = t.at('patch_embed.proj');
  const kernel = patch.get('weight', config.embedDim, 3, 7, 7);
  const patches = conv(image, kernel, patch.get('bias', config.embedDim), { strides: [4, 4], pads: [3, 3, 3, 3] });
  let x = channelsLast(add(patches, positions(t, config, side))); // [B, S/4, S/4, embedDim]
  const stages: Tensor[] = [];
  for (const [i, plan] of blockPlans(config).entries()) {
    x = block(t.at(`blocks.${i}`), x, plan);
    if (plan.endsStage) stages.push(x);
  }
  return stages;
}

/** [1, embedDim, side, side]: the background stretched over the map, plus one window's embedding repeated. */
export function positions(p: Params, { embedDim, background, windows }: Sam2Config, side: number): Tensor {
  const window = windows[0] ?? 1;
  const times = side / window;
  const one = reshape(p.get('pos_embed_window', 1, embedDim, window, window), [1, embedDim, 1, window, 1, window]);
  const tiled = reshape(expand(one, [1, embedDim, times, window, times, window]), [1, embedDim, side, side]);
  return add(resizeBicubic(p.get('pos_embed', 1, embedDim, ...background), side, side), tiled);
}

function block(p: Params, x: Tensor, plan: BlockPlan): Tensor {
  const { width, outWidth } = plan;
  const normal = layerNorm(x, p.get('norm1.weight', width), p.get('norm1.bias', width), 1e-6);
  const projected = width === outWidth ? x : linear(p.at('proj'), normal, outWidth);
  const mixed = add(plan.pools ? pool(projected) : projected, windowAttention(p.at('attn'), normal, plan));
  const again = layerNorm(mixed, p.get('norm2.weight', outWidth), p.get('norm2.bias', outWidth), 1e-6);
  return add(
    mixed,
    mlp(p.at('mlp'), again, gelu, { names: ['layers.0', 'layers.1'], widths: [4 * outWidth, outWidth] }),
  );
}

/**
 * x [B, H, W, C] -> [B, h, w, outWidth], h and w halved where the block pools. Cutting into windows and into heads is one
 * transpose, and so is putting both together. Padding is not masked: SAM 2 attends to it.
 */
function windowAttention(p: Params, x: Tensor, { outWidth, heads, window, pools }: BlockPlan): Tensor {
  const [, height = 1, width = 1] = x.shape;
  const side = window === 0 ? [height, width] : [window, window];
  const [q, k, v] = fusedLinear(p.at('qkv'), padToWindows(x, side), 3, outWidth);
  if (!q || !k || !v) throw new GraphError('windowAttention: no projections.');
  const inner = pools ? side.map((n) => n / 2) : side;
  const pooled = pools ? pool(q) : q;
  const mixed = attention(cutWindows(pooled, inner, heads), cutWindows(k, side, heads), cutWindows(v, side, heads));
  const whole = joinWindows(mixed, pooled.shape, inner);
  const out = [height, width].map((n) => (pools ? n / 2 : n));
  return linear(p.at('proj'), slice(whole, [0, 0], out, [1, 2]), outWidth);
}

/** Largest of 2 x 2, [B, H, W, C] -> [B, H/2, W/2, C]. Rows, then columns: reducing one inner axis is the fast kernel. */
function pool(x: Tensor): Tensor {
  const [batch = 1, height = 1, width = 1, channels = 1] = x.shape;
  const rows = reduceMax(reshape(x, [(batch * height) / 2, 2, width * channels]), [1]);
  const columns = reduceMax(reshape(rows, [(batch * height * width) / 4, 2, channels]), [1]);
  return reshape(columns, [batch, height / 2, width / 2, channels]);
}

/**
 * Maps of strides 4, 8, 16 with `width` channels, [B, side, side, width]. From stride 16 on, coarser maps are added into
 * finer ones and then dropped; `convs.0` serves the coarsest.
 */
export function neck(p: Params, { width }: Sam2Config, stages: readonly Tensor[]): Tensor[] {
  const last = stages.length - 1;
  const maps = stages.map((stage, level) => pointwise(p.at(`convs.${last - level}.conv`), stage, width));
  const coarse = maps.slice(2).reduceRight((below, lateral) => add(lateral, doubled(below)));
  return [...maps.slice(0, 2), coarse];
}

/** Each pixel four times. */
function doubled(x: Tensor): Tensor {
  const [batch = 1, height = 1, width = 1, channels = 1] = x.shape;
  const wide = expand(reshape(x, [batch, height, 1, width, 1, channels]), [batch, height, 2, width, 2, channels]);
  return reshape(wide, [batch, 2 * height, 2 * width, channels]);
}
