// COCO files through a project and out again: what nobody touched comes out as it went in, whatever the file says.
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { changed, created, deleted } from '../../main/contract/diff.ts';
import { ExportSettings } from '../../main/contract/jobs.ts';
import { packMask, type Shape, unpackMask } from '../../main/contract/project.ts';
import { fromBitmap, maskArea, maskBox } from '../../main/contract/rle.ts';
import { parseSegmentation } from '../../main/formats/cocoRules.ts';
import { exportCoco, verifyCoco } from '../../main/jobs/exporting.ts';
import { importAnnotations } from '../../main/jobs/importing.ts';
import { openProject, type Project } from '../../main/store/project.ts';
import { freshFolder, saved } from '../formats/reads.ts';
import { haveMaterial, material } from '../golden.ts';

const folder = freshFolder();
const open: Project[] = [];
afterEach(() => {
  for (const project of open.splice(0)) project.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const quiet = { signal: new AbortController().signal, total: () => {}, step: () => {} };
let count = 0;

type Record_ = Record<string, unknown>;
interface Coco extends Record_ {
  images: Record_[];
  annotations: Record_[];
  categories: Record_[];
}

function fresh(): Project {
  const project = openProject(path.join(folder, `${++count}.loupe`), { create: true });
  open.push(project);
  return project;
}

async function imported(content: unknown, project = fresh()) {
  const file = typeof content === 'string' ? content : saved(folder, `${++count}.json`, content);
  const report = await importAnnotations(project, file, { progress: quiet });
  return { project, report, file };
}

async function exported(project: Project, settings: Partial<ExportSettings> = {}) {
  const file = path.join(folder, `${++count}.out.json`);
  const written = await exportCoco(project, file, { settings: ExportSettings.parse(settings), progress: quiet });
  const { problems } = await verifyCoco(project, file);
  const text = readFileSync(file, 'utf8');
  return { ...written, problems, file, text, coco: JSON.parse(text) as Coco };
}

const shapesOf = (project: Project): Shape[] => [...project.allImages()].flatMap(({ id }) => project.shapesOf(id));

const square = [10, 10, 50.5, 10, 50.5, 40.25, 10, 40.25];
/** Ids with gaps and out of order, and every kind of key that COCO's own files have. */
const source = (): Coco => ({
  info: { description: 'own', year: 2017, contributor: 'somebody' },
  licenses: [{ id: 4, name: 'CC BY', url: 'http://example.org/by' }],
  images: [
    { id: 785, file_name: 'b.png', width: 120, height: 100, license: 4, coco_url: 'http://example.org/785' },
    { id: 139, file_name: 'a.png', width: 120, height: 100, date_captured: '2013-11-14', extra: { deep: [1, 2] } },
  ],
  annotations: [
    {
      ...{ id: 503, image_id: 785, category_id: 44, segmentation: [square], area: 1225.125, iscrowd: 0 },
      ...{ bbox: [10, 10, 40.5, 30.25], keypoints: [20, 20, 2, 30, 20, 1], num_keypoints: 2 },
      attributes: { occluded: true, tags: ['a', 'b'], size: { w: 1 } },
    },
    {
      ...{ id: 500, image_id: 139, category_id: 3, area: 30, bbox: [1, 1, 5, 6], iscrowd: 1 },
      segmentation: { size: [100, 120], counts: [101, 6, 94, 6, 94, 6, 94, 6, 94, 6, 11_493] },
    },
    {
      id: 501,
      image_id: 139,
      category_id: 3,
      segmentation: [],
      bbox: [39.34, 46.28, 50.11, 29.76],
      area: 1,
      iscrowd: 0,
    },
  ],
  categories: [
    { id: 3, name: 'car', supercategory: 'vehicle', color: [1, 2, 3] },
    { id: 44, name: 'person', supercategory: 'animal', keypoints: ['l', 'r'], skeleton: [[1, 2]] },
  ],
  videos: [{ id: 1 }],
});

const byId = (records: readonly Record_[]) => records.toSorted((a, b) => Number(a.id) - Number(b.id));
const sorted = (coco: Coco): Coco => ({ ...coco, annotations: byId(coco.annotations) });

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
    const { project } = await imported(saved(folder, 'letters.json', text));
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
    const ids = (records: Record_[]) => new Set(records.map(({ id }) => id)).size;
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
    const broken: Record_ = { ...source().annotations[0], segmentation: [square, [1, 1]] };
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
    const { project, report } = await imported(saved(folder, 'nan.json', text));
    expect(report.leftOut).toEqual([{ what: '"videos"', why: 'it is not JSON' }]);
    expect(Object.keys((await exported(project)).coco)).not.toContain('videos');
  });
});

