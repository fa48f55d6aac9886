// The cases of ../shared by the command line: what people's files went wrong with elsewhere, each with its right outcome.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loupe } from './inProcess.ts';
import { type Coco, fresh, takenFrom } from './taken.ts';

const cases = path.resolve(import.meta.dirname, '../../../shared/material/cases');
const haveCases = existsSync(cases);
if (!haveCases) console.warn('skipped: no ../shared');

const at = (place: string) => path.join(cases, place);
const source = (place: string): Coco => JSON.parse(readFileSync(at(place), 'utf8'));

/** Places of the cases, or of a case and its pictures. */
const taken = (...places: readonly (string | readonly [place: string, images: string])[]) =>
  takenFrom(
    ...places.map((place) => (typeof place === 'string' ? at(place) : ([at(place[0]), at(place[1])] as const))),
  );

const about = (value: number, share = 0.03) => [value * (1 - share), value * (1 + share)] as const;
function expectAbout(found: number | undefined, wanted: number): void {
  const [least, most] = about(wanted);
  expect(found).toBeGreaterThanOrEqual(least);
  expect(found).toBeLessThanOrEqual(most);
}

/** Rows in an order that does not depend on their ids alone. */
const byText = (a: unknown, b: unknown): number => (String(a) < String(b) ? -1 : 1);

describe.skipIf(!haveCases)('names of classes (01)', () => {
  test.each([
    ['gap', ['bus', 'kite']],
    ['inline', ['bus', 'kite']],
    ['order', ['first', 'second']],
    ['lines', ['first', 'second']],
    ['comment', ['first', 'second']],
    ['comma', ['bolt, M8', 'nut']],
    ['blank', ['first', 'third']],
    ['othername', ['first', 'second']],
    ['smallgap', ['car', 'motorcycle']],
    ['indentless', ['first', 'second']],
  ])('%s', async (name, labels) => {
    expect((await taken(`01-yolo-names-with-gaps/${name}`)).labels).toEqual(labels);
  });
});

describe.skipIf(!haveCases)('rows of YOLO (02, 05, 06)', () => {
  test.each([
    ['o3', 100, 40, [10, 4, 80, 16]],
    ['o5', 40, 100, [4, 10, 32, 40]],
    ['o6', 40, 100, [4, 10, 32, 40]],
    ['o8', 40, 100, [4, 10, 32, 40]],
  ])('a picture that EXIF turns: %s', async (name, width, height, bbox) => {
    const { coco, rows } = await taken(`02-yolo-exif-photo/${name}`);
    expect(coco.images[0]).toMatchObject({ width, height });
    expect([rows[0]?.bbox, rows[0]?.area]).toEqual([bbox, 1280]);
  });

  test.each([
    ['corner', 6730],
    ['closed', 4000],
  ])('a polygon at the edge of the picture is no pose row: %s', async (name, area) => {
    const { rows } = await taken(`05-yolo-polygon-like-keypoints/${name}`);
    expect(rows[0]?.box_only).toBeUndefined();
    expectAbout(rows[0]?.pixels, area);
  });

  test('a pose row is its box, with a word on the keypoints', async () => {
    const { rows, report } = await taken('05-yolo-polygon-like-keypoints/pose');
    expect(rows[0]?.bbox).toEqual([60, 20, 80, 60]);
    expect(report).toMatch(/keypoints of a\.txt/u);
  });

  test.each([
    ['mixed', 3, null],
    ['nan', 3, /line 4 of a\.txt/u],
    ['name', 3, /line 4 of a\.txt.*car/u],
    ['negative', 5, null],
    ['crlf', 3, null],
  ])('one odd row among good ones: %s', async (name, shapes, said) => {
    const { rows, report } = await taken(`06-yolo-mixed-and-bad-rows/${name}`);
    expect(rows).toHaveLength(shapes);
    if (said !== null) expect(report).toMatch(said);
  });
});

