// Tools that ask the host: points, prompt box, wand and cut out, with answers that come late, never, or to another image.
import { describe, expect, test } from 'vitest';
import { packMask } from '../../../main/contract/project.ts';
import type { CanvasHost } from '../../../renderer/tools/host.ts';
import { areaOf, filled, shape, sheet } from './sheet.ts';

/** Answers with a mask as wide as there are points, and keeps what it was asked. */
function segmenter() {
  const asked: Parameters<CanvasHost['refine']>[] = [];
  const refine: CanvasHost['refine'] = async (...question) => {
    asked.push(question);
    return packMask(filled(10, 10, 12 + question[0].length, 20));
  };
  return { asked, refine };
}

describe('points', () => {
  test('successive clicks refine one object, right and Shift clicks are off it, Enter makes it a shape', async () => {
    const { asked, refine } = segmenter();
    const one = sheet([], { refine });
    one.use('points');
    await one.click(12, 12);
    await one.click(15, 15, { button: 'right' });
    await one.click(16, 16, { shift: true });
    expect(asked.at(-1)?.[0].map(({ sign }) => sign)).toEqual(['+', '-', '-']);
    expect(one.shapes()).toHaveLength(0);
    expect(one.tool().draft()).toMatchObject({ busy: false, points: [{}, {}, {}] });
    expect(one.tool().finish()).toBe(true);
    await one.settle();
    expect(areaOf(one.shapes()[0])).toBe(50);
    expect(one.diffs[0]?.title).toBe('Segment');
    expect(one.tool().draft().points).toEqual([]);
  });

  test('the next object is a new one, whatever is selected; where the bar says add, the selected one is refined from its mask', async () => {
    const { asked, refine } = segmenter();
    const one = sheet([shape(3)], { refine });
    one.use('points');
    await one.click(12, 12);
    one.tool().finish();
    await one.settle();
    await one.click(14, 14);
    expect(asked.at(-1)?.[2]).toBeNull();
    one.tool().cancel();
    one.select(3);
    await one.click(12, 12);
    expect(asked.at(-1)?.[2]).toBeNull();
    one.tool().cancel();
    one.combine('add');
    await one.click(12, 12);
    expect(asked.at(-1)?.[2]).toEqual(shape(3).mask);
    one.tool().finish();
    await one.settle();
    expect(one.shapes()).toHaveLength(2);
    expect(areaOf(one.shapes()[0])).toBe(30);
    expect(one.diffs.at(-1)?.title).toBe('Refine mask');
  });

  test('Backspace clears, and Enter on nothing is not used up', async () => {
    const one = sheet([], segmenter());
    one.use('points');
    await one.click(12, 12);
    expect(one.tool().back()).toBe(true);
    expect(one.tool().finish()).toBe(false);
    expect(one.diffs).toEqual([]);
  });

  test('an answer that is overtaken is dropped', async () => {
    const waiting: ((width: number) => void)[] = [];
    const refine: CanvasHost['refine'] = () =>
      new Promise((resolve) => waiting.push((width) => resolve(packMask(filled(0, 0, width, 10)))));
    const one = sheet([], { refine });
    one.use('points');
    await one.click(12, 12);
    await one.click(14, 14);
    expect(one.tool().draft().busy).toBe(true);
    waiting[1]?.(5);
    await one.settle();
    waiting[0]?.(9);
    await one.settle();
    one.tool().finish();
    await one.settle();
    expect(areaOf(one.shapes()[0])).toBe(50);
  });

  test('without a model there is a sentence and nothing is lost', async () => {
    const one = sheet([shape(3)]);
    one.use('points');
    await one.click(12, 12);
    expect(one.notice()).toBe('no model here');
    expect(one.tool().draft().points).toHaveLength(1);
    expect(one.shapes()).toHaveLength(1);
  });

  test('a locked shape is not refined', async () => {
    const { asked, refine } = segmenter();
    const one = sheet([shape(3, filled(1, 1, 5, 5), { locked: true })], { refine });
    one.use('points');
    one.combine('add');
    one.select(3);
    await one.click(2, 2);
    expect(asked).toEqual([]);
    expect(one.notice()).toMatch(/locked/);
  });

  test('choosing another tool or another image keeps the mask, as a shape of the image that it was found on', async () => {
    const one = sheet([], segmenter());
    one.use('points');
    await one.click(12, 12);
    one.tool().leave();
    await one.settle();
    expect(one.shapes()).toHaveLength(1);
    await one.click(12, 12);
    one.openOther();
    one.tool().leave();
    await one.settle();
    expect(one.diffs.at(-1)?.changes[0]?.after).toMatchObject({ imageId: 7 });
    expect(one.store.getState().selected.size).toBe(0);
  });
});

