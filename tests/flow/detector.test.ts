// What a detector with values set by hand finds: where, once each, within the picture, and from which score on.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Detector } from '../../main/flow/detector.ts';
import { temporary } from '../hosting.ts';
import { segmenter } from '../nano/toy.ts';
import { markedFeatures, writeToyDetector } from './toyDetector.ts';

const { folder, remove } = temporary('detector');
const image = { width: 240, height: 120 };
const side = segmenter.imageSize / 16;
const cellAt = (column: number, row: number) => row * side + column;
const seen = (cells: Record<number, readonly number[]>) => markedFeatures({ side, channels: segmenter.width }, cells);
/** Marks of one class each: they stand out by 1.7, and by 1 where two stand together. */
const [dog, cat, both] = [[1], [0, 1], [1, 1]];

let detector: Detector;
beforeAll(async () => {
  const classes = [
    { name: 'dog', bias: -4, marks: [3, 0, 0, 0] },
    { name: 'cat', bias: -4, marks: [0, 3, 0, 0] },
    { name: 'giraffe', bias: -4, marks: [0, 0, 3, 0], sides: [0, Math.log(2), 0, 0] },
  ];
  await writeToyDetector(folder, segmenter.width, classes, 0.6);
  const opened = await Detector.open(folder, segmenter, { threads: 1 });
  if (!opened) throw new Error('There is no detector.');
  detector = opened;
});
afterAll(async () => {
  await detector.release();
  remove();
});

const find = (cells: Record<number, readonly number[]>, classes = [0, 1, 2], least?: number) =>
  detector.find(seen(cells), image, { classes, least });
const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));

describe('a folder', () => {
  it('without the files has no detector', async () => {
    const empty = path.join(folder, 'empty');
    mkdirSync(empty);
    expect(await Detector.open(empty, segmenter, {})).toBeNull();
  });

  it('with them says what it finds and from which score on', () => {
    expect(detector.record.classes.map(({ name }) => name)).toEqual(['dog', 'cat', 'giraffe']);
    expect(detector.record.least).toBe(0.6);
  });
});

describe('a thing', () => {
  it('is found where its cell is, with class and score, in pixels of the picture', async () => {
    const [first, ...more] = await find({ [cellAt(6, 5)]: dog }, [0, 1, 2], 0.7);
    expect(more).toEqual([]);
    expect(first).toMatchObject({ index: 0, name: 'dog' });
    // One mark of four stands out by the square root of 3; the head takes nothing else off.
    expect(first?.score).toBeCloseTo(sigmoid(3 * Math.sqrt(3) - 4), 3);
    const [x, y] = [6.5 / side, 5.5 / side];
    expect(first?.box.x1).toBeCloseTo((x - 0.15) * image.width, 3);
    expect(first?.box.x2).toBeCloseTo((x + 0.15) * image.width, 3);
    expect(first?.box.y1).toBeCloseTo((y - 0.15) * image.height, 3);
    expect(first?.box.y2).toBeCloseTo((y + 0.15) * image.height, 3);
  });

  it('has the sides that its class has', async () => {
    const [tall] = await find({ [cellAt(6, 6)]: [0, 0, 1] }, [2], 0.7);
    const middle = (6.5 / side) * image.height;
    expect(middle - (tall?.box.y1 ?? 0)).toBeCloseTo(2 * 0.15 * image.height, 1);
    expect((tall?.box.y2 ?? 0) - middle).toBeCloseTo(0.15 * image.height, 2);
  });

  it('is cut at the edge of the picture', async () => {
    const corners = { [cellAt(0, 0)]: dog, [cellAt(side - 1, side - 1)]: dog };
    const found = (await find(corners, [0])).sort((a, b) => a.box.x1 - b.box.x1);
    const near = 0.5 / side + 0.15;
    expect(found).toHaveLength(2);
    expect(found[0]?.box).toMatchObject({ x1: 0, y1: 0, x2: expect.closeTo(near * image.width, 3) });
    expect(found[1]?.box).toMatchObject({ x2: 240, y2: 120, y1: expect.closeTo((1 - near) * image.height, 3) });
  });

  it('of a class that is not asked for is not found', async () => {
    expect(await find({ [cellAt(3, 3)]: dog }, [1, 2])).toEqual([]);
    expect(await find({ [cellAt(3, 3)]: dog }, [])).toEqual([]);
    expect(await find({})).toEqual([]);
  });
});

describe('boxes that overlap', () => {
  it('are one thing of a class, by the surest cell', async () => {
    // Neighbours: 0.565 of what both cover.
    const found = await find({ [cellAt(5, 5)]: [1, 0.3], [cellAt(6, 5)]: dog }, [0]);
    expect(found).toHaveLength(1);
    expect(found[0]?.box.x1).toBeCloseTo((6.5 / side - 0.15) * image.width, 3);
  });

  it('are two where they overlap by little', async () => {
    // Neighbours across a corner: 0.35.
    expect(await find({ [cellAt(5, 5)]: dog, [cellAt(6, 6)]: dog }, [0])).toHaveLength(2);
  });

  it('are two things of two classes', async () => {
    const found = await find({ [cellAt(5, 5)]: dog, [cellAt(6, 5)]: cat });
    expect(found.map(({ name }) => name).sort()).toEqual(['cat', 'dog']);
  });

  it('are two things in one cell, too', async () => {
    const found = await find({ [cellAt(5, 5)]: both }, [0, 1], 0.2);
    expect(found.map(({ name }) => name)).toEqual(['dog', 'cat']);
    expect(found[0]?.box).toEqual(found[1]?.box);
  });
});

describe('the least score', () => {
  const cells = { [cellAt(2, 2)]: both, [cellAt(9, 9)]: dog };

  it('is the record where nothing else is asked', async () => {
    const scores = (await find(cells, [0])).map(({ score }) => score);
    expect(scores).toEqual([expect.closeTo(sigmoid(3 * Math.sqrt(3) - 4), 3)]);
  });

  it('asked lower finds what is less sure, the surest first', async () => {
    const scores = (await find(cells, [0], 0.2)).map(({ score }) => score);
    expect(scores).toEqual([expect.closeTo(sigmoid(3 * Math.sqrt(3) - 4), 3), expect.closeTo(sigmoid(3 - 4), 3)]);
  });

  it('asked higher than all finds nothing', async () => {
    expect(await find(cells, [0], 0.999)).toEqual([]);
  });
});

describe('features', () => {
  it('without what the head reads are refused', async () => {
    const { embed } = seen({});
    if (!embed) throw new Error('unreachable');
    await expect(detector.find({ embed }, image, { classes: [0] })).rejects.toThrow('"embed" and "s1"');
  });
});