test.skipIf(!haveCases).each(['gbk', 'classes', 'labelme', 'utf16'])(
  'a text of another encoding is read right or refused with a word on it (07): %s',
  async (name) => {
    const project = fresh('.loupe');
    const { code, out, line } = await loupe('import', project, at(`07-voc-encodings/${name}`));
    if (code !== 0) return void expect(line ?? out).toMatch(/UTF-8|encoding/iu);
    const { labels } = await taken(`07-voc-encodings/${name}`);
    if (labels.length === 0 || labels[0] !== '安全帽') expect(out).toMatch(/UTF-8|encoding/iu);
    for (const label of labels) expect(label).not.toContain('\ufffd');
  },
);

describe.skipIf(!haveCases)('Label Studio (08)', () => {
  test('one of two annotators counts, the other is named; reviewed and unfinished images are there', async () => {
    const place = '08-label-studio-two-annotators';
    const { rows, files, report } = await taken([`${place}/export.json`, `${place}/images`]);
    expect(rows.map(({ file }) => path.basename(file ?? ''))).toEqual(['t1.png']);
    expect(report).toMatch(/2 people or passes marked this task/u);
    expect(files.map((file) => path.basename(file))).toEqual(expect.arrayContaining(['t1.png', 't2.png', 't3.png']));
  });
});

describe.skipIf(!haveCases)('pictures of one name in several folders (09)', () => {
  const C = '09-same-frame-names-in-splits';
  const where = ({ rows }: Awaited<ReturnType<typeof taken>>) =>
    rows.map(({ file, label }) => [file?.split('/').slice(-2).join('/'), label]).sort(byText);
  const splits = [
    ['train/frame_000000.png', 'a'],
    ['val/frame_000000.png', 'b'],
  ];

  test('a folder, two imports, and names with their folder', async () => {
    expect(where(await taken(`${C}/set`))).toEqual(splits);
    const [train, val] = ['train', 'val'].map(
      (part) => [`${C}/set/annotations/instances_${part}.json`, `${C}/set/images/${part}`] as const,
    );
    if (train && val) expect(where(await taken(train, val))).toEqual(splits);
    expect(where(await taken(`${C}/sub`))).toEqual(splits);
  });

  test('LabelMe of two videos', async () => {
    const expected = [
      ['videoA/frame_0.png', 'a'],
      ['videoB/frame_0.png', 'b'],
    ];
    expect(where(await taken(`${C}/lm`))).toEqual(expected);
    expect(where(await taken(`${C}/lm/videoA`, `${C}/lm/videoB`))).toEqual(expected);
  });

  test('YOLO of two parts, and of two sets', async () => {
    const full = (found: Awaited<ReturnType<typeof taken>>) =>
      found.rows.map(({ file, label }) => [/train|val|\bA\b|\bB\b/u.exec(file ?? '')?.[0], label]).sort(byText);
    const parts = [
      ['train', 'a'],
      ['val', 'b'],
    ];
    expect(full(await taken(`${C}/yolo`))).toEqual(parts);
    expect(full(await taken(`${C}/yolo2`))).toEqual(parts);
    const sets = [
      ['A', 'a'],
      ['B', 'b'],
    ];
    expect(full(await taken(`${C}/seq/A`, `${C}/seq/B`))).toEqual(sets);
    expect(full(await taken(`${C}/seq/A`, [`${C}/seq/B`, `${C}/seq/B/images`]))).toEqual(sets);
  });
});

test.skipIf(!haveCases)('X-AnyLabeling: a turned box and every field (10)', async () => {
  const { rows } = await taken('10-xanylabeling-rotation-and-fields/a.json');
  const [ship, wing] = rows;
  expectAbout(ship?.pixels, 1000);
  expect(ship?.attributes).toMatchObject({ direction: expect.closeTo(0.5236, 3) });
  expect(wing?.score).toBe(0.87);
  expect(wing?.attributes).toMatchObject({
    ...{ color: 'red', occluded: true, difficult: true, description: 'left wing', checked: true },
  });
});

