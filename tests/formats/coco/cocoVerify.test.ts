import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import { compress } from '../../../main/contract/cocoMask.ts';
import type { Mask } from '../../../main/contract/records.ts';
import { fromBitmap } from '../../../main/contract/rle.ts';
import { type Truth, verifyCocoFile } from '../../../main/formats/coco/cocoVerify.ts';
import { freshFolder, saved } from '../reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

/** 6 wide, 4 high: a square of 2 x 2, and a ring of 3 x 3 with a hole. */
const square = fromBitmap(Uint8Array.from('011000011000000000000000', Number), 6, 4);
const ring = fromBitmap(Uint8Array.from('000111000101000111000000', Number), 6, 4);
const rle = (mask: Mask) => ({ size: mask.size, counts: compress(mask) });

const right = () => ({
  info: { description: 'two things' },
  licenses: [] as unknown[],
  images: [
    { id: 1, file_name: 'a/1.jpg', width: 6, height: 4 },
    { id: 2, file_name: 'b/1.jpg', width: 6, height: 4 },
  ] as Record<string, unknown>[],
  annotations: [
    {
      id: 1,
      image_id: 1,
      category_id: 1,
      segmentation: [[1, 0, 3, 0, 3, 2, 1, 2]],
      area: 4,
      bbox: [1, 0, 2, 2],
      iscrowd: 0,
    },
    { id: 2, image_id: 1, category_id: 2, segmentation: rle(ring), area: 8, bbox: [3, 0, 3, 3], iscrowd: 0 },
  ] as Record<string, unknown>[],
  categories: [
    { id: 1, name: 'square', supercategory: '' },
    { id: 2, name: 'ring', supercategory: '' },
  ] as Record<string, unknown>[],
});
type File = ReturnType<typeof right>;

const truth: Truth = {
  image: (id) => (id === 1 || id === 2 ? { width: 6, height: 4 } : null),
  shape(id) {
    if (id === 1) return { imageId: 1, labels: ['square'], crowd: false, mask: square, record: null, hasItsId: false };
    return id === 2 ? { imageId: 1, labels: ['ring'], crowd: false, mask: ring, record: null, hasItsId: false } : null;
  },
  hasImage: () => false,
  hasCategory: () => false,
  images: () => [1, 2],
  shapes: () => [1, 2],
};

const problemsOf = async (change: (file: File) => unknown, beside: Truth | null = null): Promise<string[]> => {
  const file = right();
  const text = change(file);
  const saidSo = typeof text === 'string' ? text : JSON.stringify(file);
  return (await verifyCocoFile(saved(folder, 'file.json', saidSo), { truth: beside })).problems;
};

const first = (fields: Record<string, unknown>) => (file: File) =>
  void Object.assign(file.annotations[0] ?? {}, fields);
const second = (fields: Record<string, unknown>) => (file: File) =>
  void Object.assign(file.annotations[1] ?? {}, fields);

test('a right file has no problems, alone and beside its project', async () => {
  expect(await problemsOf(() => {})).toEqual([]);
  const report = await verifyCocoFile(saved(folder, 'right.json', right()), { truth });
  expect(report).toMatchObject({ images: 2, annotations: 2, problems: [], compared: true });
});

test('the order of the keys does not matter', async () => {
  const { info, licenses, images, annotations, categories } = right();
  const turned = JSON.stringify({ annotations, categories, images, licenses, info });
  expect(await problemsOf(() => turned, truth)).toEqual([]);
});

