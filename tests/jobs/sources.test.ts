// COCO files through a project and out again: what nobody touched comes out as it went in, whatever the file says.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { changed, created, deleted } from '../../main/contract/diff.ts';
import { packMask, type Shape, unpackMask } from '../../main/contract/project.ts';
import { fromBitmap, maskBox } from '../../main/contract/rle.ts';
import { parseSegmentation } from '../../main/formats/coco/cocoRules.ts';
import { importAnnotations } from '../../main/jobs/importing/importing.ts';
import { haveMaterial, material } from '../golden.ts';
import {
  byId,
  type Coco,
  exported,
  type Fields,
  fresh,
  imported,
  named,
  quiet,
  shapesOf,
  sorted,
  source,
  square,
} from './cocoTrips.ts';

describe('what nobody touched', () => {
  test('comes out as it went in: ids, keys, masks, boxes, areas, and the project is what the file says', async () => {
    const { project, report } = await imported(source());
    const { coco, problems } = await exported(project);
    expect(sorted(coco)).toEqual(sorted(source()));
    expect([problems, report.leftOut]).toEqual([[], []]);
  });

  test('keeps the letters of its numbers', async () => {
    const text = JSON.stringify(source())
      .replace('"area":1225.125', '"area": 1225.1250')
      .replace('[10,10,40.5', '[10.0, 1e1, 40.50');
    const { project } = await imported(named('letters.json', text));
    const out = (await exported(project)).text;
    expect(out).toContain('"area": 1225.1250');
    expect(out).toContain('[10.0, 1e1, 40.50');
  });

  test('is the same after an edit and its undo, and only the edited one differs before', async () => {
    const { project } = await imported(source());
    const before = (await exported(project)).text;
    const shape = shapesOf(project).find(({ mask, crowd }) => mask !== null && !crowd);
    if (shape === undefined) throw new Error('no shape');
    const mask = fromBitmap(new Uint8Array(12_000).fill(1, 0, 240), 120, 100);
    const edit = changed('shape', shape, { mask: packMask(mask), box: maskBox(mask) });
    project.apply({ title: 'Draw', changes: edit ? [edit] : [] });
    const { coco, problems } = await exported(project);
    const [edited, ...others] = byId(coco.annotations).toReversed();
    expect(others).toEqual(byId(source().annotations).toReversed().slice(1));
    const { keypoints, attributes } = source().annotations[0] ?? {};
    expect(edited).toMatchObject({ id: 503, area: 240, bbox: [0, 0, 120, 2], iscrowd: 0, keypoints, attributes });
    expect(problems).toEqual([]);
    project.undo();
    expect((await exported(project)).text).toBe(before);
  });

  test('keeps its mask where only its label or what is said of it was changed', async () => {
    const { project } = await imported(source());
    const shape = shapesOf(project).find(({ mask, crowd }) => mask !== null && !crowd);
    const car = project.labels().find(({ name }) => name === 'car');
    const edit =
      shape && changed('shape', shape, { labelId: car?.id ?? 0, attributes: { occluded: false, note: 'x' } });
    project.apply({ title: 'Say', changes: edit ? [edit] : [] });
    const { coco, problems } = await exported(project);
    expect(coco.annotations.find(({ id }) => id === 503)).toEqual({
      ...source().annotations[0],
      category_id: 3,
      attributes: { tags: ['a', 'b'], size: { w: 1 }, occluded: false, note: 'x' },
    });
    expect(problems).toEqual([]);
  });

  test('goes without what was deleted, and comes back with undo', async () => {
    const { project } = await imported(source());
    const before = (await exported(project)).text;
    const [first] = shapesOf(project);
    if (first) project.apply({ title: 'Delete', changes: [deleted('shape', first)] });
    expect((await exported(project)).coco.annotations).toHaveLength(2);
    project.undo();
    expect((await exported(project)).text).toBe(before);
  });

  test('the import undone and made again is the same', async () => {
    const { project, file } = await imported(source());
    const before = (await exported(project)).text;
    project.undo();
    expect((await exported(project)).coco.annotations).toEqual([]);
    project.redo();
    expect((await exported(project)).text).toBe(before);
    project.undo();
    await imported(file, project);
    const { coco } = await exported(project);
    expect(sorted(coco)).toEqual(sorted(source()));
  });

  test('only in another form where one was asked for: run lengths decode to the same mask, area and box stay', async () => {
    const { project } = await imported(source());
    const { coco, problems } = await exported(project, { masks: 'run lengths' });
    const one = coco.annotations.find(({ id }) => id === 503);
    expect(one).toEqual({ ...source().annotations[0], segmentation: packMask(parseSegmentation([square], 120, 100)) });
    expect(problems).toEqual([]);
    const polygons = await exported(project, { masks: 'polygons' });
    expect(sorted(polygons.coco).annotations.at(-1)).toEqual(source().annotations[0]);
    expect(polygons.problems).toEqual([]);
  });
});

