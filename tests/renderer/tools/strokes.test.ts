// Brush and eraser, polygon, freehand and box by scripted gestures on a real store.
import { describe, expect, test } from 'vitest';
import { columnsBox } from '../../../main/contract/maskColumns.ts';
import { unpackMask } from '../../../main/contract/project.ts';
import { maskBox } from '../../../main/contract/rle.ts';
import { areaOf, columnsIn, filled, picture, shape, sheet } from './sheet.ts';

describe('brush', () => {
  test('a stroke without a selection makes one shape in one step, tight boxed, and selects it', async () => {
    const { use, drag, diffs, shapes, store } = sheet();
    use('brush');
    await drag([
      [5, 5],
      [15, 5],
      [25, 6],
    ]);
    const [made] = shapes();
    expect(diffs.map(({ title, changes }) => [title, changes.length])).toEqual([['Brush', 1]]);
    expect(made?.labelId).toBe(1);
    expect(made?.box).toEqual(columnsBox(columnsIn(made)));
    expect(made?.box).toEqual(maskBox(unpackMask(columnsMask(made))));
    expect([...store.getState().selected]).toEqual([made?.id]);
  });

  test('the next stroke goes on with the shape, even before its id came', async () => {
    const one = sheet();
    one.use('brush');
    const first = one.drag([
      [5, 5],
      [10, 5],
    ]);
    const second = one.drag([
      [20, 20],
      [25, 20],
    ]);
    await Promise.all([first, second]);
    await one.settle();
    expect(one.shapes()).toHaveLength(1);
    expect(picture(columnsIn(one.shapes()[0]))[5]?.[7]).toBe('#');
    expect(picture(columnsIn(one.shapes()[0]))[20]?.[22]).toBe('#');
  });

  test('adds to the selected shape and keeps where it came from', async () => {
    const origin = { kind: 'proposal', proposalId: 9, weights: 'w' } as const;
    const one = sheet([shape(3, filled(10, 10, 20, 20), { origin })]);
    one.use('brush');
    one.combine('add');
    one.select(3);
    await one.drag([
      [20, 15],
      [24, 15],
    ]);
    expect(one.shapes()[0]?.origin).toEqual(origin);
    expect(areaOf(one.shapes()[0])).toBeGreaterThan(100);
    expect(one.diffs[0]?.changes[0]?.before).toHaveProperty('mask');
    expect(one.diffs[0]?.changes[0]?.before).not.toHaveProperty('origin');
    one.undo();
    expect(areaOf(one.shapes()[0])).toBe(100);
  });

  test('Ctrl, Alt and the eraser take away', async () => {
    for (const [name, held] of [
      ['brush', { ctrl: true }],
      ['brush', { alt: true }],
      ['eraser', {}],
    ] as const) {
      const one = sheet([shape(3)]);
      one.use(name);
      one.select(3);
      await one.drag(
        [
          [15, 15],
          [15, 16],
        ],
        held,
      );
      expect(one.diffs[0]?.title).toBe('Erase');
      expect(picture(columnsIn(one.shapes()[0]))[15]?.slice(9, 21)).toBe('.##......##.');
    }
  });

  test('a mask that is erased wholly takes its shape with it, in one step of undo', async () => {
    const one = sheet([shape(3)]);
    one.store.setState({ brush: 30 });
    one.use('eraser');
    one.select(3);
    await one.drag([[15, 15]]);
    expect(one.shapes()).toHaveLength(0);
    expect(one.store.getState().selected.size).toBe(0);
    one.undo();
    expect(areaOf(one.shapes()[0])).toBe(100);
  });

  test('the eraser without a selection does nothing and says why', async () => {
    const one = sheet([shape(3)]);
    one.use('eraser');
    await one.drag([
      [15, 15],
      [16, 15],
    ]);
    expect(one.diffs).toEqual([]);
    expect(one.notice()).toBe('No shape is selected. Select the one to take away from.');
  });

  test('a locked, a hidden and several selected shapes are refused with a sentence', async () => {
    for (const [more, words] of [
      [{ locked: true }, /locked/],
      [{ hidden: true }, /hidden/],
    ] as const) {
      const one = sheet([shape(3, filled(10, 10, 20, 20), more)]);
      one.use('brush');
      one.combine('add');
      one.select(3);
      await one.drag([
        [15, 15],
        [25, 15],
      ]);
      expect(one.diffs).toEqual([]);
      expect(one.notice()).toMatch(words);
    }
    const two = sheet([shape(3), shape(4)]);
    two.use('brush');
    two.combine('add');
    two.select(3, 4);
    await two.drag([[15, 15]]);
    expect(two.notice()).toMatch(/Several shapes are selected/);
    expect(two.diffs).toEqual([]);
  });

  test('Esc drops the stroke in progress and nothing else', async () => {
    const one = sheet([shape(3)]);
    one.use('brush');
    one.select(3);
    one.press(25, 15);
    expect(one.tool().draft().stroke?.area).toBeDefined();
    expect(one.tool().cancel()).toBe(true);
    expect(one.tool().draft().stroke).toBeNull();
    expect(one.tool().cancel()).toBe(false);
    expect(one.diffs).toEqual([]);
  });

  test('what was drawn belongs to the image and the shape it was drawn on, whatever is opened before it is let go', async () => {
    const one = sheet([shape(3)]);
    one.use('brush');
    const press = (x: number) =>
      one.tool().press({ x, y: 15, button: 'left', shift: false, alt: false, ctrl: false, clicks: 1 });
    press(30);
    one.openOther();
    one.tool().leave();
    await one.settle();
    expect(one.diffs.at(-1)?.changes[0]?.after).toMatchObject({ imageId: 7 });
    const two = sheet([shape(3)]);
    two.use('brush');
    two.combine('add');
    two.select(3);
    two.press(20, 15);
    two.openOther();
    two.tool().leave();
    await two.settle();
    expect(two.diffs.at(-1)?.changes[0]).toMatchObject({ id: 3, before: { mask: shape(3).mask } });
    expect(two.shapes()).toHaveLength(0);
  });

  test('the draft tells where it grew last, so that only that is painted', () => {
    const one = sheet();
    one.use('brush');
    one.press(5, 15);
    one.move(30, 15);
    one.move(32, 15);
    expect(one.tool().draft().stroke?.latest).toEqual({ x1: 27, y1: 12, x2: 35, y2: 18 });
    expect(one.tool().draft().stroke?.grown).toBe(3);
  });

  test('Shift draws a straight line from where the stroke before ended', async () => {
    const one = sheet();
    one.use('brush');
    await one.drag([[5, 15]]);
    await one.click(35, 15, { shift: true });
    expect(picture(columnsIn(one.shapes()[0]))[15]?.slice(3, 37)).toBe('#'.repeat(34));
  });

  test('drawing beyond the border is held to the image', async () => {
    const one = sheet();
    one.use('brush');
    await one.drag([
      [-20, 15],
      [5, 15],
    ]);
    expect(one.shapes()[0]?.box.x1).toBe(0);
  });

  test('a project without labels gets its first one with the first shape, as one step', async () => {
    const one = sheet();
    one.store.setState({ labels: new Map(), labelId: null });
    one.use('brush');
    await one.drag([[15, 15]]);
    expect(one.diffs[0]?.changes.map(({ kind }) => kind)).toEqual(['label', 'shape']);
    expect(one.store.getState().labels.size).toBe(1);
  });

  test('a shape of which only the box is known gets a mask, and a tight box', async () => {
    const one = sheet([shape(3, filled(10, 10, 20, 20), { mask: null })]);
    one.use('brush');
    one.combine('add');
    one.select(3);
    await one.drag([[15, 15]]);
    expect(one.shapes()[0]?.box).toEqual({ x1: 12, y1: 12, x2: 18, y2: 18 });
  });
});

