// VGG Image Annotator: its projects of three versions, whatever people call the attribute that names the thing.
import { rmSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { maskArea } from '../../main/contract/rle.ts';
import { readVia } from '../../main/formats/via.ts';
import { freshFolder, outcomeOf, saved } from './reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
const read = (content: unknown) => outcomeOf(readVia, saved(folder, `${++count}.json`, content), { 'a.jpg': [20, 10] });

const polygon = { name: 'polygon', all_points_x: [2, 8, 8, 2], all_points_y: [2, 2, 6, 6] };
const entry = (regions: unknown, filename = 'a.jpg') => ({ filename, size: 12, regions, file_attributes: {} });

test('a project of version 2: polygon, rectangle, circle, ellipse', async () => {
  const shapes = [
    polygon,
    { name: 'rect', x: 1, y: 1, width: 4, height: 3 },
    { name: 'circle', cx: 10, cy: 5, r: 3 },
    { name: 'ellipse', cx: 10, cy: 5, rx: 6, ry: 2, theta: 0 },
  ];
  const regions = shapes.map((shape) => ({
    shape_attributes: shape,
    region_attributes: { colour: 'red', class: 'cup' },
  }));
  const found = await read({
    _via_settings: {},
    _via_img_metadata: { 'a.jpg12': entry(regions) },
    _via_attributes: {},
  });
  expect(found.images[0]).toMatchObject({ name: 'a.jpg', width: 20, height: 10 });
  expect(found.shapes.map(({ label, attributes }) => [label, attributes])).toEqual(
    Array(4).fill(['cup', { colour: 'red' }]),
  );
  expect(found.shapes.map(({ mask }) => mask && maskArea(mask))[0]).toBe(24);
  expect(found.shapes[1]).toMatchObject({ mask: null, box: { x1: 1, y1: 1, x2: 5, y2: 4 } });
});

test('annotations alone, regions by number as version 1 wrote them, boxes to tick', async () => {
  const region = { shape_attributes: polygon, region_attributes: { what: { cup: true, plate: false } } };
  expect((await read({ x: entry({ 0: region }) })).shapes.map(({ label }) => label)).toEqual(['cup']);
});

test('a project of version 3: kinds and choices by number', async () => {
  const found = await read({
    ...{ project: {}, config: {}, view: { 1: { fid_list: ['7'] } }, file: { 7: { fid: '7', fname: 'a.jpg' } } },
    attribute: { 1: { aname: 'class', options: { 0: 'cup', 1: 'plate' } } },
    metadata: {
      a: { vid: '1', xy: [7, 2, 2, 8, 2, 8, 6, 2, 6], av: { 1: '1' } },
      b: { vid: '1', xy: [2, 1, 1, 4, 3], av: { 1: '0' } },
      c: { vid: '1', xy: [], av: {} },
    },
  });
  expect(found.shapes.map(({ label, mask }) => [label, mask && maskArea(mask)])).toEqual([
    ['plate', 24],
    ['cup', null],
  ]);
});

test('what cannot be read is named', async () => {
  const regions = [
    { shape_attributes: { name: 'point', cx: 1, cy: 1 }, region_attributes: { class: 'cup' } },
    { shape_attributes: polygon, region_attributes: {} },
    { shape_attributes: { name: 'rect', x: 'a' }, region_attributes: { class: 'cup' } },
  ];
  const { shapes, leftOut } = await read({ x: entry(regions), y: entry(regions, 'elsewhere.jpg') });
  expect(shapes).toEqual([]);
  expect(leftOut).toEqual([
    { what: 'region 1 of a.jpg', why: expect.stringMatching(/a point has no area|not given by numbers/) },
    { what: 'region 2 of a.jpg', why: 'none of its attributes says what it is' },
    { what: 'region 3 of a.jpg', why: 'its rect is not given by numbers' },
    { what: '3 regions of elsewhere.jpg', why: 'VIA stores no sizes, and the picture was not found' },
  ]);
});
