// The rules of a COCO file, one record at a time; areas and boxes are counted by hand.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import { compress } from '../../../main/contract/cocoMask.ts';
import { fromBitmap, maskArea } from '../../../main/contract/rle.ts';
import { bboxOf, type Checked, CocoRules, lostParts, parseSegmentation } from '../../../main/formats/coco/cocoRules.ts';

const image = { id: 1, file_name: 'a/b.jpg', width: 6, height: 4 };
const category = { id: 1, name: 'cup', supercategory: '' };
/** Columns 1 to 3, rows 1 and 2: six pixels. */
const square = [1, 1, 4, 1, 4, 3, 1, 3];
const sound = {
  ...{ id: 1, image_id: 1, category_id: 1, segmentation: [square] },
  ...{ area: 6, bbox: [1, 1, 3, 2], iscrowd: 0 },
};
const head = { info: {}, licenses: [], images: [], annotations: [], categories: [] };

/** Rules that know one image and one category. */
function begun(): CocoRules {
  const rules = new CocoRules();
  expect([rules.image(image, 0), rules.category(category, 0)]).toEqual([[], []]);
  return rules;
}
const problemsOf = (fields: object) => begun().annotation({ ...sound, ...fields }, 0);

describe('images', () => {
  test.each([
    [{ id: -1 }, /^images\.4\.id: /],
    [{ id: 1.5 }, /^images\.4\.id: /],
    [{ id: '1' }, /^images\.4\.id: /],
    [{ file_name: '' }, /^images\.4\.file_name: /],
    [{ file_name: undefined }, /^images\.4\.file_name: /],
    [{ width: 0 }, /^images\.4\.width: /],
    [{ height: 2.5 }, /^images\.4\.height: /],
    [{ file_name: '/a.jpg' }, 'file_name /a.jpg: must be a relative path with forward slashes'],
    [{ file_name: 'C:\\a.jpg' }, 'file_name C:\\a.jpg: must be a relative path with forward slashes'],
    [{ file_name: 'c:a.jpg' }, 'file_name c:a.jpg: must be a relative path with forward slashes'],
    [{ file_name: 'a\\b.jpg' }, 'file_name a\\b.jpg: must be a relative path with forward slashes'],
    [{ file_name: '../a.jpg' }, 'file_name ../a.jpg: must be a relative path with forward slashes'],
    [{ file_name: 'a/../b.jpg' }, 'file_name a/../b.jpg: must be a relative path with forward slashes'],
    [{ file_name: 'a/..' }, 'file_name a/..: must be a relative path with forward slashes'],
  ])('%j', (fields, problem) => {
    const problems = new CocoRules().image({ ...image, ...fields }, 4);
    expect(problems).toEqual([typeof problem === 'string' ? problem : expect.stringMatching(problem)]);
  });

  test.each(['..a.jpg', 'a..b/c.jpg', 'a/..b', 'x y/ü.jpg'])('%s is a name like any other', (file_name) => {
    expect(new CocoRules().image({ ...image, file_name }, 0)).toEqual([]);
  });

  test('no two share an id or a name', () => {
    const rules = begun();
    expect(rules.image({ ...image, file_name: 'c.jpg' }, 1)).toEqual(['image id 1 is there more than once']);
    expect(rules.image({ ...image, id: 2 }, 2)).toEqual(['file_name a/b.jpg is there more than once']);
    expect(rules.images).toBe(2);
  });

  test.each([null, 7, 'text', []])('%j is no image', (value) => {
    expect(new CocoRules().image(value, 0)).toEqual([expect.stringMatching(/^images\.0: /)]);
  });
});

describe('categories', () => {
  test('have ids and names of their own; gaps are no fault, as COCO itself has them', () => {
    const rules = new CocoRules();
    expect(rules.category({ id: 1, name: 'a' }, 0)).toEqual([]);
    expect(rules.category({ id: 3, name: 'b' }, 1)).toEqual([]);
    expect(rules.category({ id: 2, name: 'a' }, 2)).toEqual(['category name a is there more than once']);
    expect(rules.category({ id: 3, name: 'c' }, 3)).toEqual(['category id 3 is there more than once']);
    expect([rules.categoryName(3), rules.categoryName(9)]).toEqual(['c', null]);
    expect(rules.category({ id: 4, name: '' }, 3)).toEqual([expect.stringMatching(/^categories\.3\.name: /)]);
  });
});

