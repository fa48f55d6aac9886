// Exports of a whole CVAT project, laid out as CVAT does it: pictures of several tasks may be called alike.
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { importAnnotations } from '../../main/jobs/importing/importing.ts';
import { openProject } from '../../main/store/project.ts';
import { freshFolder, saved } from '../formats/reads.ts';
import { paint } from '../hosting.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const tasks = [
  { id: 5, name: 'Morning', subset: 'Train', label: 'cup' },
  { id: 6, name: 'Evening', subset: 'Train', label: 'bowl' },
  { id: 7, name: 'Night', subset: 'Test', label: 'lamp' },
];
type Task = (typeof tasks)[number];
const box = (more = '') => `<box ${more} xtl="1" ytl="1" xbr="5" ybr="4" occluded="0"/>`;
const images = ({ id, subset, label }: Task) =>
  `<image id="0" name="a.png" subset="${subset}" task_id="${id}" width="10" height="6">
    ${box(`label="${label}"`)}</image>`;
const track = ({ id, subset, label }: Task, i: number) =>
  `<track id="${i}" label="${label}" task_id="${id}" subset="${subset}">${box('frame="0" outside="0" keyframe="1"')}
    ${box('frame="1" outside="1" keyframe="1"')}</track>`;
const metaOf = ({ id, name, subset }: Task) =>
  `<task><id>${id}</id><name>${name}</name><subset>${subset}</subset></task>`;

let count = 0;
/** Imports such an export of these tasks with pictures at these places; gives label by picture, and what was left out. */
async function taken(some: readonly Task[], elements: (task: Task, i: number) => string, places: readonly string[]) {
  const set = `set${++count}`;
  const meta = `<meta><project><tasks>${some.map(metaOf).join('')}</tasks></project></meta>`;
  const inner = some.map(elements).join('');
  saved(folder, `${set}/annotations.xml`, `<annotations><version>1.1</version>${meta}${inner}</annotations>`);
  for (const place of places) {
    mkdirSync(path.dirname(path.join(folder, set, place)), { recursive: true });
    await paint(path.join(folder, set, place), { width: 10, height: 6 });
  }
  const project = openProject(path.join(folder, set, 'p.loupe'), { create: true });
  const progress = { signal: new AbortController().signal, step: () => {} };
  const report = await importAnnotations(project, path.join(folder, set), { progress });
  const names = new Map(project.labels().map(({ id, name }) => [id, name]));
  const found = [...project.allImages()].flatMap((image) =>
    project.shapesOf(image.id).map((shape) => ({ image, shape })),
  );
  const labels = found.map(({ image, shape }) => [image.path, names.get(shape.labelId ?? 0)]);
  const missing = [...project.allImages()].filter(({ state }) => state === 'missing').map((image) => image.path);
  project.close();
  return { report, labels: Object.fromEntries(labels), missing };
}

describe('CVAT for images', () => {
  test('two subsets have a picture of one name: each gets its own shapes, wherever the folders lie', async () => {
    const places = ['images/Train/a.png', 'images/Test/a.png'];
    const { report, labels } = await taken(
      [tasks[0], tasks[2]].filter((task) => task !== undefined),
      images,
      places,
    );
    expect(labels).toEqual({ 'images/Train/a.png': 'cup', 'images/Test/a.png': 'lamp' });
    expect(report).toMatchObject({ leftOut: [], unresolved: [] });
    expect(report.notes).toEqual([
      'pictures of several tasks have one name here: each is looked for in its own folder, as Train/a.png',
      'pictures of several tasks have one name here: each is looked for in its own folder, as Test/a.png',
    ]);
  });

  test('one subset alone here: the shapes of the other do not come to its picture', async () => {
    const some = [tasks[0], tasks[2]].filter((task) => task !== undefined);
    const { labels, missing } = await taken(some, images, ['images/Test/a.png']);
    expect(labels['images/Test/a.png']).toBe('lamp');
    expect(missing).toEqual(['Train/a.png']);
  });

  test('two tasks of one subset: folders of their names tell them apart, and one picture for both is neither', async () => {
    const some = tasks.slice(0, 2);
    const apart = await taken(some, images, ['Morning/a.png', 'Evening/a.png']);
    expect(apart.labels).toEqual({ 'Morning/a.png': 'cup', 'Evening/a.png': 'bowl' });
    const flat = await taken(some, images, ['a.png']);
    expect(flat.labels).toEqual({});
    expect(flat.report.leftOut[0]?.why).toMatch(/^the picture that fits, a\.png, fits Train\/Evening\/a\.png as well/u);
    const laid = await taken(some, images, ['images/Train/a.png']);
    expect(laid.labels['images/Train/a.png']).toBeUndefined();
  });

  test('a name that one task alone has is found in any folder', async () => {
    const { labels } = await taken(tasks.slice(0, 1), images, ['photos of mine/a.png']);
    expect(labels).toEqual({ 'photos of mine/a.png': 'cup' });
  });
});

describe('CVAT for video', () => {
  const called = 'frame_000000.png';

  test('tracks of several tasks come to the frames in the folders of their subsets and tasks', async () => {
    const places = [`Morning/${called}`, `Evening/${called}`, `images/Test/${called}`];
    const { report, labels } = await taken(tasks, track, places);
    expect(labels).toEqual({
      [`Morning/${called}`]: 'cup',
      [`Evening/${called}`]: 'bowl',
      [`images/Test/${called}`]: 'lamp',
    });
    expect(report.leftOut).toEqual([]);
  });

  test('a task whose frames are not here has none of another task, and is named', async () => {
    const { report, labels } = await taken(tasks, track, [`images/Test/${called}`]);
    expect(labels).toEqual({ [`images/Test/${called}`]: 'lamp' });
    expect(report.leftOut).toEqual([
      {
        what: '2 of 3 frames of annotations.xml',
        why: expect.stringMatching(/those of several tasks are looked for in Train\/Morning, Train\/Evening$/u),
      },
    ]);
  });

  test('a flat folder does not say whose its frames are', async () => {
    await expect(taken(tasks, track, [called])).rejects.toThrow(
      /no frame is here .*; those of several tasks are looked for in Train\/Morning, Train\/Evening, Test\)$/u,
    );
  });
});
