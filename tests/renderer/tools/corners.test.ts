// Corners, sides and box handles: what a pointer takes hold of, and what a mask is after one corner moved.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  boxColumns,
  type Columns,
  columnsArea,
  joined,
  oneOf,
  regionBitmap,
  sweepColumns,
  toColumns,
} from '../../../main/contract/maskColumns.ts';
import type { Box } from '../../../main/contract/records.ts';
import { fromBitmap } from '../../../main/contract/rle.ts';
import {
  cornerRings,
  edgeRings,
  type Ring,
  rememberCorners,
  ringsColumns,
  withCornerAdded,
  withCornerMoved,
  withoutCorner,
  withRings,
} from '../../../renderer/tools/corners.ts';
import {
  boxHandles,
  eachSide,
  heldBox,
  heldCorner,
  LEAST_SIDE,
  nearness,
  resized,
} from '../../../renderer/tools/handles.ts';
import { distance } from '../../../renderer/tools/place.ts';
import { filled, shape } from './sheet.ts';

const size = { width: 60, height: 50 };
const blank = boxColumns({ x1: 0, y1: 0, x2: 0, y2: 0 }, size);
const whole = fc.tuple(fc.nat(60), fc.nat(50)).map(([x, y]) => ({ x, y }));
/** Three corners or more on whole pixels. */
const ring: fc.Arbitrary<Ring> = fc
  .array(whole, { minLength: 3, maxLength: 9 })
  .map((all) => all.flatMap(({ x, y }) => [x, y]));
const difference = (a: Columns, b: Columns): number => columnsArea(joined(a, b, oneOf));

