// Makes true masks wrong in six ways, as hurried people and old data sets do: what repair is judged on.

import { outlinesOf, simplified } from '../contract/outline.ts';
import { fromPolygons } from '../contract/polygon.ts';
import type { Random } from '../contract/random.ts';
import type { Mask } from '../contract/records.ts';
import { fromBitmap, maskArea, maskIou, toBitmap, unionOf } from '../contract/rle.ts';
import { insideDistance } from '../pictures/distance.ts';

interface Circumstances {
  /** Square root of the area, in pixels. */
  readonly side: number;
  /** Masks of other things of the picture. */
  readonly others: readonly Mask[];
  readonly random: Random;
}

type Degrade = (mask: Mask, how: Circumstances) => Mask;

const dilate: Degrade = (mask, { side, random }) => moved(mask, Math.max(1, side * random.between(0.05, 0.15)));

const erode: Degrade = (mask, { side, random }) => moved(mask, -Math.max(1, side * random.between(0.05, 0.13)));

const shift: Degrade = (mask, { side, random }) => {
  const angle = random.between(0, 2 * Math.PI);
  const length = Math.max(1.5, side * random.between(0.08, 0.22));
  const [dx, dy] = [Math.round(Math.cos(angle) * length), Math.round(Math.sin(angle) * length)];
  const [height, width] = mask.size;
  const from = toBitmap(mask);
  const to = from.map((_, i) => {
    const [x, y] = [(i % width) - dx, Math.floor(i / width) - dy];
    return x >= 0 && y >= 0 && x < width && y < height ? (from[y * width + x] ?? 0) : 0;
  });
  return fromBitmap(to, width, height);
};

/** Few corners, as of a person who clicked a dozen times. */
const simplify: Degrade = (mask, { side, random }) => {
  const tolerance = Math.max(1.5, side * random.between(0.06, 0.18));
  const rings = outlinesOf(mask).flatMap(({ hole, points }) => (hole ? [] : [simplified(points, tolerance)]));
  const [height, width] = mask.size;
  return fromPolygons(
    rings.filter(({ length }) => length >= 6),
    width,
    height,
  );
};

/** Joins the mask with the thing next to it; with a disc on its edge where the picture has no other. */
const merge: Degrade = (mask, how) => {
  const area = maskArea(mask);
  const near = how.others.filter((other) => {
    const size = maskArea(other);
    return size > 0.05 * area && size < 1.5 * area && touches(mask, other, how.side);
  });
  return unionOf([mask, near.length > 0 ? how.random.pick(near) : discOnEdge(mask, how)]) ?? mask;
};

/** All on one side of a line is missing. */
const cut: Degrade = (mask, { random }) => {
  const [height, width] = mask.size;
  const bitmap = toBitmap(mask);
  const angle = random.between(0, 2 * Math.PI);
  const along = (i: number) => Math.cos(angle) * (i % width) + Math.sin(angle) * Math.floor(i / width);
  const inside = [...bitmap.keys()].filter((i) => bitmap[i] === 1);
  const far = inside.map(along).sort((a, b) => a - b);
  const line = far[Math.floor(far.length * random.between(0.15, 0.45))];
  if (line === undefined) return mask;
  return fromBitmap(
    bitmap.map((value, i) => (along(i) < line ? 0 : value)),
    width,
    height,
  );
};

const degradations = { dilate, erode, shift, simplify, merge, cut } satisfies Record<string, Degrade>;
export type DegradationKind = keyof typeof degradations;
export const degradationKinds = Object.keys(degradations) as DegradationKind[];

/** Null where what is left is nothing, or hardly differs from the truth. */
export function degraded(
  mask: Mask,
  kind: DegradationKind,
  { others, random }: Pick<Circumstances, 'others' | 'random'>,
): Mask | null {
  const wrong = degradations[kind](mask, { side: Math.sqrt(maskArea(mask)), others, random });
  return maskArea(wrong) > 0 && maskIou(wrong, mask) < 0.97 ? wrong : null;
}

/** The outline moved outwards, or by less than 0 inwards, in pixels. */
function moved(mask: Mask, by: number): Mask {
  const [height, width] = mask.size;
  const bitmap = toBitmap(mask);
  const start = by > 0 ? bitmap.map((value) => 1 - value) : bitmap;
  const distance = insideDistance(start, { width, height }, 'nothing');
  const isInside = (i: number) => (by > 0 ? bitmap[i] === 1 || (distance[i] ?? 0) <= by : (distance[i] ?? 0) > -by);
  return fromBitmap(
    bitmap.map((_, i) => (isInside(i) ? 1 : 0)),
    width,
    height,
  );
}

function touches(mask: Mask, other: Mask, side: number): boolean {
  const reach = Math.max(3, 0.15 * side);
  const grown = moved(mask, reach);
  return maskIou(grown, other) > 0;
}

function discOnEdge(mask: Mask, { side, random }: Circumstances): Mask {
  const [height, width] = mask.size;
  const edge = outlinesOf(mask)[0]?.points ?? [];
  const at = random.int(0, Math.max(0, edge.length / 2 - 1)) * 2;
  const [edgeX, edgeY] = edge.slice(at, at + 2);
  if (edgeX === undefined || edgeY === undefined) throw new Error('A mask without a pixel has no outline to cut into.');
  const radius = side * random.between(0.25, 0.45);
  const bitmap = new Uint8Array(width * height).map((_, i) =>
    Math.hypot((i % width) + 0.5 - edgeX, Math.floor(i / width) + 0.5 - edgeY) < radius ? 1 : 0,
  );
  return fromBitmap(bitmap, width, height);
}