describe('what is new', () => {
  test('gets ids above those of the file: shapes, images and labels', async () => {
    const { project } = await imported(source());
    const [imageId = 0] = project.addImages([{ path: 'new.png', width: 120, height: 100 }]);
    const labelId = project.reserve(1);
    const label = { id: labelId, name: 'cup', colour: '#0072b2', digit: null, attributes: [], place: 9 };
    const mask = fromBitmap(new Uint8Array(12_000).fill(1, 0, 240), 120, 100);
    const id = project.reserve(1);
    const shape: Shape = {
      ...{ id, imageId, labelId, mask: packMask(mask), box: maskBox(mask), attributes: {}, crowd: false },
      ...{ hidden: false, locked: false, place: id, origin: { kind: 'drawn' } },
    };
    project.apply({ title: 'Draw', changes: [created('label', label), created('shape', shape)] });
    const { coco, problems } = await exported(project);
    expect(coco.categories.at(-1)).toEqual({ id: 45, name: 'cup', supercategory: '' });
    const [image, annotation] = [coco.images.at(-1), coco.annotations.at(-1)];
    expect(image).toMatchObject({ file_name: 'new.png' });
    expect(Number(image?.id)).toBeGreaterThan(785);
    expect(Number(annotation?.id)).toBeGreaterThan(503);
    expect(annotation).toMatchObject({ image_id: image?.id, category_id: 45 });
    expect(problems).toEqual([]);
  });

  test('of two files with the same ids the second gets others, and every one is its own', async () => {
    const { project } = await imported(source());
    const second = source();
    second.images = second.images.map((image, i) => ({ ...image, file_name: `${i}-other.png` }));
    await imported(second, project);
    const { coco, problems } = await exported(project);
    const ids = (records: Fields[]) => new Set(records.map(({ id }) => id)).size;
    expect([ids(coco.images), ids(coco.annotations), coco.categories.length]).toEqual([4, 6, 2]);
    expect(coco.annotations.filter(({ id }) => [500, 501, 503].includes(Number(id)))).toHaveLength(3);
    expect(problems).toEqual([]);
  });

  test('a label that was renamed keeps its id and its other keys', async () => {
    const { project } = await imported(source());
    const [car] = project.labels();
    const rename = car && changed('label', car, { name: 'automobile' });
    project.apply({ title: 'Rename', changes: rename ? [rename] : [] });
    const { coco, problems } = await exported(project);
    expect(coco.categories[0]).toEqual({ ...source().categories[0], name: 'automobile' });
    expect(problems).toEqual([]);
  });
});