describe('any file', () => {
  const number = fc.oneof(fc.nat(100), fc.double({ min: 0, max: 100, noNaN: true }));
  const corner = fc.tuple(fc.double({ min: 0, max: 40, noNaN: true }), fc.double({ min: 0, max: 30, noNaN: true }));
  const ring = fc.array(corner, { minLength: 3, maxLength: 6 }).map((corners) => corners.flat());
  const runs = fc
    .uint8Array({ minLength: 1200, maxLength: 1200, max: 1 })
    .map((bits) => fromBitmap(bits, 40, 30))
    .chain((mask) => fc.constantFrom<object>(mask, packMask(mask)));
  const extras = fc.dictionary(
    fc.string({ minLength: 1, maxLength: 8 }).map((key) => `x_${key}`),
    fc.jsonValue(),
    { maxKeys: 3 },
  );
  const annotation = fc.record({
    segmentation: fc.oneof(fc.array(ring, { minLength: 1, maxLength: 2 }), runs, fc.constant([])),
    area: number,
    iscrowd: fc.constantFrom(0, 1),
    image: fc.nat(1),
    category: fc.nat(2),
    more: extras,
    attributes: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue()),
  });
  const file = fc
    .record({
      ids: fc.uniqueArray(fc.integer({ min: 1, max: 1e6 }), { minLength: 12, maxLength: 12 }),
      annotations: fc.array(annotation, { maxLength: 5 }),
      beside: fc.array(extras, { minLength: 5, maxLength: 5 }),
    })
    .map(({ ids, annotations, beside }): Coco => {
      const id = (place: number) => ids[place] ?? 0;
      const sizes = { width: 40, height: 30 };
      return {
        ...beside[0],
        ...{ info: beside[1] ?? {}, licenses: [beside[2]] },
        images: [0, 1].map((i) => ({ ...beside[3], id: id(i), file_name: `p/${i}.png`, ...sizes })),
        categories: [0, 1, 2].map((i) => ({ ...beside[4], id: id(2 + i), name: `name ${i}` })),
        annotations: annotations.map(({ image, category, more, area, ...rest }, i) => ({
          ...{ ...more, ...rest, area, id: id(5 + i), image_id: id(image), category_id: id(2 + category) },
          bbox: [1.5, 2.25, 20, 17.125],
        })),
      };
    });

  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  /** Those whose masks are empty become their boxes, which is no round trip. */
  const hasMasks = ({ annotations }: Coco) =>
    annotations.every(({ segmentation }) => {
      if (Array.isArray(segmentation) && segmentation.length === 0) return true;
      return maskArea(parseSegmentation(segmentation, 40, 30)) > 0;
    });

  test('comes out equal, also after every shape was changed and all of it undone', async () => {
    const check = async (coco: Coco) => {
      const { project, report } = await imported(coco);
      expect(report.leftOut).toEqual([]);
      const out = await exported(project);
      expect(sorted(out.coco)).toEqual(sorted(plain(coco) as Coco));
      expect(out.problems.filter((each) => !/every annotation is a crowd/.test(each))).toEqual([]);
      const box = { x1: 1, y1: 1, x2: 3, y2: 3 };
      const edits = shapesOf(project).flatMap((shape) => changed('shape', shape, { mask: null, box }) ?? []);
      if (edits.length > 0) {
        project.apply({ title: 'Boxes', changes: edits });
        expect((await exported(project)).coco.annotations.every((each) => each.box_only === true)).toBe(true);
        project.undo();
      }
      expect((await exported(project)).text).toBe(out.text);
      for (const one of open.splice(0)) one.close();
    };
    await fc.assert(fc.asyncProperty(file.filter(hasMasks), check), { numRuns: 25 });
  });

  test('adds nothing when it comes again, nor does its export', async () => {
    const check = async (coco: Coco) => {
      const { project, file: from } = await imported(coco);
      const before = shapesOf(project);
      const out = await exported(project);
      for (const again of [from, out.file]) {
        const { report } = await imported(again, project);
        expect([report.shapes, report.labels]).toEqual([0, 0]);
      }
      expect(shapesOf(project)).toEqual(before);
      expect(sorted((await exported(project)).coco)).toEqual(sorted(out.coco));
      for (const one of open.splice(0)) one.close();
    };
    await fc.assert(fc.asyncProperty(file.filter(hasMasks), check), { numRuns: 15 });
  });
});

describe('the same thing again', () => {
  test('an edited shape is known by its id in its own file; how many were the same is said', async () => {
    const { project, file } = await imported(source());
    const edits = shapesOf(project).flatMap(
      (shape) => changed('shape', shape, { mask: null, box: { x1: 60, y1: 60, x2: 63, y2: 63 } }) ?? [],
    );
    project.apply({ title: 'Move', changes: edits });
    const { report } = await imported(file, project);
    expect([report.shapes, report.notes[0]]).toEqual([0, '3 shapes were in the project already and not added again']);
  });

  test('a mask that covers the same to 0.98 under the same label is the same; under another it is new', async () => {
    const near = {
      ...source(),
      annotations: [{ ...source().annotations[0], id: 9, segmentation: [[...square.slice(0, 6), 11, 40.25]] }],
    };
    const { project } = await imported(source());
    expect((await imported(near, project)).report.shapes).toBe(0);
    const other = { ...near, annotations: near.annotations.map((each) => ({ ...each, category_id: 3 })) };
    expect((await imported(other, project)).report.shapes).toBe(1);
  });

  test('what was drawn here is known by its id when the export comes back, also when it was changed since', async () => {
    const { project } = await imported({ ...source(), annotations: [] });
    const [image] = [...project.allImages()];
    const [label] = project.labels();
    const id = project.reserve(1);
    const box = { x1: 10, y1: 10, x2: 50, y2: 40 };
    const shape: Shape = {
      ...{ id, imageId: image?.id ?? 0, labelId: label?.id ?? 0, mask: null, box, attributes: {}, crowd: false },
      ...{ hidden: false, locked: false, place: id, origin: { kind: 'drawn' } },
    };
    project.apply({ title: 'Draw', changes: [created('shape', shape)] });
    const { file } = await exported(project);
    const edit = changed('shape', shape, { box: { ...box, x2: 44 } });
    project.apply({ title: 'Resize', changes: edit ? [edit] : [] });
    expect((await imported(file, project)).report.shapes).toBe(0);
    expect(shapesOf(project)).toHaveLength(1);
  });

  test('two that are alike stay two', async () => {
    const [one] = source().annotations;
    const twins = { ...source(), annotations: [one, { ...one, id: 504 }] };
    const { project, file } = await imported(twins);
    expect(shapesOf(project)).toHaveLength(2);
    expect((await imported(file, project)).report.shapes).toBe(0);
    expect((await exported(project)).coco.annotations.map(({ id }) => id)).toEqual([503, 504]);
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
