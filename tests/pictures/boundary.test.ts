// Outlines and what they share: a shift that leaves most of the area leaves little of the outline.
import { describe, expect, it } from 'vitest';
import { bandOf, bitmapIou, boundaryIou, boundaryOf } from '../../main/pictures/boundary.ts';

const frame = { width: 60, height: 50 };
const square = (x: number, y: number, side: number): Uint8Array =>
  Uint8Array.from({ length: 60 * 50 }, (_, i) => {
    const [column, row] = [i % 60, Math.floor(i / 60)];
    return column >= x && column < x + side && row >= y && row < y + side ? 1 : 0;
  });

describe('boundaryOf', () => {
  it('is the band along the outline, as thick as it is told', () => {
    const count = (thickness: number) => boundaryOf(square(10, 10, 20), frame, thickness).reduce((a, b) => a + b, 0);
    expect([count(1), count(2), count(99)]).toEqual([76, 144, 400]);
  });

  it('is two hundredths of the diagonal by default', () => {
    expect(bandOf({ width: 300, height: 400 })).toBe(10);
    expect(bandOf({ width: 3, height: 4 })).toBe(1);
  });
});

describe('boundaryIou', () => {
  it('is 1 for the same outline and 0 for those that lie apart', () => {
    expect(boundaryIou(square(10, 10, 20), square(10, 10, 20), frame)).toBe(1);
    expect(boundaryIou(square(2, 2, 10), square(30, 30, 10), frame)).toBe(0);
  });

  it('falls much faster than plain IoU', () => {
    const [a, b] = [square(10, 10, 30), square(12, 12, 30)];
    expect(bitmapIou(a, b)).toBeGreaterThan(0.75);
    expect(boundaryIou(a, b, frame)).toBeLessThan(0.1);
  });

  it('of two empty bitmaps is 1', () => {
    expect(bitmapIou(new Uint8Array(9), new Uint8Array(9))).toBe(1);
  });
});
