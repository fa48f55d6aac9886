import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import { maskArea } from '../../../main/contract/rle.ts';
import { readCoco } from '../../../main/formats/coco/cocoRead.ts';
import { freshFolder, outcomeOf, saved } from '../reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const square = [1, 1, 5, 1, 5, 4, 1, 4];
const base = {
  images: [{ id: 1, file_name: 'a.jpg', width: 10, height: 6 }],
  categories: [{ id: 1, name: 'cup' }],
};
const one = { id: 1, image_id: 1, category_id: 1, segmentation: [square], bbox: [1, 1, 4, 3], area: 12, iscrowd: 0 };

const read = (value: unknown, sizes?: Parameters<typeof outcomeOf>[2]) =>
  outcomeOf(readCoco, saved(folder, 'coco.json', value), sizes);
const readOne = async (fields: Record<string, unknown>) => read({ ...base, annotations: [{ ...one, ...fields }] });

describe('a mask in every spelling', () => {
  test.each([
    ['a list of flat polygons', [square], 12],
    ['one flat list', square, 12],
    [
      'pairs of numbers',
      [
        [
          [1, 1],
          [5, 1],
          [5, 4],
          [1, 4],
        ],
      ],
      12,
    ],
    ['a flat list too deep', [[square]], 12],
    ['two parts', [square, [7, 1, 9, 1, 9, 3, 7, 3]], 16],
    ['compressed run lengths', { size: [6, 10], counts: '661b1' }, null],
    ['a list of run lengths', { size: [6, 10], counts: [7, 3, 3, 3, 44] }, 6],
  ])('%s', async (_, segmentation, area) => {
    const { shapes, leftOut } = await readOne({ segmentation, bbox: undefined });
    if (area === null) return expect(leftOut[0]?.why).toMatch(/cover/);
    expect(shapes.map(({ mask }) => mask && maskArea(mask))).toEqual([area]);
    expect(shapes[0]?.box).toMatchObject({ x1: 1, y1: 1 });
  });

  test.each([
    [0, false],
    [1, true],
    [true, true],
    [false, false],
    ['1', true],
    [undefined, false],
    [null, false],
  ])('iscrowd %j', async (iscrowd, crowd) => {
    expect((await readOne({ iscrowd })).shapes[0]?.crowd).toBe(crowd);
  });
});

describe('what other tools write', () => {
  test('sides of a box as text', async () => {
    const { shapes, leftOut } = await readOne({ segmentation: [], bbox: ['1.5', 1, '4', '0.25'] });
    expect([shapes.map(({ box }) => box), leftOut]).toEqual([[{ x1: 1.5, y1: 1, x2: 5.5, y2: 1.25 }], []]);
  });

  test('ids as text, id 0, gaps between categories, no area', async () => {
    const { shapes, labels, leftOut } = await read({
      images: [{ id: '0', file_name: 'a.jpg', width: '10', height: 6 }],
      categories: [
        { id: 0, name: 'cup' },
        { id: '17', name: 'plate' },
      ],
      annotations: [
        { id: 0, image_id: '0', category_id: 0, segmentation: [square] },
        { id: '1', image_id: 0, category_id: '17', segmentation: [square] },
      ],
    });
    expect(shapes.map(({ label }) => label)).toEqual(['cup', 'plate']);
    expect([labels, leftOut]).toEqual([['cup', 'plate'], []]);
  });

  test('paths of Windows, sub-folders kept', async () => {
    const images = [{ ...base.images[0], file_name: 'val\\a.jpg' }];
    expect((await read({ ...base, images, annotations: [] })).images[0]?.name).toBe('val/a.jpg');
  });

  test('no size: that of the picture; without one the image is left out', async () => {
    const images = [
      { id: 1, file_name: 'a.jpg' },
      { id: 2, file_name: 'b.jpg' },
    ];
    const annotations = [one, { ...one, id: 2, image_id: 2 }];
    const { shapes, leftOut } = await read({ ...base, images, annotations }, { 'a.jpg': [10, 6] });
    expect(shapes.map(({ mask }) => mask?.size)).toEqual([[6, 10]]);
    expect(leftOut).toEqual([
      { what: 'image b.jpg', why: 'its size is not given and the picture was not found' },
      { what: 'annotation 2', why: 'its image_id 2 names no image of the file' },
    ]);
  });

  test('attributes, captions and scores come along; what a shape cannot hold is kept beside it, and said', async () => {
    const extra = {
      attributes: { occluded: true, id: 4, list: [1] },
      caption: 'the cup',
      score: 0.5,
      keypoints: [1, 2, 2],
    };
    const { shapes, leftOut, said } = await readOne(extra);
    expect(shapes[0]?.attributes).toEqual({ score: 0.5, caption: 'the cup', occluded: true, id: 4 });
    expect(leftOut).toEqual([]);
    const kept = (key: string) => `"${key}" of 1 annotation is kept and exported again as it is`;
    expect(said).toEqual([kept('keypoints'), kept('attributes.list')]);
  });

  test('only a box', async () => {
    for (const segmentation of [undefined, null, []]) {
      const { shapes } = await readOne({ segmentation });
      expect(shapes).toMatchObject([{ mask: null, box: { x1: 1, y1: 1, x2: 5, y2: 4 } }]);
    }
  });

  test('our own boxes come back as boxes', async () => {
    expect((await readOne({ box_only: true })).shapes[0]?.mask).toBeNull();
  });
});

