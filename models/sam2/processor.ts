// A picture to SAM 2's input: squashed to a square (the aspect is not kept) and normalised, channels first.
import { type Planes, type RgbImage, resizeFloat, resizeOpenCv, resizePillow } from '../nn/resample.ts';

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
  const square = { height: side, width: side };
  if (squash === 'pillow') return normalised(resizePillow(image, square, 'bilinear')).data;
  if (squash === 'opencv') return normalised(resizeOpenCv(image, square)).data;
  return resizeFloat(normalised(image), square, { antialias: squash === 'float' }).data;
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
