// Masks for tests: a block of pixels on a small image.
import type { Box } from '../../main/contract/records.ts';
import { fromBitmap } from '../../main/contract/rle.ts';

/** A block of pixels as a mask of a 40 x 30 image. */
export function block({ x1, y1, x2, y2 }: Box, width = 40, height = 30) {
  const bitmap = new Uint8Array(width * height);
  for (let y = y1; y < y2; y++) bitmap.fill(1, y * width + x1, y * width + x2);
  return fromBitmap(bitmap, width, height);
}
