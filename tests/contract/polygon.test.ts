// Outlines against pycocotools' pixels.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compress } from '../../main/contract/cocoMask.ts';
import { fromPolygon, fromPolygons } from '../../main/contract/polygon.ts';
import { maskArea, maskBox, toBitmap, union } from '../../main/contract/rle.ts';
import { goldenJson, haveGolden } from '../golden.ts';

const bbox = (mask: Parameters<typeof maskBox>[0]) => {
  const { x1, y1, x2, y2 } = maskBox(mask);
  return [x1, y1, x2 - x1, y2 - y1];
};

describe('polygons', () => {
  test('a rectangle on pixel edges holds exactly its pixels', () => {
    expect([...toBitmap(fromPolygon([1, 1, 3, 1, 3, 2, 1, 2], 4, 3))]).toEqual([0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
  });

  test('a ring inside a ring is no hole', () => {
    const rings = [
      [0, 0, 6, 0, 6, 6, 0, 6],
      [2, 2, 4, 2, 4, 4, 2, 4],
    ];
    expect(maskArea(fromPolygons(rings, 6, 6))).toBe(36);
  });

  test('the direction of the outline does not matter', () => {
    const corner = fc.tuple(fc.double({ min: 0, max: 30, noNaN: true }), fc.double({ min: 0, max: 30, noNaN: true }));
    const property = fc.property(fc.array(corner, { minLength: 3, maxLength: 9 }), (corners) => {
      const forth = fromPolygon(corners.flat(), 30, 30);
      expect(fromPolygon(corners.toReversed().flat(), 30, 30)).toEqual(forth);
      expect(forth.counts.reduce((sum, run) => sum + run, 0)).toBe(900);
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('a polygon far larger than the image still fills it exactly', () => {
    expect(fromPolygon([-900, -900, 900, -900, 900, 900, -900, 900], 5, 4).counts).toEqual([0, 20]);
  });

  test.each([
    ['two points', [1, 1, 5, 5], /needs an even count of at least 6/],
    ['an odd count', [1, 1, 5, 1, 5, 5, 9], /7 numbers/],
    ['NaN', [1, 1, Number.NaN, 1, 5, 5], /not a finite number/],
    ['infinity', [1, 1, Number.POSITIVE_INFINITY, 1, 5, 5], /not a finite number/],
    ['an outline of a thousand kilometres', [1, 1, 1e9, 1, 5, 5], /too long/],
    ['coordinates beyond any integer', [1, 1, 1e300, 1, 5, 5], /too long/],
  ])('%s: refused', (_, ring, message) => {
    expect(() => fromPolygon(ring, 10, 10)).toThrow(message);
  });

  test('no rings, no size: refused', () => {
    expect(() => fromPolygons([], 10, 10)).toThrow(/the list is empty/);
    expect(() => fromPolygon([1, 1, 5, 1, 5, 5], 0, 0)).toThrow(/whole positive/);
  });
});

interface PolygonCase {
  name: string;
  size: [number, number];
  polygons: number[][];
  parts: string[];
  merged: string;
  area: number;
  bbox: number[];
  summed_parts_maximum: number;
}

describe.skipIf(!haveGolden)('golden metrics/coco-polygons.json', () => {
  const { cases, boxes } = haveGolden
    ? goldenJson<{
        cases: PolygonCase[];
        boxes: { size: [number, number]; bbox: number[]; compressed: string; area: number; tight: number[] }[];
      }>('metrics', 'coco-polygons.json')
    : { cases: [], boxes: [] };

  test.each(cases)('$name', ({ size: [height, width], polygons, ...expected }) => {
    const parts = polygons.map((ring) => fromPolygon(ring, width, height));
    const [first, ...rest] = parts;
    if (first === undefined) throw new Error('no polygon');
    const merged = fromPolygons(polygons, width, height);
    expect(parts.map(compress)).toEqual(expected.parts);
    expect(compress(merged)).toBe(expected.merged);
    expect(union(first, ...rest)).toEqual(merged);
    expect(maskArea(merged)).toBe(expected.area);
    expect(bbox(merged)).toEqual(expected.bbox);
    const summed = parts.map(toBitmap).reduce((sum, part) => sum.map((value, i) => value + (part[i] ?? 0)));
    expect(summed.reduce((most, value) => Math.max(most, value), 0)).toBe(expected.summed_parts_maximum);
  });

  test.each(boxes)('box $bbox', ({ size: [height, width], bbox: [x = 0, y = 0, w = 0, h = 0], ...expected }) => {
    const mask = fromPolygon([x, y, x, y + h, x + w, y + h, x + w, y], width, height);
    expect(compress(mask)).toBe(expected.compressed);
    expect(maskArea(mask)).toBe(expected.area);
    expect(bbox(mask)).toEqual(expected.tight);
  });
});
