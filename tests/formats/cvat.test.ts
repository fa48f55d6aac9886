// CVAT's XML for images: every shape that has an area, with its attributes; what has none is named.
import { rmSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { maskArea, maskBox, toBitmap } from '../../main/contract/rle.ts';
import { readCvat } from '../../main/formats/cvat.ts';
import { freshFolder, outcomeOf, saved } from './reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
const image = (inner: string, attributes = 'width="20" height="10"') =>
  `<image id="0" name="train\\a.jpg" ${attributes}>${inner}</image>`;
const file = (inner: string, meta = '') =>
  `<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version><meta>${meta}</meta>${inner}</annotations>`;
const read = (text: string) =>
  outcomeOf(readCvat, saved(folder, `${++count}/annotations.xml`, text), { 'a.jpg': [20, 10] });

test('a polygon, a box and a mask, each where CVAT shows it', async () => {
  const { shapes, images, labels, leftOut } = await read(
    file(
      image(
        '<polygon label="cup" occluded="1" points="2.0,2.0;8.0,2.0;8.0,6.0;2.0,6.0" z_order="3" group_id="7"/>' +
          '<box label="plate" occluded="0" xtl="1.5" ytl="2.25" xbr="9.5" ybr="8" z_order="0"/>' +
          '<mask label="cup" rle="1, 3, 2, 2" left="10" top="4" width="4" height="2"/>',
      ),
      '<task><labels><label><name>spoon</name></label><label><name>cup</name></label></labels></task>',
    ),
  );
  expect([images[0], labels, leftOut]).toEqual([
    { name: 'train/a.jpg', width: 20, height: 10 },
    ['spoon', 'cup', 'plate'],
    [],
  ]);
  const [polygon, box, mask] = shapes;
  expect([polygon?.mask && maskArea(polygon.mask), polygon?.attributes]).toEqual([
    24,
    { occluded: true, z_order: 3, group: 7 },
  ]);
  expect([box?.mask, box?.box, box?.attributes]).toEqual([null, { x1: 1.5, y1: 2.25, x2: 9.5, y2: 8 }, {}]);
  const bitmap = mask?.mask ? toBitmap(mask.mask) : [];
  const on = Array.from(bitmap).flatMap((value, i) => (value === 1 ? [[i % 20, Math.floor(i / 20)]] : []));
  expect(on).toEqual([
    [11, 4],
    [12, 4],
    [13, 4],
    [12, 5],
    [13, 5],
  ]);
});

test('attributes of its own keep their words', async () => {
  const own = '<attribute name="colour">dark red</attribute><attribute name="worn">false</attribute>';
  const { shapes } = await read(file(image(`<box label="cup" xtl="1" ytl="1" xbr="4" ybr="4">${own}</box>`)));
  expect(shapes[0]?.attributes).toEqual({ colour: 'dark red', worn: 'false' });
});

test('a turned box and an ellipse are their outline, and the turn is kept', async () => {
  const { shapes } = await read(
    file(
      image(
        '<box label="cup" xtl="4" ytl="4" xbr="12" ybr="6" rotation="90"/><ellipse label="cup" cx="10" cy="5" rx="6" ry="2"/>',
      ),
    ),
  );
  const [box, ellipse] = shapes;
  expect([box?.mask && maskBox(box.mask), box?.attributes]).toEqual([{ x1: 7, y1: 1, x2: 9, y2: 9 }, { rotation: 90 }]);
  expect(ellipse?.mask && maskArea(ellipse.mask)).toBeGreaterThan(Math.PI * 12 * 0.85);
  expect(ellipse?.mask && maskArea(ellipse.mask)).toBeLessThan(Math.PI * 12 * 1.1);
});

test('what has no area is named, what is damaged is left out, the rest is kept', async () => {
  const { shapes, leftOut } = await read(
    file(
      image(
        '<polyline label="crack" points="1,1;2,2"/><points label="p" points="1,1"/><points label="p" points="2,2"/>' +
          '<box label="cup" xtl="x" ytl="1" xbr="4" ybr="4"/><mask label="cup" rle="1,2" left="0" top="0" width="9" height="9"/>' +
          '<box label="" xtl="1" ytl="1" xbr="4" ybr="4"/><box label="cup" xtl="1" ytl="1" xbr="4" ybr="4"/>',
      ),
    ),
  );
  expect(shapes.length).toBe(1);
  expect(leftOut).toEqual([
    { what: 'box 4 of train/a.jpg', why: 'its xtl is no number' },
    { what: 'mask 5 of train/a.jpg', why: 'its runs do not fill its 9 x 9 pixels' },
    { what: 'box 6 of train/a.jpg', why: 'it has no label' },
    { what: '1 polyline of train/a.jpg', why: 'it has no area' },
    { what: '2 points of train/a.jpg', why: 'it has no area' },
  ]);
});

describe('files of another kind', () => {
  test('tracks of a video are refused with what to export', async () => {
    await expect(read(file('<track id="0" label="cup"/>'))).rejects.toThrow(
      /video's tracks; export it as "CVAT for images/,
    );
  });

  test('an image without a size has that of its picture', async () => {
    const { images } = await read(file(image('', '')));
    expect(images[0]).toMatchObject({ width: 20, height: 10 });
  });
});
