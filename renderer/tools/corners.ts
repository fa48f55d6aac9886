// Finds corners of a mask that a person can drag: rings along pixel edges, fewer corners of them, and the mask after one moved.

import { entry } from '../../main/contract/lookup.ts';
import {
  both,
  boxColumns,
  type Columns,
  columnsBox,
  either,
  emptyColumns,
  joined,
  oneOf,
  regionBitmap,
  sweepColumns,
  toColumns,
  without,
} from '../../main/contract/maskColumns.ts';
import { outlinesOf, simplified } from '../../main/contract/outline.ts';
import { fromPolygon } from '../../main/contract/polygon.ts';
import { fromBitmap } from '../../main/contract/rle.ts';
import type { ImagePoint } from './place.ts';

/** Closed, flat x1 y1 x2 y2 ... */
export type Ring = readonly number[];

/** Outlines of larger boxes are found on every second, fourth, ... pixel. */
const MOST_PIXELS = 2 ** 24;
/** How far a side between two corners may be from the mask's edge, in pixels. */
const TOLERANCE = 1;

const edges = new WeakMap<Columns, Map<number, readonly Ring[]>>();
const corners = new WeakMap<Columns, readonly Ring[]>();
/** Rings that a person drew or dragged. */
const own = new WeakMap<Columns, readonly Ring[]>();

/**
 * Every ring along the pixel edges, holes too: filled by the even-odd rule they are the mask. With a step, along the edges
 * of the samples that a coarser level shows.
 */
export function edgeRings(columns: Columns, step = 1): readonly Ring[] {
  const known = edges.get(columns) ?? new Map<number, readonly Ring[]>();
  edges.set(columns, known);
  const rings = known.get(step) ?? tracedRings(columns, step);
  known.set(step, rings);
  return rings;
}

function tracedRings(columns: Columns, finest: number): Ring[] {
  const box = columnsBox(columns);
  if (box === null) return [];
  let step = finest;
  while (((box.x2 - box.x1) / step) * ((box.y2 - box.y1) / step) > MOST_PIXELS) step *= 2;
  // The region begins on the grid that the raster of that level has.
  const [x, y] = [box.x1 - (box.x1 % step), box.y1 - (box.y1 % step)];
  const [width, height] = [Math.ceil((box.x2 - x) / step), Math.ceil((box.y2 - y) / step)];
  const bitmap = regionBitmap(columns, { x, y, width, height, step });
  return outlinesOf(fromBitmap(bitmap, width, height)).map(({ points }) =>
    points.map((value, i) => value * step + (i % 2 === 0 ? x : y)),
  );
}

/** Rings with few corners; those that a person drew or dragged are as they were left. */
export function cornerRings(columns: Columns): readonly Ring[] {
  const known = own.get(columns) ?? corners.get(columns);
  if (known) return known;
  const box = columnsBox(columns);
  const tolerance = box === null ? TOLERANCE : Math.max(TOLERANCE, (box.x2 - box.x1 + box.y2 - box.y1) / 4000);
  const rings = edgeRings(columns)
    .map((ring) => simplified(ring, tolerance))
    .filter((ring) => ring.length >= 6);
  corners.set(columns, rings);
  return rings;
}

export const rememberCorners = (columns: Columns, rings: readonly Ring[]): void => void own.set(columns, rings);

/** Undefined where nobody drew or dragged any. */
export const ownCorners = (columns: Columns): readonly Ring[] | undefined => own.get(columns);

/** Corner `at` of ring `ring`, counted from 0. */
export interface Corner {
  readonly ring: number;
  readonly at: number;
}

/** Counts on past the last corner and back before the first one. */
export function cornerAt(ring: Ring, at: number): ImagePoint {
  const i = 2 * ((at + ring.length / 2) % (ring.length / 2));
  return { x: entry(ring, i, 'ring'), y: entry(ring, i + 1, 'ring') };
}

