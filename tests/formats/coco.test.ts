// COCO files: what is written, what the verifier finds, and what becomes of the broken input that upset pycocotools.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compress, parseRle } from '../../main/contract/cocoMask.ts';
import { boxIou } from '../../main/contract/geometry.ts';
import { fromBitmap, maskArea, maskBox, maskIou, toBitmap, union } from '../../main/contract/rle.ts';
import { type CocoSource, toCoco, verifyCoco, writeCoco } from '../../main/formats/coco.ts';
import { parseSegmentation } from '../../main/formats/cocoRules.ts';
import { goldenJson, haveGolden } from '../golden.ts';

const drawn = (...rows: string[]) =>
  fromBitmap(
    Uint8Array.from(rows.join(''), (mark) => (mark === '#' ? 1 : 0)),
    rows[0]?.length ?? 0,
    rows.length,
  );

const source = {
  description: 'made by a test',
  images: [{ id: 1, fileName: 'photos\\cat.jpg', width: 4, height: 3 }],
  shapes: [{ id: 1, imageId: 1, label: 'cat', mask: drawn('.##.', '.#..', '....'), extra: { caption: 'the cat' } }],
  labels: ['dog', 'cat'],
} satisfies CocoSource;

describe('writing', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'loupe-coco-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('one image with one annotation, all five keys', async () => {
    const target = path.join(folder, 'one.json');
    const { skipped } = await writeCoco(target, source);
    const text = await readFile(target, 'utf8');
    expect(skipped).toEqual([]);
    expect(JSON.parse(text)).toEqual({
      info: { description: 'made by a test', version: '1.0' },
      licenses: [],
      images: [{ id: 1, file_name: 'photos/cat.jpg', width: 4, height: 3 }],
      annotations: [
        {
          id: 1,
          image_id: 1,
          category_id: 2,
          segmentation: { size: [3, 4], counts: '321O4' },
          area: 3,
          bbox: [1, 0, 2, 2],
          iscrowd: 0,
          caption: 'the cat',
        },
      ],
      categories: [
        { id: 1, name: 'dog', supercategory: '' },
        { id: 2, name: 'cat', supercategory: '' },
      ],
    });
  });

  test('a hole and two parts survive', () => {
    const mask = drawn('###..', '#.#.#', '###..');
    const [annotation] = toCoco({
      ...source,
      images: [{ id: 1, fileName: 'a.png', width: 5, height: 3 }],
      shapes: [{ id: 1, imageId: 1, label: 'dog', mask }],
    }).file.annotations;
    expect(parseSegmentation(annotation?.segmentation, 5, 3)).toEqual(mask);
    expect(annotation).toMatchObject({ area: 9, bbox: [0, 0, 5, 3] });
  });

  test('an empty mask is left out and said so', async () => {
    const shapes = [...source.shapes, { id: 7, imageId: 1, label: 'dog', mask: drawn('....', '....', '....') }];
    const { file, skipped } = toCoco({ ...source, shapes });
    expect(skipped).toEqual([{ id: 7, reason: 'its mask is empty' }]);
    expect(file.annotations.map((each) => each.id)).toEqual([1]);
    expect(verifyCoco(file)).toEqual([]);
  });

  test('an image without objects is kept', () => {
    const { file } = toCoco({ ...source, shapes: [] });
    expect(file.images).toHaveLength(1);
    expect(verifyCoco(file)).toEqual([]);
  });

  test('extra keys never replace those of COCO', () => {
    const [shape] = source.shapes;
    if (shape === undefined) throw new Error('no shape');
    const { file } = toCoco({ ...source, shapes: [{ ...shape, extra: { area: 999, id: 5, score: 0.5 } }] });
    expect(file.annotations[0]).toMatchObject({ id: 1, area: 3, score: 0.5 });
  });

  test.each([
    ['a label that is not listed', { labels: ['dog'] }, /category_id/],
    ['a mask of another size', { images: [{ id: 1, fileName: 'a.jpg', width: 3, height: 4 }] }, /is not the image's/],
    ['an id of zero', { images: [{ id: 0, fileName: 'a.jpg', width: 4, height: 3 }] }, /images.0.id/],
    ['a path from the root', { images: [{ id: 1, fileName: '/a.jpg', width: 4, height: 3 }] }, /relative path/],
  ])('%s is never written', async (_, change, message) => {
    await expect(writeCoco(path.join(folder, 'never.json'), { ...source, ...change })).rejects.toThrow(message);
    await expect(readFile(path.join(folder, 'never.json'))).rejects.toThrow(/ENOENT/);
  });
});