describe('corners', () => {
  test('of a ring that is not there, or of half a corner, are told as a fault', () => {
    expect(() => withoutCorner([[0, 0, 4, 0, 4, 4]], { ring: 1, at: 0 })).toThrow('rings: no entry 1 among 1');
    expect(() => eachSide([[0, 0, 4, 0, 4]], () => {})).toThrow('ring: no entry');
  });

  const cornered = fc
    .array(ring, { minLength: 1, maxLength: 3 })
    .chain((rings) =>
      fc
        .nat(rings.length - 1)
        .chain((at) =>
          fc.nat((rings[at]?.length ?? 2) / 2 - 1).map((corner) => ({ rings, corner: { ring: at, at: corner } })),
        ),
    );

  test('that are moved leave all others where they are', () => {
    fc.assert(
      fc.property(cornered, whole, ({ rings, corner }, to) => {
        const after = withCornerMoved(rings, corner, to);
        expect(after.map((one) => one.length)).toEqual(rings.map((one) => one.length));
        const moved = after.flatMap((one, i) => one.filter((value, j) => value !== rings[i]?.[j]));
        expect(moved.length).toBeLessThanOrEqual(2);
        expect(after[corner.ring]?.slice(2 * corner.at, 2 * corner.at + 2)).toEqual([to.x, to.y]);
      }),
    );
  });

  test('that are added and taken away again leave the rings as they were', () => {
    fc.assert(
      fc.property(cornered, whole, ({ rings, corner }, place) => {
        const more = withCornerAdded(rings, corner, place);
        expect(more[corner.ring]).toHaveLength((rings[corner.ring]?.length ?? 0) + 2);
        expect(withoutCorner(more, corner)).toEqual(rings);
      }),
    );
  });

  test('on a side change no pixel away from it', () => {
    fc.assert(
      fc.property(ring, (one) => {
        const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = one;
        const middle = { x: (x1 + x2) / 2, y: (y1 + y2) / 2 };
        const before = ringsColumns([one], blank);
        const after = ringsColumns(withCornerAdded([one], { ring: 0, at: 1 }, middle), blank);
        // Drawn in two halves, a slanted side may pass some pixels on the other side of their middles.
        expect(difference(before, after)).toBeLessThanOrEqual(distance({ x: x1, y: y1 }, { x: x2, y: y2 }));
      }),
    );
  });

  test('that were left somewhere by a person are there again', () => {
    const columns = boxColumns({ x1: 3, y1: 3, x2: 20, y2: 20 }, size);
    const own = [[3, 3, 20, 3, 21, 12, 20, 20, 3, 20]];
    rememberCorners(columns, own);
    expect(cornerRings(columns)).toBe(own);
    expect(cornerRings(boxColumns({ x1: 3, y1: 3, x2: 20, y2: 20 }, size))[0]).toHaveLength(8);
  });

  test('of a mask draw it again to within a pixel of its edge', () => {
    const stroke = fc.record({ from: whole, to: whole, radius: fc.double({ min: 3, max: 12, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(stroke, { minLength: 1, maxLength: 3 }), (strokes) => {
        const columns = strokes.reduce<Columns>(
          (all, one) => joined(all, sweepColumns(one, size), (a, b) => a || b),
          blank,
        );
        const edge = edgeRings(columns).reduce((sum, one) => sum + perimeter(one), 0);
        expect(difference(ringsColumns(cornerRings(columns), columns), columns)).toBeLessThanOrEqual(edge);
        expect(cornerRings(columns).flat().length).toBeLessThanOrEqual(edgeRings(columns).flat().length);
      }),
    );
  });
});

function perimeter(one: Ring): number {
  let length = 0;
  eachSide([one], (_, from, to) => {
    length += distance(from, to);
  });
  return length;
}

describe('a mask after one corner moved', () => {
  test('is what the rings draw, where it was what the rings drew', () => {
    fc.assert(
      fc.property(ring, whole, fc.nat(8), (one, to, which) => {
        const corner = { ring: 0, at: which % (one.length / 2) };
        const before = [one];
        const after = withCornerMoved(before, corner, to);
        const made = withRings(ringsColumns(before, blank), before, after, corner);
        // Rings that cross themselves may keep a pixel here and there on a side that stayed.
        expect(difference(made, ringsColumns(after, blank))).toBeLessThanOrEqual(perimeter(one) / 10);
      }),
      { numRuns: 300 },
    );
  });

  test('has the pixels of far sides as they were, finer than their corners', () => {
    const jagged = fromBitmap(
      Uint8Array.from({ length: 60 * 50 }, (_, i) => {
        const [x, y] = [i % 60, Math.floor(i / 60)];
        return x >= 10 + (y % 2) && x < 40 && y >= 10 && y < 40 ? 1 : 0;
      }),
      60,
      50,
    );
    const columns = toColumns(jagged);
    const rings = cornerRings(columns);
    const far = { ring: 0, at: nearestCorner(rings[0] ?? [], 40, 10) };
    const after = withRings(columns, rings, withCornerMoved(rings, far, { x: 50, y: 4 }), far);
    const left = { x: 8, y: 12, width: 8, height: 26, step: 1 };
    expect(regionBitmap(after, left)).toEqual(regionBitmap(columns, left));
    expect(columnsArea(after)).toBeGreaterThan(columnsArea(columns));
  });

  test('has the corners that it was given', () => {
    const columns = boxColumns({ x1: 10, y1: 10, x2: 30, y2: 30 }, size);
    const rings = cornerRings(columns);
    const after = withCornerMoved(rings, { ring: 0, at: 0 }, { x: 33.5, y: 7.25 });
    expect(cornerRings(withRings(columns, rings, after, { ring: 0, at: 0 }))).toBe(after);
  });

  test('of which a hole lost its last three corners is whole', () => {
    const hole = [15, 15, 25, 15, 20, 25];
    const frame = [10, 10, 30, 10, 30, 30, 10, 30];
    const rings = [frame, hole];
    const columns = ringsColumns(rings, blank);
    const corner = { ring: 1, at: 2 };
    const after = withRings(columns, rings, withoutCorner(rings, corner), corner);
    expect(columnsArea(columns)).toBeLessThan(400);
    expect(columnsArea(after)).toBe(400);
  });
});

function nearestCorner(one: Ring, x: number, y: number): number {
  const away = Array.from({ length: one.length / 2 }, (_, i) =>
    Math.hypot((one[2 * i] ?? 0) - x, (one[2 * i + 1] ?? 0) - y),
  );
  return away.indexOf(Math.min(...away));
}

describe('edges from afar', () => {
  test('run along the samples of the coarser level', () => {
    fc.assert(
      fc.property(whole, fc.integer({ min: 4, max: 20 }), fc.constantFrom(2, 4), (centre, radius, step) => {
        const columns = sweepColumns({ from: centre, to: centre, radius }, size);
        for (const value of edgeRings(columns, step).flat()) expect(value % step).toBe(0);
        expect(edgeRings(columns, step)).toBe(edgeRings(columns, step));
      }),
    );
  });

  test('of nothing are none', () => expect(edgeRings(blank, 4)).toEqual([]));
});

describe('what the pointer takes hold of', () => {
  const square: Ring = [10, 10, 30, 10, 30, 30, 10, 30];

  test('is the nearest corner within seven screen pixels, at any scale', () => {
    for (const scale of [0.5, 1, 4, 20]) {
      const near = (screen: number) => heldCorner([square], nearness({ x: 30 + screen / scale, y: 10 }, scale), false);
      expect(near(6.9)).toEqual({ kind: 'corner', corner: { ring: 0, at: 1 } });
      expect(near(7.1)?.kind).not.toBe('corner');
    }
  });

  test('is a corner of a hole as well', () => {
    const hole: Ring = [18, 18, 22, 18, 22, 22, 18, 22];
    expect(heldCorner([square, hole], nearness({ x: 22.1, y: 21.9 }, 10), false)).toEqual({
      kind: 'corner',
      corner: { ring: 1, at: 2 },
    });
  });

  test('is the middle of a side that is long enough on the screen', () => {
    const scale = LEAST_SIDE / 20;
    expect(heldCorner([square], nearness({ x: 20, y: 10 }, scale), false)).toEqual({
      kind: 'side',
      corner: { ring: 0, at: 1 },
      place: { x: 20, y: 10 },
    });
    expect(heldCorner([square], nearness({ x: 20, y: 10 }, scale * 0.99), false)).toBeNull();
  });

  test('is any place on a side where that is asked for, the one that closes the ring too', () => {
    expect(heldCorner([square], nearness({ x: 9.9, y: 16 }, 10), true)).toEqual({
      kind: 'side',
      corner: { ring: 0, at: 4 },
      place: { x: 10, y: 16 },
    });
    expect(heldCorner([square], nearness({ x: 9.9, y: 16 }, 10), false)).toBeNull();
  });

  test('is nothing inside, and nothing without rings', () => {
    expect(heldCorner([square], nearness({ x: 20, y: 20 }, 10), true)).toBeNull();
    expect(heldCorner([], nearness({ x: 20, y: 20 }, 0.01), true)).toBeNull();
  });

  test('is never farther than its reach, and no corner is nearer than the one held', () => {
    fc.assert(
      fc.property(ring, whole, fc.double({ min: 0.2, max: 10, noNaN: true }), (one, at, scale) => {
        const away: number[] = [];
        eachSide([one], (_, from) => away.push(distance(from, at)));
        const held = heldCorner([one], nearness(at, scale), false);
        const least = Math.min(...away);
        if (held?.kind === 'corner') expect(away[held.corner.at]).toBe(least);
        expect(held?.kind === 'corner').toBe(least <= 7 / scale);
        if (held?.kind === 'side') expect(distance(held.place, at)).toBeLessThanOrEqual(7 / scale);
      }),
    );
  });
});

describe('a bare box', () => {
  const bare = shape(3, filled(10, 10, 20, 20), { mask: null });
  const box: fc.Arbitrary<Box> = fc.tuple(whole, whole).map(([a, b]) => ({
    x1: Math.min(a.x, b.x),
    y1: Math.min(a.y, b.y),
    x2: Math.max(a.x, b.x),
    y2: Math.max(a.y, b.y),
  }));

  test('is held at its corners and the middles of its sides', () => {
    const places = boxHandles(bare.box).map(({ place }) => place);
    expect(new Set(places.map(({ x, y }) => `${x} ${y}`))).toEqual(
      new Set(['10 10', '15 10', '20 10', '10 15', '20 15', '10 20', '15 20', '20 20']),
    );
    for (const { place, sides } of boxHandles(bare.box)) {
      expect(heldBox(bare, nearness(place, 4))).toEqual({ kind: 'box', sides });
    }
    expect(heldBox(bare, nearness({ x: 15, y: 15 }, 4))).toBeNull();
  });

  test('stays where it is when a handle is dropped where it was', () => {
    fc.assert(
      fc.property(box, fc.nat(7), (one, which) => {
        const handle = boxHandles(one)[which];
        if (handle) expect(resized(one, handle.sides, handle.place)).toEqual(one);
      }),
    );
  });

  test('keeps the sides that are not held, and is never turned inside out', () => {
    fc.assert(
      fc.property(box, fc.nat(7), whole, (one, which, to) => {
        const { sides } = boxHandles(one)[which] ?? { sides: { x: null, y: null } };
        const next = resized(one, sides, to);
        expect(next.x1 <= next.x2 && next.y1 <= next.y2).toBe(true);
        if (sides.x === null) expect([next.x1, next.x2]).toEqual([one.x1, one.x2]);
        else expect([next.x1, next.x2]).toContain(sides.x === 'x1' ? one.x2 : one.x1);
        if (sides.x !== null) expect([next.x1, next.x2]).toContain(to.x);
        if (sides.y === null) expect([next.y1, next.y2]).toEqual([one.y1, one.y2]);
        else expect([next.y1, next.y2]).toContain(to.y);
      }),
    );
  });
});
