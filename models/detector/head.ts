// Builds the detector: what the segmenter's picture encoder sees of a whole picture to scores and boxes of named classes.
// One score a class and cell as in FCOS (Tian et al. 2019), but boxes differ by class: things of two classes may share a middle.
import { conv } from '../graph/conv.ts';
import { add, clip, exp, gelu, sub } from '../graph/elementwise.ts';
import { layerNorm } from '../graph/norm.ts';
import { concat, reshape, slice, transpose } from '../graph/shape.ts';
import { constant, dim, type Tensor } from '../graph/tensor.ts';
import { channelsFirst, channelsLast, pointwise } from '../nn/featureMap.ts';
import { mlp } from '../nn/mlp.ts';
import type { Params } from '../nn/params.ts';

export interface DetectorConfig {
  readonly classes: number;
  /** Channels of the head. */
  readonly width: number;
  readonly blocks: number;
}

/** What a segmenter's picture encoder makes of a whole picture, channels first. */
export interface SeenPicture {
  /** [B, C, g, g] */
  readonly embed: Tensor;
  /** [B, C / 4, 2 g, 2 g] */
  readonly s1: Tensor;
}

export interface DetectorMaps {
  /** Logits, [B, g * g, classes] */
  readonly scores: Tensor;
  /** Corners x1, y1, x2, y2 in shares of the picture, [B, g * g, classes, 4] */
  readonly boxes: Tensor;
}

/** A cell's box has at first this distance from the cell's middle to each side, in shares of the picture. */
const firstDistance = 0.15;
/** Of a distance to `firstDistance`, as logarithm: a hundredth of the picture to more than all of it. */
const [nearest, farthest] = [-2.7, 2.3];
/** Taken off every logit, so that at first a cell names a class with a chance of 0.02. */
const seldom = 4;
const kernel = 5;

/** `p` stands at the detector. */
export function detectorHead(p: Params, config: DetectorConfig, seen: SeenPicture): DetectorMaps {
  const { classes, width, blocks } = config;
  const both = concat([channelsLast(seen.embed), gathered(channelsLast(seen.s1))], 3);
  const mixed = pointwise(p.at('mix'), both, width);
  const map = Array.from({ length: blocks }, (_, i) => p.at(`blocks.${i}`)).reduce(block, mixed);
  const [batch, side] = [dim(map, 0), dim(map, 1)];
  const last = layerNorm(map, p.get('norm.weight', width), p.get('norm.bias', width), 1e-6);
  const scores = sub(reshape(pointwise(p.at('scores'), last, classes), [batch, side * side, classes]), seldom);
  const common = reshape(pointwise(p.at('sides'), last, 4), [batch, side * side, 1, 4]);
  const own = reshape(pointwise(p.at('class_sides'), last, 4 * classes), [batch, side * side, classes, 4]);
  return { scores, boxes: boxesAround(add(own, common), side) };
}

/** A depthwise look around, then each cell by itself (ConvNeXt, Liu et al. 2022). x [B, g, g, width]. */
function block(x: Tensor, p: Params): Tensor {
  const width = dim(x, 3);
  const pads = [2, 2, 2, 2] as const;
  const around = conv(channelsFirst(x), p.get('around.weight', width, 1, kernel, kernel), p.get('around.bias', width), {
    ...{ pads, group: width },
  });
  const normal = layerNorm(channelsLast(around), p.get('norm.weight', width), p.get('norm.bias', width), 1e-6);
  const inner = (3 * width) / 2;
  return add(x, mlp(p, normal, gelu, { names: ['first', 'second'], widths: [inner, width] }));
}

/** Four cells to one with all their channels: [B, 2g, 2g, C] -> [B, g, g, 4 C]. */
function gathered(x: Tensor): Tensor {
  const [batch, side, channels] = [dim(x, 0), dim(x, 1) / 2, dim(x, 3)];
  const cut = transpose(reshape(x, [batch, side, 2, side, 2, channels]), [0, 1, 3, 2, 4, 5]);
  return reshape(cut, [batch, side, side, 4 * channels]);
}

/** Logarithms of distances left, up, right, down [B, g * g, classes, 4] to corners. */
function boxesAround(sides: Tensor, side: number): Tensor {
  const middle = (i: number) => [(i % side) + 0.5, Math.floor(i / side) + 0.5].map((at) => at / side);
  const middles = Array.from({ length: side * side }, (_, i) => middle(i)).flat();
  const at = constant(Float32Array.from(middles), [1, side * side, 1, 2]);
  const distances = exp(add(clip(sides, nearest, farthest), Math.log(firstDistance)));
  const [before, after] = [slice(distances, [0], [2], [3]), slice(distances, [2], [4], [3])];
  return concat([sub(at, before), add(at, after)], 3);
}
