// Picking, boxing, corners, box sides, arrows, and finding shapes under the pointer among thousands.
import { describe, expect, test } from 'vitest';
import { holds } from '../../../main/contract/maskColumns.ts';
import { benchShapes } from '../../../renderer/canvas/bench/objects.ts';
import { cornerRings } from '../../../renderer/tools/corners.ts';
import { boxHandles, resized } from '../../../renderer/tools/handles.ts';
import { nudge } from '../../../renderer/tools/nudge.ts';
import { changedShapes, ShapeGrid } from '../../../renderer/tools/shapeGrid.ts';
import { areaOf, columnsIn, filled, picture, shape, sheet } from './sheet.ts';

const zoomedIn = { view: { scale: 10, x: 0, y: 0 } };
const lower = shape(3, filled(5, 5, 20, 20));
const upper = shape(4, filled(15, 15, 30, 25));

describe('picking', () => {
  test('a click takes the topmost shape whose mask has the pixel, a click on nothing none', async () => {
    const one = sheet([lower, upper]);
    one.use('select');
    await one.click(17, 17);
    expect([...one.store.getState().selected]).toEqual([4]);
    await one.click(6, 6);
    expect([...one.store.getState().selected]).toEqual([3]);
    await one.click(2, 28);
    expect(one.store.getState().selected.size).toBe(0);
  });

  test('Shift and Ctrl add and take away', async () => {
    const one = sheet([lower, upper]);
    one.use('select');
    await one.click(6, 6);
    await one.click(25, 20, { shift: true });
    expect([...one.store.getState().selected]).toEqual([3, 4]);
    await one.click(6, 6, { ctrl: true });
    expect([...one.store.getState().selected]).toEqual([4]);
  });

  test('a drag over nothing selects what it touches', async () => {
    const one = sheet([lower, upper]);
    one.store.setState(zoomedIn);
    one.use('select');
    await one.drag([
      [35, 28],
      [28, 2],
    ]);
    expect([...one.store.getState().selected]).toEqual([4]);
    await one.drag([
      [35, 28],
      [1, 1],
    ]);
    expect([...one.store.getState().selected]).toEqual([3, 4]);
  });

  test('hidden shapes are not there; a double click edits', async () => {
    const edited: number[] = [];
    const one = sheet([lower, { ...upper, hidden: true }], { edit: (id) => edited.push(id) });
    one.use('select');
    await one.click(17, 17, { clicks: 2 });
    expect([...one.store.getState().selected]).toEqual([3]);
    expect(edited).toEqual([3]);
  });

  test('the shape under the pointer is hovered', () => {
    const one = sheet([lower, upper]);
    one.use('select');
    one.move(6, 6);
    expect(one.store.getState().hovered).toBe(3);
    one.move(1, 1);
    expect(one.store.getState().hovered).toBeNull();
  });
});

