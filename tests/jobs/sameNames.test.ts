// Pictures that are called alike: annotations come to the one that their own folders mean, or to none.
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { importAnnotations } from '../../main/jobs/importing/importing.ts';
import { openProject, type Project } from '../../main/store/project.ts';
import { freshFolder, saved } from '../formats/reads.ts';
import { paint } from '../hosting.ts';

const folder = freshFolder();
const open: Project[] = [];
afterEach(() => {
  for (const project of open.splice(0)) project.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
const freshProject = (): Project => {
  const project = openProject(path.join(folder, `${++count}.loupe`), { create: true });
  open.push(project);
  return project;
};
const quiet = { signal: new AbortController().signal, step: () => {} };
const take = (project: Project, file: string) => importAnnotations(project, file, { progress: quiet });
const shapesIn = (project: Project) => [...project.allImages()].flatMap(({ id }) => project.shapesOf(id));

const picture = async (name: string, width: number, height: number): Promise<void> => {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  await paint(path.join(folder, name), { width, height });
};

const cocoOf = (names: string[]) => ({
  images: names.map((file_name, i) => ({ id: i + 1, file_name, width: 10, height: 6 })),
  annotations: names.map((_, i) => ({
    id: i + 1,
    image_id: i + 1,
    category_id: 1,
    segmentation: [[1, 1, 5, 1, 5, 4, 1, 4]],
    iscrowd: 0,
  })),
  categories: [{ id: 1, name: 'cup' }],
});

describe('pictures of the same name', () => {
  test('each split of a data set gets its own', async () => {
    for (const split of ['train', 'val']) {
      await picture(`split/images/${split}/f.png`, 10, 6);
      saved(folder, `split/annotations/instances_${split}.json`, cocoOf(['f.png']));
    }
    const project = freshProject();
    expect(await take(project, path.join(folder, 'split'))).toMatchObject({ images: 2, shapes: 2, leftOut: [] });
    expect([...project.allImages()].map((image) => image.path)).toEqual([
      'split/images/train/f.png',
      'split/images/val/f.png',
    ]);
  });

  test.each([
    ['train/images', 'train/labels', 'val/images', 'val/labels'],
    ['images/train', 'labels/train', 'images/val', 'labels/val'],
    ['a', 'a', 'b', 'b'],
  ])('labels lie beside their pictures or in a tree parallel to theirs: %s, %s', async (...folders) => {
    const [imagesA = '', labelsA = '', imagesB = '', labelsB = ''] = folders;
    const set = `parallel${++count}`;
    for (const [images, labels] of [
      [imagesA, labelsA],
      [imagesB, labelsB],
    ]) {
      await picture(`${set}/${images}/f.png`, 10, 6);
      saved(folder, `${set}/${labels}/f.txt`, '0 0.5 0.5 0.5 0.5\n');
    }
    const project = freshProject();
    await take(project, path.join(folder, set));
    const placed = shapesIn(project).map(({ imageId }) => project.image(imageId)?.path);
    expect(placed).toEqual([`${set}/${imagesA}/f.png`, `${set}/${imagesB}/f.png`]);
  });

  test('one set after the other: the second is not put on the pictures of the first', async () => {
    await picture('seq/A/images/1.png', 10, 6);
    for (const set of ['A', 'B']) saved(folder, `seq/${set}/labels/1.txt`, '0 0.5 0.5 0.5 0.5\n');
    const project = freshProject();
    await take(project, path.join(folder, 'seq/A'));
    const report = await take(project, path.join(folder, 'seq/B'));
    expect(report).toMatchObject({ shapes: 0 });
    expect(report.leftOut[0]?.why).toMatch(/its picture was not found/);
    await picture('seq/B/images/1.png', 10, 6);
    expect(await take(project, path.join(folder, 'seq/B'))).toMatchObject({ shapes: 1 });
    expect([...project.allImages()].map((image) => image.path)).toEqual(['seq/A/images/1.png', 'seq/B/images/1.png']);
  });

  test('one picture for two names is neither', async () => {
    await picture('flat/g.png', 10, 6);
    const report = await take(freshProject(), saved(folder, 'flat/coco.json', cocoOf(['train/g.png', 'val/g.png'])));
    expect(report).toMatchObject({ images: 0, shapes: 0 });
    expect(report.leftOut[0]?.why).toMatch(/^the picture that fits, flat\/g\.png, fits val\/g\.png as well$/);
  });

  test('a folder beside that of the annotations is found by a path that leads there', async () => {
    await picture('win/images/h.png', 10, 6);
    const project = freshProject();
    const file = saved(folder, 'win/boxes/coco.json', cocoOf(['..\\images\\h.png']));
    expect(await take(project, file)).toMatchObject({ images: 1, shapes: 1, unresolved: [] });
    expect([...project.allImages()].map((image) => image.path)).toEqual(['win/images/h.png']);
  });

  test('an accent may be composed either way', async () => {
    await picture('nfd/cafe\u0301.png', 10, 6);
    const report = await take(freshProject(), saved(folder, 'nfd/coco.json', cocoOf(['caf\u00e9.png'])));
    expect(report).toMatchObject({ shapes: 1, unresolved: [] });
  });
});
