// Columns against bitmaps, pixel by pixel.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  both,
  boxColumns,
  columnsArea,
  columnsBox,
  eachRun,
  either,
  emptyColumns,
  filtered,
  fromRegion,
  holds,
  isEmpty,
  joined,
  moved,
  oneOf,
  type Rule,
  regionBitmap,
  sweepColumns,
  toColumns,
  toMask,
  without,
} from '../../main/contract/maskColumns.ts';
import { difference, fromBitmap, intersection, maskArea, maskBox, toBitmap, union } from '../../main/contract/rle.ts';

interface Sheet {
  readonly width: number;
  readonly height: number;
  readonly a: Uint8Array;
  readonly b: Uint8Array;
}

const bits = (length: number) => fc.uint8Array({ min: 0, max: 1, minLength: length, maxLength: length });

const sheets = fc.tuple(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 14 })).chain(([width, height]) =>
  fc.record({
    width: fc.constant(width),
    height: fc.constant(height),
    a: bits(width * height),
    b: bits(width * height),
  }),
);

const maskOf = ({ width, height }: Sheet, bitmap: Uint8Array) => fromBitmap(bitmap, width, height);
const whole = ({ width, height }: Sheet) => ({ x: 0, y: 0, width, height, step: 1 });

const holdsFor = (check: (sheet: Sheet) => void) => fc.assert(fc.property(sheets, check), { numRuns: 200 });

describe('columns', () => {
  test('there and back is the same mask, and the same pixels', () => {
    holdsFor((sheet) => {
      const mask = maskOf(sheet, sheet.a);
      expect(toMask(toColumns(mask))).toEqual(mask);
      expect(regionBitmap(toColumns(mask), whole(sheet))).toEqual(sheet.a);
    });
  });

  test('runs of no length inside a mask change nothing', () => {
    const mask = { size: [2, 3] as [number, number], counts: [1, 2, 0, 2, 1] };
    expect(toMask(toColumns(mask))).toEqual({ size: [2, 3], counts: [1, 4, 1] });
  });

  test('an empty and a full image', () => {
    expect(toMask(emptyColumns({ width: 3, height: 2 })).counts).toEqual([6]);
    expect(isEmpty(toColumns({ size: [2, 3], counts: [6] }))).toBe(true);
    expect(toMask(boxColumns({ x1: 0, y1: 0, x2: 3, y2: 2 }, { width: 3, height: 2 })).counts).toEqual([0, 6]);
  });

  test('area, box and single pixels are those of the mask', () => {
    holdsFor((sheet) => {
      const mask = maskOf(sheet, sheet.a);
      const columns = toColumns(mask);
      expect(columnsArea(columns)).toBe(maskArea(mask));
      for (let i = 0; i < sheet.a.length; i++) {
        const [x, y] = [i % sheet.width, Math.floor(i / sheet.width)];
        expect(holds(columns, x + 0.5, y + 0.5)).toBe(sheet.a[i] === 1);
      }
      const box = columnsBox(columns);
      if (box) expect(regionBitmap(toColumns(maskOf(sheet, cropped(sheet, box))), whole(sheet))).toEqual(sheet.a);
      else expect(maskArea(mask)).toBe(0);
    });
  });

  test('the box is tight even where one run goes on in the next column', () => {
    // The mask's own box is as tall as the image there.
    const mask = { size: [3, 4] as [number, number], counts: [2, 2, 8] };
    expect(maskBox(mask)).toEqual({ x1: 0, y1: 0, x2: 2, y2: 3 });
    expect(columnsBox(toColumns(mask))).toEqual({ x1: 0, y1: 0, x2: 2, y2: 3 });
    expect(columnsBox(toColumns({ size: [3, 4], counts: [4, 1, 2, 1, 4] }))).toEqual({ x1: 1, y1: 1, x2: 3, y2: 2 });
  });

  test('every joining is that of the masks', () => {
    holdsFor((sheet) => {
      const [a, b] = [maskOf(sheet, sheet.a), maskOf(sheet, sheet.b)];
      const by = (rule: Rule) => toMask(joined(toColumns(a), toColumns(b), rule));
      expect(by(either)).toEqual(union(a, b));
      expect(by(both)).toEqual(intersection(a, b));
      expect(by(without)).toEqual(difference(a, b));
      expect(by(oneOf)).toEqual(union(difference(a, b), difference(b, a)));
    });
  });

  test('moving by whole pixels cuts off what leaves the image', () => {
    holdsFor((sheet) => {
      const { width, height, a } = sheet;
      const shifted = toBitmap(toMask(moved(toColumns(maskOf(sheet, a)), 2, -1)));
      shifted.forEach((value, i) => {
        const [x, y] = [(i % width) - 2, Math.floor(i / width) + 1];
        expect(value).toBe(x >= 0 && y < height ? a[y * width + x] : 0);
      });
    });
  });

  test('runs can be left out by their number', () => {
    holdsFor((sheet) => {
      const columns = toColumns(maskOf(sheet, sheet.a));
      const even = filtered(columns, (run) => run % 2 === 0);
      const odd = filtered(columns, (run) => run % 2 === 1);
      expect(toMask(joined(even, odd, either))).toEqual(toMask(columns));
      expect(isEmpty(joined(even, odd, both))).toBe(true);
      let runs = 0;
      eachRun(columns, () => runs++);
      expect(runs).toBe(columns.runs.length / 2);
    });
  });
});

