// Prepares a picture for a foreign encoder: how it lies on the encoder's square, and its pixels there.

import { resizeFloat, resizePillow } from '../../../models/nn/resample.ts';
import type { ShapedValue } from '../../../models/runtime/session.ts';
import { samMean, samStd } from '../../../models/sam2/processor.ts';
import type { Frame } from '../../contract/geometry.ts';
import { entry } from '../../contract/lookup.ts';
import type { DecodedImage } from '../../contract/records.ts';
import type { OnnxDialect, PixelScale } from './onnxDialects.ts';

/** The part of the square, from its top left, that the picture fills. */
export interface PlacedPicture extends Frame {
  readonly square: Frame;
}

export function placedOn(image: Frame, square: Frame, aspect: OnnxDialect['picture']['aspect']): PlacedPicture {
  if (aspect === 'squash') return { ...square, square };
  const scale = Math.min(square.width / image.width, square.height / image.height);
  const sized = (side: number) => Math.max(1, Math.round(side * scale));
  return { width: sized(image.width), height: sized(image.height), square };
}

interface Wanted {
  readonly placed: PlacedPicture;
  readonly scale: PixelScale;
  /** Channels first; else rows of RGB from 0 to 255, which the file normalises by itself. */
  readonly planes: boolean;
  /** Whole numbers from 0 to 255, which the file normalises by itself. */
  readonly bytes: boolean;
}

/** [1, 3, height, width] or [height, width, 3] of the square; beyond the picture there are zeros. */
export function pixelsFor(image: DecodedImage, { placed, scale, planes, bytes }: Wanted): ShapedValue {
  const { width, height } = placed.square;
  if (!planes) {
    const rows = interleaved(image, placed);
    return { data: bytes ? Uint8Array.from(rows) : rows, shape: [height, width, 3] };
  }
  const data = bytes ? new Uint8ClampedArray(3 * width * height) : new Float32Array(3 * width * height);
  const fill =
    placed.width === width && placed.height === height ? smoothly(image, placed) : resizedPlanes(image, placed);
  for (let channel = 0; channel < 3; channel++)
    for (let y = 0; y < placed.height; y++)
      for (let x = 0; x < placed.width; x++) {
        const value = fill[(channel * placed.height + y) * placed.width + x] ?? 0;
        data[(channel * height + y) * width + x] = bytes ? value : scaled(value, channel, scale);
      }
  const shape = [1, 3, height, width];
  return { data: data instanceof Float32Array ? data : new Uint8Array(data.buffer), shape };
}

/** A value from 0 to 255. */
function scaled(value: number, channel: number, scale: PixelScale): number {
  const [mean, std] = [entry(samMean, channel, 'samMean'), entry(samStd, channel, 'samStd')];
  if (scale === 'imagenet') return (value - mean) / std;
  return scale === 'unit' ? value / 255 : value / 255 - mean / std;
}

/** Resizes as SAM 2's own predictor does: floats, anti-aliased. [3, height, width] */
function smoothly(image: DecodedImage, size: Frame): Float32Array {
  const area = image.width * image.height;
  const data = new Float32Array(3 * area);
  for (let i = 0; i < area; i++)
    for (let channel = 0; channel < 3; channel++) data[channel * area + i] = image.data[i * 3 + channel] ?? 0;
  const planes = { channels: 3, height: image.height, width: image.width, data };
  return resizeFloat(planes, { height: size.height, width: size.width }, { antialias: true }).data;
}

/** Resizes as SAM's own predictor does: whole numbers. [3, height, width] */
export function resizedPlanes(image: DecodedImage, { width, height }: Frame): Float32Array {
  const { data } = resizePillow(image, { width, height }, 'bilinear');
  const area = width * height;
  return Float32Array.from({ length: 3 * area }, (_, i) => data[(i % area) * 3 + Math.floor(i / area)] ?? 0);
}

function interleaved(image: DecodedImage, { width, height, square }: PlacedPicture): Float32Array<ArrayBuffer> {
  const { data } = resizePillow(image, { width, height }, 'bilinear');
  const out = new Float32Array(square.width * square.height * 3);
  for (let row = 0; row < height; row++)
    out.set(data.subarray(row * width * 3, (row + 1) * width * 3), row * square.width * 3);
  return out;
}
