// Draws what a person or the reasoner points at on the segmenter's rough-mask input, so that a box or a click acts where it lies.
// SAM 2 learns from a billion masks what a corner token means; a model of 3 M parameters gets it on the map as well.
import type { Box } from '../../contract/records.ts';

/** What is pointed at, in fractions of the picture. */
export interface Pointed {
  box?: Box;
  clicks?: readonly { x: number; y: number; inside: boolean }[];
  /** side * side: the share of each cell that a rough mask covers. */
  rough?: ArrayLike<number>;
}

const outside = -6;
const insideBox = 1;
const insideRough = 6;
const clicked = 8;
/** Radius of the disc around a click, in cells. */
const clickRadius = 1.6;

/** side * side logits, row-major; null when nothing is pointed at. */
export function promptMap({ box, clicks = [], rough }: Pointed, side: number): Float32Array<ArrayBuffer> | null {
  if (!box && !rough && clicks.length === 0) return null;
  const map = new Float32Array(side * side);
  for (let i = 0; i < map.length; i++) {
    const [column, row] = [i % side, Math.floor(i / side)];
    const share = box ? covered(column, box.x1, box.x2, side) * covered(row, box.y1, box.y2, side) : 1;
    const within = rough ? outside + (insideRough - outside) * (rough[i] ?? 0) : box ? insideBox : 0;
    map[i] = outside + (within - outside) * share;
  }
  for (const click of clicks) stamp(map, click, side);
  return map;
}

/** Share of cell `i` that lies between two edges given as fractions. */
const covered = (i: number, from: number, to: number, side: number): number =>
  Math.max(0, Math.min(i + 1, to * side) - Math.max(i, from * side));

function stamp(map: Float32Array, { x, y, inside }: { x: number; y: number; inside: boolean }, side: number): void {
  const reach = Math.ceil(clickRadius);
  const [column, row] = [Math.floor(x * side), Math.floor(y * side)];
  for (let dy = -reach; dy <= reach; dy++)
    for (let dx = -reach; dx <= reach; dx++) {
      const [c, r] = [column + dx, row + dy];
      const near = Math.hypot(c + 0.5 - x * side, r + 0.5 - y * side) <= clickRadius;
      if (near && c >= 0 && r >= 0 && c < side && r < side) map[r * side + c] = inside ? clicked : -clicked;
    }
}

/** SAM 2's mask input holds logits: far from 0 where the rough mask is sure. */
const sure = 10;

/** The share of each cell that a rough mask covers, as the logits that SAM 2 takes. */
export const roughLogits = (shares: ArrayLike<number>): Float32Array<ArrayBuffer> =>
  Float32Array.from(shares, (share) => sure * (2 * share - 1));
