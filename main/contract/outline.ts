// Finds the outlines of masks: rings along pixel edges with their holes, and rings with fewer corners that draw the same mask.
import { fromPolygon, fromPolygons } from './polygon.ts';
import type { Box, Mask } from './records.ts';
import { maskArea, maskBox, maskIou, sharedArea } from './rle.ts';

/** Closed, flat x1 y1 x2 y2 ..., corners in image pixels; a hole runs the other way round than what it lies in. */
export interface Outline {
  readonly points: number[];
  readonly hole: boolean;
}

/** Pixels around the mask, down the columns, with one empty pixel on every side. */
interface Window {
  readonly inside: Uint8Array;
  /** Positions in `inside` at which a stretch down a column begins. */
  readonly tops: number[];
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

const INSIDE = 1;
const VISITED = 2;
/** East, south, west, north. */
const DX = [1, 0, -1, 0];
const DY = [0, 1, 0, -1];

/** Every ring of the mask. Pixels that touch only at a corner belong to different rings. */
export function outlinesOf(mask: Mask): Outline[] {
  const window = windowOf(mask);
  // Every ring, of a part or of a hole, passes the top edge of a pixel that has none of the mask above it.
  return window.tops.flatMap((at) => (window.inside[at] === INSIDE ? ringFrom(at, window) : []));
}

function windowOf(mask: Mask): Window {
  const [rows] = mask.size;
  const box = maskBox(mask);
  const [width, height] = [box.x2 - box.x1 + 2, box.y2 - box.y1 + 2];
  const inside = new Uint8Array(width * height);
  const tops: number[] = [];
  let start = 0;
  for (let i = 0; i + 1 < mask.counts.length; i += 2) {
    start += mask.counts[i] ?? 0;
    const end = start + (mask.counts[i + 1] ?? 0);
    for (let from = start; from < end; ) {
      const column = Math.floor(from / rows);
      const to = Math.min(end, (column + 1) * rows);
      const shift = (column - box.x1 + 1) * height + 1 - box.y1 - column * rows;
      inside.fill(INSIDE, from + shift, to + shift);
      // A run that is empty or goes on where the one before ended begins nothing.
      if (inside[from + shift - 1] === 0) tops.push(from + shift);
      from = to;
    }
    start = end;
  }
  return { inside, tops, x: box.x1 - 1, y: box.y1 - 1, height };
}

/** Follows pixel edges with the inside on the right, from the top edge of a pixel until that edge comes again. */
function ringFrom(first: number, { inside, x: offsetX, y: offsetY, height }: Window): Outline {
  const points: number[] = [];
  const startX = Math.floor(first / height);
  const startY = first % height;
  let x = startX;
  let y = startY;
  let direction = 0;
  let doubleArea = 0;
  do {
    if (direction === 0) inside[x * height + y] = INSIDE | VISITED;
    x += DX[direction] ?? 0;
    y += DY[direction] ?? 0;
    doubleArea += direction === 0 ? -y : direction === 2 ? y : 0;
    // The two pixels ahead of corner (x, y), right and left of the way.
    const right = (direction === 0 || direction === 3 ? x : x - 1) * height + (direction < 2 ? y : y - 1);
    const left = (direction < 2 ? x : x - 1) * height + (direction === 1 || direction === 2 ? y : y - 1);
    const turn = ((inside[right] ?? 0) & INSIDE) === 0 ? 1 : ((inside[left] ?? 0) & INSIDE) !== 0 ? 3 : 0;
    if (turn !== 0) points.push(x + offsetX, y + offsetY);
    direction = (direction + turn) % 4;
  } while (x !== startX || y !== startY || direction !== 0);
  return { points, hole: doubleArea < 0 };
}

/** Rings, the mask that they draw, and its intersection over union with the mask that they stand for. */
export interface Polygons {
  readonly rings: number[][];
  readonly drawn: Mask;
  readonly iou: number;
}

/** Corners may lie this far off, in pixels: the first that keeps the mask is taken. */
const TOLERANCES = [1, 0.6];
/** Rings with no more corners are drawn things, such as boxes, and are best kept to them. */
const FEW_CORNERS = 12;
/** Rings with more pixel edges than this keep to their corners: the search for the farthest point may be quadratic. */
const MOST_EDGES = 20_000;

/**
 * Polygons that keep the mask to `least` (IoU), or null where none with fewer corners do. Holes are not in them, as
 * COCO's polygons have none; what is missing then shows in `iou` of `fullPolygons`.
 */
export function fewPolygons(mask: Mask, least: number, outlines = outlinesOf(mask)): Polygons | null {
  const rings = outlines.filter(({ hole }) => !hole).map(({ points }) => points);
  const starts = [() => rings, () => rings.map((ring) => (lengthOf(ring) > MOST_EDGES ? ring : middles(ring)))];
  if (rings.some((ring) => ring.length > 2 * FEW_CORNERS)) starts.reverse();
  for (const tolerance of TOLERANCES) {
    for (const start of starts) {
      const drawn = measured(
        start()
          .map((ring) => simplified(ring, tolerance))
          .filter(isRing),
        mask,
      );
      if (drawn.iou >= least) return drawn;
    }
  }
  return null;
}

/** Every corner of every part; the holes are filled. */
export function fullPolygons(mask: Mask, outlines = outlinesOf(mask)): Polygons {
  const rings = outlines.filter(({ hole }) => !hole).map(({ points }) => points);
  return measured(rings.length < outlines.length ? outermost(rings, mask) : rings, mask);
}

/** Drops the islands in holes: where the holes are filled, they are drawn already. */
function outermost(rings: readonly number[][], { size: [height, width] }: Mask): number[][] {
  const parts = rings.map((ring) => {
    const part = fromPolygon(ring, width, height);
    return { ring, part, area: maskArea(part), box: maskBox(part) };
  });
  const isIn = (a: Box, b: Box) => a.x1 >= b.x1 && a.y1 >= b.y1 && a.x2 <= b.x2 && a.y2 <= b.y2;
  const isIsland = (one: (typeof parts)[number]) =>
    parts.some((other) => other !== one && isIn(one.box, other.box) && sharedArea(one.part, other.part) === one.area);
  return parts.filter((one) => !isIsland(one)).map(({ ring }) => ring);
}

const isRing = (ring: readonly number[]): boolean => ring.length >= 6;

function measured(rings: number[][], mask: Mask): Polygons {
  const [height, width] = mask.size;
  if (rings.length === 0) return { rings, iou: 0, drawn: { size: [height, width], counts: [height * width] } };
  const drawn = fromPolygons(rings, width, height);
  return { rings, drawn, iou: maskIou(drawn, mask) };
}

function lengthOf(corners: readonly number[]): number {
  let length = 0;
  for (let i = 0; i < corners.length; i++) {
    length += Math.abs((corners[(i + 2) % corners.length] ?? 0) - (corners[i] ?? 0));
  }
  return length;
}

/** The middles of all pixel edges of a ring: a slanted side is then a straight row of points, not a staircase. */
function middles(corners: readonly number[]): number[] {
  const points: number[] = [];
  for (let i = 0; i < corners.length; i += 2) {
    const x = corners[i] ?? 0;
    const y = corners[i + 1] ?? 0;
    const dx = (corners[(i + 2) % corners.length] ?? 0) - x;
    const dy = (corners[(i + 3) % corners.length] ?? 0) - y;
    const length = Math.abs(dx) + Math.abs(dy);
    for (let step = 0.5; step < length; step++) points.push(x + (dx * step) / length, y + (dy * step) / length);
  }
  return points;
}

/** Drops corners that lie nearer than `tolerance` to the side that replaces them (Douglas and Peucker). Rings are closed. */
export function simplified(ring: readonly number[], tolerance: number): number[] {
  const count = ring.length / 2;
  if (count < 4) return [...ring];
  const kept = new Uint8Array(count);
  const far = farthest(ring, 0, count).at;
  kept[0] = 1;
  kept[far] = 1;
  const open: [number, number][] = [
    [0, far],
    [far, count],
  ];
  for (let span = open.pop(); span !== undefined; span = open.pop()) {
    const { at, distance } = farthest(ring, ...span);
    if (distance <= tolerance) continue;
    kept[at] = 1;
    open.push([span[0], at], [at, span[1]]);
  }
  return ring.filter((_, i) => kept[i >> 1] === 1);
}

/** The corner between two others (numbers; `to` may be the first again) that is farthest from the line between them. */
function farthest(ring: readonly number[], from: number, to: number): { at: number; distance: number } {
  const [x, y] = [ring[2 * from] ?? 0, ring[2 * from + 1] ?? 0];
  const end = (2 * to) % ring.length;
  const [dx, dy] = [(ring[end] ?? 0) - x, (ring[end + 1] ?? 0) - y];
  const square = dx * dx + dy * dy;
  let at = from;
  let most = -1;
  for (let i = from + 1; i < to; i++) {
    const px = (ring[2 * i] ?? 0) - x;
    const py = (ring[2 * i + 1] ?? 0) - y;
    // The nearest point of the side, not of its whole line.
    const along = square === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / square));
    const distance = (px - along * dx) ** 2 + (py - along * dy) ** 2;
    if (distance > most) {
      at = i;
      most = distance;
    }
  }
  return { at, distance: Math.sqrt(Math.max(0, most)) };
}
