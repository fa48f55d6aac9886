// Strokes one after the other: what belongs to one shape, how wide they are, and what the bar over the canvas changes.
import { describe, expect, test } from 'vitest';
import { areaOf, filled, shape, sheet } from './sheet.ts';

describe('the brush', () => {
  test('makes a new shape whatever is selected, and goes on with it until Enter, another tool or another selection', async () => {
    const one = sheet([shape(3, filled(30, 20, 38, 28), { locked: true })]);
    one.use('brush');
    one.select(3);
    await one.drag([[5, 5]]);
    await one.drag([[12, 5]]);
    expect(one.shapes()).toHaveLength(2);
    expect(one.tool().finish()).toBe(true);
    await one.drag([[20, 5]]);
    expect(one.shapes()).toHaveLength(3);
    one.select(one.shapes()[1]?.id ?? 0);
    await one.drag([[27, 5]]);
    expect(one.shapes()).toHaveLength(4);
    one.tool().leave();
    one.use('brush');
    await one.drag([[34, 5]]);
    expect(one.shapes()).toHaveLength(5);
    expect(one.shapes()[0]).toEqual(shape(3, filled(30, 20, 38, 28), { locked: true }));
    expect(one.notice()).toBeNull();
  });

  test('of two strokes with Enter between them, before any id came, each makes its own shape', async () => {
    const one = sheet();
    one.use('brush');
    const first = one.drag([[5, 5]]);
    one.tool().leave();
    const second = one.drag([[20, 20]]);
    await Promise.all([first, second]);
    await one.settle();
    expect(one.shapes()).toHaveLength(2);
  });

  test('is as large on screen at every zoom, or on the image where that is set', async () => {
    const one = sheet();
    const widths: number[] = [];
    for (const unit of ['screen pixels', 'image pixels'] as const) {
      for (const scale of [1, 0.5, 100]) {
        const { settings } = one.store.getState();
        one.store.setState({ view: { scale, x: 0, y: 0 }, settings: { ...settings, brushUnit: unit } });
        one.use('brush');
        one.tool().leave();
        await one.drag([[20.5, 15.5]]);
        const box = one.shapes().at(-1)?.box;
        widths.push((box?.x2 ?? 0) - (box?.x1 ?? 0));
      }
    }
    // A radius of 3: the ring on screen stays, so the disc on the image is wide when the zoom is small.
    expect(widths[1]).toBe(2 * (widths[0] ?? 0) - 1);
    expect(widths[2]).toBe(1);
    expect(widths.slice(3)).toEqual([widths[0], widths[0], widths[0]]);
    expect(one.tool().draft().radius).toBe(3);
  });

  test('takes away all along where the bar says so', async () => {
    const one = sheet([shape(3)]);
    one.use('brush');
    one.combine('subtract');
    await one.drag([[15, 15]]);
    expect(one.notice()).toMatch(/No shape is selected/u);
    one.select(3);
    await one.drag([
      [15, 15],
      [15, 16],
    ]);
    expect(one.diffs.map(({ title }) => title)).toEqual(['Erase']);
    expect(areaOf(one.shapes()[0])).toBeLessThan(100);
  });
});

test('freehand traces the pointer and closes when it is let go', async () => {
  const one = sheet();
  one.use('freehand');
  await one.drag([
    [5, 5],
    [10, 5],
    [20, 5],
    [20, 10],
    [20, 15],
    [10, 15],
    [5, 15],
    [5, 10],
  ]);
  expect(areaOf(one.shapes()[0])).toBe(150);
  expect(one.diffs).toHaveLength(1);
});
