import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { created } from '../../../main/contract/diff.ts';
import { ExportSettings } from '../../../main/contract/jobs.ts';
import { packMask, type Shape, type StoredPrompt } from '../../../main/contract/project.ts';
import type { Mask } from '../../../main/contract/records.ts';
import { fromBitmap, maskArea, maskBox } from '../../../main/contract/rle.ts';
import { cocoAp } from '../../../main/evaluate/cocoAp.ts';
import {
  type CocoAnnotation,
  type CocoCategory,
  type CocoImage,
  parseSegmentation,
} from '../../../main/formats/coco/cocoRules.ts';
import { exportCoco, verifyCoco } from '../../../main/jobs/exporting/exporting.ts';
import { importAnnotations } from '../../../main/jobs/importing/importing.ts';
import { openProject, type Project } from '../../../main/store/project.ts';
import { freshFolder, saved } from '../../formats/reads.ts';
import { haveMaterial, material } from '../../golden.ts';
import { proposalOf } from '../../store/records.ts';

const folder = freshFolder();
const open: Project[] = [];
afterEach(() => {
  for (const project of open.splice(0)) project.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const [width, height] = [30, 20];
let count = 0;

/** Labels "cup" and "plate"; images a.png and sub/b.png of 30 x 20. */
function fresh(where = folder) {
  const project = openProject(path.join(where, `${++count}.loupe`), { create: true });
  open.push(project);
  const [a = 0, b = 0] = project.addImages([
    { path: 'a.png', width, height },
    { path: 'sub/b.png', width, height },
  ]);
  const [cup, plate] = [project.reserve(1), project.reserve(1)];
  const label = (id: number, name: string, place: number) =>
    created('label', { id, name, colour: '#0072b2', digit: null, attributes: [], place });
  // The order of places, not of ids, is that of the categories.
  project.applyMany('Labels', [label(cup, 'cup', 2), label(plate, 'plate', 1)]);
  const add = (fields: Partial<Shape>): number => {
    const id = project.reserve(1);
    const shape: Shape = {
      ...{
        id,
        imageId: a,
        labelId: cup,
        mask: null,
        box: { x1: 1, y1: 2, x2: 4, y2: 5 },
        attributes: {},
        crowd: false,
      },
      ...{ hidden: false, locked: false, place: id, origin: { kind: 'drawn' } },
      ...fields,
    };
    project.applyMany('Draw', [created('shape', shape)]);
    return id;
  };
  const drawn = (mask: Mask, fields: Partial<Shape> = {}) =>
    add({ mask: packMask(mask), box: maskBox(mask), ...fields });
  return { project, a, b, cup, plate, add, drawn };
}

type Corners = [x1: number, y1: number, x2: number, y2: number];
const rectangle = (...[x1, y1, x2, y2, hole = false]: [...Corners, hole?: boolean]): Mask => {
  const bitmap = new Uint8Array(width * height);
  for (let y = y1; y < y2; y++) {
    for (let x = x1; x < x2; x++) {
      const inHole = hole && x > x1 + 1 && x < x2 - 2 && y > y1 + 1 && y < y2 - 2;
      bitmap[y * width + x] = inHole ? 0 : 1;
    }
  }
  return fromBitmap(bitmap, width, height);
};

interface CocoFile {
  readonly images: CocoImage[];
  readonly annotations: CocoAnnotation[];
  readonly categories: CocoCategory[];
}

const quiet = { signal: new AbortController().signal, total: () => {}, step: () => {} };

async function exported(project: Project, settings: Partial<ExportSettings> = {}, name = 'out.json') {
  const file = path.join(folder, name);
  const written = await exportCoco(project, file, { settings: ExportSettings.parse(settings), progress: quiet });
  const coco = JSON.parse(readFileSync(file, 'utf8')) as CocoFile;
  return { ...written, file, coco, problems: (await verifyCoco(project, file)).problems };
}

describe('what is written', () => {
  test('ids are those of the project, from 1 and the same each time; categories follow the order of the labels', async () => {
    const { project, b, plate, drawn } = fresh();
    const [one, two] = [drawn(rectangle(1, 1, 9, 9)), drawn(rectangle(3, 3, 9, 9), { imageId: b, labelId: plate })];
    const { coco, problems, file } = await exported(project);
    expect(coco.annotations.map(({ id, category_id }) => [id, category_id])).toEqual([
      [one, 2],
      [two, 1],
    ]);
    expect(coco.images.map(({ file_name }) => file_name)).toEqual(['a.png', 'sub/b.png']);
    expect(coco.categories).toEqual([
      { id: 1, name: 'plate', supercategory: '' },
      { id: 2, name: 'cup', supercategory: '' },
    ]);
    expect(Object.keys(coco)).toEqual(['info', 'licenses', 'images', 'annotations', 'categories']);
    expect(problems).toEqual([]);
    const before = readFileSync(file, 'utf8');
    await exported(project);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  test('auto: polygons for a plain mask, run lengths for holes, parts and crowds, which keep iscrowd to themselves', async () => {
    const { project, drawn } = fresh();
    const parts = rectangle(1, 1, 4, 4);
    const plain = drawn(rectangle(1, 1, 9, 9));
    const holed = drawn(rectangle(1, 1, 11, 11, true));
    const two = drawn(
      fromBitmap(
        Uint8Array.from({ length: width * height }, (_, i) => Number(i % width === 3 || i % width === 9)),
        width,
        height,
      ),
    );
    const crowd = drawn(parts, { crowd: true });
    const { coco, polygons, stated } = await exported(project);
    const kinds = coco.annotations.map(({ id, segmentation, iscrowd }) => [id, Array.isArray(segmentation), iscrowd]);
    expect(kinds).toEqual([
      [plain, true, 0],
      [holed, false, 0],
      [two, false, 0],
      [crowd, false, 1],
    ]);
    expect([polygons, stated]).toEqual([1, []]);
  });

  test('polygons when asked: what the hole costs is said, and the verifier knows', async () => {
    const { project, drawn } = fresh();
    const mask = rectangle(1, 1, 11, 11, true);
    const id = drawn(mask);
    const { coco, stated, problems } = await exported(project, { masks: 'polygons' });
    const lost = maskArea(mask) / 100;
    expect(stated).toEqual([`shape ${id} lost its hole as polygons: IoU ${lost.toFixed(4)}`]);
    expect(coco.annotations[0]).toMatchObject({ area: 100, bbox: [1, 1, 10, 10], polygon_iou: lost });
    expect(problems).toEqual([]);
  });

  test('run lengths when asked', async () => {
    const { project, drawn } = fresh();
    drawn(rectangle(1, 1, 9, 9));
    const { coco, polygons } = await exported(project, { masks: 'run lengths' });
    expect([polygons, coco.annotations[0]?.segmentation]).toEqual([0, packMask(rectangle(1, 1, 9, 9))]);
  });

  test('only a box: written as its four corners, and said', async () => {
    const { project, add } = fresh();
    const [id, flat] = [add({}), add({ box: { x1: 4.1, y1: 4.1, x2: 4.2, y2: 4.2 } })];
    const { coco, stated, problems } = await exported(project);
    expect(coco.annotations).toMatchObject([
      { id, box_only: true, area: 9, bbox: [1, 2, 3, 3], segmentation: [[1, 2, 4, 2, 4, 5, 1, 5]] },
      { id: flat, box_only: true, area: 0.01, bbox: [4.1, 4.1, 0.1, 0.1] },
    ]);
    expect(stated).toEqual([
      `shape ${id} has only a box: its four corners are written as its polygon (box_only)`,
      `shape ${flat} has only a box: its four corners are written as its polygon (box_only)`,
    ]);
    expect(problems).toEqual([]);
  });

  test('an empty mask is left out and said', async () => {
    const { project, drawn } = fresh();
    const id = drawn({ size: [height, width], counts: [width * height] }, { box: { x1: 0, y1: 0, x2: 1, y2: 1 } });
    const { stated, coco, problems } = await exported(project);
    expect(stated).toEqual([`shape ${id} is left out: its mask is empty`]);
    expect([coco.annotations, problems]).toEqual([[], []]);
  });

  test('what a person said goes beside, never in place of, the keys of COCO', async () => {
    const { project, a, drawn } = fresh();
    const origin = { kind: 'proposal', proposalId: 1, weights: 'loupe-nano@abc' } as const;
    const shapeId = drawn(rectangle(1, 1, 9, 9), { attributes: { occluded: true, area: 3, score: 0.5 }, origin });
    const asked: StoredPrompt = {
      ...{ id: project.reserve(1), imageId: a, text: 'the cup', points: [], box: null },
      correction: null,
    };
    project.applyMany('Ask', [created('prompt', asked)]);
    // As the reasoner wrote it, in a frame of other sides than the picture's.
    const text = 'It has a handle [112, 56, 224, 112].';
    const frame = { width: 224, height: 112 };
    const [proposal] = project.addProposals(
      asked.id,
      [{ ...proposalOf('objects'), answer: { text, reasoning: text }, frame }],
      null,
    );
    const correction = {
      proposalId: proposal?.id ?? 0,
      found: { value: 'objects' as const, verdict: null },
      reasoning: { text, verdict: 'right' as const },
      objects: [
        {
          index: 0,
          box: { value: { x1: 1, y1: 1, x2: 9, y2: 9 }, verdict: null },
          mask: { shapeId, verdict: 'corrected' as const },
        },
      ],
    };
    project.apply({ title: 'Keep', changes: [{ kind: 'prompt', id: asked.id, before: {}, after: { correction } }] });
    const { coco, problems } = await exported(project);
    expect(coco.annotations[0]).toMatchObject({
      ...{
        id: shapeId,
        area: 64,
        caption: 'the cup',
        reasoning: 'It has a handle [15, 10, 30, 20].',
        weights: 'loupe-nano@abc',
        score: 0.5,
      },
      attributes: { occluded: true, area: 3 },
    });
    expect(problems).toEqual([]);
  });

  test('only accepted images, and the verifier expects no others', async () => {
    const { project, b, drawn } = fresh();
    drawn(rectangle(1, 1, 9, 9));
    const kept = drawn(rectangle(1, 1, 9, 9), { imageId: b });
    project.apply({
      title: 'Accept',
      changes: [{ kind: 'review', id: b, before: { status: 'unreviewed' }, after: { status: 'accepted' } }],
    });
    const { coco, problems } = await exported(project, { onlyAccepted: true });
    expect([coco.images.length, coco.annotations.map(({ id }) => id), problems]).toEqual([1, [kept], []]);
  });

  test('images outside the folder of the project are named from the folder that holds all', async () => {
    const { project } = fresh(path.dirname(saved(folder, 'deep/er/x', '')));
    project.addImages([{ path: '../../c.png', width, height }]);
    const { coco, problems } = await exported(project);
    expect(coco.images.map(({ file_name }) => file_name)).toEqual(['deep/er/a.png', 'deep/er/sub/b.png', 'c.png']);
    expect(problems).toEqual([]);
  });

  test('a size that nobody read yet is read; without the file the image is left out and said', async () => {
    const { project } = fresh();
    await sharp({ create: { width: 7, height: 5, channels: 3, background: '#888' } }).toFile(
      path.join(folder, 'new.png'),
    );
    const [id] = project.addImages([{ path: 'new.png' }, { path: 'gone.png' }]);
    const { coco, stated } = await exported(project);
    expect(coco.images.at(-1)).toEqual({ id, file_name: 'new.png', width: 7, height: 5 });
    expect(stated).toEqual([expect.stringMatching(/^image gone\.png is left out with its shapes: .*no such file/)]);
  });
});

describe('nothing is lost', () => {
  test('any masks: run lengths are exact, polygons as good as they say', async () => {
    const bitmap = fc.uint8Array({ minLength: width * height, maxLength: width * height, max: 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(bitmap, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('auto', 'polygons', 'run lengths'),
        async (bitmaps, masks) => {
          const { project, drawn } = fresh();
          for (const each of bitmaps) drawn(fromBitmap(each, width, height));
          expect((await exported(project, { masks })).problems).toEqual([]);
          project.close();
        },
      ),
      { numRuns: 20 },
    );
  });

  test('a failed export leaves the file of before, and no rest', async () => {
    const { project, drawn } = fresh();
    for (let i = 0; i < 50; i++) drawn(rectangle(1, 1, 9, 9));
    const file = path.join(folder, 'kept.json');
    writeFileSync(file, 'before');
    const abort = new AbortController();
    let steps = 0;
    const step = () => {
      if (++steps === 10) abort.abort();
      const until = performance.now() + 5;
      while (performance.now() < until);
    };
    const settings = ExportSettings.parse({});
    const cancelled = exportCoco(project, file, { settings, progress: { ...quiet, signal: abort.signal, step } });
    await expect(cancelled).rejects.toThrow(/abort/);
    expect(readFileSync(file, 'utf8')).toBe('before');
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
    await expect(exported(project, {}, 'no/such/folder.json')).rejects.toThrow(
      /cannot be written: there is no such folder/,
    );
    expect(existsSync(path.join(folder, 'no'))).toBe(false);
  });
});

test('the project itself is neither written over nor read as annotations: its lock would be lost', async () => {
  const { project } = fresh();
  const link = path.join(folder, 'linked project.json');
  symlinkSync(project.file, link);
  const settings = ExportSettings.parse({});
  for (const file of [project.file, link]) {
    await expect(exportCoco(project, file, { settings, progress: quiet })).rejects.toThrow(/is the project itself/);
    await expect(verifyCoco(project, file)).rejects.toThrow(/is the project itself/);
    await expect(importAnnotations(project, file, { progress: quiet })).rejects.toThrow(/is the project itself/);
  }
  expect(await secondOpener(project.file)).toMatch(/is open in another Loupe/);
  rmSync(link);
});

/** What another process is told. */
const secondOpener = (file: string): Promise<string> =>
  new Promise((resolve) => {
    const words = [path.resolve('main/cli.ts'), 'export', file, path.join(folder, 'second.json')];
    execFile(process.execPath, words, (_error, _out, said) => resolve(said));
  });

describe.skipIf(!haveMaterial)('photographs of the material', () => {
  test.each([
    ['coco_tiny.json', 'coco_tiny'],
    ['isat_coco', 'isat_coco'],
    ['labelme_voc/coco_export.json', 'labelme_voc'],
  ])('%s: the file is right, and as its own prediction scores 1', async (name, images) => {
    const { project } = fresh();
    await importAnnotations(project, material('annotations', name), {
      images: material('images', images),
      progress: quiet,
    });
    const { coco, problems } = await exported(project);
    expect(problems).toEqual([]);
    const sizes = new Map(coco.images.map((image) => [image.id, image]));
    const truth = coco.annotations.map(
      ({ image_id: imageId, category_id: categoryId, segmentation, area, iscrowd, bbox: [x, y, w, h] }) => {
        const { width: across = 0, height: down = 0 } = sizes.get(imageId) ?? {};
        const mask = parseSegmentation(segmentation, across, down);
        return { imageId, categoryId, area, crowd: iscrowd === 1, mask, bbox: [x, y, w, h] as const };
      },
    );
    const own = truth.filter(({ crowd }) => !crowd).map((each, i) => ({ ...each, score: 1 - i / 1000 }));
    for (const kind of ['bbox', 'segm'] as const) {
      const { stats } = cocoAp(truth, own, { kind, useCategories: true, maxDetections: [1, 10, 100] });
      expect(stats[0]).toBeCloseTo(1, 9);
    }
  });
});

test('a verified file without a project is held against the rules alone', async () => {
  const { project, drawn } = fresh();
  drawn(rectangle(1, 1, 9, 9));
  const { file } = await exported(project);
  expect(await verifyCoco(null, file)).toMatchObject({ problems: [], compared: false, images: 2, annotations: 1 });
});
