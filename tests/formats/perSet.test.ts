// Formats with one file for many images, other than COCO: Label Studio, COCO panoptic, GroundingSuite.
import { rmSync } from 'node:fs';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { maskArea } from '../../main/contract/rle.ts';
import { readPanoptic } from '../../main/formats/coco/panoptic.ts';
import { readGroundingSuite } from '../../main/formats/groundingSuite.ts';
import { readLabelStudio } from '../../main/formats/labelStudio.ts';
import { freshFolder, outcomeOf, saved } from './reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));
const areas = (shapes: readonly { mask: Parameters<typeof maskArea>[0] | null }[]) =>
  shapes.map(({ mask }) => mask && maskArea(mask));

describe('Label Studio', () => {
  const result = (type: string, value: object, more: object = {}) => ({
    ...{ type, value, original_width: 200, original_height: 100, image_rotation: 0 },
    ...more,
  });
  const task = (...results: object[]) => ({
    data: { image: '/data/upload/1/1a2b3c4d-a.jpg?x=1' },
    annotations: [{ result: results }],
  });
  const read = (...tasks: object[]) => outcomeOf(readLabelStudio, saved(folder, 'ls.json', tasks));
  const corners = [
    [0, 0],
    [50, 0],
    [50, 50],
    [0, 50],
  ];

  test('polygons, boxes and ellipses in percent of the picture', async () => {
    const { images, labels, shapes, leftOut } = await read(
      task(
        result('polygonlabels', { points: corners, polygonlabels: ['cup'] }),
        result('rectanglelabels', { x: 10, y: 10, width: 20, height: 40, rotation: 0, rectanglelabels: ['box'] }),
        result('ellipselabels', { x: 50, y: 50, radiusX: 10, radiusY: 20, ellipselabels: ['ball'] }),
      ),
    );
    expect(images).toEqual([{ name: 'a.jpg', width: 200, height: 100 }]);
    expect([labels, leftOut]).toEqual([['cup', 'box', 'ball'], []]);
    expect(areas(shapes)).toEqual([100 * 50, null, expect.closeTo(Math.PI * 20 * 20, -2)]);
    expect(shapes[1]?.box).toEqual({ x1: 20, y1: 10, x2: 60, y2: 50 });
  });

  test('a turned box becomes a mask that is turned about its first corner', async () => {
    const turned = { x: 50, y: 20, width: 10, height: 20, rotation: 90, rectanglelabels: ['box'] };
    const { shapes } = await read(task(result('rectanglelabels', turned)));
    // 20 x 20 pixels that stood right of (100, 20) lie left of it now.
    expect(shapes[0]?.box).toEqual({ x1: 80, y1: 20, x2: 100, y2: 40 });
  });

  test.each([
    [result('brushlabels', { format: 'rle' }), /type "brushlabels" is not read/],
    [result('keypointlabels', { x: 1, y: 1 }), /type "keypointlabels" is not read/],
    [result('polygonlabels', { points: [[0, 0]] }), /needs an even count/],
    [result('polygonlabels', { points: corners }, { original_width: undefined }), /size of its picture is not given/],
    [result('polygonlabels', { points: corners }, { image_rotation: 90 }), /turned in Label Studio/],
    [result('rectanglelabels', { x: 200, y: 200, width: 1, height: 1 }), /outside the picture/],
  ])('%j is left out', async (bad, why) => {
    const { shapes, leftOut } = await read(task(bad));
    expect([shapes, leftOut]).toEqual([[], [{ what: 'result 1 of a.jpg', why: expect.stringMatching(why) }]]);
  });

  test('names of uploads, local files and neither; several labels', async () => {
    const many = result('polygonlabels', { points: corners, polygonlabels: ['cup', 'mug'] });
    const { images, said } = await read(
      { data: { image: '/data/local-files/?d=set%2Fb%20c.jpg' }, annotations: [{ result: [many] }] },
      { data: {}, annotations: [] },
      { file_upload: '0a1b2c3d-d.png', data: { text: 'x' }, annotations: [] },
    );
    expect(images.map(({ name }) => name)).toEqual(['/set/b c.jpg', 'task 2', 'd.png']);
    expect(said).toEqual(['result 1 of /set/b c.jpg has several labels; the first, "cup", was taken']);
  });
});

describe('COCO panoptic', () => {
  const file = (segments: object[], annotation: object = {}) => ({
    images: [{ id: 1, file_name: 'a.jpg', width: 3, height: 2 }],
    categories: [{ id: 5, name: 'sky' }],
    annotations: [{ image_id: 1, file_name: 'a.png', segments_info: segments, ...annotation }],
  });
  const picture = async (width = 3) => {
    const data = Buffer.alloc(width * 2 * 3);
    // 1 + 256 * 2 in the first pixel, 7 in the second.
    data.set([1, 2, 0, 7, 0, 0]);
    return sharp(data, { raw: { width, height: 2, channels: 3 } })
      .png()
      .toBuffer();
  };

  test('a segment is the pixels of its number', async () => {
    saved(folder, 'p/panoptic/a.png', await picture());
    const segments = [
      { id: 513, category_id: 5, iscrowd: 1 },
      { id: 7, category_id: 9 },
      { id: 8, category_id: 5 },
    ];
    const { shapes, leftOut } = await outcomeOf(readPanoptic, saved(folder, 'p/panoptic.json', file(segments)));
    expect(shapes.map(({ label, crowd, box }) => [label, crowd, box.x1])).toEqual([
      ['sky', true, 0],
      ['category 9', false, 1],
    ]);
    expect(leftOut).toEqual([{ what: 'segment 8 of a.jpg', why: 'no pixel of its picture has its number' }]);
  });

  test.each([
    ['no picture', null, {}, /does not lie beside the file/],
    ['another size', 4, {}, /a\.png is 4 x 2, the image 3 x 2/],
    ['another image', 3, { image_id: 2 }, /names no image/],
  ])('%s: said', async (where, width, annotation, why) => {
    if (width !== null) saved(folder, `${where}/a.png`, await picture(width));
    const { shapes, leftOut } = await outcomeOf(
      readPanoptic,
      saved(folder, `${where}/p.json`, file([{ id: 7, category_id: 5 }], annotation)),
    );
    expect([shapes, leftOut.map((each) => each.why)]).toEqual([[], [expect.stringMatching(why)]]);
  });
});

test('GroundingSuite: a mask for each phrase, images by their path', async () => {
  const row = {
    image_path: 'x/a.jpg',
    label: 'cup',
    caption: 'the blue cup',
    segmentation: { size: [2, 3], counts: [1, 2, 3] },
  };
  const lines = [
    row,
    { ...row, label: 'mug' },
    { ...row, segmentation: { size: [3, 2], counts: [1, 2, 3] } },
    { label: 'cup' },
    7,
  ];
  const text = lines.map((line) => JSON.stringify(line)).join('\n');
  const { images, labels, shapes, leftOut } = await outcomeOf(readGroundingSuite, saved(folder, 'g.jsonl', text));
  expect(images).toEqual([{ name: 'x/a.jpg', width: 3, height: 2 }]);
  expect([labels, areas(shapes), shapes[0]?.attributes]).toEqual([['cup', 'mug'], [2, 2], { caption: 'the blue cup' }]);
  expect(leftOut.map(({ what }) => what)).toEqual(['line 3', 'line 4', 'line 5']);
});
