// Prepares a picture for Qwen's vision tower: resized by one of the published rules, normalised and cut into patches.
import { z } from 'zod';
import { entry } from '../graph/tensor.ts';
import { type Filter, type PixelSize, type RgbImage, resizePillow } from '../nn/resample.ts';

export interface ImageConfig {
  readonly patch: number;
  /** Patches that become one token, per axis. */
  readonly merge: number;
  /** Frames per patch; a still picture is repeated. */
  readonly temporal: number;
  readonly minPixels: number;
  readonly maxPixels: number;
  /** Per channel, on the scale 0..1. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** pixelValues: [grid.h * grid.w, 3 * temporal * patch * patch]; the four patches of a token follow one another. */
export interface Patches {
  readonly pixelValues: Float32Array<ArrayBuffer>;
  readonly grid: { readonly t: number; readonly h: number; readonly w: number };
}

/**
 * How a picture is brought to a size the tower takes.
 * smart: LENS on RefCOCO; longest: on ReasonSeg; square: Seg-Zero (840, bilinear) and the nano (224), aspect not kept.
 */
export type Framing =
  | { readonly kind: 'smart' }
  | { readonly kind: 'longest'; readonly side: number }
  | { readonly kind: 'square'; readonly side: number; readonly filter: Filter };

/** The published checkpoints' settings with LENS's limit of pixels. */
export const lensImageConfig: ImageConfig = {
  patch: 14,
  merge: 2,
  temporal: 2,
  minPixels: 3136,
  maxPixels: 1_000_000,
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

const whole = z.int().min(1);
const perChannel = z.tuple([z.number(), z.number(), z.number()]);
const PreprocessorFile = z.object({
  patch_size: whole.default(lensImageConfig.patch),
  merge_size: whole.default(lensImageConfig.merge),
  temporal_patch_size: whole.default(lensImageConfig.temporal),
  min_pixels: whole.nullish(),
  max_pixels: whole.nullish(),
  size: z.object({ shortest_edge: whole.nullish(), longest_edge: whole.nullish() }).nullish(),
  image_mean: perChannel,
  image_std: perChannel,
});

/** Parsed `preprocessor_config.json`; newer libraries write the two pixel limits inside `size`. */
export function imageConfigFrom(json: unknown): ImageConfig {
  const parsed = PreprocessorFile.safeParse(json);
  if (!parsed.success) throw new Error(`preprocessor_config.json: ${z.prettifyError(parsed.error)}`);
  const file = parsed.data;
  return {
    patch: file.patch_size,
    merge: file.merge_size,
    temporal: file.temporal_patch_size,
    minPixels: file.min_pixels ?? file.size?.shortest_edge ?? lensImageConfig.minPixels,
    maxPixels: file.max_pixels ?? file.size?.longest_edge ?? lensImageConfig.maxPixels,
    mean: file.image_mean,
    std: file.image_std,
  };
}

/** Resizes as `framing` says and cuts into patches; grid * patch is the frame in which the answer's box is written. */
export function prepareImage(image: RgbImage, framing: Framing, config: ImageConfig = lensImageConfig): Patches {
  return patchesOf(frameImage(image, framing, config), config);
}

function frameImage(image: RgbImage, framing: Framing, config: ImageConfig): RgbImage {
  const filter = framing.kind === 'square' ? framing.filter : 'bicubic';
  const scaled = framing.kind === 'longest' ? resizePillow(image, longestSide(image, framing.side), filter) : image;
  return resizePillow(scaled, framedSize(image, framing, config), filter);
}

/** The size that a picture is brought to, without bringing it there. */
export function framedSize(image: PixelSize, framing: Framing, config: ImageConfig = lensImageConfig): PixelSize {
  if (framing.kind === 'square') return { height: framing.side, width: framing.side };
  if (framing.kind === 'smart') return smartResize(image, config, 'lens');
  return smartResize(longestSide(image, framing.side), config, 'processor');
}

/**
 * Both sides multiples of patch * merge, the area within the limits, the aspect nearly kept. LENS's own copy of the rule
 * keeps a side from vanishing before it looks at the limits, the processor's does not.
 */
export function smartResize({ height, width }: PixelSize, config: ImageConfig, rule: 'lens' | 'processor'): PixelSize {
  const factor = config.patch * config.merge;
  if (Math.max(height, width) / Math.min(height, width) > 200)
    throw new Error(`The picture of ${width} x ${height} is too narrow: one side is more than 200 times the other.`);
  const least = rule === 'lens' ? factor : 0;
  const near = (side: number) => Math.max(least, roundHalfEven(side / factor) * factor);
  const sized = { height: near(height), width: near(width) };
  const area = sized.height * sized.width;
  if (area > config.maxPixels) {
    const shrink = Math.sqrt((height * width) / config.maxPixels);
    const below = (side: number) => Math.max(factor, Math.floor(side / shrink / factor) * factor);
    return { height: below(height), width: below(width) };
  }
  if (area >= config.minPixels) return sized;
  const grow = Math.sqrt(config.minPixels / (height * width));
  const above = (side: number) => Math.ceil((side * grow) / factor) * factor;
  return { height: above(height), width: above(width) };
}

/** Rounds as Python's `round` does. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** Truncates like the published code, so that the longest side itself may come out one short. */
export function longestSide({ height, width }: PixelSize, side: number): PixelSize {
  const scale = side / Math.max(height, width);
  const scaled = { height: Math.trunc(height * scale), width: Math.trunc(width * scale) };
  if (Math.min(scaled.height, scaled.width) < 1)
    throw new Error(
      `The picture of ${width} x ${height} is too narrow: scaled to ${side} one side would have 0 pixels.`,
    );
  return scaled;
}

export function patchesOf(image: RgbImage, config: ImageConfig): Patches {
  const { patch, merge, temporal } = config;
  const grid = { t: 1, h: image.height / patch, w: image.width / patch };
  if (grid.h % merge !== 0 || grid.w % merge !== 0)
    throw new Error(
      `A picture of ${image.width} x ${image.height} does not divide into cells of ${patch * merge} pixels.`,
    );
  const pixelValues = new Float32Array(grid.h * grid.w * 3 * temporal * patch * patch);
  const write = patchWriter(image, config, pixelValues);
  for (let row = 0; row < grid.h; row += merge)
    for (let column = 0; column < grid.w; column += merge)
      for (let cell = 0; cell < merge * merge; cell++) write(row + Math.floor(cell / merge), column + (cell % merge));
  return { pixelValues, grid };
}

/** Appends the patch of a grid cell to `out` at every call: channel, frame, row, column. */
function patchWriter({ width, data }: RgbImage, { patch, temporal, mean, std }: ImageConfig, out: Float32Array) {
  const scales = mean.map((m, channel) => normaliser(m, entry(std, channel, 'image_std')));
  let at = 0;
  return (row: number, column: number) => {
    const corner = (row * patch * width + column * patch) * 3;
    for (const [channel, scale] of scales.entries()) {
      const start = at;
      for (let y = 0; y < patch; y++) {
        let p = corner + y * width * 3 + channel;
        for (let x = 0; x < patch; x++, p += 3) out[at++] = scale[data[p] ?? 0] ?? 0;
      }
      for (let frame = 1; frame < temporal; frame++, at += patch * patch)
        out.copyWithin(at, start, start + patch * patch);
    }
  };
}

/** What each of the 256 byte values becomes. */
function normaliser(mean: number, std: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, value) => (value / 255 - mean) / std);
}
