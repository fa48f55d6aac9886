// Compares the outlines of bitmaps: boundary IoU, which a shift of a few pixels changes where plain IoU hardly does.
import type { Frame } from '../contract/geometry.ts';
import { insideDistance } from './distance.ts';

/** Share of the frame's diagonal, as Cheng et al. (2021) define it. */
const BAND = 0.02;

export const bandOf = ({ width, height }: Frame): number => Math.max(1, Math.round(BAND * Math.hypot(width, height)));

/** Pixels that are inside and no farther than `thickness` from the outside. */
export function boundaryOf(bitmap: Uint8Array, frame: Frame, thickness: number): Uint8Array {
  const distance = insideDistance(bitmap, frame);
  return bitmap.map((value, i) => (value !== 0 && (distance[i] ?? 0) <= thickness ? 1 : 0));
}

/** IoU of the inner bands of two bitmaps; 1 where both are empty. */
export const boundaryIou = (a: Uint8Array, b: Uint8Array, frame: Frame, thickness = bandOf(frame)): number =>
  bitmapIou(boundaryOf(a, frame, thickness), boundaryOf(b, frame, thickness));

/** 1 where both are empty. */
export function bitmapIou(a: Uint8Array, b: Uint8Array): number {
  let [both, either] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    both += (a[i] ?? 0) & (b[i] ?? 0);
    either += (a[i] ?? 0) | (b[i] ?? 0);
  }
  return either > 0 ? both / either : 1;
}
