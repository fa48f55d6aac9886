// Shapes to a COCO file: every mask drawn back from the file as its readers draw it, and a file that is whole or not there.
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import { packMask } from '../../../main/contract/project.ts';
import type { Mask } from '../../../main/contract/records.ts';
import { fromBitmap, maskArea, maskIou } from '../../../main/contract/rle.ts';
import type { OutShape } from '../../../main/formats/coco/cocoAnnotations.ts';
import { bboxOf, CocoRules, parseSegmentation } from '../../../main/formats/coco/cocoRules.ts';
import { type CocoWriteOptions, writeCocoFile } from '../../../main/formats/coco/cocoWrite.ts';
import { freshFolder } from '../reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const frame = { width: 8, height: 6 };
/** '#' is inside. */
const mask = (...rows: string[]): Mask =>
  fromBitmap(
    Uint8Array.from([...rows.join('')], (each) => (each === '#' ? 1 : 0)),
    frame.width,
    frame.height,
  );
const block = mask('........', '.####...', '.####...', '.####...', '........', '........');
const holed = mask('######..', '######..', '##..##..', '######..', '######..', '........');
const parts = mask('##......', '##......', '........', '.....###', '.....###', '........');
const empty = mask('........', '........', '........', '........', '........', '........');

const box = { x1: 1, y1: 1, x2: 5, y2: 4 };
const shapeOf = (fields: Partial<OutShape> & { drawn?: Mask | null } = {}): OutShape => {
  const { drawn = block, ...rest } = fields;
  const own = { id: 1, imageId: 1, category: 1, box, frame, crowd: false, extra: {} };
  return { ...own, mask: drawn && packMask(drawn), ...rest };
};

interface Annotation {
  readonly id: number;
  readonly segmentation: unknown;
  readonly area: number;
  readonly bbox: number[];
  readonly [key: string]: unknown;
}

async function written(shapes: Iterable<OutShape>, options: Partial<CocoWriteOptions> = {}, name = 'out.json') {
  const file = path.join(folder, name);
  const content = {
    head: { info: JSON.stringify({ description: 'a "quoted" name' }) },
    categories: ['cup', 'plate'].map((name, i) => JSON.stringify({ id: i + 1, name, supercategory: '' })),
    images: () => [{ id: 1, fileName: 'a.jpg', ...frame }],
    shapes: () => shapes,
  };
  const report = await writeCocoFile(file, content, { masks: 'auto', ...options });
  const whole: { images: unknown[]; annotations: Annotation[]; categories: unknown[] } = JSON.parse(
    readFileSync(file, 'utf8'),
  );
  return { ...report, whole, file };
}

const drawnBack = ({ segmentation }: Annotation) => parseSegmentation(segmentation, frame.width, frame.height);

