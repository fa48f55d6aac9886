import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fewPolygons, fullPolygons, outlinesOf, simplified } from '../../main/contract/outline.ts';
import { fromPolygon, fromPolygons } from '../../main/contract/polygon.ts';
import type { Mask } from '../../main/contract/records.ts';
import { difference, fromBitmap, maskArea, maskIou, union } from '../../main/contract/rle.ts';

const drawn = (rows: string[]): Mask =>
  fromBitmap(Uint8Array.from(rows.join(''), Number), rows[0]?.length ?? 0, rows.length);

const disc = (x: number, y: number, radius: number, size: { width: number; height: number }): Mask => {
  const bitmap = new Uint8Array(size.width * size.height);
  for (let i = 0; i < bitmap.length; i++) {
    const [dx, dy] = [(i % size.width) + 0.5 - x, Math.floor(i / size.width) + 0.5 - y];
    bitmap[i] = dx * dx + dy * dy < radius * radius ? 1 : 0;
  }
  return fromBitmap(bitmap, size.width, size.height);
};

const anyMask = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height, maxLength: width * height, max: 1 })
      .map((bitmap) => fromBitmap(bitmap, width, height)),
  );

const area = (points: readonly number[]): number => {
  let sum = 0;
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i] ?? 0, points[i + 1] ?? 0];
    sum += x * (points[(i + 3) % points.length] ?? 0) - y * (points[(i + 2) % points.length] ?? 0);
  }
  return sum / 2;
};

describe('outlinesOf', () => {
  test('rings lie on pixel edges, a hole runs the other way, corners that touch do not join', () => {
    expect(outlinesOf(drawn(['01110', '01010', '01110', '00001']))).toEqual([
      { points: [4, 0, 4, 3, 1, 3, 1, 0], hole: false },
      { points: [3, 2, 3, 1, 2, 1, 2, 2], hole: true },
      { points: [5, 3, 5, 4, 4, 4, 4, 3], hole: false },
    ]);
  });

  test('an empty mask has none, a full one has four corners', () => {
    expect(outlinesOf({ size: [3, 4], counts: [12] })).toEqual([]);
    expect(outlinesOf({ size: [3, 4], counts: [0, 12] })).toEqual([{ points: [4, 0, 4, 3, 0, 3, 0, 0], hole: false }]);
  });

  test('parts less holes give every mask back, pixel for pixel', () => {
    fc.assert(
      fc.property(anyMask, (mask) => {
        const [height, width] = mask.size;
        const outlines = outlinesOf(mask);
        const inside = outlines.reduce((sum, { points }) => sum + area(points), 0);
        expect(inside).toBe(maskArea(mask));
        let rebuilt: Mask = { size: [height, width], counts: [height * width] };
        // Nested rings: the larger one first.
        const bySize = outlines.toSorted((a, b) => Math.abs(area(b.points)) - Math.abs(area(a.points)));
        for (const { points, hole } of bySize) {
          const ring = fromPolygon(points, width, height);
          rebuilt = hole ? difference(rebuilt, ring) : union(rebuilt, ring);
        }
        expect(rebuilt).toEqual(difference(mask, { size: [height, width], counts: [height * width] }));
      }),
      { numRuns: 500 },
    );
  });
});

