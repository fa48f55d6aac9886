// Prepares a picture for SAM 2: squashed to a square, or with its aspect kept and zeros beyond as SAM 1 does; normalised, channels first.
import { type PixelSize, type Planes, type RgbImage, resizeFloat, resizeOpenCv, resizePillow } from '../nn/resample.ts';

/**
 * pillow: LENS on RefCOCO and in its demo; opencv: LENS on ReasonSeg; float: SAM 2's own predictor as torchvision runs it
 * today (anti-aliased); floatPlain: as it ran before that became the default.
 */
export type Squash = 'pillow' | 'opencv' | 'float' | 'floatPlain';

/** ImageNet's statistics on the scale 0..255. */
export const samMean = [123.675, 116.28, 103.53];
export const samStd = [58.395, 57.12, 57.375];

/** [3, side, side], normalised. */
export function prepareSamImage(image: RgbImage, side: number, squash: Squash = 'pillow'): Float32Array<ArrayBuffer> {
  return resized(image, { height: side, width: side }, squash);
}

/** The size of a picture whose longer side is `side`, as SAM 1 rounds it. */
export function keptSize({ width, height }: PixelSize, side: number): PixelSize {
  const scale = side / Math.max(width, height);
  const rounded = (length: number) => Math.max(1, Math.floor(length * scale + 0.5));
  return { width: rounded(width), height: rounded(height) };
}

/** [3, side, side], normalised; zeros right of the picture and below it. */
export function prepareKeptImage(image: RgbImage, side: number, squash: Squash = 'pillow'): Float32Array<ArrayBuffer> {
  const { width, height } = keptSize(image, side);
  const planes = resized(image, { width, height }, squash);
  const out = new Float32Array(3 * side * side);
  for (let channel = 0; channel < 3; channel++)
    for (let row = 0; row < height; row++) {
      const from = (channel * height + row) * width;
      out.set(planes.subarray(from, from + width), (channel * side + row) * side);
    }
  return out;
}

function resized(image: RgbImage, size: PixelSize, squash: Squash): Float32Array<ArrayBuffer> {
  if (squash === 'pillow') return normalised(resizePillow(image, size, 'bilinear')).data;
  if (squash === 'opencv') return normalised(resizeOpenCv(image, size)).data;
  return resizeFloat(normalised(image), size, { antialias: squash === 'float' }).data;
}

/** Normalising before or after a float resize is the same: the weights of a pixel sum to 1. */
function normalised({ height, width, data }: RgbImage): Planes {
  const out = new Float32Array(3 * height * width);
  for (const [channel, m] of samMean.entries()) {
    const scale = Float32Array.from({ length: 256 }, (_, value) => (value - m) / (samStd[channel] ?? 1));
    const plane = out.subarray(channel * height * width, (channel + 1) * height * width);
    for (let i = 0; i < plane.length; i++) plane[i] = scale[data[i * 3 + channel] ?? 0] ?? 0;
  }
  return { channels: 3, height, width, data: out };
}
