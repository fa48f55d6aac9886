// Finds the edges of a picture: how strongly the colours change at each pixel, and how far an outline lies from the next edge.
import { resizePillow } from '../../models/nn/resample.ts';
import type { Frame } from '../contract/geometry.ts';
import type { DecodedImage } from '../contract/records.ts';
import { croppedTo } from './crop.ts';
import { insideDistance } from './distance.ts';
import type { MaskWindow } from './maskWindow.ts';

/** The window's pixels. */
export function pictureIn(image: DecodedImage, { place, width, height }: MaskWindow): DecodedImage {
  const part = croppedTo(image, place);
  return width === place.width && height === place.height ? part : resizePillow(part, { width, height }, 'bilinear');
}

/** The largest change of any channel at every pixel by Sobel's operator, per pixel of way; the border repeats. */
export function edgeStrength({ width, height, data }: DecodedImage): Float32Array<ArrayBuffer> {
  const out = new Float32Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    const [above, below] = [Math.max(0, y - 1) * width, Math.min(height - 1, y + 1) * width];
    for (let x = 0; x < width; x++, i++) {
      const [left, right] = [Math.max(0, x - 1), Math.min(width - 1, x + 1)];
      for (let channel = 0; channel < 3; channel++) {
        const at = (row: number, column: number) => data[(row + column) * 3 + channel] ?? 0;
        const a = at(above, left);
        const b = at(above, right);
        const c = at(below, left);
        const d = at(below, right);
        const across = b + 2 * at(y * width, right) + d - a - 2 * at(y * width, left) - c;
        const down = c + 2 * at(below, x) + d - a - 2 * at(above, x) - b;
        out[i] = Math.max(out[i] ?? 0, Math.hypot(across, down) / 8);
      }
    }
  }
  return out;
}

/** Share of all pixels that count as edges. */
const SHARE = 0.12;

/** Distance of every pixel to the nearest edge, in pixels: 1 on an edge. */
export function edgeDistance(strength: Float32Array, frame: Frame): Float32Array<ArrayBuffer> {
  const sorted = strength.toSorted();
  const bar = Math.max(1, sorted[Math.floor(sorted.length * (1 - SHARE))] ?? 1);
  return insideDistance(
    Uint8Array.from(strength, (value) => (value >= bar ? 0 : 1)),
    frame,
    'nothing',
  );
}
