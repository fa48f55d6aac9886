import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import { unpackMask } from '../../../main/contract/project.ts';
import { maskArea, maskIou } from '../../../main/contract/rle.ts';
import { importAnnotations } from '../../../main/jobs/importing/importing.ts';
import { openProject, type Project } from '../../../main/store/project.ts';
import { freshFolder, saved } from '../../formats/reads.ts';
import { haveMaterial, material } from '../../golden.ts';

const folder = freshFolder();
const open: Project[] = [];
afterEach(() => {
  for (const project of open.splice(0)) project.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
const freshProject = (where = folder): Project => {
  const project = openProject(path.join(where, `${++count}.loupe`), { create: true });
  open.push(project);
  return project;
};
const quiet = { signal: new AbortController().signal, step: () => {} };
const take = (project: Project, file: string, images?: string) =>
  importAnnotations(project, file, { images, progress: quiet });
const shapesIn = (project: Project) => [...project.allImages()].flatMap(({ id }) => project.shapesOf(id));

const picture = async (name: string, width: number, height: number, orientation?: number): Promise<string> => {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  const blank = sharp({ create: { width, height, channels: 3, background: '#888' } });
  await (orientation ? blank.withMetadata({ orientation }) : blank).toFile(file);
  return file;
};

const square = [1, 1, 5, 1, 5, 4, 1, 4];
const cocoOf = (names: string[], size = { width: 10, height: 6 }) => ({
  images: names.map((file_name, i) => ({ id: i + 1, file_name, ...size })),
  annotations: names.map((_, i) => ({
    id: i + 1,
    image_id: i + 1,
    category_id: 1,
    segmentation: [square],
    iscrowd: 0,
  })),
  categories: [{ id: 1, name: 'cup' }],
});

describe('images are matched with pictures', () => {
  test('by the end of their path, and named relative to the project', async () => {
    await picture('x/train/a.png', 10, 6);
    await picture('x/val/a.png', 10, 6);
    const project = freshProject();
    const file = saved(folder, 'x/coco.json', cocoOf(['val/a.png', 'images/train/a.png']));
    expect(await take(project, file)).toMatchObject({ images: 2, shapes: 2, unresolved: [], leftOut: [] });
    expect([...project.allImages()].map((image) => image.path)).toEqual(['x/val/a.png', 'x/train/a.png']);
  });

  test('those of the project count, wherever the file lies', async () => {
    const project = freshProject();
    await picture('y/b.png', 10, 6);
    const [id] = project.addImages([{ path: 'y/b.png' }]);
    const report = await take(project, saved(folder, 'elsewhere/coco.json', cocoOf(['C:\\data\\b.png'])));
    expect(report).toMatchObject({ images: 1, shapes: 1, unresolved: [] });
    expect(shapesIn(project).map(({ imageId }) => imageId)).toEqual([id]);
  });

  test('without a picture: kept as missing, listed, at the place where it should be', async () => {
    const project = freshProject();
    const report = await take(project, saved(folder, 'z/coco.json', cocoOf(['sub/none.png'])));
    expect(report).toMatchObject({ images: 1, shapes: 1, unresolved: ['sub/none.png'] });
    expect([...project.allImages()]).toMatchObject([
      { path: 'z/sub/none.png', state: 'missing', width: 10, problem: expect.stringMatching(/not found/) },
    ]);
  });

  test('two that fit equally: neither is taken for it', async () => {
    await picture('w/1/c.png', 10, 6);
    await picture('w/2/c.png', 10, 6);
    expect(await take(freshProject(), saved(folder, 'w/coco.json', cocoOf(['c.png'])))).toMatchObject({
      unresolved: ['c.png'],
    });
  });

  test('a path that leads out is not followed', async () => {
    await picture('outside.png', 10, 6);
    const file = saved(folder, 'v/coco.json', cocoOf(['../outside.png']));
    const project = freshProject();
    expect(await take(project, file)).toMatchObject({
      images: 0,
      shapes: 0,
      leftOut: [{ what: 'image ../outside.png' }, {}],
    });
    expect([...project.allImages()]).toEqual([]);
  });

  test('a picture of another size is left out with its shapes, one that lies on its side as well', async () => {
    await picture('u/d.png', 20, 6);
    await picture('u/e.jpg', 10, 6, 6);
    const project = freshProject();
    const { leftOut, shapes } = await take(project, saved(folder, 'u/coco.json', cocoOf(['d.png', 'e.jpg'])));
    expect(shapes).toBe(0);
    expect(leftOut.map(({ why }) => why)).toEqual([
      'the file says 10 x 6, the picture is 20 x 6',
      expect.stringMatching(/10 x 6, the picture is 6 x 10 once it is turned upright/),
      'their image was left out',
      'their image was left out',
    ]);
  });

  test('upright sizes of a turned picture fit', async () => {
    await picture('t/f.jpg', 6, 10, 6);
    expect(await take(freshProject(), saved(folder, 't/coco.json', cocoOf(['f.jpg'])))).toMatchObject({ shapes: 1 });
  });
});

describe('one step', () => {
  test('undo takes labels and shapes back, redo brings them again', async () => {
    const project = freshProject();
    await take(project, saved(folder, 's/coco.json', cocoOf(['g.png', 'h.png'])));
    expect([shapesIn(project).length, project.labels().length]).toEqual([2, 1]);
    expect(project.info().undo).toBe('Import coco.json');
    project.undo();
    expect([shapesIn(project).length, project.labels().length, project.info().undo]).toEqual([0, 0, null]);
    project.redo();
    expect([shapesIn(project).length, project.labels().length]).toEqual([2, 1]);
  });

  test('the same file again adds nothing and says so', async () => {
    const project = freshProject();
    const file = saved(folder, 'r/coco.json', cocoOf(['i.png']));
    await take(project, file);
    const steps: unknown[] = [];
    const again = await importAnnotations(project, file, { progress: quiet, recorded: (step) => steps.push(step) });
    expect(again).toMatchObject({
      shapes: 0,
      labels: 0,
      notes: [expect.stringMatching(/^1 shape was in the project already/)],
    });
    expect(steps).toEqual([]);
    expect(shapesIn(project)).toHaveLength(1);
  });

  test('two that are alike in one file are two', async () => {
    const coco = cocoOf(['j.png']);
    coco.annotations.push({ ...(coco.annotations[0] as (typeof coco.annotations)[0]), id: 2 });
    expect(await take(freshProject(), saved(folder, 'q/coco.json', coco))).toMatchObject({ shapes: 2 });
  });

  test('labels of the project are used by name; new ones get free colours and digits', async () => {
    const project = freshProject();
    await take(project, saved(folder, 'p/1.json', cocoOf(['k.png'])));
    const other = {
      ...cocoOf(['k.png']),
      categories: [
        { id: 1, name: 'cup' },
        { id: 2, name: 'plate' },
      ],
    };
    expect(await take(project, saved(folder, 'p/2.json', other))).toMatchObject({ labels: 1 });
    const labels = project.labels();
    expect(labels.map(({ name, digit, place }) => [name, digit, place])).toEqual([
      ['cup', '1', 1],
      ['plate', '2', 2],
    ]);
    expect(new Set(labels.map(({ colour }) => colour)).size).toBe(2);
  });

  test('cancelled: what was taken by then is one step that undo takes back', async () => {
    const project = freshProject();
    const names = Array.from({ length: 3000 }, (_, i) => `${i}.png`);
    const file = saved(folder, 'o/coco.json', cocoOf(names));
    const abort = new AbortController();
    let steps = 0;
    const step = () => {
      if (++steps === 600) abort.abort();
    };
    const told: string[] = [];
    const recorded = ({ diff }: { diff: { title: string } }) => void told.push(diff.title);
    const taking = importAnnotations(project, file, { progress: { signal: abort.signal, step }, recorded });
    await expect(taking).rejects.toThrow(/abort/);
    expect(steps).toBeLessThan(3000);
    expect(told).toEqual(['Import coco.json']);
    project.undo();
    expect(shapesIn(project)).toHaveLength(0);
  });
});

describe('a folder', () => {
  test('takes every file that it can, of different formats, and names the others', async () => {
    await picture('n/images/a.png', 10, 6);
    saved(folder, 'n/coco.json', cocoOf(['a.png']));
    saved(folder, 'n/labels/a.txt', '0 0.5 0.5 0.2 0.2\n');
    saved(folder, 'n/labels/classes.txt', 'cup\n');
    saved(folder, 'n/broken.json', '{"images": [');
    saved(folder, 'n/notes.md', 'nothing');
    const project = freshProject();
    const report = await take(project, path.join(folder, 'n'));
    expect(report).toMatchObject({ format: 'COCO, YOLO', images: 1, shapes: 2, labels: 1 });
    expect(report.leftOut).toEqual([
      { what: 'broken.json', why: expect.stringMatching(/^is cut short/) },
      { what: 'notes.md', why: expect.stringMatching(/no annotations/) },
    ]);
  });

  test('with nothing to take is refused', async () => {
    saved(folder, 'm/notes.md', 'nothing');
    await expect(take(freshProject(), path.join(folder, 'm'))).rejects.toThrow(
      /no file in it holds annotations that Loupe reads \(notes\.md: holds no annotations/,
    );
  });

  test('an image that somebody looked at and found nothing on is accepted, one that waits is not', async () => {
    for (const name of ['none.png', 'waits.png']) await picture(`ls/${name}`, 10, 6);
    const tasks = ['none.png', 'waits.png'].map((name, i) => ({
      data: { image: `/data/upload/1/1a2b3c4d-${name}` },
      annotations: i === 0 ? [{ result: [] }] : [],
    }));
    const project = freshProject();
    await take(project, saved(folder, 'ls/export.json', tasks));
    expect([...project.allImages()].map(({ id }) => project.record('review', id)?.status)).toEqual([
      'accepted',
      'unreviewed',
    ]);
    project.undo();
    expect([...project.allImages()].map(({ id }) => project.record('review', id)?.status)).toEqual([
      'unreviewed',
      'unreviewed',
    ]);
  });
});

test.each([
  ['no such file', 'nowhere.json', /there is no such file or folder/],
  ['a picture', 'l/a.png', /is a picture/],
])('%s is refused', async (_, name, message) => {
  await picture('l/a.png', 2, 2);
  await expect(take(freshProject(), path.join(folder, name))).rejects.toThrow(message);
  await expect(take(freshProject(), path.join(folder, name))).rejects.toThrow(BadInput);
});

/** What the manifest of the material asks of each file; a photograph of 640 x 443 is beside it. */
interface Expected {
  refused?: RegExp;
  shapes?: number;
  leftOut?: RegExp;
  note?: RegExp;
}
const badFiles: Record<string, Expected> = {
  '01_not_json': { refused: /cut short.*line 1, column 701/ },
  '02_utf8_bom': { shapes: 2 },
  '04_top_level_list': { refused: /COCO results; import the COCO file that it was made for/ },
  '06_no_images': { refused: /"images" is missing/ },
  '07_unknown_image_id': { shapes: 1, leftOut: /image_id .* names no image/ },
  '09_duplicate_annotation_id': { shapes: 2, note: /more than once; each got an id of its own/ },
  '11_odd_polygon_length': { shapes: 2, leftOut: /needs an even count/ },
  '12_two_point_polygon': { shapes: 2, leftOut: /at least 6/ },
  '14_nan_coordinate': { shapes: 1, note: /NaN or Infinity stands in it, which is no number/ },
  '16_bbox_xyxy': { shapes: 2, note: /x, y, x2, y2 instead of x, y, width, height/ },
  '17_rle_wrong_size': { shapes: 2, leftOut: /its mask is .*, its image 640 x 443/ },
  '19_rle_compressed_garbage': { shapes: 2, leftOut: /compressed mask/ },
  '21_path_traversal': { shapes: 0, leftOut: /its path leads out of the folder/ },
  '22_absolute_windows_path': { shapes: 2 },
  '24_empty_segmentation_list': { shapes: 2 },
  '26_iscrowd_polygon': { shapes: 2 },
  '27_hole_as_second_polygon': { shapes: 2, note: /COCO has no holes/ },
  '29_category_name_odd': { shapes: 2 },
};

describe.skipIf(!haveMaterial)('material badinput/coco_json', () => {
  const rows = haveMaterial ? globSync(material('badinput/coco_json/*.json')).toSorted() : [];
  const photos = haveMaterial ? material('images/coco_tiny') : '';

  test('every file has a row', () => {
    const manifest = readFileSync(material('MANIFEST.md'), 'utf8');
    const names = rows.map((file) => path.basename(file, '.json'));
    expect(names).toEqual(Object.keys(badFiles).toSorted());
    for (const name of names) expect(manifest).toContain(`coco_json/${name}.json`);
  });

  test.each(rows.map((file) => [path.basename(file, '.json'), file]))('%s', async (name, file) => {
    const { refused, shapes, leftOut, note } = badFiles[name] ?? {};
    const project = freshProject();
    if (refused) return expect(take(project, file, photos)).rejects.toThrow(refused);
    const report = await take(project, file, photos);
    expect(report.shapes).toBe(shapes);
    expect(report.leftOut.map(({ why }) => why)).toEqual(
      leftOut ? expect.arrayContaining([expect.stringMatching(leftOut)]) : [],
    );
    expect(report.notes).toEqual(note ? expect.arrayContaining([expect.stringMatching(note)]) : []);
    expect(report.unresolved).toEqual([]);
    const taken = shapesIn(project);
    if (name.startsWith('22'))
      expect([...project.allImages()].map((image) => path.basename(image.path))).toEqual(['000000083540.jpg']);
    if (name.startsWith('24')) expect(taken.filter(({ mask }) => mask === null)).toHaveLength(1);
    if (name.startsWith('26')) expect(taken.filter(({ crowd }) => crowd)).toHaveLength(1);
    if (name.startsWith('29')) expect(project.labels()[0]?.name).toMatch(/^cat\/dog\n🐱x{200}/u);
  });
});

/** File, format, shapes, masks among them, and how many things are left out. */
const annotated: [file: string, format: string, counts: [shapes: number, masks: number, leftOut: number]][] = [
  ['coco_tiny.json', 'COCO', [43, 43, 0]],
  ['coco_person.json', 'COCO', [4, 4, 0]],
  ['coco_panoptic/detection_format.json', 'COCO', [32, 32, 0]],
  ['coco_panoptic/panoptic.json', 'COCO panoptic', [32, 32, 0]],
  ['labelme_voc/coco_export.json', 'COCO', [12, 12, 0]],
  ['sahi/terrain2_coco.json', 'COCO', [5, 5, 0]],
  ['datumaro/coco_dataset', 'COCO', [6, 4, 0]],
  ['bedroom_video', 'ISAT', [24, 24, 0]],
  ['coco_tiny_isat_fine', 'ISAT', [22, 22, 0]],
  ['isat_coco', 'ISAT', [26, 26, 2]],
  ['coco_tiny_labelme', 'LabelMe', [13, 13, 0]],
  ['labelme_voc/2011_000003.json', 'LabelMe', [3, 3, 1]],
  ['coco_tiny_yolo', 'YOLO', [42, 42, 0]],
  ['label_studio_yolo', 'YOLO', [7, 0, 0]],
  ['datumaro/yolo_dataset/strict', 'YOLO', [2, 0, 0]],
  ['datumaro/voc_dataset', 'VOC', [2, 0, 3]],
  ['datumaro/segment_anything_dataset', 'Segment Anything', [1, 1, 1]],
  ['label_studio/polygons_export.json', 'Label Studio', [1, 1, 0]],
  ['gseval_dev.jsonl', 'GroundingSuite', [2229, 2229, 0]],
];

describe.skipIf(!haveMaterial)('material annotations', () => {
  test.each(annotated)('%s', async (name, format, [shapes, masks, leftOut]) => {
    const project = freshProject();
    const own = name.startsWith('datumaro') ? undefined : material('images');
    const report = await take(project, material('annotations', name), own);
    expect(report).toMatchObject({ format, shapes });
    expect(shapesIn(project).filter(({ mask }) => mask !== null)).toHaveLength(masks);
    expect(report.leftOut, JSON.stringify(report.leftOut.slice(0, 40))).toHaveLength(leftOut);
  });

  test.each([
    ['coco_results_fakesegm.json', /list of COCO results/],
    ['coco_val100_coarse_masks.json', /list of COCO results/],
    ['coco_val_000000000139_person.json', /inside its key "gt"/],
    ['gseval_pred_boxes_dev.jsonl', /keys idx, predicted_box/],
    ['refer_expressions_testA.json', /keys are predictions/],
    ['rings/annotations.json', /keys are train/],
    ['reasoning/prompts.json', /keys image, prompt, origin/],
    ['text_to_mask_dev.jsonl', /keys image, ground_truth/],
    ['isat_coco/isat.yaml', /no annotations/],
    ['isat_coco/000000000113_instance.png', /is a picture/],
  ])('%s says why not', async (name, message) => {
    await expect(take(freshProject(), material('annotations', name))).rejects.toThrow(message);
  });

  test('LabelMe files become what LabelMe itself exports as COCO', async () => {
    const [ours, theirs] = [freshProject(), freshProject()];
    const copies = path.join(folder, 'labelme');
    mkdirSync(copies, { recursive: true });
    for (const file of globSync(material('annotations/labelme_voc/*.json')))
      copyFileSync(file, path.join(copies, path.basename(file)));
    rmSync(path.join(copies, 'coco_export.json'));
    await take(ours, copies, material('images/labelme_voc'));
    await take(theirs, material('annotations/labelme_voc/coco_export.json'), material('images/labelme_voc'));
    const own = named(ours);
    expect(own).toHaveLength(named(theirs).length);
    for (const { key, mask } of named(theirs)) {
      expect(
        Math.max(...own.filter((each) => each.key === key).map((each) => maskIou(each.mask, mask))),
      ).toBeGreaterThan(0.97);
    }
  });
});

/** Masks with image and label as words, so that two projects can be compared. */
function named(project: Project) {
  const labels = new Map(project.labels().map(({ id, name }) => [id, name]));
  return [...project.allImages()].flatMap((image) =>
    project.shapesOf(image.id).flatMap(({ mask, labelId }) => {
      const key = `${path.basename(image.path)} ${labels.get(labelId)}`;
      return mask && maskArea(unpackMask(mask)) > 0 ? [{ key, mask: unpackMask(mask) }] : [];
    }),
  );
}