describe('what a file lacks or says in its own way', () => {
  test('keys that pycocotools cannot do without are added, the others stay as they are', async () => {
    const { iscrowd: _, area: __, ...rest } = source().annotations[0] ?? {};
    const { project } = await imported({ ...source(), annotations: [rest] });
    const { coco } = await exported(project);
    expect(coco.annotations).toEqual([{ ...rest, iscrowd: 0, area: expect.any(Number) }]);
  });

  test('a category of id 0 that owns nothing, and its name twice', async () => {
    const categories = [{ id: 0, name: 'car', supercategory: 'none' }, ...source().categories];
    const { project } = await imported({ ...source(), categories });
    const { coco, problems } = await exported(project);
    expect(coco.categories).toEqual(categories);
    expect(byId(coco.annotations).map((each) => each.category_id)).toEqual([3, 3, 44]);
    expect(problems).toEqual([]);
  });

  test('an id that comes twice goes out once; the other is new', async () => {
    const [one] = source().annotations;
    const { project } = await imported({ ...source(), annotations: [one, { ...one, image_id: 139 }] });
    const { coco, problems } = await exported(project);
    const ids = coco.annotations.map(({ id }) => Number(id));
    expect([ids.includes(503), new Set(ids).size, Math.max(...ids) > 503]).toEqual([true, 2, true]);
    expect(problems).toEqual([]);
  });

  test('ids beyond all room are not kept', async () => {
    const [one] = source().annotations;
    const { project } = await imported({ ...source(), annotations: [{ ...one, id: Number.MAX_SAFE_INTEGER }] });
    const { coco, problems } = await exported(project);
    expect([Number.isSafeInteger(coco.annotations[0]?.id), problems]).toEqual([true, []]);
  });

  test('a part that cannot be drawn goes, the keys beside it stay', async () => {
    const broken: Fields = { ...source().annotations[0], segmentation: [square, [1, 1]] };
    const { project } = await imported({ ...source(), annotations: [broken] });
    const { coco, problems } = await exported(project);
    expect(coco.annotations[0]).toMatchObject({ id: 503, keypoints: broken.keypoints, attributes: broken.attributes });
    expect(coco.annotations[0]?.segmentation).not.toEqual(broken.segmentation);
    expect(problems).toEqual([]);
  });

  test('a box alone that reaches out of its picture is cut to it', async () => {
    const out = { ...source().annotations[2], bbox: [100.5, 80.2, 20, 10] };
    const { project } = await imported({ ...source(), annotations: [out] });
    const { coco, problems } = await exported(project);
    expect(coco.annotations).toMatchObject([{ id: 501, bbox: [100.5, 80.2, 19.5, 10], box_only: true }]);
    expect(problems).toEqual([]);
  });

  test('beside the lists nothing of what is no JSON is kept, and it is named', async () => {
    const text = JSON.stringify(source()).replace('"videos":[{"id":1}]', '"videos":[NaN]');
    const { project, report } = await imported(named('nan.json', text));
    expect(report.leftOut).toEqual([{ what: '"videos"', why: 'it is not JSON' }]);
    expect(Object.keys((await exported(project)).coco)).not.toContain('videos');
  });
});

describe.skipIf(!haveMaterial)('files of the material (skipped: no ../shared)', () => {
  test.each(['coco_tiny.json', 'isat_coco'])('%s: every mask that nobody touched is what it was', async (name) => {
    const project = fresh();
    const from = material('annotations', name);
    await importAnnotations(project, from, { images: material('images', path.parse(name).name), progress: quiet });
    const { coco, problems } = await exported(project);
    expect(problems).toEqual([]);
    const sizes = new Map(coco.images.map((image) => [image.id, image]));
    const masks = shapesOf(project).map(({ mask }) => mask && unpackMask(mask));
    const drawn = coco.annotations.map(({ image_id: image, segmentation }) => {
      const { width, height } = sizes.get(image) ?? {};
      return parseSegmentation(segmentation, Number(width), Number(height));
    });
    expect(drawn).toEqual(masks);
    if (!name.endsWith('.json')) return;
    const given = JSON.parse(readFileSync(from, 'utf8')) as Coco;
    const ids = new Set(coco.annotations.map(({ id }) => id));
    expect(byId(coco.annotations)).toEqual(byId(given.annotations.filter(({ id }) => ids.has(id))));
  });
});
