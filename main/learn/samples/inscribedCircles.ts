// Finds a mask's tight box and the two centres of inscribed circles that Seg-Zero is trained to name.
import { type Frame, rescale } from '../../contract/geometry.ts';
import type { Box, Mask } from '../../contract/records.ts';
import { toBitmap } from '../../contract/rle.ts';
import { median } from '../../evaluate/metrics.ts';
import { distance, type PixelPair } from '../../reward/segZero.ts';

/** Half the side of the window that is searched when no pixel lies far enough from the first centre. */
const WINDOW = 10;

/** Row-major; 0 outside, 1 inside, more where parts overlap: those widen the distances but are never picked. */
export interface Counted {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** First and last column and row that hold a 1, both inside (Seg-Zero's convention); zeros when there is none. */
export function inclusiveBox({ width, data }: Counted): Box {
  const inside = ones(data);
  const columns = inside.map((i) => i % width);
  const rows = inside.map((i) => Math.floor(i / width));
  const least = (values: number[]) => values.reduce((a, b) => Math.min(a, b), values[0] ?? 0);
  const most = (values: number[]) => values.reduce((a, b) => Math.max(a, b), 0);
  return { x1: least(columns), y1: least(rows), x2: most(columns), y2: most(rows) };
}

/** A thing as Seg-Zero and VisionReasoner are trained to name it, in whole pixels of the picture that they see. */
export interface PointedThing {
  /** Its last column and row inside. */
  readonly box: Box;
  readonly points: readonly [PixelPair, PixelPair];
}

/** Null for an empty mask. `frame`: the size of the picture that the model sees. */
export function pointedThing(mask: Mask, frame: Frame): PointedThing | null {
  const [height, width] = mask.size;
  const counted = { width, height, data: toBitmap(mask) };
  const centres = circleCentres(counted);
  if (centres === null) return null;
  const { x1, y1, x2, y2 } = rescale(inclusiveBox(counted), counted, frame);
  const at = ([x, y]: PixelPair): PixelPair => [
    Math.round((x * frame.width) / width),
    Math.round((y * frame.height) / height),
  ];
  const box = { x1: Math.round(x1), y1: Math.round(y1), x2: Math.round(x2), y2: Math.round(y2) };
  return { box, points: [at(centres[0]), at(centres[1])] };
}

const ones = (data: Uint8Array): number[] => [...data.keys()].filter((i) => data[i] === 1);

/** The centre of the largest circle, and of the largest one not near it; null for an empty mask. */
export function circleCentres(mask: Counted): [PixelPair, PixelPair] | null {
  const inside = ones(mask.data);
  if (inside.length === 0) return null;
  const depth = squaredDepth(mask);
  const first = point(mask, deepest(depth, depth.keys()));
  const away = inside.map((i) => distance(point(mask, i), first));
  const middle = median(away);
  const far = inside.filter((_, i) => (away[i] ?? 0) > middle);
  return [first, far.length > 0 ? point(mask, deepest(depth, far)) : nearCentroid(mask, inside, depth)];
}

const point = ({ width }: Counted, index: number): PixelPair => [index % width, Math.floor(index / width)];

/** The first of the candidates with the greatest depth. */
function deepest(depth: Float64Array, candidates: Iterable<number>): number {
  let best = -1;
  for (const i of candidates) if (best < 0 || (depth[i] ?? 0) > (depth[best] ?? 0)) best = i;
  return best;
}

/** The deepest pixel of a window around the centroid, moved to the nearest inside pixel when it lies outside. */
function nearCentroid(mask: Counted, inside: readonly number[], depth: Float64Array): PixelPair {
  const points = inside.map((i) => point(mask, i));
  const cx = Math.trunc(points.reduce((sum, [x]) => sum + x, 0) / points.length);
  const cy = Math.trunc(points.reduce((sum, [, y]) => sum + y, 0) / points.length);
  const window = [...depth.keys()].filter((i) => {
    const [x, y] = point(mask, i);
    return x >= cx - WINDOW && x < cx + WINDOW && y >= cy - WINDOW && y < cy + WINDOW;
  });
  const best = deepest(depth, window);
  if (mask.data[best] === 1) return point(mask, best);
  const gap = (i: number) => distance(point(mask, i), point(mask, best));
  return point(
    mask,
    inside.reduce((a, b) => (gap(b) < gap(a) ? b : a)),
  );
}

/**
 * Squared distance of every pixel to the nearest 0; beyond the edge there is no background. Exact, in two passes:
 * along columns, then along rows by the lower envelope of parabolas (Felzenszwalb and Huttenlocher 2012).
 */
export function squaredDepth({ width, height, data }: Counted): Float64Array {
  const depth = new Float64Array(data.length);
  for (let x = 0; x < width; x++) columnDepth(data, depth, { start: x, step: width, length: height });
  for (let y = 0; y < height; y++) {
    const row = depth.subarray(y * width, (y + 1) * width);
    row.set(lowerEnvelope(row));
  }
  return depth;
}

function columnDepth(
  data: Uint8Array,
  depth: Float64Array,
  { start, step, length }: { start: number; step: number; length: number },
): void {
  let above = Number.POSITIVE_INFINITY;
  for (let i = 0, at = start; i < length; i++, at += step) {
    above = data[at] === 0 ? 0 : above + 1;
    depth[at] = above;
  }
  let below = Number.POSITIVE_INFINITY;
  for (let i = length - 1, at = start + i * step; i >= 0; i--, at -= step) {
    below = data[at] === 0 ? 0 : below + 1;
    depth[at] = Math.min(depth[at] ?? 0, below) ** 2;
  }
}

/** min over j of (i - j)^2 + heights[j], for every i. */
function lowerEnvelope(heights: Float64Array): Float64Array {
  const roots: number[] = [];
  const starts: number[] = [];
  const meet = (j: number, k: number) => ((heights[k] ?? 0) + k * k - (heights[j] ?? 0) - j * j) / (2 * (k - j));
  for (let k = 0; k < heights.length; k++) {
    if (heights[k] === Number.POSITIVE_INFINITY) continue;
    let from = Number.NEGATIVE_INFINITY;
    for (let last = roots.at(-1); last !== undefined; last = roots.at(-1)) {
      from = meet(last, k);
      if (from > (starts.at(-1) ?? 0)) break;
      roots.pop();
      starts.pop();
      from = Number.NEGATIVE_INFINITY;
    }
    roots.push(k);
    starts.push(from);
  }
  let piece = 0;
  return heights.map((_, i) => {
    while (piece + 1 < roots.length && (starts[piece + 1] ?? 0) < i) piece++;
    const root = roots[piece];
    return root === undefined ? Number.POSITIVE_INFINITY : (i - root) ** 2 + (heights[root] ?? 0);
  });
}
