// Computes with boxes: areas, overlap, and moving them from one coordinate frame into another.
import type { Box } from './records.ts';

/** A picture's extent in pixels, or 1000 x 1000 for coordinates normalised per axis. */
export interface Frame {
  readonly width: number;
  readonly height: number;
}

/** 0 for a reversed or empty box. */
export const boxArea = (box: Box): number => Math.max(0, box.x2 - box.x1) * Math.max(0, box.y2 - box.y1);

function overlap(a: Box, b: Box): Box {
  return {
    x1: Math.max(a.x1, b.x1),
    y1: Math.max(a.y1, b.y1),
    x2: Math.min(a.x2, b.x2),
    y2: Math.min(a.y2, b.y2),
  };
}

/** Continuous intersection over union; over `a` alone when `b` is a crowd; 0 when both are empty. */
export function boxIou(a: Box, b: Box, options: { crowd?: boolean } = {}): number {
  const shared = boxArea(overlap(a, b));
  const whole = options.crowd ? boxArea(a) : boxArea(a) + boxArea(b) - shared;
  return whole > 0 ? shared / whole : 0;
}

/** Moves a box to another frame: every coordinate is multiplied by the ratio of the sides. */
export function rescale(box: Box, from: Frame, to: Frame): Box {
  const x = (value: number) => (value / from.width) * to.width;
  const y = (value: number) => (value / from.height) * to.height;
  return { x1: x(box.x1), y1: y(box.y1), x2: x(box.x2), y2: y(box.y2) };
}

/** The part inside the frame, or null when nothing with an area is left. */
export function clampBox(box: Box, frame: Frame): Box | null {
  const inside = overlap(box, { x1: 0, y1: 0, x2: frame.width, y2: frame.height });
  return boxArea(inside) > 0 ? inside : null;
}
