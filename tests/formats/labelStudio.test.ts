// Label Studio's percents and turns on a picture of 200 x 100, worked out by hand, and tasks as its exports hold them.
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { maskArea } from '../../main/contract/rle.ts';
import { readLabelStudio } from '../../main/formats/labelStudio.ts';
import { freshFolder, outcomeOf, saved } from './reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const result = (type: string, value: object, more: object = {}) => ({
  ...{ type, value, original_width: 200, original_height: 100, image_rotation: 0 },
  ...more,
});
const task = (results: unknown, fields: object = {}) => ({
  ...{ data: { image: '/data/upload/1/1a2b3c4d-a.jpg' }, annotations: [{ result: results }] },
  ...fields,
});
const read = (...tasks: unknown[]) => outcomeOf(readLabelStudio, saved(folder, 'ls.json', tasks));
const rectangle = (fields: object) =>
  result('rectanglelabels', { x: 50, y: 50, width: 10, height: 20, rotation: 0, rectanglelabels: ['box'], ...fields });

describe('turned boxes', () => {
  // 20 x 20 pixels, its first corner at (100, 50).
  test.each([
    [0, { x1: 100, y1: 50, x2: 120, y2: 70 }],
    [90, { x1: 80, y1: 50, x2: 100, y2: 70 }],
    [180, { x1: 80, y1: 30, x2: 100, y2: 50 }],
    [-90, { x1: 100, y1: 30, x2: 120, y2: 50 }],
    [270, { x1: 100, y1: 30, x2: 120, y2: 50 }],
    [360, { x1: 100, y1: 50, x2: 120, y2: 70 }],
  ])('by %d degrees, clockwise about the first corner', async (rotation, box) => {
    const { shapes } = await read(task([rectangle({ rotation })]));
    expect(shapes).toHaveLength(1);
    expect(shapes[0]?.box).toEqual(box);
    expect(shapes[0]?.mask === null).toBe(rotation === 0);
  });

  test('keep their area however they are turned', async () => {
    const check = async (rotation: number) => {
      const { shapes } = await read(task([rectangle({ rotation })]));
      const [shape] = shapes;
      const area = shape?.mask ? maskArea(shape.mask) : 400;
      expect(Math.abs(area - 400)).toBeLessThan(25);
    };
    await fc.assert(fc.asyncProperty(fc.integer({ min: -720, max: 720 }), check), { numRuns: 40 });
  });

  test('that have no width are left out', async () => {
    expect((await read(task([rectangle({ width: 0 })]))).leftOut).toEqual([
      { what: 'result 1 of a.jpg', why: 'its box is empty or lies outside the picture' },
    ]);
  });
});

describe('ellipses', () => {
  const ellipse = (fields: object) =>
    result('ellipselabels', { x: 50, y: 50, radiusX: 20, radiusY: 10, ellipselabels: ['ball'], ...fields });

  test('have their radii in percent of each side', async () => {
    const { shapes } = await read(task([ellipse({})]));
    expect(shapes[0]?.box).toEqual({ x1: 60, y1: 40, x2: 140, y2: 60 });
    const area = shapes[0]?.mask ? maskArea(shapes[0].mask) : 0;
    expect(Math.abs(area / (Math.PI * 40 * 10) - 1)).toBeLessThan(0.02);
  });

  test('turn about their middle', async () => {
    const { shapes } = await read(task([ellipse({ rotation: 90 })]));
    expect(shapes[0]?.box).toEqual({ x1: 90, y1: 10, x2: 110, y2: 90 });
  });
});