const columnsMask = (one: ReturnType<typeof shape> | undefined) => {
  if (!one?.mask) throw new Error('the shape has no mask');
  return one.mask;
};

describe('polygon', () => {
  const corners = [
    [5, 5],
    [15, 5],
    [15, 12],
    [5, 12],
  ] as const;

  test('clicking the first corner closes it; its pixels are those inside', async () => {
    const one = sheet();
    one.store.setState({ view: { scale: 10, x: 0, y: 0 } });
    one.use('polygon');
    for (const [x, y] of corners) await one.click(x, y);
    one.move(5.2, 5.1);
    expect(one.tool().draft().snap).toEqual({ x: 5, y: 5 });
    await one.click(5.2, 5.1);
    expect(one.shapes()[0]?.box).toEqual({ x1: 5, y1: 5, x2: 15, y2: 12 });
    expect(areaOf(one.shapes()[0])).toBe(70);
    expect(one.diffs[0]?.title).toBe('Draw polygon');
  });

  test('Enter and a double click close it too', async () => {
    for (const close of [
      async (one: ReturnType<typeof sheet>) => void one.tool().finish(),
      async (one: ReturnType<typeof sheet>) => one.click(5, 12, { clicks: 2 }),
    ]) {
      const one = sheet();
      one.store.setState({ view: { scale: 10, x: 0, y: 0 } });
      one.use('polygon');
      for (const [x, y] of corners) await one.click(x, y);
      await close(one);
      await one.settle();
      expect(areaOf(one.shapes()[0])).toBe(70);
    }
  });

  test('Backspace takes back corners one by one, Esc all', async () => {
    const one = sheet();
    one.store.setState({ view: { scale: 10, x: 0, y: 0 } });
    one.use('polygon');
    for (const [x, y] of corners) await one.click(x, y);
    expect(one.tool().back()).toBe(true);
    expect(one.tool().draft().paths?.[0]?.points).toHaveLength(4);
    expect(one.tool().cancel()).toBe(true);
    expect(one.tool().draft().paths).toBeUndefined();
    expect(one.tool().back()).toBe(false);
  });

  test('Shift holds a side to the eight directions', async () => {
    const one = sheet();
    one.use('polygon');
    await one.click(5, 5);
    one.move(20, 6, { shift: true });
    const end = one.tool().draft().paths?.[0]?.points.at(-1);
    expect(end?.y).toBeCloseTo(5, 6);
  });

  test('each is a shape of its own, unless a person adds to the selected one; Alt takes away', async () => {
    const one = sheet();
    one.store.setState({ view: { scale: 10, x: 0, y: 0 } });
    one.use('polygon');
    const draw = async (at: readonly (readonly [number, number])[], alt = false) => {
      for (const [x, y] of at) await one.click(x, y, { alt });
      one.tool().finish();
      await one.settle();
    };
    await draw(corners);
    await draw([
      [20, 5],
      [30, 5],
      [30, 12],
      [20, 12],
    ]);
    expect(one.shapes()).toHaveLength(2);
    one.select(one.shapes()[0]?.id ?? 0);
    one.combine('add');
    await draw([
      [15, 5],
      [18, 5],
      [18, 12],
      [15, 12],
    ]);
    expect(one.shapes().map(areaOf)).toEqual([91, 70]);
    await draw(
      [
        [5, 5],
        [8, 5],
        [8, 12],
        [5, 12],
      ],
      true,
    );
    expect(one.shapes().map(areaOf)).toEqual([70, 70]);
    expect(one.diffs.at(-1)?.title).toBe('Take away polygon');
  });

  test('two corners are no polygon', async () => {
    const one = sheet();
    one.use('polygon');
    await one.click(5, 5);
    await one.click(25, 5);
    one.tool().finish();
    await one.settle();
    expect(one.diffs).toEqual([]);
  });
});

