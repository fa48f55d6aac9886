// What readers give to records of a real project, without any file in between.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { unpackMask } from '../../../main/contract/project.ts';
import type { Box, Mask } from '../../../main/contract/records.ts';
import { fromBitmap, maskBox } from '../../../main/contract/rle.ts';
import { Notes, type ReadImage, type Reading, type ReadShape } from '../../../main/formats/reading/reading.ts';
import { ImportBudget } from '../../../main/jobs/importing/importBudget.ts';
import { Importer } from '../../../main/jobs/importing/importer.ts';
import { partsOf } from '../../../main/jobs/importing/readParts.ts';
import { ImageMatcher } from '../../../main/jobs/pictures/matchImages.ts';
import { NamedPictures } from '../../../main/jobs/pictures/namedPictures.ts';
import { openProject, type Project } from '../../../main/store/project.ts';
import { freshFolder, saved } from '../../formats/reads.ts';
import { paint } from '../../hosting.ts';

const folder = freshFolder();
const open: Project[] = [];
afterEach(() => {
  for (const project of open.splice(0)) project.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const [width, height] = [6, 4];
const mask = (...rows: string[]): Mask =>
  fromBitmap(
    Uint8Array.from([...rows.join('')], (each) => (each === '#' ? 1 : 0)),
    width,
    height,
  );
const cup = mask('......', '.##...', '.##...', '......');
const plate = mask('####..', '####..', '......', '......');
const imageOf = (name: string, fields: Partial<ReadImage> = {}): ReadImage => ({ name, width, height, ...fields });
const shapeOn = (image: ReadImage, drawn: Mask | null, fields: Partial<ReadShape> = {}): ReadShape => {
  const box: Box = drawn ? maskBox(drawn) : { x1: 1, y1: 1, x2: 3, y2: 3 };
  return { ...{ image, label: 'cup', mask: drawn, box, crowd: false, attributes: {} }, ...fields };
};

let count = 0;
function begun(signal = new AbortController().signal, project?: Project) {
  const own = project ?? openProject(path.join(folder, `${++count}.loupe`), { create: true });
  if (project === undefined) open.push(own);
  const [notes, steps] = [new Notes(), { count: 0 }];
  const importer = new Importer(own, { file: 'f.json', progress: { signal, step: () => void steps.count++ } });
  const matcher = new ImageMatcher({
    ...{ projectFile: own.file, folder, notes },
    pictures: new NamedPictures([folder]),
  });
  const file = path.join(folder, 'f.json');
  const takeReading = async (reading: Reading) => {
    const readers = { matcher, notes, budget: new ImportBudget() };
    for await (const part of partsOf(reading, { from: file, bytes: file }, readers)) await importer.add(part);
  };
  const take = (
    shapes: readonly ReadShape[],
    images = [...new Set(shapes.map(({ image }) => image))],
    labels = ['cup'],
  ) => takeReading({ format: 'Test', images, labels, shapes });
  const shapes = () => [...own.allImages()].flatMap(({ id }) => own.shapesOf(id));
  const report = () =>
    importer.report({ leftOut: notes.leftOut, said: notes.said, unresolved: [...matcher.unresolved] });
  return { project: own, importer, take, takeReading, report, steps, shapes };
}

describe('shapes', () => {
  test('come with mask, box, attributes and where they came from, the later above', async () => {
    const { importer, take, shapes, steps } = begun();
    const image = imageOf('a.png');
    await take([
      shapeOn(image, cup, { attributes: { old: true, note: 'x' } }),
      shapeOn(image, null, { label: 'plate', crowd: true }),
    ]);
    importer.end();
    const [first, second] = shapes();
    expect(first).toMatchObject({
      ...{ box: { x1: 1, y1: 1, x2: 3, y2: 3 }, attributes: { old: true, note: 'x' }, crowd: false },
      ...{ hidden: false, locked: false, origin: { kind: 'imported', file: 'f.json' } },
    });
    expect(first?.mask && unpackMask(first.mask)).toEqual(cup);
    expect(second).toMatchObject({ mask: null, crowd: true });
    expect(second && first && second.place > first.place).toBe(true);
    expect(steps.count).toBe(2);
  });

  test('nothing is one step and no report of anything', async () => {
    const { importer, take, project, report } = begun();
    await take([], [], []);
    expect(importer.end()).toBeNull();
    expect(report()).toMatchObject({
      images: 0,
      shapes: 0,
      labels: 0,
      leftOut: [],
      unresolved: [],
      notes: [],
    });
    expect(project.info().undo).toBeNull();
  });

  test('of many readings are one step', async () => {
    const { importer, take, project, shapes } = begun();
    await take([shapeOn(imageOf('a.png'), cup)]);
    await take([shapeOn(imageOf('b.png'), plate)]);
    const recorded = importer.end();
    expect([recorded?.diff.title, shapes().length, importer.end()]).toEqual(['Import f.json', 2, null]);
    project.undo();
    expect([shapes().length, project.labels(), project.info().undo]).toEqual([0, [], null]);
  });

  test('more than are written at a time all arrive, in order', async () => {
    const { importer, take, shapes, report } = begun();
    const image = imageOf('a.png');
    await take(Array.from({ length: 1201 }, (_, i) => shapeOn(image, cup, { attributes: { place: i } })));
    importer.end();
    expect(shapes().map(({ attributes }) => attributes.place)).toEqual(Array.from({ length: 1201 }, (_, i) => i));
    expect(report().shapes).toBe(1201);
  });
});

describe('what is there already', () => {
  test.each([
    ['the same label and mask', {}, 1, 1],
    ['another label', { label: 'mug' }, 2, 0],
    ['a crowd', { crowd: true }, 2, 0],
    ['other attributes alone', { attributes: { old: true } }, 1, 1],
  ])('%s', async (_, fields, total, known) => {
    const first = begun();
    await first.take([shapeOn(imageOf('a.png'), cup)]);
    first.importer.end();
    const again = begun(undefined, first.project);
    await again.take([shapeOn(imageOf('a.png'), cup, fields)]);
    again.importer.end();
    expect([first.shapes().length, again.report().notes.length]).toEqual([total, known]);
  });

  test('boxes are told apart by their edges', async () => {
    const first = begun();
    const image = imageOf('a.png');
    await first.take([shapeOn(image, null)]);
    first.importer.end();
    const again = begun(undefined, first.project);
    const other = { box: { x1: 1, y1: 1, x2: 3, y2: 3.5 } };
    await again.take([shapeOn(image, null), shapeOn(image, null, other)]);
    again.importer.end();
    expect(again.report()).toMatchObject({
      shapes: 1,
      notes: ['1 shape was in the project already and not added again'],
    });
  });
});

describe('labels', () => {
  test('those without shapes are made too, in the order of the file, with colours of their own and free digits', async () => {
    const { importer, take, project } = begun();
    await take([], [], ['c', 'a', 'b']);
    importer.end();
    const labels = project.labels();
    expect(labels.map(({ name, digit }) => [name, digit])).toEqual([
      ['c', '1'],
      ['a', '2'],
      ['b', '3'],
    ]);
    expect(new Set(labels.map(({ colour }) => colour)).size).toBe(3);
  });

  test('beyond nine have no digit', async () => {
    const { importer, take, project, report } = begun();
    await take(
      [],
      [],
      Array.from({ length: 12 }, (_, i) => `label ${i}`),
    );
    importer.end();
    expect(project.labels().map(({ digit }) => digit)).toEqual([...'123456789', null, null, null]);
    expect(report().labels).toBe(12);
  });
});

test('a label longer than a project keeps is cut and said, and costs nothing else', async () => {
  const { importer, take, project, report } = begun();
  await take([shapeOn(imageOf('x.png'), cup, { label: 'n'.repeat(5000) })], undefined, []);
  importer.end();
  expect(project.labels().map(({ name }) => name)).toEqual(['n'.repeat(1000)]);
  expect(report()).toMatchObject({ shapes: 1, notes: [expect.stringMatching(/cut to 1000 characters/)] });
});

describe('images', () => {
  test('whose path names no file are left out', async () => {
    const { importer, take, project, report } = begun();
    await take([shapeOn(imageOf('.'), cup), shapeOn(imageOf('sub/'), cup), shapeOn(imageOf('a/..'), cup)]);
    importer.end();
    expect([...project.allImages()]).toEqual([]);
    expect(report().leftOut[0]?.why).toBe('its path names no file');
  });

  test('that were not found are missing, with the name that the file gives', async () => {
    const { importer, take, project, report } = begun();
    await take([shapeOn(imageOf('far/none.png'), cup)]);
    importer.end();
    expect([...project.allImages()]).toMatchObject([
      { path: 'far/none.png', state: 'missing', problem: 'far/none.png was not found; say where it is', width, height },
    ]);
    expect(report().unresolved).toEqual(['far/none.png']);
  });

  test('of a path that is none of ours are known by their name alone', async () => {
    const { take, project, importer } = begun();
    await take([shapeOn(imageOf('/data/set/x.png'), cup), shapeOn(imageOf('C:\\set\\y.png'), cup)]);
    importer.end();
    expect([...project.allImages()].map((each) => path.posix.basename(each.path.replaceAll('\\', '/')))).toEqual([
      'x.png',
      'y.png',
    ]);
    expect([...project.allImages()].every((each) => !each.path.startsWith('/'))).toBe(true);
  });

  test('without a size cost their shapes, and say so once each', async () => {
    const { take, importer, shapes, report } = begun();
    const image = imageOf('a.png', { width: null, height: null });
    await take([shapeOn(image, cup), shapeOn(image, cup)]);
    importer.end();
    expect(shapes()).toEqual([]);
    expect(report().leftOut).toEqual([{ what: '2 shapes of a.png', why: 'their image was left out' }]);
  });

  test('of another size than the project has', async () => {
    const { take, importer, project, shapes, report } = begun();
    project.addImages([{ path: 'a.png', width: 60, height: 40 }]);
    await take([shapeOn(imageOf('a.png'), cup)]);
    importer.end();
    expect(shapes()).toEqual([]);
    expect(report().leftOut).toEqual([
      { what: 'image a.png', why: 'the file says 6 x 4, the project 60 x 40' },
      { what: '1 shape of a.png', why: 'their image was left out' },
    ]);
  });

  test('that are on disk are measured: another size is refused, the right one is present', async () => {
    saved(folder, 'disk/right.png', '');
    await paint(path.join(folder, 'disk/right.png'), { width, height });
    await paint(path.join(folder, 'disk/wrong.png'), { width: 7, height });
    const { take, importer, project, report } = begun();
    await take([shapeOn(imageOf('right.png'), cup), shapeOn(imageOf('wrong.png'), cup)]);
    importer.end();
    expect([...project.allImages()]).toMatchObject([{ path: 'disk/right.png', state: 'present', problem: null }]);
    expect(report().leftOut[0]).toEqual({
      what: 'image wrong.png',
      why: 'the file says 6 x 4, the picture is 7 x 4',
    });
  });
});

test('cancelled in the middle: what was taken by then is one step that undo takes back', async () => {
  const abort = new AbortController();
  const { importer, takeReading, project, shapes } = begun(abort.signal);
  const image = imageOf('a.png');
  const endless = function* () {
    for (let i = 0; ; i++) {
      if (i === 700) abort.abort(new Error('enough'));
      yield shapeOn(image, cup, { attributes: { i } });
    }
  };
  const taken = takeReading({ format: 'Test', images: [image], labels: ['cup'], shapes: endless() });
  await expect(taken).rejects.toThrow('enough');
  expect(importer.end()?.undo).toBe('Import f.json');
  expect(shapes().length).toBeGreaterThanOrEqual(500);
  project.undo();
  expect(shapes()).toEqual([]);
});

test('ten thousand labels come while the host answers, each made once', async () => {
  const { importer, take, project } = begun();
  let longest = 0;
  let last = performance.now();
  const clock = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 5);
  await take(
    [],
    [],
    Array.from({ length: 10_000 }, (_, i) => `label ${i}`),
  );
  clearInterval(clock);
  importer.end();
  expect(project.labels()).toHaveLength(10_000);
  expect(longest).toBeLessThan(1500);
});