function cropped({ width, height, a }: Sheet, box: { x1: number; y1: number; x2: number; y2: number }): Uint8Array {
  return a.map((value, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return x >= box.x1 && x < box.x2 && y >= box.y1 && y < box.y2 && x < width && y < height ? value : 0;
  });
}

describe('regions', () => {
  test('a region is what the whole bitmap has there, outside the image nothing', () => {
    holdsFor((sheet) => {
      const { width, height, a } = sheet;
      const region = { x: -1, y: 2, width: width + 3, height, step: 1 };
      regionBitmap(toColumns(maskOf(sheet, a)), region).forEach((value, i) => {
        const [x, y] = [(i % region.width) - 1, Math.floor(i / region.width) + 2];
        expect(value).toBe(x >= 0 && x < width && y < height ? (a[y * width + x] ?? 0) : 0);
      });
    });
  });

  test('a coarse region takes the pixel in the middle of each square', () => {
    holdsFor((sheet) => {
      const { width, height, a } = sheet;
      const region = { x: 0, y: 0, width: Math.ceil(width / 4), height: Math.ceil(height / 4), step: 4 };
      regionBitmap(toColumns(maskOf(sheet, a)), region).forEach((value, i) => {
        const [x, y] = [4 * (i % region.width) + 2, 4 * Math.floor(i / region.width) + 2];
        expect(value).toBe(x < width && y < height ? a[y * width + x] : 0);
      });
    });
  });

  test('a bitmap of a region becomes columns of the image', () => {
    holdsFor((sheet) => {
      const { width, height, a } = sheet;
      const region = { x: -2, y: -1, width: width + 4, height: height + 3, step: 1 };
      const bitmap = regionBitmap(toColumns(maskOf(sheet, a)), region);
      expect(toMask(fromRegion(bitmap, region, { width, height }))).toEqual(maskOf(sheet, a));
      expect(columnsArea(fromRegion(bitmap.fill(1), region, { width, height }))).toBe(width * height);
    });
  });
});

describe('a brush', () => {
  const place = fc.record({
    x: fc.double({ min: -5, max: 30, noNaN: true }),
    y: fc.double({ min: -5, max: 30, noNaN: true }),
  });

  test('covers the pixels whose centres it passes over, and no others', () => {
    const property = fc.property(place, place, fc.double({ min: 0.8, max: 9, noNaN: true }), (from, to, radius) => {
      const columns = sweepColumns({ from, to, radius }, { width: 26, height: 24 });
      for (let x = 0; x < 26; x++) {
        for (let y = 0; y < 24; y++) {
          const away = distanceToSegment({ x: x + 0.5, y: y + 0.5 }, from, to);
          if (Math.abs(away - radius) > 1e-6) expect(holds(columns, x, y)).toBe(away < radius);
        }
      }
    });
    fc.assert(property, { numRuns: 150 });
  });

  test('of half a pixel paints the pixel that it stands on, at a corner too', () => {
    const dot = sweepColumns({ from: { x: 4, y: 5 }, to: { x: 4, y: 5 }, radius: 0.5 }, { width: 9, height: 9 });
    expect(columnsArea(dot)).toBe(1);
    expect(holds(dot, 4, 5)).toBe(true);
  });

  test('paints nothing outside the image', () => {
    const sweep = { from: { x: -50, y: -50 }, to: { x: -40, y: -50 }, radius: 3 };
    expect(isEmpty(sweepColumns(sweep, { width: 9, height: 9 }))).toBe(true);
  });

  test('a stroke of 10,000 pixels is columns, never a bitmap', () => {
    const size = { width: 10_000, height: 10_000 };
    const stroke = sweepColumns({ from: { x: 10, y: 10 }, to: { x: 9990, y: 9990 }, radius: 40 }, size);
    expect(stroke.runs.length).toBeLessThan(21_000);
    expect(columnsArea(stroke)).toBeGreaterThan(1_000_000);
  });
});

type Place = { x: number; y: number };

function distanceToSegment(place: Place, from: Place, to: Place): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const square = dx * dx + dy * dy;
  const along =
    square === 0 ? 0 : Math.min(1, Math.max(0, ((place.x - from.x) * dx + (place.y - from.y) * dy) / square));
  return Math.hypot(place.x - from.x - along * dx, place.y - from.y - along * dy);
}
