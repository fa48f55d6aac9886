// Polygon outlines to masks, pixel for pixel as pycocotools draws them (its rleFrPoly; order of vertices is free).
import { BadInput } from './badinput.ts';
import type { Mask } from './records.ts';
import { checkSize, union } from './rle.ts';

/** The outline is walked on a grid this many times finer than the pixels. */
const FINE = 5;
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
  const corners = fineCorners(ring);
  const crossings: number[] = [];
  let previous: Step | null = null;
  for (const step of outline(corners)) {
    const at = previous === null ? null : crossing(previous, step, { width, height });
    if (at !== null) crossings.push(at);
    previous = step;
  }
  return { size: [height, width], counts: runsBetween(crossings, width * height) };
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

function* outline(corners: readonly Step[]): Generator<Step> {
  for (let i = 1; i < corners.length; i++) {
    const [from, to] = [corners[i - 1], corners[i]];
    if (from !== undefined && to !== undefined) yield* edge(from, to);
  }
}

/**
 * Every fine step along the longer axis. Always computed from the end with the smaller coordinate on that axis, so that
 * both directions of an edge give the same points.
 */
function* edge(from: Step, to: Step): Generator<Step> {
  const length = span(from, to);
  const flat = Math.abs(to.x - from.x) >= Math.abs(to.y - from.y);
  const reversed = flat ? from.x > to.x : from.y > to.y;
  const [low, high] = reversed ? [to, from] : [from, to];
  const slope = length === 0 ? 0 : (flat ? high.y - low.y : high.x - low.x) / length;
  for (let step = 0; step <= length; step++) {
    const t = reversed ? length - step : step;
    if (flat) yield { x: low.x + t, y: Math.trunc(low.y + slope * t + 0.5) };
    else yield { x: Math.trunc(low.x + slope * t + 0.5), y: low.y + t };
  }
}

/** Column-major position at which the outline crosses the middle line of a pixel column, or null. */
function crossing(a: Step, b: Step, frame: { width: number; height: number }): number | null {
  if (a.x === b.x) return null;
  const column = (Math.min(a.x, b.x) + 0.5) / FINE - 0.5;
  if (!Number.isInteger(column) || column < 0 || column > frame.width - 1) return null;
  const y = (Math.min(a.y, b.y) + 0.5) / FINE - 0.5;
  return column * frame.height + Math.ceil(Math.min(Math.max(y, 0), frame.height));
}

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
