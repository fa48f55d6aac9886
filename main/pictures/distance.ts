// Computes each pixel's distance from the outside of a bitmap, and the pixel that lies deepest: where a person would click.
import type { Frame } from '../contract/geometry.ts';

const straight = 1;
const diagonal = Math.SQRT2;

/** What lies beyond the border counts as outside, or as nothing: then a bitmap without outside is infinitely deep. */
type Beyond = 'outside' | 'nothing';

/** Distance of every pixel that is inside (not 0) to the nearest that is not, in pixels. */
export function insideDistance(
  bitmap: Uint8Array,
  { width, height }: Frame,
  beyond: Beyond = 'outside',
): Float32Array<ArrayBuffer> {
  const wide = width + 2;
  const d = new Float32Array(wide * (height + 2)).fill(beyond === 'outside' ? 0 : Number.POSITIVE_INFINITY);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) d[(y + 1) * wide + x + 1] = bitmap[y * width + x] ? Number.POSITIVE_INFINITY : 0;
  sweep(d, { wide, height, width }, 1);
  sweep(d, { wide, height, width }, -1);
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) out.set(d.subarray((y + 1) * wide + 1, (y + 1) * wide + 1 + width), y * width);
  return out;
}

/** Neighbours that were passed already, from the top left or from the bottom right. */
function sweep(d: Float32Array, { wide, height, width }: Frame & { wide: number }, way: 1 | -1): void {
  const first = way === 1 ? wide + 1 : height * wide + width;
  const back = -way;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const i = first + way * (row * wide + column);
      const own = d[i] ?? 0;
      if (own === 0) continue;
      const beside = (d[i + back] ?? 0) + straight;
      const above = (d[i + back * wide] ?? 0) + straight;
      const corners = Math.min(d[i + back * (wide + 1)] ?? 0, d[i + back * (wide - 1)] ?? 0) + diagonal;
      d[i] = Math.min(own, beside, above, corners);
    }
  }
}

export interface Deepest {
  readonly x: number;
  readonly y: number;
  readonly distance: number;
}

/** The first of the pixels that lie deepest inside; null where none is inside. */
export function deepest(bitmap: Uint8Array, frame: Frame): Deepest | null {
  const distances = insideDistance(bitmap, frame);
  let best = -1;
  let distance = 0;
  for (let i = 0; i < distances.length; i++) {
    const here = distances[i] ?? 0;
    if (here > distance) [best, distance] = [i, here];
  }
  return best < 0 ? null : { x: best % frame.width, y: Math.floor(best / frame.width), distance };
}

/** Where a person would click next: in the middle of the largest error, missing or too much; null where nothing is wrong. */
export function nextClick(mask: Uint8Array, truth: Uint8Array, frame: Frame): (Deepest & { inside: boolean }) | null {
  const missing = deepest(
    truth.map((value, i) => value & (1 - (mask[i] ?? 0))),
    frame,
  );
  const excess = deepest(
    truth.map((value, i) => (1 - value) & (mask[i] ?? 0)),
    frame,
  );
  if (missing && (!excess || missing.distance >= excess.distance)) return { ...missing, inside: true };
  return excess && { ...excess, inside: false };
}
