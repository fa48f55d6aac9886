// COCO as many tools write it: in, out and in again, with nothing lost, nothing doubled and every rule kept.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { compress } from '../../main/contract/cocoMask.ts';
import { loupe } from './inProcess.ts';
import { type Coco, cocoOf, exportedFrom, squareAt, takenFrom, tree } from './taken.ts';

const size = [100, 80] as const;
const take = async (content: object) =>
  takenFrom(path.join(await tree({ 'a.png': size, 'c.json': content }), 'c.json'));

/** What a file says, in an order that does not depend on how it lists it. */
const said = ({ images, annotations, categories, ...head }: Coco) => ({
  head,
  images: images.toSorted((a, b) => a.id - b.id),
  annotations: annotations.toSorted((a, b) => a.id - b.id),
  categories: categories.toSorted((a, b) => a.id - b.id),
});

const idsOf = (rows: readonly { id: number }[]): number[] => rows.map(({ id }) => id).sort((a, b) => a - b);
const crowd = { size: [80, 100], counts: [0, 8, 72, 8, 72, 8, 7832] };
const files: Readonly<Record<string, object>> = {
  'ids from 0, as Label Studio and LabelMe write them': {
    info: { year: 2026, version: '1.0', contributor: 'Label Studio' },
    images: [0, 1].map((id) => ({ width: 100, height: 80, id, file_name: `images/${'ab'[id]}.png` })),
    categories: [
      { id: 0, name: 'cup' },
      { id: 1, name: 'plate' },
    ],
    annotations: [0, 1].map((id) => ({
      id,
      image_id: id,
      category_id: id,
      segmentation: [squareAt(10, 10)],
      bbox: [10, 10, 10, 10],
      ignore: 0,
      iscrowd: 0,
      area: 100,
    })),
  },
  'large ids, gaps, licences, urls and nested values': {
    info: { description: 'x', url: 'http://x', date_created: '2017/09/01' },
    licenses: [
      { id: 3, name: 'CC', url: 'http://l' },
      { id: 7, name: 'MIT', url: 'http://m' },
    ],
    images: [
      {
        id: 581_929,
        license: 7,
        file_name: 'a.png',
        coco_url: 'http://x/a',
        flickr_url: 'http://y',
        height: 80,
        width: 100,
        date_captured: '2013',
        meta: { gps: [1.5, 2.25], none: null },
      },
    ],
    annotations: [
      {
        id: 900_100_581_929,
        image_id: 581_929,
        category_id: 90,
        iscrowd: 1,
        area: 24,
        bbox: [0, 0, 3, 8],
        segmentation: crowd,
      },
      {
        id: 12,
        image_id: 581_929,
        category_id: 1,
        iscrowd: 0,
        area: 100,
        bbox: [10, 10, 10, 10],
        segmentation: [squareAt(10, 10)],
        attributes: { occluded: false, tags: ['a', 'b'], deep: { x: 1 } },
        track_id: 4,
      },
    ],
    categories: [
      { id: 90, name: 'tooth', supercategory: 'body', isthing: 1, color: [220, 20, 60] },
      { id: 1, name: 'cup', supercategory: 'kitchen' },
    ],
    splits: { train: [1, 2] },
    videos: [],
  },
  'keypoints, some of them not seen': {
    images: [{ id: 1, file_name: 'a.png', width: 100, height: 80 }],
    annotations: [
      {
        id: 1,
        image_id: 1,
        category_id: 1,
        iscrowd: 0,
        num_keypoints: 1,
        area: 100,
        bbox: [10, 10, 10, 10],
        keypoints: [0, 0, 0, 15.5, 12.25, 1, 0, 0, 0],
        segmentation: [squareAt(10, 10)],
      },
      {
        id: 2,
        image_id: 1,
        category_id: 1,
        iscrowd: 0,
        num_keypoints: 3,
        area: 400,
        bbox: [30, 10, 20, 20],
        keypoints: [31, 11, 2, 40, 20, 2, 45, 25, 1],
      },
      {
        id: 3,
        image_id: 1,
        category_id: 1,
        iscrowd: 0,
        num_keypoints: 0,
        area: 400,
        bbox: [60, 10, 20, 20],
        keypoints: [0, 0, 0, 0, 0, 0, 0, 0, 0],
        segmentation: [],
      },
    ],
    categories: [
      {
        id: 1,
        name: 'person',
        supercategory: 'person',
        keypoints: ['nose', 'eye', 'ear'],
        skeleton: [
          [1, 2],
          [2, 3],
        ],
      },
    ],
  },
  'run lengths both ways': {
    images: [{ id: 1, file_name: 'a.png', width: 100, height: 80 }],
    annotations: [
      { id: 1, image_id: 1, category_id: 1, iscrowd: 0, area: 24, bbox: [0, 0, 3, 8], segmentation: crowd },
      {
        id: 2,
        image_id: 1,
        category_id: 1,
        iscrowd: 1,
        area: 24,
        bbox: [0, 0, 3, 8],
        segmentation: { size: [80, 100], counts: compress({ size: [80, 100], counts: crowd.counts }) },
      },
    ],
    categories: [{ id: 1, name: 'cup' }],
  },
  'boxes alone: an empty list, null, no key at all, fractions and less than a pixel': {
    images: [{ id: 1, file_name: 'a.png', width: 100, height: 80 }],
    annotations: [
      { id: 1, image_id: 1, category_id: 1, iscrowd: 0, area: 26.52, bbox: [10.2, 20.6, 5.1, 5.2], segmentation: [] },
      { id: 2, image_id: 1, category_id: 1, iscrowd: 0, area: 0.04, bbox: [50.3, 50.3, 0.2, 0.2], segmentation: null },
      { id: 3, image_id: 1, category_id: 1, iscrowd: 0, area: 8000, bbox: [0, 0, 100, 80] },
    ],
    categories: [{ id: 1, name: 'cup' }],
  },
};