/** Every rule that readers of COCO files check, each broken once. */
const faults: [rule: string, change: (file: File) => unknown, message: RegExp][] = [
  ['an annotation with id 0', first({ id: 0 }), /^annotation 0: pycocotools takes a match with the id 0 for none/],
  ['an annotation id twice', second({ id: 1 }), /annotation id 1 is there more than once/],
  ['image_id as text', first({ image_id: '1' }), /annotations\.0\.image_id/],
  ['an image_id that no image has', first({ image_id: 7 }), /image_id 7 names no image/],
  ['a category_id that no category has', first({ category_id: 3 }), /category_id 3 names no category/],
  [
    'category ids below 0',
    ({ categories }) => void Object.assign(categories[0] ?? {}, { id: -1 }),
    /categories\.0\.id/,
  ],
  [
    'a category id twice',
    ({ categories }) => void Object.assign(categories[1] ?? {}, { id: 1 }),
    /category id 1 is there more than once/,
  ],
  ['bbox as x1 y1 x2 y2', first({ bbox: [1, 0, 3, 2] }), /bbox \[1,0,3,2\] is not the mask's \[1,0,2,2\]/],
  ['no area', first({ area: undefined }), /annotations\.0\.area/],
  ['the area of the box', second({ area: 9 }), /area 9 is not the mask's 8/],
  ['no iscrowd', first({ iscrowd: undefined }), /annotations\.0\.iscrowd/],
  ['iscrowd as true', first({ iscrowd: true }), /annotations\.0\.iscrowd/],
  [
    'iscrowd 1 everywhere',
    ({ annotations }) => annotations.forEach((each) => Object.assign(each, { iscrowd: 1 })),
    /every annotation is a crowd/,
  ],
  [
    'an image twice',
    ({ images }) => images.push({ ...images[0], file_name: 'c.jpg' }),
    /image id 1 is there more than once/,
  ],
  [
    'a category name twice',
    ({ categories }) => void Object.assign(categories[1] ?? {}, { name: 'square' }),
    /category name square is there more than once/,
  ],
  [
    'neither a mask nor a box',
    first({ segmentation: undefined, bbox: [1, 0, 0, 0] }),
    /no mask, and its bbox is empty/,
  ],
  ['a box of three', first({ bbox: [1, 0, 2] }), /annotations\.0\.bbox/],
  ['null for a file', () => 'null', /./],
  ['a list that is a number', (file) => JSON.stringify({ ...file, images: 3 }), /images/],
  ['ignore', first({ ignore: 1 }), /ignore.*absent or 0/],
  ['an empty ring in the list', first({ segmentation: [[]] }), /at least 6/],
  ['a ring of two points', first({ segmentation: [[1, 0, 3, 2]] }), /at least 6/],
  [
    'a later ring of two points',
    first({
      segmentation: [
        [1, 0, 3, 0, 3, 2, 1, 2],
        [5, 5, 6, 6],
      ],
    }),
    /at least 6/,
  ],
  ['an odd count', first({ segmentation: [[1, 0, 3, 0, 3, 2, 1]] }), /even count/],
  [
    'nested pairs',
    first({
      segmentation: [
        [
          [1, 0],
          [3, 0],
          [3, 2],
        ],
      ],
    }),
    /flat lists of numbers/,
  ],
  [
    'a hole as a ring inside a ring',
    second({
      segmentation: [
        [3, 0, 6, 0, 6, 3, 3, 3],
        [4, 1, 5, 1, 5, 2, 4, 2],
      ],
      area: 9,
    }),
    /polygon 2 lies inside the others/,
  ],
  [
    'the shoelace area of a ring that crosses itself',
    first({ segmentation: [[0, 0, 4, 4, 4, 0, 0, 4]], area: 0, bbox: [0, 0, 4, 4] }),
    /area 0 is not the mask's/,
  ],
  [
    'RLE size as width, height',
    second({ segmentation: { ...rle(ring), size: [6, 4] } }),
    /is not the image's \[height, width\]/,
  ],
  [
    'counts by rows',
    second({ segmentation: { size: [4, 6], counts: [3, 3, 3, 1, 1, 1, 3, 3, 6] } }),
    /is not the mask's/,
  ],
  ['runs that end early', second({ segmentation: { size: [4, 6], counts: [12, 3] } }), /cover 15 pixels/],
  ['runs that go on', second({ segmentation: { size: [4, 6], counts: [12, 3, 90] } }), /cover 105 pixels/],
  [
    'no leading run for a first pixel inside',
    second({ segmentation: { size: [4, 6], counts: [4, 20] }, area: 4 }),
    /is not the mask's/,
  ],
  ['counts that are no text of the alphabet', second({ segmentation: { size: [4, 6], counts: 'é' } }), /alphabet/],
  [
    'NaN, which JSON does not have',
    (file) => JSON.stringify(file).replace('"area":4', '"area":NaN'),
    /"NaN" cannot stand here/,
  ],
  ['NaN as a JavaScript program writes it', first({ bbox: [null, 0, 2, 2] }), /annotations\.0\.bbox\.0/],
  ['an image without a height', ({ images }) => delete images[0]?.height, /images\.0\.height/],
  [
    'a path with backslashes',
    ({ images }) => void Object.assign(images[0] ?? {}, { file_name: 'a\\1.jpg' }),
    /forward slashes/,
  ],
  [
    'a path from the root',
    ({ images }) => void Object.assign(images[0] ?? {}, { file_name: '/a/1.jpg' }),
    /relative path/,
  ],
  [
    'a path that leads out',
    ({ images }) => void Object.assign(images[0] ?? {}, { file_name: '../1.jpg' }),
    /relative path/,
  ],
  [
    'base names that collide',
    ({ images }) => void Object.assign(images[1] ?? {}, { file_name: 'a/1.jpg' }),
    /file_name a\/1\.jpg is there more than once/,
  ],
  ['no info', (file) => Reflect.deleteProperty(file, 'info'), /^info: /],
  ['no licenses', (file) => Reflect.deleteProperty(file, 'licenses'), /^licenses: /],
  ['no categories', (file) => Reflect.deleteProperty(file, 'categories'), /categor/],
  ['a file that is cut short', (file) => JSON.stringify(file).slice(0, -20), /cut short/],
  ['a list of results', () => '[{"image_id": 1}]', /results are lists/],
];

describe('a seeded fault is found', () => {
  test.each(faults)('%s', async (_, change, message) => {
    expect(await problemsOf(change)).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
  });
});

/** What only the project knows. */
const differences: [what: string, change: (file: File) => unknown, message: RegExp][] = [
  [
    'sides of a picture before it is turned upright',
    ({ images }) => void Object.assign(images[1] ?? {}, { width: 4, height: 6 }),
    /image 2 is given as 4 x 6, its picture is 6 x 4/,
  ],
  [
    'an image that the project does not have',
    ({ images }) => images.push({ id: 3, file_name: 'c.jpg', width: 1, height: 1 }),
    /image 3 is not in the project/,
  ],
  [
    'an image without objects that was dropped',
    ({ images }) => images.pop(),
    /image 2 of the project is not in the file/,
  ],
  ['a shape that was dropped', ({ annotations }) => annotations.pop(), /shape 2 of the project is not in the file/],
  ['a shape that the project does not have', second({ id: 9 }), /annotation 9: the project has no shape/],
  ['another image', first({ image_id: 2 }), /lies on image 1 in the project/],
  ['another label', first({ category_id: 2 }), /is labelled "square" in the project/],
  ['a mask that is gone', first({ segmentation: [] }), /has no mask; in the project it has one/],
  ['an object that became a crowd', first({ iscrowd: 1 }), /is no crowd in the project/],
  [
    'a mask of one pixel less',
    second({ segmentation: rle(fromBitmap(Uint8Array.from('000111000101000110000000', Number), 6, 4)), area: 7 }),
    /IoU 0\.875000 where the file promises 1/,
  ],
  [
    'a hole that was filled without a word',
    second({ segmentation: [[3, 0, 6, 0, 6, 3, 3, 3]], area: 9 }),
    /IoU 0\.888889/,
  ],
];

describe('a difference from the project is found', () => {
  test.each(differences)('%s', async (_, change, message) => {
    expect(await problemsOf(change, truth)).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
  });

  test('an id below 1 is none where the file that the project came from gave it', async () => {
    const isZero = ({ annotations }: File) => {
      for (const [i, each] of annotations.entries()) Object.assign(each, { id: i });
    };
    const counted = (hasItsId: boolean): Truth => ({
      ...truth,
      shapes: () => [0, 1],
      shape(id) {
        const shape = truth.shape(id + 1);
        return shape && { ...shape, hasItsId };
      },
    });
    expect(await problemsOf(isZero, counted(true))).toEqual([]);
    expect(await problemsOf(isZero, counted(false))).toEqual([expect.stringMatching(/^annotation 0: pycocotools /mu)]);
  });

  test('a loss that the file states is none', async () => {
    const stated = second({ segmentation: [[3, 0, 6, 0, 6, 3, 3, 3]], area: 9, polygon_iou: 0.888888 });
    expect(await problemsOf(stated, truth)).toEqual([]);
  });
});

test('thousands of problems end in a number', async () => {
  const problems = await problemsOf((file) => {
    const [one] = file.annotations;
    file.annotations = Array.from({ length: 1500 }, (_, i) => ({ ...one, id: i + 1, area: 5 }));
  });
  expect(problems).toHaveLength(1001);
  expect(problems.at(-1)).toBe('and 500 more');
});

test('a file that is not there is refused, and a cancelled check stops', async () => {
  await expect(verifyCocoFile(path.join(folder, 'nowhere.json'))).rejects.toThrow(BadInput);
  const file = path.join(folder, 'long.json');
  const [one] = right().annotations;
  writeFileSync(
    file,
    JSON.stringify({ ...right(), annotations: Array.from({ length: 20_000 }, (_, i) => ({ ...one, id: i + 1 })) }),
  );
  const signal = AbortSignal.timeout(1);
  await expect(verifyCocoFile(file, { signal })).rejects.toThrow(/abort/);
});
