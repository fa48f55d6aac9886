// Builds the prompt encoder: points, a box, a rough mask and text tokens to sparse tokens and a dense map.
import { conv } from '../graph/conv.ts';
import { add, cast, cos, equal, gelu, mul, sin, where } from '../graph/elementwise.ts';
import { matmul } from '../graph/linear.ts';
import { layerNorm2d } from '../graph/norm.ts';
import { concat, expand, pad, reshape, unsqueeze } from '../graph/shape.ts';
import { constant, dim, GraphError, type Tensor } from '../graph/tensor.ts';
import type { Params } from '../nn/params.ts';
import { type DecoderConfig, partNames } from './config.ts';

export interface Points {
  /** [B, N, 2]: x, y in pixels of the model's square picture. */
  readonly at: Tensor;
  /** [B, N]: -1 not a point, 0 background, 1 object, 2 and 3 the corners of a box. Any number type. */
  readonly labels: Tensor;
  /** The corners of a box are among them, and SAM 1 wants no padding point then. */
  readonly hasBox?: boolean;
}

export interface Prompts {
  readonly points?: Points;
  /** [B, 4]: x1, y1, x2, y2. SAM 2's own predictor passes a box as two points instead, which adds a padding point. */
  readonly box?: Tensor;
  /** Logits [B, 1, 4g, 4g] with g = imageSize / 16. */
  readonly mask?: Tensor;
  /** [B, T, width], always the last tokens: what the context module makes of the reasoner's states. */
  readonly text?: Tensor;
}

export interface EncodedPrompts {
  /** [B, N, width]; null when there is no point, box or text. */
  readonly sparse: Tensor | null;
  /** [B or 1, width, g, g] */
  readonly dense: Tensor;
  /** The rough mask as it was given: a decoder with convolutions looks at it on finer scales too. */
  readonly map?: Tensor;
}

/** `p` holds the whole segmenter, as everywhere in this folder. */
export function promptEncoder(p: Params, config: DecoderConfig, prompts: Prompts): EncodedPrompts {
  const own = p.at(partNames(config).prompts);
  const points = allPoints(prompts);
  const tokens = [...(points ? [pointTokens(own, config, points)] : []), ...(prompts.text ? [prompts.text] : [])];
  return {
    sparse: tokens.length > 0 ? concat(tokens, 1) : null,
    dense: prompts.mask ? maskMap(own, config, prompts.mask) : noMask(own, config),
    map: prompts.mask,
  };
}

/** Clicks, then the box's corners; clicks without a box are followed by one point that is none. */
function allPoints({ points, box }: Prompts): Points | null {
  const corners = box && cornersOf(box, points?.labels.dtype ?? 'int64');
  if (!points) return corners ?? null;
  const { at, labels, hasBox } = points;
  if (at.shape.length !== 3 || dim(at, 2) !== 2 || labels.shape.join() !== at.shape.slice(0, 2).join())
    throw new GraphError(
      `promptEncoder: points [${at.shape.join(',')}] and labels [${labels.shape.join(',')}] are not [B, N, 2] and [B, N].`,
    );
  if (hasBox) return points;
  if (!corners) return { at: pad(at, [0, 0, 0, 0, 1, 0]), labels: pad(labels, [0, 0, 0, 1], -1) };
  return { at: concat([at, corners.at], 1), labels: concat([labels, corners.labels], 1) };
}

function cornersOf(box: Tensor, dtype: Tensor['dtype']): Points {
  const batch = dim(box, 0);
  return { at: reshape(box, [batch, 2, 2]), labels: expand(constant([2, 3], [1, 2], dtype), [batch, 2]) };
}

/** [B, N, width]. Labels are data, so one graph serves any: every kind of embedding is added where its label stands. */
function pointTokens(p: Params, { imageSize, width }: DecoderConfig, { at, labels }: Points): Tensor {
  const place = fourier(p, width, mul(add(at, 0.5), 1 / imageSize));
  const noPoint = unsqueeze(equal(labels, -1), [2]);
  const kinds = [0, 1, 2, 3].map((label) => `point_embeddings.${label}.weight`);
  return ['not_a_point_embed.weight', ...kinds].reduce(
    (tokens, name, i) => {
      const here = cast(unsqueeze(equal(labels, i - 1), [2]), 'float32');
      return add(tokens, mul(here, reshape(p.get(name, 1, width), [1, 1, width])));
    },
    where(noPoint, 0, place),
  );
}

/** at [..., 2] in 0..1 -> [..., width]: sines, then cosines, of random frequencies. */
function fourier(p: Params, width: number, at: Tensor): Tensor {
  const lead = at.shape.slice(0, -1);
  const frequencies = p.get('pe_layer.positional_encoding_gaussian_matrix', 2, width / 2);
  const centred = add(mul(reshape(at, [-1, 2]), 2), -1);
  const angles = matmul(centred, frequencies, { alpha: 2 * Math.PI });
  return reshape(concat([sin(angles), cos(angles)], 1), [...lead, width]);
}

/** The positions of the image map's cells, row-major: [1, g * g, width]. */
export function densePositions(p: Params, config: DecoderConfig): Tensor {
  const { imageSize, width } = config;
  const grid = imageSize / 16;
  const centres = Array.from({ length: grid * grid }, (_, i) => [i % grid, Math.floor(i / grid)]);
  const at = constant(
    centres.flat().map((n) => (n + 0.5) / grid),
    [1, grid * grid, 2],
  );
  return fourier(p.at(partNames(config).prompts), width, at);
}

function maskMap(p: Params, { width, maskChannels }: DecoderConfig, mask: Tensor): Tensor {
  const layers = p.at('mask_downscaling');
  const once = halved(layers, 0, mask, maskChannels / 4);
  const twice = halved(layers, 3, once, maskChannels);
  return conv(twice, layers.get('6.weight', width, maskChannels, 1, 1), layers.get('6.bias', width));
}

/** Convolution of 2 x 2 at stride 2, normalisation, GELU: layers `first` to `first + 2`. */
function halved(p: Params, first: number, x: Tensor, channels: number): Tensor {
  const [kernel, norm] = [p.at(String(first)), p.at(String(first + 1))];
  const weight = kernel.get('weight', channels, dim(x, 1), 2, 2);
  const y = conv(x, weight, kernel.get('bias', channels), { strides: [2, 2] });
  return gelu(layerNorm2d(y, norm.get('weight', channels), norm.get('bias', channels), 1e-6));
}

function noMask(p: Params, { imageSize, width }: DecoderConfig): Tensor {
  const grid = imageSize / 16;
  return expand(reshape(p.get('no_mask_embed.weight', 1, width), [1, width, 1, 1]), [1, width, grid, grid]);
}