describe('corners', () => {
  const begun = () => {
    const one = sheet([shape(3, filled(10, 10, 20, 20))]);
    one.store.setState(zoomedIn);
    one.use('select');
    one.select(3);
    return one;
  };

  test('a dragged corner changes the mask near it and nothing else, in one step', async () => {
    const one = begun();
    await one.drag([
      [20, 10],
      [24, 6],
    ]);
    expect(one.diffs.map(({ title }) => title)).toEqual(['Move corner']);
    const rows = picture(columnsIn(one.shapes()[0]));
    expect(rows[7]?.[22]).toBe('#');
    expect(rows[19]?.slice(9, 21)).toBe('.##########.');
    expect(one.shapes()[0]?.box).toMatchObject({ x1: 10, y2: 20 });
    one.undo();
    expect(areaOf(one.shapes()[0])).toBe(100);
  });

  test('the corners stay where the person put them', async () => {
    const one = begun();
    await one.drag([
      [20, 10],
      [24, 6],
    ]);
    expect(cornerRings(columnsIn(one.shapes()[0]))[0]).toEqual(expect.arrayContaining([24, 6]));
    expect(cornerRings(columnsIn(one.shapes()[0]))[0]).toHaveLength(8);
  });

  test('the middle of a side becomes a corner, Alt and a click take one away', async () => {
    const one = begun();
    await one.drag([
      [20, 15],
      [26, 15],
    ]);
    expect(cornerRings(columnsIn(one.shapes()[0]))[0]).toHaveLength(10);
    expect(areaOf(one.shapes()[0])).toBeGreaterThan(120);
    await one.click(26, 15, { alt: true });
    expect(one.diffs.at(-1)?.title).toBe('Delete corner');
    expect(areaOf(one.shapes()[0])).toBe(100);
  });

  test('Backspace deletes the corner under the pointer, and nothing elsewhere', async () => {
    const one = begun();
    one.store.setState({ pointer: { x: 15, y: 15 } });
    expect(one.tool().back()).toBe(false);
    one.store.setState({ pointer: { x: 20.2, y: 10 } });
    expect(one.tool().back()).toBe(true);
    expect(areaOf(one.shapes()[0])).toBeLessThan(60);
  });

  test('pixels of other sides stay finer than their corners', async () => {
    // A tooth of one pixel on the left side is within the tolerance of the side's corners.
    const toothed = filled(10, 10, 20, 20);
    const bitmap = picture(columnsIn(shape(1, toothed)));
    expect(bitmap[14]?.[9]).toBe('.');
    const one = sheet([shape(3, toothed)]);
    one.store.setState({ ...zoomedIn, brush: 0.5 });
    one.store.setState(({ settings }) => ({ settings: { ...settings, brushUnit: 'image pixels' } }));
    one.use('brush');
    one.combine('add');
    one.select(3);
    await one.drag([[9.5, 14.5]]);
    one.use('select');
    await one.drag([
      [20, 10],
      [24, 6],
    ]);
    expect(picture(columnsIn(one.shapes()[0]))[14]?.[9]).toBe('#');
  });

  test('Esc lets go of the corner', () => {
    const one = begun();
    one.press(20, 10);
    one.move(24, 6);
    expect(one.tool().draft().rings).toBeDefined();
    expect(one.tool().cancel()).toBe(true);
    expect(one.tool().draft().rings).toBeUndefined();
    expect(one.diffs).toEqual([]);
  });

  test('a locked shape has no handles', async () => {
    const one = sheet([shape(3, filled(10, 10, 20, 20), { locked: true })]);
    one.store.setState(zoomedIn);
    one.use('select');
    one.select(3);
    await one.drag([
      [20, 10],
      [24, 6],
    ]);
    expect(one.diffs).toEqual([]);
  });
});

describe('bare boxes', () => {
  const bare = shape(3, filled(10, 10, 20, 20), { mask: null });

  test('are picked near their sides and resized by eight handles', async () => {
    const one = sheet([bare]);
    one.store.setState(zoomedIn);
    one.use('select');
    await one.click(15, 15);
    expect(one.store.getState().selected.size).toBe(0);
    await one.click(10, 13);
    expect(one.store.getState().selected.size).toBe(1);
    await one.drag([
      [20, 15],
      [25, 15],
    ]);
    expect(one.shapes()[0]?.box).toEqual({ x1: 10, y1: 10, x2: 25, y2: 20 });
    expect(one.diffs[0]?.title).toBe('Resize box');
  });

  test('a side that passes the other one turns the box round', () => {
    expect(boxHandles(bare.box)).toHaveLength(8);
    expect(resized(bare.box, { x: 'x2', y: null }, { x: 4, y: 0 })).toEqual({ x1: 4, y1: 10, x2: 10, y2: 20 });
  });
});

describe('arrows', () => {
  test('move everything selected that is not locked, by whole pixels, as one step', () => {
    const one = sheet([lower, { ...upper, locked: true }]);
    one.select(3, 4);
    const diff = nudge(one.store.getState(), 2, -1);
    expect(diff?.changes.map(({ id }) => id)).toEqual([3]);
    expect(diff?.changes[0]?.after).toMatchObject({ box: { x1: 7, y1: 4, x2: 22, y2: 19 } });
    expect(nudge(sheet([lower]).store.getState(), 1, 0)).toBeNull();
  });

  test('what is moved out of the image is cut off, and then gone', () => {
    const one = sheet([lower]);
    one.select(3);
    expect(nudge(one.store.getState(), -10, 0)?.changes[0]?.after).toMatchObject({ box: { x1: 0, x2: 10 } });
    expect(nudge(one.store.getState(), 100, 0)?.changes[0]?.after).toBeNull();
  });
});