describe('tasks', () => {
  test.each([
    ['/data/upload/3/0123abcd-my%20cup.jpg', 'my%20cup.jpg'],
    ['s3://bucket/set/b.png', '/bucket/set/b.png'],
    ['https://host/c.jpg?token=1#x', '/host/c.jpg'],
    ['/data/local-files/?d=set/d%20e.jpg', '/set/d e.jpg'],
    ['/data/local-files/?x=1&d=set%5Cf.jpg', '/set/f.jpg'],
    ['/data/local-files/?d=%zz.jpg', '%zz.jpg'],
    ['plain.jpg', 'plain.jpg'],
  ])('%s is %s', async (image, name) => {
    expect((await read(task([], { data: { image } }))).images.map((each) => each.name)).toEqual([name]);
  });

  const at = (x: number, fields: object = {}) => ({ result: [rectangle({ x })], ...fields });
  const edges = (outcome: { shapes: readonly { box: { x1: number } }[] }) => outcome.shapes.map(({ box }) => box.x1);

  test.each([
    ['the newest', [at(10, { id: 1, updated_at: '2025-02-01' }), at(20, { id: 2, created_at: '2025-01-01' })], 20, 2],
    ['the ground truth', [at(10, { id: 1 }), at(20, { id: 2, ground_truth: true }), at(30, { id: 3 })], 40, 1],
    ['the last of those without a date', [at(10, { id: 1 }), at(20, { id: 2 })], 40, 1],
  ])('of several people: %s counts, the others are named', async (_, annotations, edge, other) => {
    const outcome = await read({ ...task([]), annotations });
    expect(edges(outcome)).toEqual([edge]);
    expect(outcome.leftOut).toHaveLength(annotations.length - 1);
    expect(outcome.leftOut[0]).toMatchObject({ what: `annotation ${other} of a.jpg (1 result)` });
  });

  test('that were cancelled do not count, older exports call them completions, predictions are no shapes: all named', async () => {
    const { shapes, leftOut } = await read({
      ...task([]),
      annotations: [at(10, { was_cancelled: true }), 'none', null],
      completions: [at(20)],
      predictions: [at(30)],
    });
    expect(edges({ shapes })).toEqual([40]);
    expect(leftOut).toEqual([
      { what: 'an annotation of a.jpg (1 result)', why: 'the task was skipped with it' },
      { what: '1 result of 1 prediction', why: 'a model made them and nobody accepted them' },
    ]);
  });

  test('whose results are empty were reviewed; those without any annotation wait', async () => {
    const file = saved(folder, 'empty.json', [task([]), task([], { annotations: [] })]);
    const { images } = await outcomeOf(readLabelStudio, file, { 'a.jpg': [200, 100] });
    expect(images.map(({ width, reviewed }) => [width, reviewed])).toEqual([
      [200, true],
      [200, undefined],
    ]);
  });

  test('that give a region and its label apart are one thing', async () => {
    const points = [
      [0, 0],
      [50, 0],
      [50, 50],
    ];
    const parts = [
      result('polygon', { points }, { id: 'x' }),
      result('labels', { points, labels: ['cup'] }, { id: 'x' }),
      result('rectangle', { x: 50, y: 50, width: 10, height: 20 }, { id: 'y' }),
    ];
    const { shapes, leftOut } = await read(task(parts));
    expect(shapes.map(({ label, mask }) => [label, mask !== null])).toEqual([
      ['cup', true],
      ['object', false],
    ]);
    expect(leftOut).toEqual([]);
  });

  test('that are no tasks are passed over, those without results have no size', async () => {
    const { images, shapes } = await read(7, null, 'text', task('none'), task([1, null]), {});
    expect(images.map(({ name, width }) => [name, width])).toEqual([
      ['a.jpg', null],
      ['a.jpg', null],
      ['task 6', null],
    ]);
    expect(shapes).toEqual([]);
  });

  test('a result of another size than the first one is left out', async () => {
    const { shapes, leftOut } = await read(task([rectangle({}), { ...rectangle({}), original_width: 100 }]));
    expect([shapes.length, leftOut]).toEqual([
      1,
      [{ what: 'result 2 of a.jpg', why: 'its picture has another size elsewhere' }],
    ]);
  });

  test('without a label a thing is an object; a score is kept', async () => {
    const { shapes } = await read(task([{ ...rectangle({ rectanglelabels: [] }), score: 0.75 }]));
    expect(shapes).toMatchObject([{ label: 'object', attributes: { score: 0.75 } }]);
  });
});
