// Formats with a file for each image: LabelMe, ISAT, YOLO, VOC, Segment Anything, ReasonSeg.
import { rmSync } from 'node:fs';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { compress } from '../../main/contract/cocoMask.ts';
import { fromBitmap, maskArea, maskBox, sharedArea, toBitmap } from '../../main/contract/rle.ts';
import { readIsat } from '../../main/formats/isat.ts';
import { readLabelme } from '../../main/formats/labelme.ts';
import { readReasonSeg, reasonSegMasks } from '../../main/formats/reasonSeg.ts';
import { readSegmentAnything } from '../../main/formats/segmentAnything.ts';
import { readVoc } from '../../main/formats/voc.ts';
import { readYolo } from '../../main/formats/yolo.ts';
import { goldenJson, haveGolden } from '../golden.ts';
import { freshFolder, outcomeOf, saved } from './reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));
const square = (x1: number, y1: number, x2: number, y2: number) => [
  [x1, y1],
  [x2, y1],
  [x2, y2],
  [x1, y2],
];
const areas = (shapes: readonly { mask: Parameters<typeof maskArea>[0] | null }[]) =>
  shapes.map(({ mask }) => mask && maskArea(mask));

describe('LabelMe', () => {
  const head = { imagePath: '..\\images\\a.jpg', imageData: 'x'.repeat(1000), imageWidth: 20, imageHeight: 20 };
  const read = (shapes: unknown[], fields: object = head, sizes = {}) =>
    outcomeOf(readLabelme, saved(folder, 'a.json', { ...fields, shapes }), sizes);

  test('polygons, circles, rectangles; parts of one group are one object', async () => {
    const shapes = [
      { label: 'cup', points: square(0, 0, 4, 4), group_id: 1, shape_type: 'polygon', flags: { chipped: true } },
      { label: 'cup', points: square(6, 0, 8, 4), group_id: 1, description: 'two parts' },
      { label: 'plate', points: square(0, 6, 4, 8), group_id: 1 },
      {
        label: 'ball',
        points: [
          [10, 10],
          [14, 10],
        ],
        shape_type: 'circle',
      },
      {
        label: 'box',
        points: [
          [18, 18],
          [10, 16],
        ],
        shape_type: 'rectangle',
        group_id: null,
      },
    ];
    const { images, labels, shapes: found, leftOut } = await read(shapes);
    expect(images).toEqual([{ name: '../images/a.jpg', width: 20, height: 20 }]);
    expect(labels).toEqual(['cup', 'plate', 'ball', 'box']);
    expect(areas(found)).toEqual([24, 8, expect.closeTo(50, -1), null]);
    expect(found[0]?.attributes).toEqual({ group_id: 1, chipped: true, description: 'two parts' });
    expect(found[3]?.box).toEqual({ x1: 10, y1: 16, x2: 18, y2: 18 });
    expect(leftOut).toEqual([]);
  });

  test('a mask as a picture is pasted where its first point lies', async () => {
    const png = await sharp(Buffer.from([0, 255, 255, 255, 255, 0]), { raw: { width: 3, height: 2, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    const { shapes } = await read([
      {
        label: 'cup',
        shape_type: 'mask',
        points: [
          [17, 5],
          [19, 6],
        ],
        mask: png.toString('base64'),
      },
    ]);
    expect([areas(shapes), shapes[0]?.box]).toEqual([[4], { x1: 17, y1: 5, x2: 20, y2: 7 }]);
  });

  test.each([
    [
      {
        label: 'cup',
        points: [
          [0, 0],
          [1, 1],
        ],
        shape_type: 'line',
      },
      /a line has no area/,
    ],
    [
      {
        label: 'cup',
        points: [
          [0, 0],
          [1, 1],
        ],
      },
      /too few points/,
    ],
    [{ label: '__ignore__', points: square(0, 0, 4, 4) }, /labelled __ignore__/],
    [{ points: square(0, 0, 4, 4) }, /no label/],
    [{ label: 'cup', points: 'none' }, /too few points/],
    [{ label: 'cup', points: square(50, 50, 60, 60) }, /no pixel of the picture/],
    [{ label: 'cup', points: square(0, 0, 4, 4), shape_type: 'mask' }, /its mask is missing/],
    [7, /no object/],
  ])('%j is left out', async (shape, why) => {
    const { shapes, leftOut } = await read([shape]);
    expect([shapes, leftOut]).toEqual([[], [{ what: 'shape 1 of ../images/a.jpg', why: expect.stringMatching(why) }]]);
  });

  test('no size: that of the picture', async () => {
    const shapes = [{ label: 'cup', points: square(0, 0, 4, 4) }];
    expect((await read(shapes, { imagePath: 'b.jpg' }, { 'b.jpg': [9, 9] })).images[0]).toMatchObject({
      width: 9,
      height: 9,
    });
    expect((await read(shapes, { imagePath: 'b.jpg' })).leftOut).toMatchObject([{ what: '1 shapes of b.jpg' }]);
  });
});

describe('ISAT', () => {
  const info = { description: 'ISAT', name: 'a.jpg', width: 20, height: 20, note: '' };
  const read = (objects: unknown[], fields: object = info) =>
    outcomeOf(readIsat, saved(folder, 'i.json', { info: fields, objects }));

  test('higher layers cover lower ones, background cuts holes, parts of a group are one thing', async () => {
    const { shapes, labels } = await read([
      { category: 'cup', group: 1, layer: 1, segmentation: square(0, 0, 20, 10), iscrowd: false, note: 'blue' },
      { category: 'cup', group: 2, layer: 3, segmentation: square(8, 0, 12, 20), iscrowd: 0 },
      { category: '__background__', group: '', layer: 2, segmentation: square(0, 0, 4, 4) },
      { category: 'cup', group: 1, layer: 4, segmentation: square(0, 15, 5, 20) },
      { category: 'people', group: 3, layer: 5, segmentation: square(15, 15, 20, 20), iscrowd: true },
    ]);
    expect(areas(shapes)).toEqual([20 * 10 - 4 * 4 - 4 * 10 + 5 * 5, 4 * 20, 25]);
    expect(shapes.map(({ crowd }) => crowd)).toEqual([false, false, true]);
    expect([labels, shapes[0]?.attributes]).toEqual([['cup', 'people'], { note: 'blue' }]);
    const [first, second] = shapes;
    expect(first?.mask && second?.mask && sharedArea(first.mask, second.mask)).toBe(0);
  });

  test('objects without a group stay apart; what nobody sees and what has no polygon is said', async () => {
    const { shapes, leftOut } = await read(
      [
        { category: 'cup', group: '', layer: 1, segmentation: square(0, 0, 5, 5) },
        { category: 'cup', group: '', layer: 2, segmentation: square(6, 0, 9, 5) },
        { category: 'coin', group: 4, layer: 0, segmentation: square(1, 1, 3, 3) },
        { category: 'cup', group: 5, layer: 3, segmentation: [[1, 1]] },
      ],
      { ...info, note: 'A table.' },
    );
    expect(shapes).toHaveLength(2);
    expect(leftOut.map(({ why }) => why)).toEqual([
      'it is about the whole image: "A table."',
      'it has no category or no polygon of at least three points',
      'others cover all of it',
    ]);
    await expect(read([], { name: 'a.jpg' })).rejects.toThrow(/"info" has no name, width and height/);
  });
});

describe('YOLO', () => {
  const read = (name: string, text: string, sizes = {}) => outcomeOf(readYolo, saved(folder, name, text), sizes);

  test('boxes, boxes with a score, polygons, poses; names from the list above', async () => {
    saved(folder, 'yolo/data.yaml', 'path: x\nnames:\n  0: cup\n  1: "a plate"\nnc: 2\nkpt_shape: [2, 3]\n');
    const text = [
      '0 0.5 0.5 0.2 0.4',
      '1 0.5 0.5 0.2 0.4 0.75',
      '1 0 0 0.5 0 0.5 0.5 0 0.5',
      '0 0.5 0.5 1 1 0.1 0.1 2 0.2 0.2 0',
    ].join('\r\n');
    const { images, labels, shapes, leftOut } = await read('yolo/labels/train/a.txt', text, { a: [100, 50] });
    saved(folder, 'yolo/labels/plain/data.yaml', 'names: [cup, a plate]\n');
    const plain = await read('yolo/labels/plain/a.txt', text.split('\r\n').slice(0, 3).join('\n'), { a: [100, 50] });
    expect(areas(plain.shapes)).toEqual([null, null, 50 * 25]);
    expect(images).toMatchObject([{ width: 100, height: 50 }]);
    expect(labels).toEqual(['cup', 'a plate']);
    expect(shapes.map(({ label }) => label)).toEqual(['cup', 'a plate', 'cup']);
    expect([areas(shapes), shapes[1]?.attributes]).toEqual([[null, null, null], { score: 0.75 }]);
    expect(shapes[0]?.box).toEqual({ x1: 40, y1: 15, x2: 60, y2: 35 });
    const why = 'it has 8 numbers after its class, and a row with the keypoints of its set has 10';
    expect(leftOut).toEqual([
      { what: 'line 3 of a.txt', why },
      { what: 'keypoints of a.txt', why: 'only boxes and polygons are read' },
    ]);
  });

  test.each([
    ['list in brackets', 'data.yaml', "names: ['cup', plate]\n", ['cup', 'plate']],
    ['dashes', 'data.yaml', 'names:\n- cup\n- plate\nother: 1\n', ['cup', 'plate']],
    ['a file of names', 'obj.names', 'cup\nplate\n\n', ['cup', 'plate']],
    ['none', 'other.txt', 'cup\n', ['class 1']],
  ])('names: %s', async (what, name, text, labels) => {
    saved(folder, `names/${what}/${name}`, text);
    expect((await read(`names/${what}/a.txt`, '1 0.5 0.5 0.1 0.1', { a: [10, 10] })).labels).toEqual(labels);
  });

  test.each([
    ['0 0.5 0.5 0.2', /fewer than four numbers/],
    ['cup 0.5 0.5 0.2 0.2', /begins with "cup", which is no class number/],
    ['0 0.1 0.1 0.2 0.2 0.3 0.3 0.4', /odd count/],
    ['0 2 2 0.1 0.1', /lies outside the picture/],
    ['0 1.2 1.2 1.5 1.2 1.5 1.5', /no pixel/],
    ['0 20 20 30 20 30 30', /no shares of the picture/],
    ['0 nan 0.5 0.2 0.2', /no number/],
  ])('%s is left out', async (line, why) => {
    const { shapes, leftOut } = await read('bad/a.txt', `${line}\n0 0.5 0.5 0.5 0.5`, { a: [10, 10] });
    expect(shapes).toHaveLength(1);
    expect(leftOut).toEqual([{ what: 'line 1 of a.txt', why: expect.stringMatching(why) }]);
  });

  test('without its picture nothing can be placed; an empty file is an image without objects', async () => {
    const { shapes, leftOut, images } = await read('alone/a.txt', '0 0.5 0.5 0.1 0.1');
    expect([shapes, leftOut.length, images]).toEqual([[], 1, [{ name: 'a', width: null, height: null }]]);
    expect(await read('none/a.txt', '', { a: [10, 10] })).toMatchObject({
      images: [{ width: 10 }],
      shapes: [],
      leftOut: [],
    });
  });
});

describe('VOC', () => {
  const object = (name: string, edges: number[], more = '') => {
    const [a, b, c, d] = edges;
    return `<object><name>${name}</name>${more}<bndbox><xmin>${a}</xmin><ymin>${b}</ymin><xmax>${c}</xmax><ymax>${d}</ymax></bndbox></object>`;
  };
  const xml = (...objects: string[]) =>
    `<?xml version="1.0"?><annotation><filename>a.jpg</filename><size><width>8</width><height>6</height></size>${objects.join('')}</annotation>`;
  const read = (name: string, text: string, sizes = {}) => outcomeOf(readVoc, saved(folder, name, text), sizes);

  test('boxes count from 1; flags are attributes; parts are named', async () => {
    const text = xml(
      object('cat &amp; dog', [1, 1, 4, 3], '<difficult>1</difficult><truncated>0</truncated><pose>Left</pose><part/>'),
    );
    const { shapes, leftOut } = await read('a.xml', text);
    expect(shapes).toMatchObject([
      { label: 'cat & dog', box: { x1: 0, y1: 0, x2: 4, y2: 3 }, attributes: { difficult: true, pose: 'Left' } },
    ]);
    expect(leftOut).toEqual([{ what: '1 part of object 1 of a.jpg', why: 'only boxes are read from VOC files' }]);
  });

  test('masks come from the picture of objects, matched by their boxes', async () => {
    const values = Uint8Array.from([
      1,
      1,
      1,
      0,
      0,
      0,
      0,
      0,
      1,
      0,
      1,
      0,
      0,
      0,
      0,
      0,
      ...Array(16).fill(0),
      0,
      0,
      0,
      0,
      0,
      0,
      2,
      2,
      0,
      0,
      0,
      0,
      3,
      0,
      2,
      2,
    ]);
    const png = await sharp(values, { raw: { width: 8, height: 6, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    saved(folder, 'voc/SegmentationObject/a.png', png);
    const { shapes, leftOut } = await read(
      'voc/Annotations/a.xml',
      xml(object('hat', [7, 5, 8, 6]), object('cup', [1, 1, 3, 2]), object('gone', [5, 1, 6, 2])),
    );
    expect(areas(shapes)).toEqual([4, 5, null]);
    expect(leftOut).toEqual([
      { what: '1 of the masks of a.jpg', why: expect.stringMatching(/none of the boxes fits/) },
    ]);
  });

  test('no size: that of the picture, else refused; no box: left out', async () => {
    const sizeless = `<annotation><filename>b.jpg</filename>${object('cup', [1, 1, 2, 2])}<object><name>x</name></object></annotation>`;
    const { shapes, leftOut } = await read('b.xml', sizeless, { 'b.jpg': [4, 4] });
    expect([shapes.length, leftOut]).toEqual([
      1,
      [{ what: 'object 2 of b.jpg', why: 'it has no box inside the picture' }],
    ]);
    await expect(read('b.xml', sizeless)).rejects.toThrow(/gives no size, and b\.jpg was not found/);
    await expect(read('c.xml', '<annotation>')).rejects.toThrow(/c\.xml: is no whole XML file/);
  });
});

describe('Segment Anything', () => {
  const mask = fromBitmap(Uint8Array.from([0, 1, 1, 0, 1, 1]), 3, 2);
  const image = { width: 3, height: 2, file_name: 'a.jpg' };
  const read = (value: object) => outcomeOf(readSegmentAnything, saved(folder, 's.json', value));

  test('masks without labels, with what the model said of them', async () => {
    const good = { segmentation: { size: [2, 3], counts: compress(mask) }, predicted_iou: 0.9, stability_score: 0.8 };
    const other = { segmentation: { size: [3, 2], counts: compress({ ...mask, size: [3, 2] }) } };
    const { shapes, leftOut, said } = await read({ image, annotations: [good, other, {}] });
    expect(shapes).toMatchObject([
      { label: 'object', mask, box: maskBox(mask), attributes: { predicted_iou: 0.9, stability_score: 0.8 } },
    ]);
    expect(leftOut.map(({ why }) => why)).toEqual([
      'its mask is 2 x 3, its image 3 x 2',
      expect.stringMatching(/run-length mask/),
    ]);
    expect(said).toHaveLength(1);
    await expect(read({ image: {}, annotations: [] })).rejects.toThrow(/has no file_name, width and height/);
  });
});

describe('ReasonSeg', () => {
  const read = (value: object, sizes = {}) => outcomeOf(readReasonSeg, saved(folder, 'q.json', value), sizes);

  test('all targets are one shape with the question as caption', async () => {
    const shapes = [
      { label: 'target', points: square(1, 1, 5, 5) },
      { label: 'target', points: square(10, 1, 12, 3) },
      { label: 'ignore', points: square(1, 1, 2, 2) },
      { label: 'target', points: [[1, 1]] },
    ];
    const { shapes: found, leftOut } = await read(
      { text: ['Which one holds tea?'], is_sentence: true, shapes },
      { q: [20, 10] },
    );
    expect(found).toMatchObject([{ label: 'target', attributes: { caption: 'Which one holds tea?' } }]);
    expect(areas(found)).toEqual([25 - 4 + 9]);
    expect(leftOut.map(({ what }) => what)).toEqual(['shape 4 of q', 'the pixels of q that are to be ignored']);
  });

  test('without its picture nothing has a size; without a target there is no shape', async () => {
    expect(
      (await read({ text: 'x', shapes: [{ label: 'target', points: square(1, 1, 5, 5) }] })).leftOut,
    ).toMatchObject([{ what: '1 shapes of q' }]);
    expect(await read({ text: 'x', shapes: [] }, { q: [20, 10] })).toMatchObject({
      images: [{ width: 20 }],
      shapes: [],
    });
  });
});

interface RasterCase {
  size: [number, number];
  shapes: { label: string; points: number[][] }[];
  rows: string[];
}

describe.skipIf(!haveGolden)('golden metrics/reasonseg-raster.json, at most 2 percent of the pixels off', () => {
  const { cases } = haveGolden
    ? goldenJson<{ cases: RasterCase[] }>('metrics', 'reasonseg-raster.json')
    : { cases: [] };

  test.each(cases.map((each, i) => [i, each] as const))('case %i', (_, { size: [height, width], shapes, rows }) => {
    const flat = shapes.map(({ label, points }) => ({ label, points: points.flat() }));
    const { target, ignore } = reasonSegMasks(flat, { width, height });
    const [inside, outside] = [toBitmap(target), toBitmap(ignore)];
    const drawn = rows.join('');
    const differ = [...drawn].filter(
      (pixel, i) => pixel !== (inside[i] === 1 ? '1' : outside[i] === 1 ? 'x' : '0'),
    ).length;
    expect(differ).toBeLessThanOrEqual(0.02 * width * height);
  });
});
