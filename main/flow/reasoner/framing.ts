// Resizes a picture to the size in which a Qwen-VL reasoner sees it, or to any other, as the published code does.
import { resizePillow } from '../../../models/nn/resample.ts';
import { framedSize, lensImageConfig } from '../../../models/qwen/processor.ts';
import type { Frame } from '../../contract/geometry.ts';
import type { DecodedImage } from '../../contract/records.ts';

/** Sides are multiples of 28, and there are at most 1,000,000 pixels. */
export const smartFrame = (image: Frame): Frame => framedSize(image, { kind: 'smart' }, lensImageConfig);

export function framed(image: DecodedImage, frame: Frame): DecodedImage {
  if (image.width === frame.width && image.height === frame.height) return image;
  const { width, height, data } = resizePillow(image, frame, 'bicubic');
  return { width, height, data: Uint8Array.from(data) };
}
