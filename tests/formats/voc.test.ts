// VOC files in real folders: edges that count from 1, words of every kind, and masks in the picture beside.
import { rmSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { maskArea } from '../../main/contract/rle.ts';
import { readVoc } from '../../main/formats/voc.ts';
import { freshFolder, outcomeOf, saved } from './reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const [width, height] = [8, 6];
const size = `<size><width>${width}</width><height>${height}</height><depth>3</depth></size>`;
const box = (...[x1, y1, x2, y2]: (number | string)[]) =>
  `<bndbox><xmin>${x1}</xmin><ymin>${y1}</ymin><xmax>${x2}</xmax><ymax>${y2}</ymax></bndbox>`;
const object = (inner: string, name = 'cup') => `<object><name>${name}</name>${inner}</object>`;
const annotation = (inner: string) => `<annotation><filename>a.jpg</filename>${size}${inner}</annotation>`;
let count = 0;
const read = (text: string, name = `set${++count}/Annotations/a.xml`) =>
  outcomeOf(readVoc, saved(folder, name, text), { 'a.jpg': [width, height] });

describe('boxes', () => {
  test.each([
    ['one pixel', [1, 1, 1, 1], { x1: 0, y1: 0, x2: 1, y2: 1 }],
    ['the whole picture', [1, 1, 8, 6], { x1: 0, y1: 0, x2: 8, y2: 6 }],
    ['beyond the picture', [-5, 0, 20, 3], { x1: 0, y1: 0, x2: 8, y2: 3 }],
    ['fractions', [1.5, 2.25, 4.5, 5], { x1: 0.5, y1: 1.25, x2: 4.5, y2: 5 }],
    ['spaces about them', [' 2 ', ' 2\n', '3', '4'], { x1: 1, y1: 1, x2: 3, y2: 4 }],
  ])('%s', async (_, edges, expected) => {
    expect((await read(annotation(object(box(...edges))))).shapes.map((each) => each.box)).toEqual([expected]);
  });

  test.each([
    ['an edge that is missing', '<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>4</xmax></bndbox>'],
    ['an edge that is empty', box(1, '', 4, 4)],
    ['an edge that is a word', box('left', 1, 4, 4)],
    ['an edge without end', box(1, 1, 'Infinity', 4)],
    ['no box', ''],
    ['a place beside the picture', box(20, 20, 30, 30)],
  ])('%s: left out', async (_, inner) => {
    const { shapes, leftOut } = await read(annotation(object(inner) + object(box(1, 1, 2, 2))));
    expect([shapes.length, leftOut]).toEqual([
      1,
      [{ what: 'object 1 of a.jpg', why: 'it has no box inside the picture' }],
    ]);
  });

  test('what has no name is left out', async () => {
    expect((await read(annotation(object(box(1, 1, 2, 2), ' ')))).leftOut).toEqual([
      { what: 'object 1 of a.jpg', why: 'it has no name' },
    ]);
  });

  test('polygons and masks of later tools are said to be left out', async () => {
    const inner = `${box(1, 1, 4, 4)}<polygon><pt/></polygon><part/><part/>`;
    expect((await read(annotation(object(inner)))).leftOut).toEqual([
      { what: '2 parts of object 1 of a.jpg', why: 'only boxes are read from VOC files' },
      { what: '1 polygon of object 1 of a.jpg', why: 'only boxes are read from VOC files' },
    ]);
  });
});

describe('words', () => {
  test('flags that are 1 and a pose that is one become attributes', async () => {
    const flags = '<difficult>1</difficult><truncated>0</truncated><occluded>1</occluded><pose>Unspecified</pose>';
    const { shapes } = await read(annotation(object(flags + box(1, 1, 2, 2))));
    expect(shapes[0]?.attributes).toEqual({ difficult: true, occluded: true });
    const others = '<difficult>0.0</difficult><truncated>0.5</truncated><occluded>partly</occluded>';
    expect((await read(annotation(object(others + box(1, 1, 2, 2))))).shapes[0]?.attributes).toEqual({
      truncated: '0.5',
      occluded: 'partly',
    });
  });

  test('entities, other scripts and a mark at the beginning of the file', async () => {
    const text = `\uFEFF<?xml version="1.0" encoding="utf-8"?>\n<!-- by hand -->${annotation(
      object(box(1, 1, 2, 2), '&lt;杯子&gt; &amp; &#xFC;'),
    )}`;
    expect((await read(text)).labels).toEqual(['<杯子> & ü']);
  });

  test('without a filename the file’s own name counts', async () => {
    const { images } = await read(`<annotation>${size}</annotation>`, 'named/b c.xml');
    expect(images).toEqual([{ name: 'b c', width, height }]);
  });

  test('a size that is none is taken from the picture', async () => {
    const text = annotation(object(box(1, 1, 2, 2))).replace('<width>8</width>', '<width>0</width>');
    const { images, shapes } = await read(text);
    expect([images[0]?.width, shapes.length]).toEqual([width, 1]);
  });
});

describe('the picture of objects', () => {
  /** Letters are objects, '.' is background, '*' the border. */
  const beside = async (set: string, rows: readonly string[], channels: 1 | 3 = 1) => {
    const palette: Readonly<Record<string, number[]>> = { '.': [0, 0, 0], '*': [224, 224, 192] };
    const grey = (letter: string) => (letter === '.' ? 0 : letter === '*' ? 255 : letter.charCodeAt(0));
    const colour = (letter: string) => palette[letter] ?? [letter.charCodeAt(0), 0, 128];
    const pixels = [...rows.join('')].flatMap((letter) => (channels === 1 ? [grey(letter)] : colour(letter)));
    const raw = { width: rows[0]?.length ?? 0, height: rows.length, channels };
    const made = sharp(Buffer.from(pixels), { raw });
    saved(
      folder,
      path.join(set, 'SegmentationObject/a.png'),
      await (channels === 1 ? made.toColourspace('b-w') : made).png().toBuffer(),
    );
  };
  const rows = ['aa*.....', 'aa*.....', '***.....', '....bbb.', '....bbb.', '........'];
  const two = annotation(object(box(5, 4, 7, 5), 'plate') + object(box(1, 1, 2, 2)));

  test.each([1, 3] as const)('gives each box the mask that fills it best, with %d channels', async (channels) => {
    const set = `masks${channels}`;
    await beside(set, rows, channels);
    const { shapes, leftOut } = await read(two, `${set}/Annotations/a.xml`);
    expect(shapes.map(({ label, mask }) => [label, mask && maskArea(mask)])).toEqual([
      ['plate', 6],
      ['cup', 4],
    ]);
    expect(leftOut).toEqual([]);
  });

  test('one mask is given once', async () => {
    await beside('once', rows);
    const twice = annotation(object(box(1, 1, 2, 2)) + object(box(1, 1, 2, 2)) + object(box(5, 4, 7, 5)));
    const { shapes } = await read(twice, 'once/Annotations/a.xml');
    expect(shapes.map(({ mask }) => mask !== null)).toEqual([true, false, true]);
  });

  test('of another size, or damaged, leaves the boxes as they are and says so', async () => {
    await beside('other', ['aa', 'aa']);
    const other = await read(two, 'other/Annotations/a.xml');
    expect(other.leftOut).toEqual([{ what: 'masks of a.jpg', why: 'a.png is 2 x 2, the image 8 x 6' }]);
    saved(folder, 'broken/SegmentationObject/a.png', 'no picture');
    const broken = await read(two, 'broken/Annotations/a.xml');
    expect(broken.leftOut).toEqual([{ what: 'masks of a.jpg', why: 'a.png: is no PNG picture' }]);
    expect([other, broken].map(({ shapes }) => shapes.map(({ mask }) => mask))).toEqual([
      [null, null],
      [null, null],
    ]);
  });
});

describe('what else is said of an object', () => {
  test('attributes and plain elements are kept, others named', async () => {
    const said = '<attributes><attribute><name>rotation</name><value>30.5</value></attribute></attributes>';
    const robox = '<robndbox><cx>4</cx><cy>3</cy></robndbox>';
    const inner = `${box(1, 1, 4, 4)}${said}<score>0.9</score><occluded>1</occluded>${robox}`;
    const { shapes, leftOut } = await read(annotation(object(inner)));
    expect(shapes[0]?.attributes).toEqual({ occluded: true, rotation: '30.5', score: '0.9' });
    expect(leftOut).toEqual([
      { what: '<robndbox> of object 1 of a.jpg', why: 'it holds other elements and is not read' },
    ]);
  });

  test.each([
    ['ng ', 'ng '],
    ['\n  cup\n ', 'cup'],
  ])('the name %j is %j', async (name, label) => {
    const { shapes } = await read(annotation(object(box(1, 1, 2, 2), name)));
    expect(shapes.map((shape) => shape.label)).toEqual([label]);
  });
});