describe('in and out again', () => {
  test.each(Object.entries(files))('%s: word for word', async (_, content) => {
    const root = await tree({ 'a.png': size, 'images/a.png': size, 'images/b.png': size, 'c.json': content });
    const { coco, out, project } = await takenFrom(path.join(root, 'c.json'));
    const given = JSON.parse(readFileSync(path.join(root, 'c.json'), 'utf8'));
    const wanted = said(given);
    expect(said(coco)).toEqual({ ...wanted, head: { info: coco.info, licenses: [], ...wanted.head } });
    // The same file again, and its own export again, add nothing.
    for (const file of [path.join(root, 'c.json'), out]) {
      const { out: report } = await loupe('import', project, file);
      expect(report).toMatch(/Took 0 shapes/u);
    }
    expect(said((await exportedFrom(project)).coco)).toEqual(said(coco));
    for (const form of ['--runs', '--polygons']) {
      const other = await exportedFrom(project, form);
      expect(idsOf(other.rows)).toEqual(idsOf(coco.annotations));
      const { out: report } = await loupe('import', project, other.out);
      expect(report, form).toMatch(/Took 0 shapes/u);
    }
  });

  test.each(Object.entries(files))(
    '%s: what is written keeps the rules without the project, too',
    async (name, content) => {
      const root = await tree({ 'a.png': size, 'images/a.png': size, 'images/b.png': size, 'c.json': content });
      const { out } = await takenFrom(path.join(root, 'c.json'));
      const { out: report } = await loupe('verify', out);
      // It is told, though the file had it.
      if (name.startsWith('ids from 0')) expect(report).toMatch(/^annotation 0: pycocotools /mu);
      else expect(report).toMatch(/no rule is broken/u);
    },
  );

  test('ids as text become numbers and stay what they are', async () => {
    const { coco } = await take({
      images: [{ id: '7', file_name: 'a.png', width: '100', height: 80.0 }],
      annotations: [
        {
          id: '11',
          image_id: '7',
          category_id: '3',
          iscrowd: false,
          bbox: ['10', '10', '5', '5'],
          segmentation: [squareAt(10, 10)],
        },
      ],
      categories: [{ id: '3', name: 'cup' }],
    });
    expect(coco.annotations).toMatchObject([{ id: 11, image_id: 7, category_id: 3 }]);
  });

  test('two files with the same ids: the first keeps its own, the second gets new ones above', async () => {
    const file = (name: string, category: string) => ({
      ...cocoOf([{ segmentation: [squareAt(10, 10)], area: 100, bbox: [10, 10, 10, 10] }]),
      images: [{ id: 1, file_name: name, width: 100, height: 80 }],
      categories: [{ id: 1, name: category, supercategory: category }],
    });
    const root = await tree({
      'a.png': size,
      'b.png': size,
      'one.json': file('a.png', 'cup'),
      'two.json': file('b.png', 'plate'),
    });
    const { coco, rows } = await takenFrom(path.join(root, 'one.json'), path.join(root, 'two.json'));
    expect(rows[0]).toMatchObject({ id: 1, image_id: 1, category_id: 1, label: 'cup' });
    expect(rows[1]).toMatchObject({ label: 'plate' });
    expect(new Set(coco.annotations.map(({ id }) => id)).size).toBe(2);
    expect(new Set(coco.images.map(({ id }) => id)).size).toBe(2);
  });
});

