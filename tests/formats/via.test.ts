// What VIA 1, 2 and 3 write for one set of pictures, as a project, as regions in JSON and as a table.
import { rmSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { maskArea } from '../../main/contract/rle.ts';
import { detect } from '../../main/formats/detect.ts';
import { readVia, readViaTable } from '../../main/formats/via.ts';
import { readVia3 } from '../../main/formats/via3.ts';
import { freshFolder, type Outcome, outcomeOf, saved } from './reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const sizes = { 'a.png': [20, 12], 'b.png': [20, 12] } as const;
const polygon = { name: 'polygon', all_points_x: [1, 9, 9, 1], all_points_y: [1, 1, 5, 5] };
const rect = { name: 'rect', x: 2.5, y: 3, width: 4, height: 0.25 };
const region = (shape: object, said: object = { name: 'car' }) => ({
  shape_attributes: shape,
  region_attributes: said,
});
const entry = (filename: string, regions: unknown, said: object = {}) => ({
  ...{ filename, size: 12, regions, file_attributes: said },
});
const project = (metadata: object, region: object = {}) => ({
  ...{ _via_settings: {}, _via_img_metadata: metadata, _via_attributes: { region, file: {} } },
});
const read = (content: unknown): Promise<Outcome> => outcomeOf(readVia, saved(folder, 'via.json', content), sizes);
const areas = ({ shapes }: Outcome) => shapes.map(({ mask }) => mask && maskArea(mask));

describe('projects and regions', () => {
  const metadata = {
    'a.png12': entry('a.png', [region(polygon), region(rect)]),
    'b.png12': entry('b.png', []),
  };

  test.each([
    ['a project of VIA 2', project(metadata)],
    ['regions as VIA 2 writes them', metadata],
    [
      'regions of VIA 1, by number',
      { ...metadata, 'a.png12': entry('a.png', { 0: region(polygon), 1: region(rect) }) },
    ],
  ])('%s', async (_, content) => {
    expect(detect(saved(folder, 'd.json', content))).toEqual({ reader: readVia });
    const outcome = await read(content);
    expect(outcome).toMatchObject({ format: 'VIA', labels: ['car'], leftOut: [] });
    expect(outcome.images.map(({ name, width }) => [name, width])).toEqual([
      ['a.png', 20],
      ['b.png', 20],
    ]);
    expect(areas(outcome)).toEqual([32, null]);
    expect(outcome.shapes[1]?.box).toEqual({ x1: 2.5, y1: 3, x2: 6.5, y2: 3.25 });
  });

  test('circles and ellipses', async () => {
    const circle = region({ name: 'circle', cx: 10, cy: 6, r: 4 });
    const ellipse = region({ name: 'ellipse', cx: 10, cy: 6, rx: 2, ry: 8, theta: Math.PI / 2 });
    const [round, turned] = areas(await read({ a: entry('a.png', [circle, ellipse]) }));
    expect(Math.abs((round ?? 0) - Math.PI * 16)).toBeLessThan(4);
    expect(Math.abs((turned ?? 0) - Math.PI * 16)).toBeLessThan(5);
  });

  test.each([
    [region({ name: 'polyline' }), 'a polyline has no area'],
    [region({ name: 'point', cx: 1, cy: 1 }), 'a point has no area'],
    [region({ name: 'constructor' }), 'a shape of the kind "constructor" is not read'],
    [region({ ...polygon, all_points_y: [1] }), 'its corners are no two lists of equal length'],
    [region({ ...polygon, all_points_y: [1, 1, 'x', 5] }), 'one of its corners is no number'],
    [region({ ...rect, x: '2' }), 'its "x" is no number'],
    [region({ ...rect, x: 90 }), 'its box is empty or lies outside the picture'],
    [{}, 'it says nothing of its shape'],
    [null, 'it says nothing of its shape'],
  ])('%j is named', async (bad, why) => {
    const { shapes, leftOut } = await read({ a: entry('a.png', [bad, region(polygon)]) });
    expect([shapes.length, leftOut]).toEqual([1, [{ what: 'region 1 of a.png', why }]]);
  });

  test('a picture that is not there, an entry that names none, words about a whole picture', async () => {
    const { images, leftOut, said } = await read({
      a: entry('https://host/x/c%20d.png?v=1', [region(polygon)]),
      b: { filename: '', regions: [] },
      c: entry('a.png', [], { caption: 'x' }),
    });
    expect(images.map(({ name }) => name)).toEqual(['c d.png', 'a.png']);
    expect(leftOut).toEqual([
      { what: 'entry "b"', why: 'it names no picture' },
      { what: '1 regions of c d.png', why: 'its picture was not found, and its size is not given' },
    ]);
    expect(said).toContain('"caption" is said of a whole image, and is not read');
  });
});

describe('which attribute is the label', () => {
  const labels = async (said: readonly object[], rules: object = {}) =>
    (
      await read(
        project(
          {
            a: entry(
              'a.png',
              said.map((each) => region(polygon, each)),
            ),
          },
          rules,
        ),
      )
    ).shapes.map(({ label, attributes }) => [label, attributes]);

  test.each([
    ['the one that is called so', [{ colour: 'red', Class: 'car' }], {}, [['car', { colour: 'red' }]]],
    ['the only one', [{ tree: 'oak' }], {}, [['oak', {}]]],
    [
      'the one that is chosen from a list',
      [{ note: 'x', tree: 'oak' }],
      { tree: { type: 'dropdown' } },
      [['oak', { note: 'x' }]],
    ],
    ['boxes that are ticked', [{ type: { car: true, bus: false, red: true } }], {}, [['car, red', {}]]],
    ['a number', [{ class: 3 }], {}, [['3', {}]]],
    [
      'none',
      [{}, { class: '' }],
      {},
      [
        ['object', {}],
        ['object', {}],
      ],
    ],
    ['names with blanks', [{ name: 'ng ' }], {}, [['ng ', {}]]],
  ])('%s', async (_, said, rules, expected) => expect(await labels(said, rules)).toEqual(expected));

  test('is told, and so are regions without one', async () => {
    const { said } = await read({ a: entry('a.png', [region(polygon), region(polygon, {})]) });
    expect(said).toEqual(['labels are the regions\' "name"', 'regions without a label get the label "object"']);
  });
});

describe('tables', () => {
  const header = 'filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes';
  const cell = (value: object) => `"${JSON.stringify(value).replaceAll('"', '""')}"`;
  const line = (name: string, id: number, shape: object, said: object) =>
    [name, 12, '"{}"', 2, id, cell(shape), cell(said)].join(',');
  const rows = [
    line('a.png', 0, polygon, { name: 'car, red "one"' }),
    line('a.png', 1, rect, { name: 'car' }),
    line('b.png', 0, {}, {}),
  ];

  test.each([header, `#${header}`])('%s', async (first) => {
    const file = saved(folder, 'via.csv', [first, ...rows].join('\r\n'));
    expect(detect(file)).toEqual({ reader: readViaTable });
    const outcome = await outcomeOf(readViaTable, file, sizes);
    expect(outcome.images.map(({ name }) => name)).toEqual(['a.png', 'b.png']);
    expect([areas(outcome), outcome.labels, outcome.leftOut]).toEqual([[32, null], ['car, red "one"', 'car'], []]);
  });

  test('damaged cells and lines are named or refused, other tables refused', async () => {
    const bad = saved(folder, 'bad.csv', [header, ',1,,1,0,x,x', 'a.png,1,,1,0,x,x', rows[0]].join('\n'));
    const { shapes, leftOut } = await outcomeOf(readViaTable, bad, sizes);
    expect(shapes).toHaveLength(1);
    expect(leftOut.map(({ what }) => what)).toEqual(['line 2 of bad.csv', 'region 1 of a.png']);
    const open = saved(folder, 'open.csv', `${header}\na.png,"x`);
    await expect(outcomeOf(readViaTable, open)).rejects.toThrow(/open\.csv: is no whole table/u);
    expect(detect(saved(folder, 'o.csv', 'filename,width,height,class\na,1,1,car'))).toEqual({
      reason: expect.stringMatching(/is a table; of tables only those of VIA/u),
    });
  });
});

describe('VIA 3', () => {
  const content = {
    ...{ project: { pid: 'x' }, config: {} },
    attribute: { 1: { aname: 'kind', anchor_id: 'FILE1_Z0_XY1', type: 4, options: { 0: 'car', 1: 'bus' } } },
    file: { 1: { fid: '1', fname: 'a.png', type: 2 }, 2: { fid: '2', fname: 'v.mp4', type: 4 } },
    view: { 1: { fid_list: ['1'] }, 2: { fid_list: ['2'] }, 3: { fid_list: ['9'] } },
    metadata: {
      m1: { vid: '1', xy: [7, 1, 1, 9, 1, 9, 5, 1, 5], av: { 1: '0' } },
      m2: { vid: '1', xy: [2, 2.5, 3, 4, 2], av: { 1: '1' } },
      m3: { vid: '1', xy: [8, 2, 3, 8, 2, 4, 9, 5, 5], av: { 1: '1' } },
      m4: { vid: '1', xy: [6, 1, 1, 2, 2], av: {} },
      m5: { vid: '1', xy: [], av: {} },
      m6: { vid: '7', xy: [7, 1, 1], av: {} },
    },
  };

  test('files, views and metadata come together', async () => {
    const file = saved(folder, 'via3.json', content);
    expect(detect(file)).toEqual({ reader: readVia3 });
    const outcome = await outcomeOf(readVia3, file, sizes);
    expect(outcome.shapes.map(({ label, box }) => [label, box])).toEqual([
      ['car', { x1: 1, y1: 1, x2: 9, y2: 5 }],
      ['bus', { x1: 2.5, y1: 3, x2: 6.5, y2: 5 }],
      ['bus', { x1: 2, y1: 2, x2: 8, y2: 9 }],
    ]);
    expect(outcome.leftOut).toEqual([
      { what: 'v.mp4', why: 'it is no picture; only pictures are read' },
      { what: 'view 3', why: 'it names no picture' },
      { what: 'metadata m6', why: 'it belongs to no picture' },
      { what: 'region 4 of a.png', why: 'a polyline has no area' },
    ]);
    expect(outcome.said).toContain('what is said of a whole image is not read');
  });

  test('one without pictures is refused', async () => {
    const file = saved(folder, 'none.json', { ...content, view: {} });
    await expect(outcomeOf(readVia3, file, sizes)).rejects.toThrow(/none\.json: this VIA project holds no picture/u);
  });
});