describe('annotations', () => {
  test('a sound one hands on its mask', () => {
    const seen: Checked[] = [];
    const rules = begun();
    expect(rules.annotation(sound, 0, { seen: (each) => seen.push(each) })).toEqual([]);
    expect(seen.map(({ annotation, mask }) => [annotation.id, maskArea(mask)])).toEqual([[1, 6]]);
    expect(rules.annotations).toBe(1);
  });

  test.each([
    [{ image_id: 2 }, 'annotation 1: image_id 2 names no image'],
    [{ category_id: 2 }, 'annotation 1: category_id 2 names no category'],
    [{ area: 5 }, "annotation 1: area 5 is not the mask's 6"],
    [{ area: 6.5 }, "annotation 1: area 6.5 is not the mask's 6"],
    [{ bbox: [1, 1, 4, 3] }, "annotation 1: bbox [1,1,4,3] is not the mask's [1,1,3,2]"],
    [{ segmentation: [], bbox: [1, 1, 0, 2] }, 'annotation 1: it has no mask, and its bbox is empty'],
    [{ segmentation: null, area: 0 }, 'annotation 1: area 0 is that of nothing, though its bbox is not empty'],
    [{ segmentation: [[]] }, /at least 6/],
    [{ segmentation: 7 }, /^annotation 1: run-length mask: /],
    [{ segmentation: [[1, 1, 2, 2]] }, 'annotation 1: polygon: 4 numbers; it needs an even count of at least 6'],
    [
      { segmentation: [[1, 1, 2, 2, 3, 3, 4]] },
      'annotation 1: polygon: 7 numbers; it needs an even count of at least 6',
    ],
    [{ segmentation: [['a', 'b']] }, 'annotation 1: polygons: not a list of flat lists of numbers'],
    [{ segmentation: { size: [4, 6], counts: 'zzz~' } }, /^annotation 1: compressed mask: /],
    [{ segmentation: { size: [4, 6], counts: [20] } }, /the runs cover 20 pixels, but 6 x 4 has 24/],
    [{ segmentation: { size: [6, 4], counts: [24] } }, /size \[6,4\] is not the image's \[height, width\] \[4, 6\]/],
    [{ iscrowd: 2 }, /^annotations\.0\.iscrowd: /],
    [{ iscrowd: true }, /^annotations\.0\.iscrowd: /],
    [{ bbox: [1, 1, 3] }, /^annotations\.0\.bbox/],
    [{ area: '6' }, /^annotations\.0\.area: /],
    [{ ignore: 1 }, 'annotations.0.ignore: must be absent or 0, or trainers drop the object'],
    [{ id: -1 }, /^annotations\.0\.id: /],
    [{ id: 0 }, /^annotation 0: pycocotools takes a match with the id 0 for none, so in its evaluation/],
  ])('%j', (fields, problem) => {
    expect(problemsOf(fields)).toEqual([typeof problem === 'string' ? problem : expect.stringMatching(problem)]);
  });

  test.each([[[]], [null], [undefined]])('a box alone breaks no rule: %j', (segmentation) => {
    expect(problemsOf({ segmentation, bbox: [1.5, 1, 2.25, 2], area: 4.5 })).toEqual([]);
  });

  test('an empty mask breaks every rule that it breaks', () => {
    expect(problemsOf({ segmentation: { size: [4, 6], counts: [24] } })).toEqual([
      'annotation 1: its mask is empty',
      "annotation 1: area 6 is not the mask's 0",
      "annotation 1: bbox [1,1,3,2] is not the mask's [0,0,0,0]",
    ]);
  });

  test('a ring inside another is no hole', () => {
    const outer = [0, 0, 6, 0, 6, 4, 0, 4];
    const both = { segmentation: [outer, square], area: 24, bbox: [0, 0, 6, 4] };
    expect(problemsOf(both)).toEqual(['annotation 1: polygon 2 lies inside the others; holes need run lengths']);
    const apart = [
      [0, 0, 2, 0, 2, 2, 0, 2],
      [3, 0, 6, 0, 6, 2, 3, 2],
    ];
    expect(problemsOf({ segmentation: apart, area: 10, bbox: [0, 0, 6, 2] })).toEqual([]);
  });

  test('images and categories from 0 are no fault, as every reader takes them', () => {
    const rules = new CocoRules();
    expect([rules.image({ ...image, id: 0 }, 0), rules.category({ ...category, id: 0 }, 0)]).toEqual([[], []]);
    expect(rules.annotation({ ...sound, image_id: 0, category_id: 0 }, 0)).toEqual([]);
  });

  test('the id 0 is told beside what else is wrong, but for one that was kept from the file of a person', () => {
    expect(problemsOf({ id: 0, area: 5 })).toEqual([
      "annotation 0: area 5 is not the mask's 6",
      expect.stringContaining('always missed'),
    ]);
    const zero = { ...sound, id: 0 };
    expect(begun().annotation(zero, 0, { own: zero, hasItsId: true })).toEqual([]);
  });

  test('an id that comes twice', () => {
    const rules = begun();
    rules.annotation(sound, 0);
    expect(rules.annotation(sound, 1)).toEqual(['annotation id 1 is there more than once']);
  });

  test('keys of others are no fault', () => {
    expect(problemsOf({ score: 0.5, attributes: { old: true }, caption: 'the cup', ignore: 0 })).toEqual([]);
  });

  test('whatever it is, the answer is a list of sentences', () => {
    const odd = fc.oneof(fc.jsonValue(), fc.constantFrom(...Object.values(sound)));
    const record = fc.record({ id: odd, image_id: odd, category_id: odd, segmentation: odd, area: odd, bbox: odd });
    fc.assert(
      fc.property(fc.oneof(odd, record), (value) => {
        for (const problem of begun().annotation({ ...sound, ...Object(value) }, 0))
          expect(problem).toMatch(/^annotation/);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the whole file', () => {
  test.each(['info', 'licenses', 'images', 'annotations', 'categories'])('needs %s', (key) => {
    const { [key]: _, ...rest }: Record<string, unknown> = head;
    expect(begun().end(rest)).toEqual([expect.stringMatching(new RegExp(`^${key}: `))]);
    expect(begun().end({ ...head, [key]: 'text' })).toEqual([expect.stringMatching(new RegExp(`^${key}: `))]);
  });

  test('crowds alone are a trap; crowds and things are not', () => {
    const rules = begun();
    const crowd = { ...sound, iscrowd: 1 };
    expect(rules.annotation(crowd, 0)).toEqual([]);
    expect(rules.end(head)).toEqual([expect.stringMatching(/^every annotation is a crowd/)]);
    rules.annotation({ ...sound, id: 2 }, 1);
    expect(rules.end(head)).toEqual([]);
    expect(begun().end(head)).toEqual([]);
  });
});

describe('segmentations', () => {
  test('polygons, runs and compressed runs of one mask are one mask', () => {
    const drawn = parseSegmentation([square], 6, 4);
    // Columns of four: 1 + 4 outside, then twice 2 in and 2 out, 2 in, the rest out.
    const runs = { size: [4, 6], counts: [5, 2, 2, 2, 2, 2, 9] };
    expect(drawn).toEqual(runs);
    expect(parseSegmentation(runs, 1, 1)).toEqual(drawn);
    expect(parseSegmentation({ size: [4, 6], counts: compress(drawn) }, 1, 1)).toEqual(drawn);
    expect(bboxOf(drawn)).toEqual([1, 1, 3, 2]);
  });

  test('anything else is refused in words', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          expect(parseSegmentation(value, 6, 4).size).toHaveLength(2);
        } catch (error) {
          expect(error).toBeInstanceOf(BadInput);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('parts that add nothing are told by number', () => {
    const bits = (text: string) => fromBitmap(Uint8Array.from(text, Number), 4, 1);
    expect(lostParts([bits('1111'), bits('0110'), bits('0001')])).toEqual([1, 2]);
    expect(lostParts([bits('1100'), bits('0110'), bits('0011')])).toEqual([1]);
    expect(lostParts([bits('1100'), bits('1100')])).toEqual([0, 1]);
    expect(lostParts([bits('1100'), bits('0000')])).toEqual([]);
    expect(lostParts([bits('1100')])).toEqual([]);
    expect(lostParts([])).toEqual([]);
  });
});