describe('its own export again', () => {
  const points = [
    [10, 10],
    [40, 12],
    [38, 50],
    [12, 48],
  ];
  test.each([
    ['YOLO', { 'labels/a.txt': '0 0.5 0.5 0.203 0.2\n0 0.1 0.1 0.5 0.1 0.5 0.5\n', 'images/a.png': size }],
    [
      'LabelMe',
      {
        'a.png': size,
        'a.json': {
          imagePath: 'a.png',
          imageHeight: 80,
          imageWidth: 100,
          shapes: [
            { label: 'cup', points, shape_type: 'polygon' },
            {
              label: 'cup',
              points: [
                [1.5, 2.5],
                [9.25, 8.75],
              ],
              shape_type: 'rectangle',
            },
          ],
        },
      },
    ],
    [
      'VOC',
      {
        'a.png': size,
        'a.xml':
          '<annotation><filename>a.png</filename><size><width>100</width><height>80</height></size><object><name>cup</name><bndbox><xmin>1.5</xmin><ymin>2.25</ymin><xmax>9</xmax><ymax>8</ymax></bndbox></object></annotation>',
      },
    ],
  ])('%s into a project, out of it, and in again adds nothing', async (_, content) => {
    const root = await tree(content);
    const { project, out, rows } = await takenFrom(root);
    const { out: again } = await loupe('import', project, root);
    expect(again).toMatch(/Took 0 shapes/u);
    for (const options of [[], ['--runs'], ['--polygons']]) {
      const exported = options.length > 0 ? (await exportedFrom(project, ...options)).out : out;
      expect((await loupe('import', project, exported)).out).toMatch(/Took 0 shapes/u);
    }
    const after = await exportedFrom(project);
    expect(after.rows).toHaveLength(rows.length);
    // Into another project, and out of that.
    const { coco: other } = await takenFrom([out, root]);
    expect(other.annotations.map(({ bbox, area }) => [bbox, area])).toEqual(
      after.rows.map(({ bbox, area }) => [bbox, area]),
    );
  });
});

test('numbers that are none cost what they stand in, and not the file', async () => {
  const text = JSON.stringify(
    cocoOf([
      { segmentation: [squareAt(10, 10)], area: 'A', bbox: [10, 10, 10, 10], note: 'NaN, "Infinity"' },
      { segmentation: [], bbox: [30, 30, 'B', 10] },
      { bbox: [1, 1, 5, 5], score: 'C' },
    ]),
  );
  const raw = text.replace('"A"', 'NaN').replace('"B"', '-Infinity').replace('"C"', 'Infinity');
  const root = await tree({ 'a.png': size, 'c.json': raw });
  const { rows, report } = await takenFrom(path.join(root, 'c.json'));
  expect(rows.map(({ id, area, bbox }) => [id, area, bbox])).toEqual([
    [1, 100, [10, 10, 10, 10]],
    [3, 25, [1, 1, 5, 5]],
  ]);
  expect(rows[0]).toMatchObject({ note: 'NaN, "Infinity"' });
  expect(report).toMatch(/annotation 1: NaN or Infinity stands in it/u);
  expect(report).toMatch(/annotation 2: it has neither a mask nor a box/u);
});

test('LVIS names pictures by their addresses alone', async () => {
  const address = 'http://images.cocodataset.org/val2017/0001.png';
  const image = { id: 7, coco_url: address, width: 100, height: 80, neg_category_ids: [2] };
  const lvis = cocoOf([{ image_id: 7, segmentation: [squareAt(10, 10)], area: 100, bbox: [10, 10, 10, 10] }], {
    images: [image],
    categories: [{ id: 1, name: 'cup', synset: 'cup.n.01', frequency: 'c', synonyms: ['cup'] }],
  });
  const root = await tree({ 'val2017/0001.png': size, 'train2017/0001.png': size, 'lvis_v1_val.json': lvis });
  const { rows, coco } = await takenFrom(path.join(root, 'lvis_v1_val.json'));
  expect(rows.map(({ id, file, label }) => [id, file?.split('/').slice(-2).join('/'), label])).toEqual([
    [1, 'val2017/0001.png', 'cup'],
  ]);
  expect(coco.images).toMatchObject([{ id: 7, coco_url: address, neg_category_ids: [2] }]);
  expect(coco.categories).toMatchObject([{ frequency: 'c', synonyms: ['cup'] }]);
});