describe('verifying', () => {
  const broken = (change: (annotation: Record<string, unknown>, file: Record<string, unknown[]>) => void) => {
    const file = JSON.parse(JSON.stringify(toCoco(source).file));
    change(file.annotations[0], file);
    return verifyCoco(file);
  };

  test.each([
    ['width for x2', { bbox: [1, 0, 3, 2] }, /bbox \[1,0,3,2\] is not the mask's \[1,0,2,2\]/],
    ['a box of three', { bbox: [1, 0, 3] }, /annotations.0.bbox/],
    ['a box of NaN, which JSON writes as null', { bbox: [null, 0, 2, 2] }, /annotations.0.bbox.0/],
    ['the area of the box', { area: 4 }, /area 4 is not the mask's 3/],
    ['no area', { area: undefined }, /annotations.0.area/],
    ['id 0', { id: 0 }, /annotations.0.id/],
    ['an id as text', { id: '1' }, /annotations.0.id/],
    ['an unknown image', { image_id: 2 }, /image_id 2 names no image/],
    ['an unknown category', { category_id: 3 }, /category_id 3 names no category/],
    ['iscrowd as a boolean', { iscrowd: false }, /annotations.0.iscrowd/],
    ['no iscrowd', { iscrowd: undefined }, /annotations.0.iscrowd/],
    ['ignore', { ignore: 1 }, /absent or 0/],
    ['no segmentation', { segmentation: undefined }, /run-length mask/],
    ['an empty list of polygons', { segmentation: [] }, /the list is empty/],
    ['a ring of two points', { segmentation: [[0, 0, 2, 2]] }, /at least 6/],
    ['nested pairs', { segmentation: [[[0, 0, 2, 0, 2, 2]]] }, /not a list of flat lists/],
    [
      'swapped size',
      { segmentation: { size: [4, 3], counts: '321O4' } },
      /is not the image's \[height, width\] \[3, 4\]/,
    ],
    ['runs too short', { segmentation: { size: [3, 4], counts: '321' } }, /cover 6 of 12/],
    ['runs too long', { segmentation: { size: [3, 4], counts: [3, 2, 1, 60] } }, /cover 66 pixels/],
  ])('%s', (_, change, message) => {
    const problems = broken((annotation) => Object.assign(annotation, change));
    expect(problems).toEqual([expect.stringMatching(message)]);
    expect(problems[0]).toMatch(/^annotation/);
  });

  test.each([
    ['an annotation twice', 'annotations', /annotation id 1 is there more than once/],
    ['an image twice', 'images', /image id 1 is there more than once/],
    ['a category twice', 'categories', /category name dog is there more than once/],
  ])('%s', (_, key, message) => {
    const problems = broken((__, file) => file[key]?.push(file[key]?.[0]));
    expect(problems[0]).toMatch(message);
  });

  test('categories with gaps', () => {
    expect(broken((_, file) => Object.assign(file.categories?.[1] ?? {}, { id: 3 }))[0]).toMatch(/must run 1, 2, 3/);
  });

  test('a missing key', () => {
    for (const key of ['info', 'licenses', 'images', 'annotations', 'categories']) {
      const problems = broken((_, file) => delete file[key]);
      expect(problems).toEqual([expect.stringMatching(new RegExp(`^${key}: `))]);
    }
  });

  test('right polygons and crowds are right', () => {
    const polygon = { segmentation: [[1, 0, 3, 0, 3, 2, 1, 2]], area: 4, bbox: [1, 0, 2, 2] };
    expect(broken((annotation) => Object.assign(annotation, polygon))).toEqual([]);
    const object = { ...polygon, id: 2, image_id: 1, category_id: 1, iscrowd: 0 };
    const withCrowd = broken((annotation, file) => {
      Object.assign(annotation, { iscrowd: 1 });
      file.annotations?.push(object);
    });
    expect(withCrowd).toEqual([]);
  });

  test('nothing but crowds', () => {
    expect(broken((annotation) => Object.assign(annotation, { iscrowd: 1 }))).toEqual([
      expect.stringMatching(/^every annotation is a crowd/),
    ]);
  });

  test.each([[null], [[]], ['{}'], [{ images: 3 }]])('%j is no COCO file', (value) => {
    expect(verifyCoco(value).length).toBeGreaterThan(0);
  });
});

interface MalformedCase {
  name: string;
  call: string;
  outcome: { result?: unknown };
  port: 'match' | 'refuse' | 'either';
}

/** What pycocotools' functions correspond to here; the fixture's Python calls are read as JavaScript. */
const counterpart = {
  decode: (value: unknown) => {
    const mask = readAll(value);
    const bitmap = toBitmap(mask);
    return Array.from({ length: mask.size[0] }, (_, y) => [
      ...bitmap.subarray(y * mask.size[1], (y + 1) * mask.size[1]),
    ]);
  },
  area: (value: unknown) => maskArea(readAll(value)),
  toBbox: (value: unknown) => {
    const { x1, y1, x2, y2 } = maskBox(readAll(value));
    return [x1, y1, x2 - x1, y2 - y1];
  },
  frPyObjects: (value: unknown, height: number, width: number) => {
    const mask = parseSegmentation(value, width, height);
    return { size: mask.size, counts: compress(mask) };
  },
  merge: (values: unknown[]) => compress(readAll(values)),
  iou: (a: unknown[], b: unknown[], crowd: number[]) => {
    if (crowd.length !== b.length) throw new Error('one flag a target');
    return a.map((one) => b.map((other) => overlap(one, other))).flat(a.length === 0 || b.length === 0 ? 1 : 0);
  },
  encode: (rows: number[][]) => {
    const mask = fromBitmap(Uint8Array.from(rows.flat()), rows[0]?.length ?? 0, rows.length);
    return { size: mask.size, counts: compress(mask) };
  },
};

function readAll(value: unknown) {
  const [first, ...rest] = (Array.isArray(value) ? value : [value]).map(parseRle);
  if (first === undefined) throw new Error('no mask');
  return union(first, ...rest);
}

function overlap(a: unknown, b: unknown): number {
  if (!Array.isArray(a)) return maskIou(parseRle(a), parseRle(b));
  const problems = [a, b].flatMap((bbox) => {
    const file = JSON.parse(JSON.stringify(toCoco(source).file));
    file.annotations[0].bbox = bbox;
    return verifyCoco(file).filter((problem) => problem.startsWith('annotations.'));
  });
  if (problems.length > 0) throw new Error(problems[0]);
  const [one, other] = [a, b as number[]].map(([x = 0, y = 0, w = 0, h = 0]) => ({
    x1: x,
    y1: y,
    x2: x + w,
    y2: y + h,
  }));
  return one && other ? boxIou(one, other) : Number.NaN;
}

function called(call: string): unknown {
  const script = call
    .replaceAll(/\bb"/g, '"')
    .replaceAll(/np\.asfortranarray\((.*)\)(?=\)|$)/g, '$1')
    .replaceAll(/np\.array\((\[\[.*\]\]), (?:np\.uint8|float)\)/g, '$1')
    .replaceAll(/\.(?:shape|decode\(\))/g, '')
    .replaceAll(/\[:(\d)\]/g, '.slice(0, $1)');
  const run = new Function('M', 'np', 'None', 'float', `"use strict"; return ${script};`);
  const np = { uint8: 'uint8', zeros: (length: number) => Array(length).fill(0) };
  return run(counterpart, np, null, (text: string) => (text === 'inf' ? Number.POSITIVE_INFINITY : Number.NaN));
}

describe.skipIf(!haveGolden)('golden metrics/coco-malformed.json', () => {
  const { cases } = haveGolden
    ? goldenJson<{ cases: MalformedCase[] }>('metrics', 'coco-malformed.json')
    : { cases: [] };

  test.each(cases.filter((each) => each.port === 'match'))('$name: the same answer', ({ call, outcome }) => {
    expect(called(call)).toEqual(outcome.result);
  });

  test.each(cases.filter((each) => each.port === 'refuse'))('$name: refused', ({ call }) => {
    expect(() => called(call)).toThrow(/^[^\n]+/);
    // Refused by us, not by a call that could not be read.
    expect(() => called(call)).not.toThrow(SyntaxError);
    expect(() => called(call)).not.toThrow(ReferenceError);
  });

  test.each(cases.filter((each) => each.port === 'either'))('$name: no hang, no crash', ({ call }) => {
    const start = performance.now();
    try {
      called(call);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
