// Says how things lie to each other: orders, directions and distances of boxes that hold by a clear margin or not at all.
import type { Box } from '../contract/records.ts';
import type { Arrangement, SceneThing } from './scene.ts';

export type Side = 'left' | 'right' | 'top' | 'bottom';
export const SIDES: readonly Side[] = ['left', 'right', 'top', 'bottom'];

/** Margins are given in 224ths of the shorter side of the picture. */
const unit = ({ image }: Arrangement): number => Math.min(image.width, image.height) / 224;

interface Point {
  readonly x: number;
  readonly y: number;
}

const centre = ({ x1, y1, x2, y2 }: Box): Point => ({ x: (x1 + x2) / 2, y: (y1 + y2) / 2 });

/** How far a box is from a side: of its centre and of its nearest edge, pixels up to a constant. */
const DEPTH: Readonly<Record<Side, (box: Box) => { middle: number; edge: number }>> = {
  left: (box) => ({ middle: centre(box).x, edge: box.x1 }),
  right: (box) => ({ middle: -centre(box).x, edge: -box.x2 }),
  top: (box) => ({ middle: centre(box).y, edge: box.y1 }),
  bottom: (box) => ({ middle: -centre(box).y, edge: -box.y2 }),
};

export function thingAt(stage: Arrangement, index: number): SceneThing {
  const thing = stage.things[index];
  if (!thing) throw new Error(`scene ${stage.seed} has no thing ${index}`);
  return thing;
}

function isClearStep(stage: Arrangement, side: Side, before: number, after: number): boolean {
  const a = DEPTH[side](thingAt(stage, before).box);
  const b = DEPTH[side](thingAt(stage, after).box);
  return b.middle - a.middle >= 12 * unit(stage) && b.edge - a.edge >= -4 * unit(stage);
}

/** The members as counted from a side, or null when two of the first `count + 1` are too close to tell apart. */
export function countedFrom(
  stage: Arrangement,
  side: Side,
  members: readonly number[],
  count: number,
): number[] | null {
  const middle = (index: number): number => DEPTH[side](thingAt(stage, index).box).middle;
  const order = members.toSorted((a, b) => middle(a) - middle(b));
  // All pairs, since a wide thing can reach past its neighbour in the order.
  const clear = order
    .slice(0, count)
    .every((before, i) => order.slice(i + 1).every((after) => isClearStep(stage, side, before, after)));
  return clear ? order.slice(0, count) : null;
}

export type Certainty = 'yes' | 'no' | 'unclear';

/** Whether a lies to the named side of b. */
export function lies(stage: Arrangement, side: Side, a: number, b: number): Certainty {
  const [from, to] = [centre(thingAt(stage, b).box), centre(thingAt(stage, a).box)];
  const [dx, dy] = [(to.x - from.x) / unit(stage), (to.y - from.y) / unit(stage)];
  const toward = { left: -dx, right: dx, top: -dy, bottom: dy }[side];
  const across = side === 'left' || side === 'right' ? Math.abs(dy) : Math.abs(dx);
  if (toward >= 18 && across <= 1.7 * toward) return 'yes';
  return toward <= 2 ? 'no' : 'unclear';
}

/** Hour of the direction from the middle of the picture (0..12, fractions) and distance as part of the shorter side. */
function dial(stage: Arrangement, index: number): { hour: number; distance: number } {
  const { width, height } = stage.image;
  const { x, y } = centre(thingAt(stage, index).box);
  const [dx, dy] = [x - width / 2, y - height / 2];
  return {
    hour: ((Math.atan2(dx, -dy) / Math.PI) * 6 + 12) % 12,
    distance: Math.hypot(dx, dy) / Math.min(width, height),
  };
}

/** The nearest hour (1..12) of the direction in which this one lies. */
export const clockHour = (stage: Arrangement, index: number): number => Math.round(dial(stage, index).hour) || 12;

/** The hour (1..12) at which this one stands alone among the members, or null. */
export function hourOf(stage: Arrangement, index: number, members: readonly number[]): number | null {
  const own = dial(stage, index);
  const hour = Math.round(own.hour);
  const off = (other: number): number => Math.abs(((dial(stage, other).hour - hour + 18) % 12) - 6);
  if (own.distance < 0.22 || off(index) > 0.35) return null;
  return members.every((other) => other === index || off(other) >= 1.1) ? hour || 12 : null;
}

/** How far from a corner, as part of the picture, in the direction in which it is farther. */
function fromCorner(stage: Arrangement, index: number, right: boolean, bottom: boolean): number {
  const { x, y } = centre(thingAt(stage, index).box);
  const across = right ? 1 - x / stage.image.width : x / stage.image.width;
  const down = bottom ? 1 - y / stage.image.height : y / stage.image.height;
  return Math.max(across, down);
}

export const isAloneInCorner = (
  stage: Arrangement,
  index: number,
  members: readonly number[],
  corner: [Side, Side],
): boolean =>
  members.every((other) => {
    const away = fromCorner(stage, other, corner[1] === 'right', corner[0] === 'bottom');
    return other === index ? away <= 0.3 : away >= 0.46;
  });

export const isAloneInMiddle = (stage: Arrangement, index: number, members: readonly number[]): boolean =>
  members.every((other) =>
    other === index ? dial(stage, other).distance <= 0.1 : dial(stage, other).distance >= 0.24,
  );

/** Centre distance and gap between the boxes, pixels. */
function apart(a: Box, b: Box): { centres: number; gap: number } {
  const [p, q] = [centre(a), centre(b)];
  const gapX = Math.max(0, a.x1 - b.x2, b.x1 - a.x2);
  const gapY = Math.max(0, a.y1 - b.y2, b.y1 - a.y2);
  return { centres: Math.hypot(p.x - q.x, p.y - q.y), gap: Math.hypot(gapX, gapY) };
}

/** The member that is clearly nearest to the anchor, or null. */
export function nearest(stage: Arrangement, members: readonly number[], anchor: number): number | null {
  const to = (index: number): ReturnType<typeof apart> => apart(thingAt(stage, index).box, thingAt(stage, anchor).box);
  const [first, ...rest] = members.toSorted((a, b) => to(a).centres - to(b).centres);
  if (first === undefined) return null;
  const limit = to(first).centres * 1.4 + 10 * unit(stage);
  return rest.every((other) => to(other).centres >= limit && to(other).gap >= to(first).gap) ? first : null;
}
