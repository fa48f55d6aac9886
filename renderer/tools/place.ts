// Places on the image: nearness, limits, and directions that Shift holds to.
import type { Size } from '../../main/contract/maskColumns.ts';
import type { Box } from '../../main/contract/records.ts';

/** Image pixels, fractions allowed; the first pixel reaches from 0 to 1. */
export interface ImagePoint {
  readonly x: number;
  readonly y: number;
}

export const distance = (a: ImagePoint, b: ImagePoint): number => Math.hypot(a.x - b.x, a.y - b.y);

const between = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** The nearest place on the image. */
export const clamped = ({ x, y }: ImagePoint, { width, height }: Size): ImagePoint => ({
  x: between(x, 0, width),
  y: between(y, 0, height),
});

export const isOn = ({ x, y }: ImagePoint, { width, height }: Size): boolean =>
  x >= 0 && y >= 0 && x < width && y < height;

/** Moves `to` onto the nearest of the eight directions from `from`. */
export function straightened(from: ImagePoint, to: ImagePoint): ImagePoint {
  const turn = Math.round(Math.atan2(to.y - from.y, to.x - from.x) / (Math.PI / 4)) * (Math.PI / 4);
  const along = (to.x - from.x) * Math.cos(turn) + (to.y - from.y) * Math.sin(turn);
  return { x: from.x + along * Math.cos(turn), y: from.y + along * Math.sin(turn) };
}

/** The corner of a square that has the other one at `from`. */
export function squared(from: ImagePoint, to: ImagePoint): ImagePoint {
  const side = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  return { x: from.x + side * (to.x < from.x ? -1 : 1), y: from.y + side * (to.y < from.y ? -1 : 1) };
}

export const boxBetween = (a: ImagePoint, b: ImagePoint): Box => ({
  x1: Math.min(a.x, b.x),
  y1: Math.min(a.y, b.y),
  x2: Math.max(a.x, b.x),
  y2: Math.max(a.y, b.y),
});

export const boxesTouch = (a: Box, b: Box): boolean => a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;

/** The box around all; null where there is none. */
export function around(...boxes: readonly (Box | null)[]): Box | null {
  return boxes.reduce((all, box) => {
    if (all === null || box === null) return all ?? box;
    return {
      x1: Math.min(all.x1, box.x1),
      y1: Math.min(all.y1, box.y1),
      x2: Math.max(all.x2, box.x2),
      y2: Math.max(all.y2, box.y2),
    };
  }, null);
}

/** How far a place is from the side between two others, and the nearest place on it. */
export function toSide(place: ImagePoint, from: ImagePoint, to: ImagePoint): { distance: number; at: ImagePoint } {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const square = dx * dx + dy * dy;
  const along = square === 0 ? 0 : between(((place.x - from.x) * dx + (place.y - from.y) * dy) / square, 0, 1);
  const at = { x: from.x + along * dx, y: from.y + along * dy };
  return { distance: distance(place, at), at };
}
