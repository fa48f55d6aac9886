// Lists what can be dragged on a selected shape: corners, the middles of sides, and the eight handles of a bare box.
import type { Shape } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import { type Corner, cornerAt, type Ring } from './corners.ts';
import { distance, type ImagePoint, toSide } from './place.ts';

/** Screen pixels within which the pointer takes hold. */
const REACH = 7;
/** Sides that are shorter on the screen have no handle in the middle. */
export const LEAST_SIDE = 28;

export type HeldHandle =
  | { readonly kind: 'corner'; readonly corner: Corner }
  /** Would become corner `corner` at `place`. */
  | { readonly kind: 'side'; readonly corner: Corner; readonly place: ImagePoint }
  | { readonly kind: 'box'; readonly sides: BoxSides };

/** Which sides of a box move. */
export interface BoxSides {
  readonly x: 'x1' | 'x2' | null;
  readonly y: 'y1' | 'y2' | null;
}

interface Near {
  readonly place: ImagePoint;
  /** Image pixels within reach, and one screen pixel as image pixels. */
  readonly reach: number;
  readonly pixel: number;
}

export const nearness = (place: ImagePoint, scale: number): Near => ({ place, reach: REACH / scale, pixel: 1 / scale });

/** The nearest corner within reach; else the middle of a side, or with `anywhere` any place on one. */
export function heldCorner(rings: readonly Ring[], near: Near, anywhere: boolean): HeldHandle | null {
  let best: { held: HeldHandle; distance: number } | null = null;
  const offer = (held: HeldHandle, away: number) => {
    if (away <= near.reach && (best === null || away < best.distance)) best = { held, distance: away };
  };
  eachSide(rings, (corner, from) => offer({ kind: 'corner', corner }, distance(from, near.place)));
  if (best === null) eachSide(rings, (corner, from, to) => offerSide({ corner, from, to }, near, anywhere, offer));
  return (best as { held: HeldHandle } | null)?.held ?? null;
}

interface Side {
  readonly corner: Corner;
  readonly from: ImagePoint;
  readonly to: ImagePoint;
}

function offerSide(
  { corner, from, to }: Side,
  near: Near,
  anywhere: boolean,
  offer: (h: HeldHandle, away: number) => void,
) {
  const after = { ...corner, at: corner.at + 1 };
  if (anywhere) {
    const side = toSide(near.place, from, to);
    return offer({ kind: 'side', corner: after, place: side.at }, side.distance);
  }
  if (distance(from, to) < LEAST_SIDE * near.pixel) return;
  const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  offer({ kind: 'side', corner: after, place: middle }, distance(middle, near.place));
}

/** Every corner with the side that begins there. */
export function eachSide(
  rings: readonly Ring[],
  visit: (corner: Corner, from: ImagePoint, to: ImagePoint) => void,
): void {
  rings.forEach((points, ring) => {
    for (let at = 0; at < points.length / 2; at++) visit({ ring, at }, cornerAt(points, at), cornerAt(points, at + 1));
  });
}

const boxSides: readonly BoxSides[] = (['x1', null, 'x2'] as const)
  .flatMap((x) => (['y1', null, 'y2'] as const).map((y) => ({ x, y })))
  .filter(({ x, y }) => x !== null || y !== null);

export const boxHandles = (box: Box): { sides: BoxSides; place: ImagePoint }[] =>
  boxSides.map((sides) => ({
    sides,
    place: {
      x: sides.x ? box[sides.x] : (box.x1 + box.x2) / 2,
      y: sides.y ? box[sides.y] : (box.y1 + box.y2) / 2,
    },
  }));

export function heldBox({ box }: Shape, { place, reach }: Near): HeldHandle | null {
  const [nearest] = boxHandles(box)
    .map((handle) => ({ ...handle, away: distance(handle.place, place) }))
    .sort((a, b) => a.away - b.away);
  return nearest && nearest.away <= reach ? { kind: 'box', sides: nearest.sides } : null;
}

/** The box with those sides at the place; turned round where they passed the others. */
export function resized(box: Box, { x, y }: BoxSides, to: ImagePoint): Box {
  const next = { ...box, ...(x ? { [x]: to.x } : {}), ...(y ? { [y]: to.y } : {}) };
  return {
    x1: Math.min(next.x1, next.x2),
    y1: Math.min(next.y1, next.y2),
    x2: Math.max(next.x1, next.x2),
    y2: Math.max(next.y1, next.y2),
  };
}