describe.skipIf(!haveCases)('COCO in and out again (04, 12, 15, 22)', () => {
  test.each(['same', 'root', 'parent'])('categories keep their ids, names and supercategories: %s', async (name) => {
    const { coco, rows } = await taken(`04-roboflow-root-category/${name}/train/_annotations.coco.json`);
    const given = source(`04-roboflow-root-category/${name}/train/_annotations.coco.json`);
    const used = given.categories.filter(({ id }) => given.annotations.some((each) => each.category_id === id));
    for (const { id, name: label, supercategory } of used)
      expect(coco.categories.find((each) => each.id === id)).toMatchObject({ name: label, supercategory });
    expect(rows.map(({ category_id }) => category_id)).toEqual(given.annotations.map(({ category_id }) => category_id));
  });

  test('boxes keep their fractions, and a box without a pixel is there', async () => {
    const { coco, report } = await taken('12-coco-float-and-rotated-boxes/c.json');
    const given = source('12-coco-float-and-rotated-boxes/c.json').annotations;
    for (const id of [1, 2, 4, 6]) {
      const [found, wanted] = [coco.annotations, given].map((list) => list.find((each) => each.id === id)?.bbox);
      for (const [i, side] of (wanted ?? []).entries()) expect(found?.[i]).toBeCloseTo(side, 2);
    }
    expect(coco.annotations.find(({ id }) => id === 2)?.attributes).toMatchObject({ rotation: 30 });
    const isThere = coco.annotations.some(({ id }) => id === 5);
    if (!isThere) expect(report).toMatch(/annotation 5/u);
  });

  test('300 small boxes come back as they were', async () => {
    const { coco } = await taken('12-coco-float-and-rotated-boxes/small.json');
    const given = source('12-coco-float-and-rotated-boxes/small.json').annotations;
    expect(coco.annotations).toHaveLength(given.length);
    for (const [i, { bbox }] of given.entries())
      for (const [k, side] of bbox.entries()) expect(coco.annotations[i]?.bbox[k]).toBeCloseTo(side, 2);
  });

  test('ids of images, categories and annotations survive', async () => {
    const { coco } = await taken('15-ids-survive-the-round-trip/instances.json');
    const given = source('15-ids-survive-the-round-trip/instances.json');
    const ids = (of: Coco) => [
      of.images.map(({ id, file_name }) => [id, file_name]).sort(byText),
      of.categories.map(({ id, name }) => [id, name]).sort(byText),
      of.annotations.map(({ id, image_id, category_id, segmentation }) => [id, image_id, category_id, segmentation]),
    ];
    expect(ids(coco)).toEqual(ids(given));
  });

  test('keypoints and skeleton go in and out', async () => {
    const { coco, report } = await taken('22-keypoints/person_keypoints.json');
    const given = source('22-keypoints/person_keypoints.json');
    const [box, polygon] = given.annotations;
    expect(coco.annotations.slice(0, 2).map(({ keypoints }) => keypoints)).toEqual([
      box?.keypoints,
      polygon?.keypoints,
    ]);
    expect(coco.annotations[0]?.bbox).toEqual([10, 10, 40, 40]);
    expect(coco.categories[0]?.skeleton).toEqual(given.categories[0]?.skeleton);
    if (coco.annotations.length < 3) expect(report).toMatch(/annotation 3/u);
  });
});