const changedRing = (rings: readonly Ring[], which: number, change: (ring: Ring) => Ring): readonly Ring[] =>
  rings.map((ring, i) => (i === which ? change(ring) : ring));

export const withCornerMoved = (rings: readonly Ring[], { ring, at }: Corner, to: ImagePoint): readonly Ring[] =>
  changedRing(rings, ring, (points) => [...points.slice(0, 2 * at), to.x, to.y, ...points.slice(2 * at + 2)]);

/** A new corner before corner `at`. */
export const withCornerAdded = (rings: readonly Ring[], { ring, at }: Corner, place: ImagePoint): readonly Ring[] =>
  changedRing(rings, ring, (points) => [...points.slice(0, 2 * at), place.x, place.y, ...points.slice(2 * at)]);

/** A ring of three corners goes as a whole. */
export const withoutCorner = (rings: readonly Ring[], { ring, at }: Corner): readonly Ring[] =>
  entry(rings, ring, 'rings').length <= 6
    ? rings.filter((_, i) => i !== ring)
    : changedRing(rings, ring, (points) => [...points.slice(0, 2 * at), ...points.slice(2 * at + 2)]);

/** The pixels in an odd number of rings. */
export function ringsColumns(rings: readonly Ring[], like: Columns): Columns {
  return rings.reduce<Columns>(
    (all, ring) => joined(all, toColumns(fromPolygon(ring, like.width, like.height)), oneOf),
    emptyColumns(like),
  );
}

/** Sides that are there before or after, but not both. */
interface Replaced {
  readonly before: readonly ImagePoint[];
  readonly after: readonly ImagePoint[];
}

function replaced(before: Ring, after: Ring, at: number): Replaced {
  const [less, more] = [before.length, after.length];
  const around = (ring: Ring, middle: boolean): ImagePoint[] =>
    middle ? [-1, 0, 1].map((step) => cornerAt(ring, at + step)) : [-1, 0].map((step) => cornerAt(ring, at + step));
  return { before: around(before, less >= more), after: around(after, more >= less) };
}

/**
 * The mask after its rings were changed at one corner. Only what lies between the sides that went and those that came is
 * drawn anew, so that the pixels of all other sides stay as they are, finer than their corners.
 */
export function withRings(columns: Columns, before: readonly Ring[], after: readonly Ring[], corner: Corner): Columns {
  const [from, to] = [before[corner.ring], after[corner.ring]];
  const drawn = ringsColumns(after, columns);
  if (from === undefined || to === undefined || before.length !== after.length) return remembered(drawn, after);
  const sides = replaced(from, to, corner.at);
  const place = joined(zone(sides.before, columns), zone(sides.after, columns), either);
  const between = joined(place, betweenSides(sides, columns), either);
  return remembered(joined(joined(columns, between, without), joined(drawn, between, both), either), after);
}

function remembered(columns: Columns, rings: readonly Ring[]): Columns {
  rememberCorners(columns, rings);
  return columns;
}

/** A strip along the sides, as wide as they may differ from the mask's edge. */
function zone(places: readonly ImagePoint[], like: Columns): Columns {
  return places.slice(1).reduce<Columns>((all, to, i) => {
    const from = places[i] ?? to;
    return joined(all, sweepColumns({ from, to, radius: TOLERANCE + 0.75 }, like), either);
  }, emptyColumns(like));
}

function betweenSides({ before, after }: Replaced, like: Columns): Columns {
  const ring = [...before, ...after.toReversed()].flatMap(({ x, y }) => [x, y]);
  // The ring may cross itself; both ways of filling it are covered by its two triangles.
  const triangles = [before, after].filter((places) => places.length === 3);
  return [ring, ...triangles.map((places) => places.flatMap(({ x, y }) => [x, y]))].reduce<Columns>(
    (all, one) => joined(all, toColumns(fromPolygon(one, like.width, like.height)), either),
    boxColumns({ x1: 0, y1: 0, x2: 0, y2: 0 }, like),
  );
}
