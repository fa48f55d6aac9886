// Writes a mask as polygons that ReasonSeg's loader paints as the very same mask: corners in the middle of pixels, holes as areas to ignore.
import { outlinesOf } from '../contract/outline.ts';
import type { Mask } from '../contract/records.ts';

export interface ReasonSegShape {
  readonly label: 'target' | 'ignore';
  readonly points: readonly (readonly [number, number])[];
}

/** Its loader paints the largest first, so what lies in a hole comes after the hole; LENS counts "ignore" as background. */
export const reasonSegShapes = (mask: Mask): ReasonSegShape[] =>
  outlinesOf(mask).map(({ points, hole }) => ({
    label: hole ? 'ignore' : 'target',
    points: withoutMiddles(pixelsAlong(points, hole)),
  }));

type Pixel = readonly [number, number];

/** The pixels on the inner side of a ring; of a hole those on the other side, which are its own. */
function pixelsAlong(ring: readonly number[], hole: boolean): Pixel[] {
  const pixels: Pixel[] = [];
  for (let i = 0; i < ring.length; i += 2) {
    const [x, y] = [ring[i] ?? 0, ring[i + 1] ?? 0];
    const [toX, toY] = [ring[(i + 2) % ring.length] ?? 0, ring[(i + 3) % ring.length] ?? 0];
    const [dx, dy] = [Math.sign(toX - x), Math.sign(toY - y)];
    const steps = Math.abs(toX - x) + Math.abs(toY - y);
    for (let step = 0; step < steps; step++) {
      const pixel = beside([x + dx * step, y + dy * step], [dx, dy], hole);
      const last = pixels.at(-1);
      if (last?.[0] !== pixel[0] || last?.[1] !== pixel[1]) pixels.push(pixel);
    }
  }
  const [first, last] = [pixels[0], pixels.at(-1)];
  const isClosed = pixels.length > 1 && first?.[0] === last?.[0] && first?.[1] === last?.[1];
  return isClosed ? pixels.slice(0, -1) : pixels;
}

/** The pixel right of one step along pixel edges, or left of it. */
function beside([x, y]: Pixel, [dx, dy]: Pixel, left: boolean): Pixel {
  const side = left ? -1 : 1;
  // Middle of the edge, and half a pixel to the right of the way (y points down).
  const middle = [x + dx / 2 - (side * dy) / 2, y + dy / 2 + (side * dx) / 2] as const;
  return [Math.floor(middle[0]), Math.floor(middle[1])];
}

/** A corner between two steps of one direction says nothing; three are kept at least, as loaders want them. */
function withoutMiddles(pixels: readonly Pixel[]): Pixel[] {
  const from = (a: Pixel | undefined, b: Pixel | undefined) => [
    (b?.[0] ?? 0) - (a?.[0] ?? 0),
    (b?.[1] ?? 0) - (a?.[1] ?? 0),
  ];
  const kept = pixels.filter((pixel, i) => {
    const before = from(pixels.at(i - 1), pixel);
    const after = from(pixel, pixels[(i + 1) % pixels.length]);
    return before[0] !== after[0] || before[1] !== after[1];
  });
  const [first] = kept.length > 0 ? kept : pixels;
  if (!first) return [];
  return kept.length >= 3 ? kept : [...(kept.length > 0 ? kept : [first]), first, first].slice(0, 3);
}