describe('how a mask is written', () => {
  test('a plain one is a polygon that draws it exactly', async () => {
    const { whole, polygons, stated } = await written([shapeOf()]);
    const [one] = whole.annotations;
    expect(one).toEqual({
      ...{ id: 1, image_id: 1, category_id: 1, area: 12, bbox: [1, 1, 4, 3], iscrowd: 0 },
      segmentation: [expect.any(Array)],
    });
    expect(one && drawnBack(one)).toEqual(block);
    expect([polygons, stated]).toEqual([1, []]);
  });

  test('one that lies on its image twice is written twice, and told', async () => {
    const record = {
      text: JSON.stringify({ segmentation: packMask(block), area: 12, bbox: [1, 1, 4, 3], iscrowd: 0 }),
    };
    const own = { record: { ...record, geometry: true, said: true } };
    const { whole, stated } = await written([
      shapeOf({ id: 1, ...own }),
      shapeOf({ id: 2, ...own }),
      shapeOf({ id: 3 }),
      shapeOf({ id: 4, drawn: holed }),
      shapeOf({ id: 5, imageId: 2 }),
    ]);
    expect(whole.annotations.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
    // The file that the first two came from had them so.
    expect(stated).toEqual(['annotation 3 has the same mask as annotation 1 of its image; both are written']);
  });

  test.each([
    ['with a hole', holed, 28],
    ['of parts', parts, 10],
  ])('one %s is run lengths, and keeps iscrowd 0', async (_, drawn, area) => {
    const { whole, polygons } = await written([shapeOf({ drawn })]);
    expect(whole.annotations).toMatchObject([{ area, iscrowd: 0, segmentation: packMask(drawn) }]);
    expect(polygons).toBe(0);
  });

  test('a crowd is run lengths, whatever was asked', async () => {
    for (const masks of ['auto', 'polygons', 'run lengths'] as const) {
      const { whole } = await written([shapeOf({ crowd: true })], { masks });
      expect(whole.annotations).toMatchObject([{ iscrowd: 1, segmentation: packMask(block) }]);
    }
  });

  test('corners that a person drew are written as they are; where they draw another mask, the mask counts', async () => {
    const rings = [[1, 1, 3, 0.9, 5, 1, 5, 4, 1, 4]];
    const { whole, polygons } = await written([
      shapeOf({ mask: { ...packMask(block), rings } }),
      shapeOf({ id: 2, mask: { ...packMask(block), rings: [[0, 0, 8, 0, 8, 6]] } }),
      shapeOf({ id: 3, mask: { ...packMask(holed), rings } }),
    ]);
    const [own, other, runs] = whole.annotations;
    expect([own?.segmentation, polygons]).toEqual([rings, 2]);
    expect(other && drawnBack(other)).toEqual(block);
    expect(runs?.segmentation).toEqual(packMask(holed));
  });

  test('run lengths when asked', async () => {
    const { whole, polygons } = await written([shapeOf()], { masks: 'run lengths' });
    expect([whole.annotations[0]?.segmentation, polygons]).toEqual([packMask(block), 0]);
  });

  test('polygons when asked: a lost hole is said with what it costs', async () => {
    const { whole, stated } = await written([shapeOf({ id: 7, drawn: holed })], { masks: 'polygons' });
    const [one] = whole.annotations;
    // 28 of 30 pixels are those of the mask.
    expect(stated).toEqual(['shape 7 lost its hole as polygons: IoU 0.9333']);
    expect(one).toMatchObject({ area: 30, polygon_iou: 0.933333, bbox: [0, 0, 6, 5] });
    expect(one && maskArea(drawnBack(one))).toBe(30);
  });

  test('polygons when asked: parts are rings side by side, without loss', async () => {
    const { whole, stated } = await written([shapeOf({ drawn: parts })], { masks: 'polygons' });
    const [one] = whole.annotations;
    expect(one?.segmentation).toHaveLength(2);
    expect(one && drawnBack(one)).toEqual(parts);
    expect([stated, one && 'polygon_iou' in one]).toEqual([[], false]);
  });

  test('only a box: its corners as a polygon, and said', async () => {
    const { whole, stated } = await written([shapeOf({ id: 3, drawn: null })]);
    expect(whole.annotations).toEqual([
      {
        ...{ box_only: true, id: 3, image_id: 1, category_id: 1, area: 12, bbox: [1, 1, 4, 3], iscrowd: 0 },
        segmentation: [[1, 1, 5, 1, 5, 4, 1, 4]],
      },
    ]);
    expect(stated).toEqual(['shape 3 has only a box: its four corners are written as its polygon (box_only)']);
  });

  test('a box that reaches far outside is cut to its image, one shape that cannot be read costs no other', async () => {
    const far = { x1: -1e9, y1: 1, x2: 1e9, y2: 3 };
    const torn = { size: [frame.height, frame.width] as [number, number], counts: '!' };
    const shapes = [shapeOf({ drawn: null, box: far }), shapeOf({ id: 2, mask: torn }), shapeOf({ id: 3 })];
    const { whole, stated } = await written(shapes);
    expect(whole.annotations.map(({ id, bbox }) => [id, bbox])).toEqual([
      [1, [0, 1, 8, 2]],
      [3, [1, 1, 4, 3]],
    ]);
    expect(stated).toContainEqual(expect.stringMatching(/^shape 2 is left out: compressed mask/));
  });

  test('a crowd that is only a box is run lengths of that box', async () => {
    const { whole } = await written([shapeOf({ drawn: null, crowd: true })]);
    expect(whole.annotations).toMatchObject([{ box_only: true, iscrowd: 1, segmentation: packMask(block), area: 12 }]);
  });

  test('an empty mask is left out and said; a box without a pixel keeps its fractions', async () => {
    const thin = { x1: 1.1, y1: 1.1, x2: 1.2, y2: 1.2 };
    const { whole, annotations, stated } = await written([
      shapeOf({ id: 1, drawn: empty }),
      shapeOf({ id: 2, drawn: null, box: thin }),
    ]);
    expect(whole.annotations).toMatchObject([{ id: 2, bbox: [1.1, 1.1, 0.1, 0.1], area: 0.01, box_only: true }]);
    expect(annotations).toBe(1);
    expect(stated).toEqual([
      'shape 1 is left out: its mask is empty',
      'shape 2 has only a box: its four corners are written as its polygon (box_only)',
    ]);
  });

  test('what else is known goes beside the keys of COCO, never in their place', async () => {
    const extra = { caption: 'the "red" cup', id: 99, area: -1, segmentation: 'none', bbox: null };
    const { whole } = await written([shapeOf({ extra })]);
    expect(whole.annotations[0]).toMatchObject({ caption: 'the "red" cup', id: 1, area: 12, bbox: [1, 1, 4, 3] });
  });
});

describe('any mask', () => {
  const anyMask = fc
    .array(fc.constantFrom(0, 1), { minLength: 48, maxLength: 48 })
    .map((bits) => fromBitmap(Uint8Array.from(bits), frame.width, frame.height));
  const settings = fc.constantFrom<CocoWriteOptions['masks']>('auto', 'polygons', 'run lengths');

  test('keeps every rule, says its own area and box, and with auto nothing of it is lost', async () => {
    const check = async (drawn: Mask, masks: CocoWriteOptions['masks'], crowd: boolean) => {
      const { whole, stated } = await written([shapeOf({ drawn, crowd })], { masks });
      const rules = new CocoRules();
      for (const [i, image] of whole.images.entries()) expect(rules.image(image, i)).toEqual([]);
      for (const [i, category] of whole.categories.entries()) expect(rules.category(category, i)).toEqual([]);
      const [one] = whole.annotations;
      if (one === undefined) return expect([maskArea(drawn), stated.length]).toEqual([0, 1]);
      const problems = rules.annotation(one, 0).filter((each) => !/holes need run lengths/.test(each));
      expect(problems).toEqual([]);
      const again = drawnBack(one);
      expect([one.area, one.bbox]).toEqual([maskArea(again), bboxOf(again)]);
      if (masks === 'run lengths' || crowd) expect(again).toEqual(drawn);
      else if (masks === 'auto') expect(again).toEqual(drawn);
      else expect(maskIou(again, drawn)).toBeGreaterThanOrEqual(Number(one.polygon_iou ?? 1));
    };
    await fc.assert(fc.asyncProperty(anyMask, settings, fc.boolean(), check), { numRuns: 150 });
  });
});

describe('the file', () => {
  test('has the five keys in the order that people read, and ids of categories from 1', async () => {
    const { file, whole, images } = await written([]);
    expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')))).toEqual([
      ...['info', 'licenses', 'images', 'annotations', 'categories'],
    ]);
    expect(whole.images).toEqual([{ id: 1, file_name: 'a.jpg', width: 8, height: 6 }]);
    expect(whole.categories).toEqual([
      { id: 1, name: 'cup', supercategory: '' },
      { id: 2, name: 'plate', supercategory: '' },
    ]);
    expect(images).toBe(1);
  });

  test('of more than a buffer is whole, in any language', async () => {
    const caption = 'die grüne Tasse 🍵 '.repeat(50);
    const many = Array.from({ length: 3000 }, (_, i) => shapeOf({ id: i + 1, extra: { caption } }));
    let steps = 0;
    const { whole, annotations, file } = await written(many, { step: () => steps++ });
    expect([annotations, steps, whole.annotations.at(-1)?.id]).toEqual([3000, 3000, 3000]);
    expect(whole.annotations.every((each) => each.caption === caption)).toBe(true);
    expect(readFileSync(file).length).toBeGreaterThan(2 ** 21);
  });

  test('sentences beyond a thousand are counted', async () => {
    const many = Array.from({ length: 1234 }, (_, i) => shapeOf({ id: i + 1, drawn: empty }));
    const { stated } = await written(many);
    expect([stated.length, stated.at(-1)]).toEqual([1001, 'and 234 more sentences like these']);
  });

  test('that was there stays when writing fails, and nothing is left beside it', async () => {
    const own = path.join(folder, 'own');
    mkdirSync(own);
    writeFileSync(path.join(own, 'kept.json'), 'what was there');
    const failing = function* () {
      yield shapeOf();
      throw new Error('the disk is on fire');
    };
    await expect(written(failing(), {}, 'own/kept.json')).rejects.toThrow('the disk is on fire');
    expect(readFileSync(path.join(own, 'kept.json'), 'utf8')).toBe('what was there');
    expect(readdirSync(own)).toEqual(['kept.json']);
  });

  test('that finds no room on the disk is refused in one sentence, and nothing is left beside it', async () => {
    const own = path.join(folder, 'no room');
    mkdirSync(own);
    const full = function* () {
      yield shapeOf();
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    const file = path.join(own, 'out.json');
    await expect(written(full(), {}, 'no room/out.json')).rejects.toThrow(
      new BadInput(`${file}: cannot be written: the disk is full (ENOSPC)`),
    );
    expect(readdirSync(own)).toEqual([]);
  });

  test('takes no place but that of an earlier one: folders, projects and pictures are left as they are', async () => {
    const own = path.join(folder, 'taken');
    mkdirSync(path.join(own, 'folder.json'), { recursive: true });
    for (const name of ['p.loupe', 'a.jpg', 'out.json']) writeFileSync(path.join(own, name), 'what was there');
    await expect(written([], {}, 'taken/p.loupe')).rejects.toThrow(/is no \.json file, so it was left as it is/);
    await expect(written([], {}, 'taken/a.jpg')).rejects.toThrow(BadInput);
    await expect(written([], {}, 'taken/folder.json')).rejects.toThrow(/is a folder/);
    expect(readFileSync(path.join(own, 'p.loupe'), 'utf8')).toBe('what was there');
    expect((await written([], {}, 'taken/out.json')).whole.annotations).toEqual([]);
    expect(readdirSync(own)).toEqual(['a.jpg', 'folder.json', 'out.json', 'p.loupe']);
  });

  test('by way of a link is where the link leads', async () => {
    const own = path.join(folder, 'linked');
    mkdirSync(own);
    writeFileSync(path.join(own, 'real.json'), '{}');
    symlinkSync('real.json', path.join(own, 'link.json'));
    await written([shapeOf()], {}, 'linked/link.json');
    expect(readFileSync(path.join(own, 'real.json'), 'utf8')).toContain('annotations');
    expect(lstatSync(path.join(own, 'link.json')).isSymbolicLink()).toBe(true);
  });

  test('is not there when it was cancelled', async () => {
    const own = path.join(folder, 'cancelled');
    mkdirSync(own);
    const abort = new AbortController();
    const endless = function* () {
      for (let id = 1; ; id++) {
        if (id === 100) abort.abort(new Error('enough'));
        yield shapeOf({ id });
      }
    };
    await expect(written(endless(), { signal: abort.signal }, 'cancelled/out.json')).rejects.toThrow('enough');
    expect(readdirSync(own)).toEqual([]);
  });

  test('that cannot be written is refused in one sentence', async () => {
    const file = path.join(folder, 'no/such/folder/out.json');
    await expect(written([], {}, 'no/such/folder/out.json')).rejects.toThrow(
      new BadInput(`${file}: cannot be written: there is no such folder (ENOENT)`),
    );
  });
});
