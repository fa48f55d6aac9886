// Fills polygons as masks, pixel for pixel as pycocotools draws them (its rleFrPoly; order of vertices is free).
import { BadInput } from './badInput.ts';
import type { Frame } from './geometry.ts';
import type { Mask } from './records.ts';
import { checkSize, union } from './rle.ts';

/** The outline is walked on a grid this many times finer than the pixels. */
const FINE = 5;
/** The fine step in the middle of a pixel. */
const MIDDLE = 2;
/** Steps on the fine grid that one polygon may take: ten seconds of a hostile file are ten too many. */
const MAX_STEPS = 2 ** 24;

/** Flat x1 y1 x2 y2 ... rings to the union of their insides. A ring inside a ring adds nothing: no holes. */
export function fromPolygons(rings: readonly (readonly number[])[], width: number, height: number): Mask {
  const [first, ...rest] = rings.map((ring) => fromPolygon(ring, width, height));
  if (first === undefined) throw new BadInput('polygons: the list is empty');
  return union(first, ...rest);
}

/** One ring to a mask; the last point is joined to the first. */
export function fromPolygon(ring: readonly number[], width: number, height: number): Mask {
  checkSize(height, width);
  checkRing(ring);
  const swaps = crossings(fineCorners(ring), { width, height });
  return { size: [height, width], counts: runsBetween(swaps, width * height) };
}

function checkRing(ring: readonly number[]): void {
  if (ring.length < 6 || ring.length % 2 !== 0) {
    throw new BadInput(`polygon: ${ring.length} numbers; it needs an even count of at least 6`);
  }
  if (!ring.every(Number.isFinite)) throw new BadInput('polygon: a coordinate is not a finite number');
}

/** A point of the outline on the fine grid. */
interface Step {
  readonly x: number;
  readonly y: number;
}

/** Truncation towards zero, which below -0.5 differs from rounding, is the original's. */
function fineCorners(ring: readonly number[]): Step[] {
  const fine = (value: number) => Math.trunc(FINE * value + 0.5);
  const corners: Step[] = [];
  for (let i = 0; i + 1 < ring.length; i += 2) corners.push({ x: fine(ring[i] ?? 0), y: fine(ring[i + 1] ?? 0) });
  const [first] = corners;
  if (first !== undefined) corners.push(first);
  const edges = corners.slice(1).map((to, i) => span(corners[i] ?? to, to));
  const steps = edges.reduce((sum, length) => sum + length + 1, 0);
  if (steps > MAX_STEPS) throw new BadInput('polygon: its outline is too long; are its coordinates pixels?');
  return corners;
}

const span = (a: Step, b: Step): number => Math.max(Math.abs(a.x - b.x), Math.abs(a.y - b.y));

/**
 * Column-major positions at which the outline crosses the middle line of a pixel column. An edge is walked in fine steps
 * along its longer axis, always computed from the end with the smaller coordinate on that axis, so that both directions
 * of it give the same points. Plain loops: an export draws hundreds of thousands of outlines.
 */
function crossings(corners: readonly Step[], frame: Frame): number[] {
  const found: number[] = [];
  for (let i = 1; i < corners.length; i++) {
    const [from, to] = [corners[i - 1], corners[i]];
    if (from === undefined || to === undefined || from.x === to.x) continue;
    const flat = Math.abs(to.x - from.x) >= Math.abs(to.y - from.y);
    if (flat) crossFlat(from.x < to.x ? [from, to] : [to, from], frame, found);
    else crossSteep(from.y < to.y ? [from, to] : [to, from], frame, found);
  }
  return found;
}

type Edge = readonly [low: Step, high: Step];

/** One step in x at a time: the middle of each column is met once. */
function crossFlat([low, high]: Edge, { width, height }: Frame, found: number[]): void {
  const slope = (high.y - low.y) / (high.x - low.x);
  const row = (x: number) => Math.trunc(low.y + slope * (x - low.x) + 0.5);
  const last = Math.min(width - 1, (high.x - 1 - MIDDLE) / FINE);
  for (let column = Math.max(0, Math.ceil((low.x - MIDDLE) / FINE)); column <= last; column++) {
    const x = column * FINE + MIDDLE;
    found.push(column * height + rowBelow(Math.min(row(x), row(x + 1)), height));
  }
}

/** One step in y at a time: most of them stay in their fine column. */
function crossSteep([low, high]: Edge, { width, height }: Frame, found: number[]): void {
  const slope = (high.x - low.x) / (high.y - low.y);
  let x = Math.trunc(low.x + 0.5);
  for (let y = low.y; y < high.y; y++) {
    const next = Math.trunc(low.x + slope * (y + 1 - low.y) + 0.5);
    if (next !== x) {
      const column = (Math.min(x, next) - MIDDLE) / FINE;
      if (Number.isInteger(column) && column >= 0 && column < width) found.push(column * height + rowBelow(y, height));
    }
    x = next;
  }
}

const rowBelow = (fine: number, height: number): number =>
  Math.ceil(Math.min(Math.max((fine - MIDDLE) / FINE, 0), height));

/** Sorted crossings are where inside and outside swap; two at one place cancel. */
function runsBetween(crossings: readonly number[], pixels: number): number[] {
  const counts: number[] = [];
  let from = 0;
  const swaps = Uint32Array.from(crossings).sort();
  for (let i = 0; i <= swaps.length; i++) {
    const at = swaps[i] ?? pixels;
    if (at > from || counts.length === 0) {
      counts.push(at - from);
      from = at;
    } else if (i < swaps.length) from -= counts.pop() ?? 0;
  }
  return counts;
}