describe('what is wrong is said', () => {
  test.each([
    ['no image', { image_id: 9 }, /image_id 9 names no image/],
    ['neither mask nor box', { segmentation: [], bbox: [0, 0, 0, 0] }, /neither a mask nor a box/],
  ])('%s: left out, the others stay', async (_, fields, why) => {
    const { shapes, leftOut } = await read({
      ...base,
      annotations: [
        { ...one, ...fields },
        { ...one, id: 2 },
      ],
    });
    expect(shapes).toHaveLength(1);
    expect(leftOut).toEqual([{ what: 'annotation 1', why: expect.stringMatching(why) }]);
  });

  test.each([
    ['an odd ring', [[1, 1, 5, 1, 5, 4, 1]], /7 numbers; it needs an even count/],
    ['two points', [[1, 1, 5, 4]], /4 numbers/],
    ['words for numbers', [['1', 1, 5, 1, 5, 4]], /polygon 1 is no list of numbers/],
    ['RLE of another size', { size: [10, 6], counts: [60] }, /its mask is 6 x 10, its image 10 x 6/],
    ['RLE garbage', { size: [6, 10], counts: '~~~' }, /alphabet/],
    ['an empty mask', { size: [6, 10], counts: [60] }, /its mask is empty/],
    ['a polygon outside', [[20, 20, 30, 20, 30, 30]], /its mask is empty/],
    ['an object without runs', {}, /run-length mask/],
  ])('%s: the box stays and the mask is named; without a box it is left out', async (_, segmentation, why) => {
    const kept = await readOne({ segmentation });
    expect(kept.shapes).toMatchObject([{ mask: null, box: { x1: 1, y1: 1, x2: 5, y2: 4 } }]);
    expect(kept.leftOut).toEqual([{ what: 'the mask of annotation 1', why: expect.stringMatching(why) }]);
    const lost = await readOne({ segmentation, bbox: undefined });
    expect(lost.shapes).toEqual([]);
    expect(lost.leftOut).toEqual([{ what: 'annotation 1', why: expect.stringMatching(why) }]);
  });

  test.each([[[1, 1]], [[1, 1, 5, 4]], [[]], [[1, 1, 5, 1, 5, 4, 1]]])(
    'a stray part %j beside a good one',
    async (part) => {
      const { shapes, leftOut } = await readOne({ segmentation: [square, part] });
      expect(shapes.map(({ mask }) => mask && maskArea(mask))).toEqual([12]);
      expect(leftOut).toEqual([{ what: 'part 2 of 2 of annotation 1', why: expect.stringMatching(/even count/) }]);
    },
  );

  test('shapes of an id that two pictures share are left out; the same picture twice is one', async () => {
    const twice = { ...base, images: [...base.images, base.images[0]], annotations: [one] };
    expect((await read(twice)).shapes).toHaveLength(1);
    const images = [...base.images, { ...base.images[0], file_name: 'rear.jpg' }];
    const { shapes, leftOut } = await read({ ...base, images, annotations: [one] });
    expect(shapes).toEqual([]);
    expect(leftOut.map(({ why }) => why)).toEqual([
      'they share the id 1; give each its own',
      'two images share its image_id 1',
    ]);
  });

  test('no object at all has a place', async () => {
    const { leftOut } = await read({ ...base, annotations: [one, 7] });
    expect(leftOut).toEqual([{ what: 'annotation at place 2', why: 'it is no object' }]);
  });

  test.each([
    ['a box of corners', { bbox: [1, 1, 5, 4] }, []],
    [
      'a box of corners far from the origin',
      { segmentation: [[6, 3, 10, 3, 10, 6, 6, 6]], bbox: [6, 3, 10, 6] },
      [/x, y, x2, y2 instead/],
    ],
    ['an unknown category', { category_id: 8 }, [/category 8: not in the file's list/]],
    ['no category at all', { category_id: undefined }, [/without category: not in the file's list/]],
    ['a ring inside a ring', { segmentation: [square, [2, 2, 3, 2, 3, 3, 2, 3]] }, [/COCO has no holes/]],
  ])('%s: taken, with a word', async (_, fields, sentences) => {
    const { shapes, said } = await readOne(fields);
    expect(shapes).toHaveLength(1);
    expect(said).toEqual(sentences.map((sentence) => expect.stringMatching(sentence)));
  });

  test('ids that come twice: both are taken', async () => {
    const { shapes, said } = await read({ ...base, annotations: [one, one] });
    expect(shapes).toHaveLength(2);
    expect(said).toEqual([expect.stringMatching(/annotation 1 is there more than once/)]);
  });

  test('images and categories that cannot be told apart', async () => {
    const images = [...base.images, { ...base.images[0], file_name: 'b.jpg' }, { id: 'x', file_name: 'c.jpg' }];
    const categories = [...base.categories, { id: 1, name: 'again' }, { id: 2, name: 'cup' }, { name: 'none' }];
    const { labels, leftOut, said } = await read({ images, categories, annotations: [] });
    expect(labels).toEqual(['cup']);
    expect(leftOut.map(({ why }) => why)).toEqual([
      'it has no whole id or no file_name',
      'its id is that of "cup"',
      'it has no whole id',
      'they share the id 1; give each its own',
    ]);
    expect(said).toEqual(['two categories are called "cup"; they became one label']);
  });

  test.each(['images', 'annotations', 'categories'])('a file without %s', async (key) => {
    const whole: Record<string, unknown> = { ...base, annotations: [one] };
    delete whole[key];
    await expect(read(whole)).rejects.toThrow(
      new BadInput(`coco.json: the key "${key}" is missing from this COCO file`),
    );
  });
});

test('whatever stands in an annotation, it is read or left out with a reason', async () => {
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.array(fc.array(fc.float())),
    fc.record({ size: fc.jsonValue(), counts: fc.jsonValue() }),
  );
  const annotation = fc.record(
    {
      id: odd,
      image_id: fc.constant(1),
      category_id: odd,
      segmentation: odd,
      bbox: odd,
      iscrowd: odd,
      attributes: odd,
    },
    { requiredKeys: ['image_id'] },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(annotation, { maxLength: 5 }), async (annotations) => {
      const { shapes, leftOut } = await read({ ...base, annotations });
      const about = leftOut.filter(({ what }) => what.startsWith('annotation'));
      expect(shapes.length + about.length).toBe(annotations.length);
      for (const { mask, box } of shapes) {
        expect(box.x2).toBeGreaterThan(box.x1);
        expect(mask?.size ?? [6, 10]).toEqual([6, 10]);
      }
    }),
    { numRuns: 100 },
  );
});
