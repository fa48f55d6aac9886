// Boxes: areas, overlap, other frames.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boxArea, boxIou, clampBox, rescale } from '../../main/contract/geometry.ts';
import type { Box } from '../../main/contract/records.ts';

const box = (x1: number, y1: number, x2: number, y2: number): Box => ({ x1, y1, x2, y2 });
const side = fc.integer({ min: -50, max: 50 });
const boxes = fc.tuple(side, side, side, side).map(([x1, y1, x2, y2]) => box(x1, y1, x2, y2));

describe('overlap', () => {
  test.each([
    ['the same', box(1, 2, 5, 6), box(1, 2, 5, 6), 1],
    ['half', box(0, 0, 4, 4), box(0, 0, 4, 2), 0.5],
    ['touching', box(0, 0, 4, 4), box(4, 0, 8, 4), 0],
    ['apart', box(0, 0, 1, 1), box(5, 5, 6, 6), 0],
    ['both empty', box(3, 3, 3, 3), box(3, 3, 3, 3), 0],
    ['one empty', box(1, 1, 1, 1), box(0, 0, 4, 4), 0],
    ['reversed', box(4, 4, 0, 0), box(0, 0, 4, 4), 0],
    ['half reversed', box(4, 0, 0, 4), box(0, 0, 4, 4), 0],
  ])('%s', (_, a, b, expected) => {
    expect(boxIou(a, b)).toBe(expected);
    expect(boxIou(b, a)).toBe(expected);
  });

  test('a crowd takes in what lies inside it', () => {
    expect(boxIou(box(0, 0, 2, 2), box(0, 0, 100, 100), { crowd: true })).toBe(1);
    expect(boxIou(box(0, 0, 2, 2), box(1, 0, 100, 100), { crowd: true })).toBe(0.5);
  });

  test('always between 0 and 1, and 1 only for equal boxes', () => {
    const property = fc.property(boxes, boxes, (a, b) => {
      const iou = boxIou(a, b);
      expect(iou).toBeGreaterThanOrEqual(0);
      expect(iou).toBeLessThanOrEqual(1);
      if (iou === 1) expect(a).toEqual(b);
    });
    fc.assert(property);
  });
});

describe('frames', () => {
  test('every side by its own ratio', () => {
    const to = rescale(box(112, 56, 224, 112), { width: 224, height: 224 }, { width: 640, height: 480 });
    expect(to).toEqual(box(320, 120, 640, 240));
  });

  test('there and back', () => {
    const [a, b] = [
      { width: 224, height: 224 },
      { width: 1000, height: 37 },
    ];
    const property = fc.property(boxes, (each) => {
      const back = rescale(rescale(each, a, b), b, a);
      expect(back.x1).toBeCloseTo(each.x1, 9);
      expect(back.y2).toBeCloseTo(each.y2, 9);
    });
    fc.assert(property);
  });

  test('what sticks out is cut, what lies outside is nothing', () => {
    const frame = { width: 10, height: 8 };
    expect(clampBox(box(-3, 2, 5, 20), frame)).toEqual(box(0, 2, 5, 8));
    expect(clampBox(box(11, 2, 15, 5), frame)).toBeNull();
    expect(clampBox(box(5, 5, 5, 7), frame)).toBeNull();
    expect(clampBox(box(7, 5, 5, 7), frame)).toBeNull();
  });

  test('area', () => {
    expect(boxArea(box(1, 1, 3, 4))).toBe(6);
    expect(boxArea(box(3, 4, 1, 1))).toBe(0);
  });
});
