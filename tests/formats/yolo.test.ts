// YOLO label files in real folders: which list of names counts, which picture is meant, and what each line can be.
import { rmSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { maskArea } from '../../main/contract/rle.ts';
import { Notes } from '../../main/formats/reading/reading.ts';
import { isYoloLine, readYolo } from '../../main/formats/yolo.ts';
import { freshFolder, outcomeOf, saved } from './reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
const fresh = (): string => `set${++count}`;
const read = (set: string, text: string, name = 'labels/train/a.txt') =>
  outcomeOf(readYolo, saved(folder, path.join(set, name), text), { a: [200, 100] });
const only = '0 0.5 0.5 0.1 0.1';

describe('names of classes', () => {
  test.each([
    ['beside the labels', ['labels/train/classes.txt']],
    ['beside the pictures', ['data.yaml', 'labels/train/notes.txt']],
    ['two folders up', ['dataset.yml', 'labels/empty.names']],
    ['in a list of another name', ['my_classes_v2.yaml']],
  ])('%s', async (_, files) => {
    const set = fresh();
    for (const file of files) {
      const text = /ya?ml$/u.test(file) ? 'names: [cup]' : 'cup\n';
      saved(folder, path.join(set, file), /empty|notes/u.test(file) ? '' : text);
    }
    expect((await read(set, only)).labels).toEqual(['cup']);
  });

  test('the nearest list counts', async () => {
    const set = fresh();
    saved(folder, `${set}/classes.txt`, 'far\n');
    saved(folder, `${set}/labels/classes.txt`, 'near\n');
    expect((await read(set, only)).labels).toEqual(['near']);
  });

  test('a list five folders up is none of ours', async () => {
    const set = fresh();
    saved(folder, `${set}/classes.txt`, 'cup\n');
    expect((await read(set, only, 'a/b/c/d/a.txt')).labels).toEqual(['class 0']);
  });

  test.each([
    ['numbers with names', 'names:\n  0: cup\n  1: "two words"\n', ['cup', 'two words']],
    ['quotes and comments of the key alone', 'names: [\'a\', "b", c]  \n', ['a', 'b', 'c']],
    ['dashes and then other keys', 'nc: 2\nnames:\n  - cup\n  - plate\ntrain: x\n', ['cup', 'plate']],
    ['no names', 'nc: 2\n', ['class 0']],
    ['an empty list', 'names: []\n', ['class 0']],
    ['one without a name among others', "names: ['', ' ', cup]\n", ['cup']],
  ])('in YAML: %s', async (_, text, labels) => {
    const set = fresh();
    saved(folder, `${set}/data.yaml`, text);
    expect((await read(set, only)).labels).toEqual(labels);
  });

  test('a class beyond the list is called by its number', async () => {
    const set = fresh();
    saved(folder, `${set}/classes.txt`, 'cup\n');
    const { shapes } = await read(set, `${only}\n7 0.5 0.5 0.1 0.1`);
    expect(shapes.map(({ label }) => label)).toEqual(['cup', 'class 7']);
  });

  test.each([
    ['numbers with gaps', 'names:\n  6: bus\n  35: kite\n', { 6: 'bus', 35: 'kite' }],
    ['one line', 'names: {6: bus, 35: kite}\n', { 6: 'bus', 35: 'kite' }],
    ['out of order', 'names:\n  1: second\n  0: first\n', { 0: 'first', 1: 'second' }],
    ['comments', 'names:  # all\n  0: first  # the main class\n\n  1: second\n', { 0: 'first', 1: 'second' }],
    ['a comma in quotes', "names: ['bolt, M8', nut]\n", { 0: 'bolt, M8', 1: 'nut' }],
    ['a list over lines', 'names: [first,\n  second]\n', { 0: 'first', 1: 'second' }],
    ['numbers as names', 'names: [10, 20]\n', { 0: '10', 1: '20' }],
    ['anchors', 'base: &n [a, b]\nnames: *n\n', { 0: 'a', 1: 'b' }],
  ])('by number, in every spelling of YAML: %s', async (_, text, names: Record<number, string>) => {
    const set = fresh();
    saved(folder, `${set}/my-set-v3.yaml`, text);
    const rows = Object.keys(names).map((number) => `${number} 0.5 0.5 0.1 0.1`);
    const { shapes, said } = await read(set, rows.join('\n'));
    expect(shapes.map(({ label }) => label)).toEqual(Object.values(names));
    expect(said).toEqual([expect.stringMatching(/the names of classes are those of .*my-set-v3.yaml/)]);
  });

  test('an empty line of a list is a class without a name', async () => {
    const set = fresh();
    saved(folder, `${set}/classes.txt`, 'first\n\nthird\n');
    const { shapes } = await read(set, `${only}\n2 0.5 0.5 0.1 0.1`);
    expect(shapes.map(({ label }) => label)).toEqual(['first', 'third']);
  });

  test('YAML that cannot be read is named, and gives no names; it refuses rows that may be poses', async () => {
    const set = fresh();
    saved(folder, `${set}/data.yaml`, 'names:\n  - a\n b: [c\n');
    const { labels, said } = await read(set, only);
    expect(labels).toEqual(['class 0']);
    expect(said).toEqual([
      expect.stringMatching(/^data.yaml: its class names cannot be read .*; its classes keep their numbers$/u),
    ]);
    saved(folder, `${set}/data.yaml`, 'kpt_shape: [2, 3\nnames:\n  - a\n');
    await expect(read(set, only)).rejects.toThrow(/data.yaml: its class names cannot be read/);
  });

  test('rows are what the set says: a polygon at the edge is no pose', async () => {
    const closed = '0 0 0 0.5 0 0.5 0.5 0 0.5 0 0';
    const polygon = await read(fresh(), closed);
    expect(polygon.shapes[0]?.mask && maskArea(polygon.shapes[0].mask)).toBe(5000);
    const set = fresh();
    saved(folder, `${set}/data.yaml`, 'kpt_shape: [2, 3]\nnames: [cup]\n');
    const pose = await read(set, '0 0.5 0.5 0.5 0.5 0.5 0.5 2 0.4 0.4 1');
    expect(pose.shapes).toMatchObject([{ mask: null, box: { x1: 50, y1: 25, x2: 150, y2: 75 } }]);
    expect(pose.leftOut).toEqual([{ what: 'keypoints of a.txt', why: 'only boxes and polygons are read' }]);
  });

  test('a label file is not taken for a list', async () => {
    const set = fresh();
    saved(folder, `${set}/labels/train/classes.txt`, '0 0.1 0.1 0.2 0.2\n');
    expect((await read(set, only)).labels).toEqual(['class 0']);
  });
});

describe('lines', () => {
  test.each([
    ['0 0.5 0.5 1 1', true],
    ['0 0.5 0.5 1 1 0.9', true],
    ['  3   0.1\t0.2 0.3 0.4 ', true],
    ['0 1e-1 .5 0.5 5e-2', true],
    ['0', false],
    ['', false],
    ['0 0.5 0.5 1', false],
    ['0.5 0.5 0.5 1 1', false],
    ['cup 0.5 0.5 1 1', false],
    ['0 0.5 0.5 1 x', false],
    ['0 0.5 0.5 1 NaN', false],
    ['0 0.5 0.5 1 Infinity', false],
    ['0 0.5 0.5 1 10000', false],
  ])('%j: %s', (line, isOne) => expect(isYoloLine(line)).toBe(isOne));

  test('boxes about their middle, on a picture of 200 x 100', async () => {
    const { shapes } = await read(fresh(), '0 0.5 0.5 0.5 0.5\n0 0 0 0.1 0.2\n0 1 1 0.1 0.2 0.25');
    expect(shapes.map(({ box }) => box)).toEqual([
      { x1: 50, y1: 25, x2: 150, y2: 75 },
      { x1: 0, y1: 0, x2: 10, y2: 10 },
      { x1: 190, y1: 90, x2: 200, y2: 100 },
    ]);
    expect(shapes.map(({ attributes }) => attributes)).toEqual([{}, {}, { score: 0.25 }]);
  });

  test('polygons in shares of the sides', async () => {
    const { shapes } = await read(fresh(), '0 0 0 0.5 0 0.5 0.5 0 0.5');
    expect(shapes[0]).toMatchObject({ box: { x1: 0, y1: 0, x2: 100, y2: 50 }, attributes: {} });
    expect(shapes[0]?.mask && maskArea(shapes[0].mask)).toBe(5000);
  });

  test('one wrong line costs itself alone, and is told by its number', async () => {
    const { shapes, leftOut } = await read(fresh(), `${only}\nwrong\n\n${only}\n0 0.5 0.5 0 0.5\n`);
    expect(shapes).toHaveLength(2);
    expect(leftOut).toEqual([
      { what: 'line 2 of a.txt', why: 'it begins with "wrong", which is no class number' },
      { what: 'line 5 of a.txt', why: 'its box is empty or lies outside the picture' },
    ]);
  });

  test('any box comes back as it was written', async () => {
    const side = fc.integer({ min: 1, max: 50 });
    const check = async (x: number, y: number, w: number, h: number) => {
      // Whole pixels of 200 x 100, well inside.
      const line = `0 ${(x + w / 2) / 200} ${(y + h / 2) / 100} ${w / 200} ${h / 100}`;
      const { shapes } = await read('boxes', line);
      const box = shapes[0]?.box;
      const edges = [box?.x1, box?.y1, box?.x2, box?.y2];
      for (const [i, edge] of [x, y, x + w, y + h].entries()) expect(edges[i]).toBeCloseTo(edge, 9);
    };
    await fc.assert(fc.asyncProperty(side, side, side, side, check), { numRuns: 40 });
  });
});

describe('the picture', () => {
  test('is looked for by its name and by where the label file lies', async () => {
    const file = saved(folder, 'x/labels/val/a.txt', only);
    const asked: string[] = [];
    const find = async (name: string, from?: string) => {
      asked.push(name, path.basename(from ?? ''));
      return null;
    };
    const outcome = await readYolo(file, { pictures: { find }, notes: new Notes(), root: folder });
    expect(asked).toEqual(['a', 'a.txt']);
    expect(outcome.shapes).toEqual([]);
  });

  test('that is not there costs all lines, told as one', async () => {
    const none = (text: string) => outcomeOf(readYolo, saved(folder, 'none/b.txt', text));
    const why = 'its picture was not found, and they are given in shares of its size';
    expect((await none(`${only}\n${only}`)).leftOut).toEqual([{ what: '2 objects of b.txt', why }]);
    expect((await none(only)).leftOut).toEqual([{ what: '1 object of b.txt', why }]);
    expect((await none('\n\n')).leftOut).toEqual([]);
  });
});

test('a class keeps the blanks at its ends for the one who makes the label', async () => {
  const set = path.join(folder, 'blanks');
  saved(set, 'classes.txt', 'ok\r\nng \r\n');
  const file = saved(set, 'a.txt', '1 0.5 0.5 0.5 0.5');
  expect((await outcomeOf(readYolo, file, { a: [10, 10] })).shapes.map(({ label }) => label)).toEqual(['ng ']);
});