describe('dragging', () => {
  const apart = shape(4, filled(28, 20, 34, 26));

  test('moves the shape under the pointer by whole pixels, as one step, and shows the way', () => {
    const one = sheet([lower, apart]);
    one.store.setState(zoomedIn);
    one.use('select');
    one.press(17.2, 17.2);
    expect([...one.store.getState().selected]).toEqual([3]);
    one.move(17.3, 17.3);
    expect(one.tool().draft().moved).toBeNull();
    one.move(19, 16.4);
    expect(one.tool().draft().moved).toEqual({ x: 2, y: -1 });
    one.release(19, 16.4);
    expect(one.diffs.map(({ title, changes }) => [title, changes.map(({ id }) => id)])).toEqual([['Move', [3]]]);
    expect(one.shapes()[0]?.box).toEqual({ x1: 7, y1: 4, x2: 22, y2: 19 });
    expect(one.tool().draft()).toEqual({});
  });

  test('moves all that are selected, but not what is locked; a click takes one of them', async () => {
    const one = sheet([lower, apart, shape(5, filled(0, 26, 4, 30), { locked: true })]);
    one.store.setState(zoomedIn);
    one.use('select');
    one.select(3, 4, 5);
    await one.drag([
      [17, 17],
      [20, 17],
    ]);
    expect(one.diffs.at(-1)?.changes.map(({ id }) => id)).toEqual([3, 4]);
    expect([...one.store.getState().selected]).toEqual([3, 4, 5]);
    await one.click(20, 17);
    expect([...one.store.getState().selected]).toEqual([3]);
    expect(one.diffs).toHaveLength(1);
  });

  test('back at its place, after Escape, and under a wipe nothing is moved', async () => {
    const one = sheet([lower]);
    one.store.setState(zoomedIn);
    one.use('select');
    await one.drag([
      [17, 17],
      [25, 17],
      [17, 17],
    ]);
    one.press(17, 17);
    one.move(22, 17);
    expect(one.tool().cancel()).toBe(true);
    one.release(22, 17);
    one.store.setState({ wipe: { shapeId: 3, proposed: null, at: 0.5 } });
    await one.drag([
      [17, 17],
      [25, 17],
    ]);
    expect(one.diffs).toEqual([]);
  });
});

describe('the index', () => {
  const shapes = benchShapes(5000, 2048, 2048);
  const byId = new Map(shapes.map((one) => [one.id, one]));

  test('finds what a search through all finds', () => {
    const index = new ShapeGrid(2048);
    index.update(byId);
    for (let i = 0; i < 200; i++) {
      const place = { x: (i * 137.3) % 2048, y: (i * 91.7) % 2048 };
      const hit = shapes.findLast((one) => picked(one, place));
      expect(index.at(place, 0.5)?.id ?? null).toBe(hit?.id ?? null);
    }
  });

  test('picks among 5,000 shapes in far less than 50 ms', () => {
    const index = new ShapeGrid(2048);
    index.update(byId);
    const took = Array.from({ length: 100 }, (_, i) => {
      const started = performance.now();
      index.at({ x: (i * 37) % 2048, y: (i * 53) % 2048 }, 4);
      return performance.now() - started;
    }).sort((a, b) => a - b);
    // The median, because the machine has other work.
    expect(took[50]).toBeLessThan(10);
  });

  test('follows changed, new and deleted records', () => {
    const index = new ShapeGrid(40);
    index.update(new Map([[3, lower]]));
    const moved = shape(3, filled(30, 20, 38, 28));
    expect(
      index
        .update(
          new Map([
            [3, moved],
            [4, upper],
          ]),
        )
        .map(({ shape: one }) => one.id),
    ).toEqual([3, 4]);
    expect(index.at({ x: 6, y: 6 }, 1)).toBeNull();
    expect(index.at({ x: 37, y: 27 }, 1)?.id).toBe(3);
    expect(index.update(new Map([[4, upper]]))).toMatchObject([{ was: moved, is: null }]);
    expect(index.at({ x: 37, y: 27 }, 1)).toBeNull();
    expect(changedShapes(byId, byId)).toEqual([]);
  });
});

function picked(one: ReturnType<typeof shape>, { x, y }: { x: number; y: number }): boolean {
  const { x1, y1, x2, y2 } = one.box;
  if (x < x1 || y < y1 || x >= x2 || y >= y2) return false;
  return holds(columnsIn(one), x, y);
}