describe('box', () => {
  test('two corners in any order, held to the image', async () => {
    const one = sheet();
    one.use('box');
    await one.drag([
      [35, 25],
      [50, 60],
    ]);
    expect(one.shapes()[0]?.box).toEqual({ x1: 35, y1: 25, x2: 40, y2: 30 });
    await one.drag([
      [9, 9],
      [4, 3],
    ]);
    expect(one.shapes().at(-1)?.box).toEqual({ x1: 4, y1: 3, x2: 9, y2: 9 });
  });

  test('Shift makes it square, a slip makes nothing', async () => {
    const one = sheet();
    one.use('box');
    await one.drag(
      [
        [5, 5],
        [12, 8],
      ],
      { shift: true },
    );
    expect(one.shapes()[0]?.box).toEqual({ x1: 5, y1: 5, x2: 12, y2: 12 });
    await one.drag([
      [20, 20],
      [20.4, 25],
    ]);
    expect(one.shapes()).toHaveLength(1);
  });

  test('Alt cuts a hole out of the selected shape', async () => {
    const one = sheet([shape(3)]);
    one.use('box');
    one.select(3);
    await one.drag(
      [
        [13, 13],
        [16, 16],
      ],
      { alt: true },
    );
    expect(areaOf(one.shapes()[0])).toBe(91);
    expect(one.shapes()[0]?.box).toEqual({ x1: 10, y1: 10, x2: 20, y2: 20 });
  });

  test('Alt without a selection does nothing', async () => {
    const one = sheet([shape(3)]);
    one.use('box');
    await one.drag(
      [
        [13, 13],
        [16, 16],
      ],
      { alt: true },
    );
    expect(one.diffs).toEqual([]);
  });
});