describe('prompt box', () => {
  test('a drag is the box, a click a point, both about one object', async () => {
    const { asked, refine } = segmenter();
    const one = sheet([], { refine });
    one.store.setState({ view: { scale: 10, x: 0, y: 0 } });
    one.use('prompt box');
    await one.drag([
      [8, 8],
      [22, 45],
    ]);
    await one.click(12, 12);
    await one.click(13, 13, { button: 'right' });
    expect(asked.map(([points, box]) => [points.length, box])).toEqual([
      [0, { x1: 8, y1: 8, x2: 22, y2: 30 }],
      [1, { x1: 8, y1: 8, x2: 22, y2: 30 }],
      [2, { x1: 8, y1: 8, x2: 22, y2: 30 }],
    ]);
    one.tool().finish();
    await one.settle();
    expect(one.shapes()).toHaveLength(1);
  });

  test('Esc drops the drag first and then the object', async () => {
    const one = sheet([], segmenter());
    one.use('prompt box');
    await one.drag([
      [8, 8],
      [22, 25],
    ]);
    one.press(3, 3);
    expect(one.tool().cancel()).toBe(true);
    expect(one.tool().draft().mask).not.toBeNull();
    expect(one.tool().cancel()).toBe(true);
    expect(one.tool().cancel()).toBe(false);
  });
});

describe('prompt box and the selection', () => {
  const box = [
    [8, 8],
    [22, 25],
  ] as const;

  test.each([
    ['new', 2, [100, 20], 'Segment'],
    ['add', 1, [110], 'Add a segment'],
    ['subtract', 1, [90], 'Take away a segment'],
  ] as const)('%s leaves %d shapes', async (combine, count, areas, title) => {
    const refine = async () => packMask(filled(19, 10, 21, 20));
    const one = sheet([shape(3)], { refine });
    one.use('prompt box');
    one.select(3);
    one.combine(combine);
    await one.drag(box);
    one.tool().finish();
    await one.settle();
    expect(one.shapes()).toHaveLength(count);
    expect(one.shapes().map(areaOf)).toEqual(areas);
    expect(one.diffs.at(-1)?.title).toBe(title);
  });
});

test('a box for the segmenter, a box by hand and a polygon, one after the other, make three shapes', async () => {
  const one = sheet([], segmenter());
  one.store.setState({ view: { scale: 10, x: 0, y: 0 } });
  one.use('prompt box');
  await one.drag([
    [8, 8],
    [22, 25],
  ]);
  one.tool().finish();
  await one.settle();
  one.use('box');
  await one.drag([
    [11, 11],
    [14, 14],
  ]);
  one.use('polygon');
  for (const [x, y] of [
    [10, 10],
    [18, 10],
    [18, 18],
  ] as const)
    await one.click(x, y);
  one.tool().finish();
  await one.settle();
  expect(one.shapes().map(areaOf).slice(0, 2)).toEqual([20, 9]);
  expect(one.shapes()).toHaveLength(3);
});

describe('wand and cut out', () => {
  const mask = packMask(filled(10, 10, 16, 16));

  test('make a shape each, add to a selected one, and take away with Alt', async () => {
    const one = sheet([shape(3, filled(0, 0, 12, 30))], { wand: async () => mask, cutOut: async () => mask });
    one.use('wand');
    await one.click(12, 12);
    expect(areaOf(one.shapes()[1])).toBe(36);
    one.use('cut out');
    one.combine('add');
    one.select(3);
    await one.drag([
      [5, 5],
      [20, 20],
    ]);
    expect(areaOf(one.shapes()[0])).toBe(384);
    one.use('wand');
    await one.click(12, 12, { alt: true });
    expect(areaOf(one.shapes()[0])).toBe(348);
    expect(one.diffs.map(({ title }) => title)).toEqual(['Draw by wand', 'Draw cut-out', 'Take away by wand']);
  });

  test('an answer after Esc or after another image was opened changes nothing', async () => {
    let answer: () => void = () => {};
    const one = sheet([], { wand: () => new Promise((resolve) => (answer = () => resolve(mask))) });
    one.use('wand');
    await one.click(12, 12);
    expect(one.tool().draft().busy).toBe(true);
    expect(one.tool().cancel()).toBe(true);
    answer();
    await one.settle();
    expect(one.diffs).toEqual([]);
    await one.click(12, 12);
    one.tool().leave();
    answer();
    await one.settle();
    expect(one.diffs).toEqual([]);
  });

  test('the wand adds to the selected shape with Shift, and takes away from it with Alt', async () => {
    const one = sheet([shape(3, filled(0, 0, 12, 30))], { wand: async () => packMask(filled(10, 0, 20, 30)) });
    one.use('wand');
    one.select(3);
    await one.click(15, 15, { shift: true });
    expect(one.shapes().map(areaOf)).toEqual([20 * 30]);
    await one.click(15, 15, { alt: true });
    expect(one.shapes().map(areaOf)).toEqual([10 * 30]);
    await one.click(15, 15);
    expect(one.shapes()).toHaveLength(2);
  });

  test('the wand asks by the tolerance of the bar, for what is connected or for all of the colour', async () => {
    const asked: Parameters<CanvasHost['wand']>[] = [];
    const wand: CanvasHost['wand'] = async (...question) => {
      asked.push(question);
      return mask;
    };
    const one = sheet([], { wand });
    one.use('wand');
    await one.click(12, 13);
    one.store.setState({ wandTolerance: 80, wandContiguous: false });
    await one.click(12, 13);
    expect(asked).toEqual([
      [
        { x: 12, y: 13 },
        { tolerance: 24, contiguous: true },
      ],
      [
        { x: 12, y: 13 },
        { tolerance: 80, contiguous: false },
      ],
    ]);
    expect(one.shapes()).toHaveLength(2);
  });

  test('a click outside the image asks nothing', async () => {
    const one = sheet([]);
    one.use('wand');
    await one.click(-3, 12);
    expect(one.notice()).toBeNull();
  });
});
