// Turns circles, ellipses and turned boxes into rings of corners, and a ring into the mask and box of a shape.
import { BadInput } from '../../contract/badInput.ts';
import type { Frame } from '../../contract/geometry.ts';
import { fromPolygon } from '../../contract/polygon.ts';
import type { Box, Mask } from '../../contract/records.ts';
import { maskArea, maskBox } from '../../contract/rle.ts';
import { numberAt } from './values.ts';

const CORNERS = 90;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Flat x1 y1 x2 y2 ...; a circle has one radius. */
export function ellipseRing({ x, y }: Point, radiusX: number, radiusY = radiusX): number[] {
  return Array.from({ length: CORNERS }, (_, i) => {
    const angle = (2 * Math.PI * i) / CORNERS;
    return [x + radiusX * Math.cos(angle), y + radiusY * Math.sin(angle)];
  }).flat();
}

export const boxRing = ({ x1, y1, x2, y2 }: Box): number[] => [x1, y1, x2, y1, x2, y2, x1, y2];

/** Clockwise as it is seen, about a centre. */
export function turnedRing(ring: readonly number[], degrees: number, { x, y }: Point): number[] {
  const angle = (degrees * Math.PI) / 180;
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  return pointsOf(ring).flatMap((point) => {
    const [dx, dy] = [point.x - x, point.y - y];
    return [x + dx * cosine - dy * sine, y + dx * sine + dy * cosine];
  });
}

export function pointsOf(ring: readonly number[]): Point[] {
  if (ring.length % 2 !== 0) throw new BadInput(`a ring of ${ring.length} numbers has half a point`);
  return Array.from({ length: ring.length / 2 }, (_, i) => ({
    x: numberAt(ring, 2 * i),
    y: numberAt(ring, 2 * i + 1),
  }));
}

/** Refuses a ring in which no pixel lies. */
export const maskOfRing = (ring: readonly number[], { width, height }: Frame): BoxedMask =>
  placedMask(fromPolygon(ring, width, height));

export interface BoxedMask {
  readonly mask: Mask | null;
  readonly box: Box;
}

export function placedMask(mask: Mask): BoxedMask {
  if (maskArea(mask) === 0) throw new BadInput('no pixel of the picture lies in it');
  return { mask, box: maskBox(mask) };
}
