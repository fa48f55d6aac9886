// Finding shapes by place and box: the grid against a look at every shape, while shapes come, move, hide and go.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Shape } from '../../../main/contract/project.ts';
import type { Box } from '../../../main/contract/records.ts';
import { boxesTouch } from '../../../renderer/tools/place.ts';
import { changedShapes, ShapeGrid } from '../../../renderer/tools/shapeGrid.ts';
import { filled, shape } from './sheet.ts';

const SIDE = 1000;
/** Some small, some over the whole image, some partly outside of it. */
const boxes: fc.Arbitrary<Box> = fc
  .tuple(fc.integer({ min: -200, max: 1100 }), fc.integer({ min: -200, max: 1100 }), fc.nat(900), fc.nat(900))
  .map(([x, y, width, height]) => ({ x1: x, y1: y, x2: x + width + 1, y2: y + height + 1 }));
const bare = (id: number, box: Box, more: Partial<Shape> = {}): Shape =>
  shape(id, filled(1, 1, 2, 2), { mask: null, box, ...more });
const some = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 15 }), boxes, fc.boolean(), fc.nat(3)), { maxLength: 15 })
  .map((all) => new Map(all.map(([id, box, hidden, place]) => [id, bare(id, box, { hidden, place })])));

const ids = (shapes: readonly Shape[]) => shapes.map(({ id }) => id);

describe('shapes in a box', () => {
  test('are those that a look at all of them finds, in the order in which they lie, after any changes', () => {
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 4 }), boxes, (states, box) => {
        const grid = new ShapeGrid(SIDE);
        for (const state of states) {
          grid.update(state);
          const all = [...state.values()].filter((one) => !one.hidden && boxesTouch(one.box, box));
          expect(ids(grid.within(box))).toEqual(ids(all.sort((a, b) => a.place - b.place || a.id - b.id)));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('of the whole image are all that are shown', () => {
    fc.assert(
      fc.property(some, (state) => {
        const grid = new ShapeGrid(SIDE);
        grid.update(state);
        const shown = [...state.values()].filter(({ hidden }) => !hidden);
        const everywhere = { x1: -1e9, y1: -1e9, x2: 1e9, y2: 1e9 };
        expect(new Set(ids(grid.within(everywhere)))).toEqual(new Set(ids(shown)));
      }),
    );
  });

  test('of an image of one pixel are found too', () => {
    const grid = new ShapeGrid(1);
    grid.update(new Map([[1, bare(1, { x1: 0, y1: 0, x2: 1, y2: 1 })]]));
    expect(ids(grid.within({ x1: 0, y1: 0, x2: 0.5, y2: 0.5 }))).toEqual([1]);
    expect(grid.within({ x1: 1, y1: 0, x2: 2, y2: 1 })).toEqual([]);
  });
});

describe('the shape at a place', () => {
  const large = shape(1, filled(0, 0, 30, 30), { place: 1 });
  const small = shape(2, filled(10, 10, 20, 20), { place: 2 });
  const gridOf = (...shapes: Shape[]) => {
    const grid = new ShapeGrid(40);
    grid.update(new Map(shapes.map((one) => [one.id, one])));
    return grid;
  };

  test('is the topmost that has the pixel', () => {
    expect(gridOf(large, small).at({ x: 15, y: 15 }, 0.5)?.id).toBe(2);
    expect(gridOf(large, small).at({ x: 5, y: 5 }, 0.5)?.id).toBe(1);
    expect(gridOf({ ...large, place: 3 }, small).at({ x: 15, y: 15 }, 0.5)?.id).toBe(1);
    expect(gridOf({ ...large, place: 2 }, small).at({ x: 15, y: 15 }, 0.5)?.id).toBe(2);
  });

  test('is a mask before a bare box, even one that lies above it', () => {
    const box = bare(9, { x1: 10, y1: 10, x2: 20, y2: 20 }, { place: 99 });
    expect(gridOf(large, box).at({ x: 10, y: 15 }, 2)?.id).toBe(1);
    expect(gridOf(box).at({ x: 10, y: 15 }, 2)?.id).toBe(9);
  });

  test('is a bare box only near its sides, from within and from without', () => {
    const grid = gridOf(bare(9, { x1: 10, y1: 10, x2: 30, y2: 25 }));
    for (const [x, y, hit] of [
      [11.9, 15, true],
      [8.1, 15, true],
      [20, 26.5, true],
      [20, 15, false],
      [7.9, 15, false],
      [20, 27.1, false],
    ] as const) {
      expect([x, y, grid.at({ x, y }, 2)?.id === 9]).toEqual([x, y, hit]);
    }
  });

  test('is none that is hidden, and none beside a mask however near', () => {
    expect(gridOf({ ...large, hidden: true }, { ...small, hidden: true }).at({ x: 15, y: 15 }, 1)).toBeNull();
    expect(gridOf(small).at({ x: 20.01, y: 15 }, 5)).toBeNull();
    expect(gridOf(small).at({ x: 19.99, y: 15 }, 5)?.id).toBe(2);
  });
});

describe('what has changed', () => {
  test('from one state to another leads there', () => {
    fc.assert(
      fc.property(some, some, (before, after) => {
        const now = new Map(before);
        for (const { shape: one, was, is } of changedShapes(before, after)) {
          expect(before.get(one.id) ?? null).toBe(was);
          if (is) now.set(one.id, is);
          else now.delete(one.id);
        }
        expect(now).toEqual(after);
      }),
    );
  });

  test('is nothing where the records are the same ones', () => {
    const state = new Map([[1, shape(1)]]);
    expect(changedShapes(state, new Map(state))).toEqual([]);
    expect(changedShapes(state, new Map([[1, { ...shape(1) }]]))).toHaveLength(1);
  });

  test('is told once', () => {
    fc.assert(
      fc.property(some, (state) => {
        const grid = new ShapeGrid(SIDE);
        expect(grid.update(state)).toHaveLength(state.size);
        expect(grid.update(new Map(state))).toEqual([]);
        expect(grid.update(new Map())).toHaveLength(state.size);
      }),
    );
  });
});