describe('polygons of a mask', () => {
  test('all corners of a mask without holes draw it exactly', () => {
    fc.assert(
      fc.property(anyMask, (mask) => {
        fc.pre(maskArea(mask) > 0 && outlinesOf(mask).every(({ hole }) => !hole));
        expect(fullPolygons(mask).iou).toBe(1);
      }),
    );
  });

  test('a disc keeps its mask with a tenth of the corners', () => {
    const mask = disc(200, 150, 90.5, { width: 400, height: 300 });
    const few = fewPolygons(mask, 0.98);
    const corners = fullPolygons(mask).rings.flat().length;
    expect(few?.iou).toBeGreaterThanOrEqual(0.98);
    expect(few?.rings.flat().length).toBeLessThan(corners / 10);
    expect(maskIou(fromPolygons(few?.rings ?? [], 400, 300), mask)).toBe(few?.iou);
  });

  test('a rectangle stays four corners', () => {
    const mask = fromPolygon([3, 4, 50, 4, 50, 20, 3, 20], 60, 30);
    expect(fewPolygons(mask, 0.98)).toMatchObject({ rings: [[50, 4, 50, 20, 3, 20, 3, 4]], iou: 1 });
  });

  test('what cannot be simplified is refused, and a filled hole shows in the overlap', () => {
    const ring = difference(disc(20, 20, 15, { width: 40, height: 40 }), disc(20, 20, 12, { width: 40, height: 40 }));
    expect(fewPolygons(ring, 0.98)).toBeNull();
    const full = fullPolygons(ring);
    expect(full.rings).toHaveLength(1);
    expect(full.iou).toBeCloseTo(maskArea(ring) / maskArea(disc(20, 20, 15, { width: 40, height: 40 })), 10);
  });

  test('whatever is given as few corners has the overlap it states', () => {
    fc.assert(
      fc.property(anyMask, (mask) => {
        const few = fewPolygons(mask, 0.9);
        if (few === null) return;
        expect(few.iou).toBeGreaterThanOrEqual(0.9);
        expect(few.rings.every((ring) => ring.length >= 6 && ring.length % 2 === 0)).toBe(true);
      }),
    );
  });

  test('a comb of 350 teeth, half a million pixels round, takes little of the processor', () => {
    const side = 700;
    const bitmap = new Uint8Array(side * side);
    for (let i = 0; i < bitmap.length; i++) bitmap[i] = Math.floor(i / side) % 2 === 0 || i % side === 0 ? 1 : 0;
    const mask = fromBitmap(bitmap, side, side);
    // Not by the clock: others may use the processor as well.
    const before = process.cpuUsage();
    expect(outlinesOf(mask)).toHaveLength(1);
    fewPolygons(mask, 0.98);
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(2);
  });
});

describe('simplified', () => {
  test('corners on a straight side go, real ones stay', () => {
    expect(simplified([0, 0, 5, 0, 10, 0, 10, 4, 10, 10, 0, 10, 0, 3], 0.5)).toEqual([0, 0, 10, 0, 10, 10, 0, 10]);
  });

  test('no point ends farther from the ring than the tolerance', () => {
    const point = fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 50 }));
    fc.assert(
      fc.property(fc.array(point, { minLength: 3, maxLength: 40 }), fc.constantFrom(0.5, 1, 3), (points, tolerance) => {
        const ring = simplified(points.flat(), tolerance);
        for (const [x, y] of points) expect(nearest(ring, x, y)).toBeLessThanOrEqual(tolerance + 1e-9);
      }),
    );
  });

  test('a triangle is left as it is', () => {
    expect(simplified([0, 0, 1, 0, 0, 1], 9)).toEqual([0, 0, 1, 0, 0, 1]);
  });
});

function nearest(ring: readonly number[], x: number, y: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ring.length; i += 2) {
    const [ax, ay] = [ring[i] ?? 0, ring[i + 1] ?? 0];
    const [dx, dy] = [(ring[(i + 2) % ring.length] ?? 0) - ax, (ring[(i + 3) % ring.length] ?? 0) - ay];
    const square = dx * dx + dy * dy;
    const t = square === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / square));
    least = Math.min(least, Math.hypot(ax + t * dx - x, ay + t * dy - y));
  }
  return least;
}

test('an island in a hole is no polygon of its own: the filled hole has it', () => {
  const mask = drawn(['1111111', '1000001', '1011101', '1011101', '1000001', '1111111', '0000000', '1100000']);
  const { rings, drawn: filled } = fullPolygons(mask);
  expect(rings.length).toBe(2);
  expect(maskArea(filled)).toBe(6 * 7 + 2);
});