describe.skipIf(!haveCases)('ids and rings that are wrong (14, 19)', () => {
  test('shapes of an id that two images share are left out and named', async () => {
    const { rows, report } = await taken('14-duplicate-image-ids/via/via_export_coco.json');
    expect(rows.map(({ file }) => file?.split('/').at(-1))).toEqual(['3_x.png']);
    expect(report).toMatch(/20250116_120544_front\.png.*20250116_120545_rear\.png/u);
    expect((await taken('14-duplicate-image-ids/twice/c.json')).rows).toHaveLength(2);
  });

  test('good rings stay, else the box stays, and what went is named', async () => {
    const { rows, report } = await taken('19-coco-partly-bad-polygons/c.json');
    const pixels = new Map(rows.map(({ label, pixels }) => [label, pixels]));
    for (const name of ['n1', 'n2', 'n3', 'n8', 'n6']) expect(pixels.get(name), name).toBe(100);
    expect(pixels.get('n7')).toBe(200);
    for (const name of ['n4', 'n5', 'n10'])
      expect(rows.find(({ label }) => label === name)?.bbox, name).toHaveLength(4);
    for (const id of [1, 2, 3, 4, 5, 8, 9, 10]) expect(report).toMatch(new RegExp(`annotation ${id}\\b`, 'u'));
  });
});

describe.skipIf(!haveCases)('forms of other tools (16)', () => {
  const C = '16-forms-that-are-not-read';
  test.each(['cvat/annotations.xml', 'cvatplain/annotations.xml', 'cvatfolder'])('%s is read', async (place) => {
    const { rows } = await taken(`${C}/${place}`);
    expect(rows.map(({ label, pixels }) => [label, pixels > 0])).toEqual([
      ['car', true],
      ['car', true],
    ]);
    expect(rows[1]?.bbox).toEqual([20, 30, 5, 3]);
    expect(rows[1]?.pixels).toBe(10);
  });

  test.each(['via/via_project.json', 'gz/instances.json.gz', 'zip/coco.zip'])('%s is read', async (place) => {
    const { labels, files } = await taken(`${C}/${place}`);
    expect([labels, files.map((file) => path.basename(file))]).toEqual([['car'], ['img1.png']]);
  });

  test.each([
    ['darwin2/img1.json', 'Darwin'],
    ['darwin1/img1.json', 'Darwin'],
    ['createml/c.json', 'CreateML'],
    ['supervisely/img1.png.json', 'Supervisely'],
    ['cityscapes/x_gtFine_polygons.json', 'Cityscapes'],
    ['bdd/b.json', 'BDD'],
    ['datumaro/default.json', 'Datumaro'],
    ['labelbox/l.ndjson', 'Labelbox'],
  ])('%s is refused by its name', async (place, name) => {
    const { code, line } = await loupe('import', fresh('.loupe'), at(`${C}/${place}`));
    expect([code, line]).toEqual([2, expect.stringMatching(new RegExp(`${name}.*does not read;.*COCO`, 'u'))]);
  });
});

test.skipIf(!haveCases)('labels that look alike stay apart or are told (21)', async () => {
  const C = '21-labels-that-look-alike';
  const { reports, rows, coco } = await taken(`${C}/c.json`, `${C}/d.json`);
  const names = rows.map(({ label }) => label ?? '');
  expect(names).toContain('Car');
  expect(reports[0]).toMatch(/"car"|" car"/u);
  if (!names.includes('ng ')) expect(reports[0]).toMatch(/"ng "/u);
  expect(names.filter((name) => name.normalize('NFC') === 'café')).toHaveLength(2);
  expect(names.some((name) => name.length === 300)).toBe(true);
  const first = await taken(`${C}/c.json`);
  for (const { id, name } of first.coco.categories)
    expect(coco.categories.find((each) => each.name === name)?.id).toBe(id);
});

test.skipIf(!haveCases).each([
  ['coco', 'c.json'],
  ['yolo', ''],
  ['yolows', ''],
  ['labelme', ''],
  ['voc', ''],
  ['isat', ''],
  ['ls', 'e.json'],
])('an image with nothing on it is in the project and in the export (30): %s', async (name, file) => {
  const { files } = await taken(path.join('30-images-with-nothing-on-them', name, file));
  expect(files.map((each) => path.basename(each))).toEqual(['a.png', 'b.png']);
});
