// Cuts maps into attention windows and puts them together, moves their channels, and convolves them pixel by pixel.
import { pad, reshape, transpose } from '../graph/shape.ts';
import { dim, type Tensor } from '../graph/tensor.ts';
import { linear } from './linear.ts';
import type { Params } from './params.ts';

/** [B, C, H, W] -> [B, H, W, C]. */
export const channelsLast = (x: Tensor): Tensor => transpose(x, [0, 2, 3, 1]);
/** [B, H, W, C] -> [B, C, H, W]. */
export const channelsFirst = (x: Tensor): Tensor => transpose(x, [0, 3, 1, 2]);

/** Zeros at the bottom and right until windows of this height and width fit. */
export function padToWindows(x: Tensor, [h = 1, w = 1]: readonly number[]): Tensor {
  const [, height = 1, width = 1] = x.shape;
  const missing = (length: number, window: number) => Math.ceil(length / window) * window - length;
  return pad(x, [0, 0, 0, 0, 0, missing(height, h), missing(width, w), 0]);
}

/** [B, H, W, heads * D] -> [B * windows, heads, h * w, D]. */
export function cutWindows(x: Tensor, [h = 1, w = 1]: readonly number[], heads: number): Tensor {
  const [batch = 1, height = 1, width = 1, channels = 1] = x.shape;
  const tiles = reshape(x, [batch, height / h, h, width / w, w, heads, channels / heads]);
  const windows = (batch * height * width) / (h * w);
  return reshape(transpose(tiles, [0, 1, 3, 5, 2, 4, 6]), [windows, heads, h * w, channels / heads]);
}

/** The way back, to the shape that was cut. */
export function joinWindows(x: Tensor, shape: readonly number[], [h = 1, w = 1]: readonly number[]): Tensor {
  const [batch = 1, height = 1, width = 1, channels = 1] = shape;
  const heads = dim(x, 1);
  const tiles = reshape(x, [batch, height / h, width / w, heads, h, w, channels / heads]);
  return reshape(transpose(tiles, [0, 1, 4, 2, 5, 3, 6]), shape);
}

/** A 1 x 1 convolution on channels-last maps: a matrix product with the stored kernel [out, in, 1, 1]. */
export function pointwise(p: Params, x: Tensor, outFeatures: number, options: { bias?: boolean } = {}): Tensor {
  const flatKernel: Params = {
    ...p,
    get: (name, ...shape) => (name === 'weight' ? reshape(p.get(name, ...shape, 1, 1), shape) : p.get(name, ...shape)),
  };
  return linear(flatKernel, x, outFeatures, options);
}
