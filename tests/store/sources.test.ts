// What files said of records: kept beside the journal, found by image, number and place, and added to older projects.
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { backupPath } from '../../main/store/open.ts';
import type { Project } from '../../main/store/project.ts';
import type { SourceShape } from '../../main/store/sources.ts';
import { reading } from './dump.ts';
import { addLabel, addShape, newFile, newProject, opened } from './newProject.ts';

const file = { path: '/data/instances.json', hash: 'abc', head: { info: '{"year":2017}' } };
const row = (shapeId: number, fields: Partial<SourceShape> = {}): SourceShape => ({
  ...{ shapeId, fileId: 1, position: 0, number: shapeId + 100, geometry: 'g', said: 's', record: '{"id":1}' },
  ...fields,
});

function withShapes(): { project: Project; shapes: number[]; image: number } {
  const { project, images } = newProject();
  const label = addLabel(project, 'car');
  const shapes = [1, 2, 3].map(() => addShape(project, images[0], label.id).id);
  return { project, shapes, image: images[0] };
}

describe('files', () => {
  test('one that is imported again keeps its id and says what it says now', () => {
    const { project } = newProject();
    const id = project.setSourceFile(file);
    const other = project.setSourceFile({ ...file, path: '/data/other.json' });
    expect(project.setSourceFile({ ...file, hash: 'def', head: {} })).toBe(id);
    expect(project.sourceFiles()).toEqual([
      { ...file, id, hash: 'def', head: {} },
      { ...file, id: other, path: '/data/other.json' },
    ]);
  });

  test('categories come in the order of their file', () => {
    const { project } = newProject();
    const category = (number: number) => ({
      ...{ fileId: 1, number, labelId: 5, label: 'car', used: number === 3, record: `{"id":${number}}` },
    });
    project.setSourceCategories([9, 3].map(category));
    expect(project.sourceCategories()).toEqual([9, 3].map(category));
  });
});

describe('images', () => {
  test('of several files say what each file says; numbers come by image', () => {
    const { project, images } = newProject();
    const [a, b] = images;
    const of = (imageId: number, fileId: number, number: number | null) => ({
      ...{ imageId, fileId, number, record: `{"id":${number}}` },
    });
    project.setSourceImages([of(b, 1, 7), of(a, 2, 8), of(a, 1, null), of(a, 3, 9)]);
    expect(project.sourcesOfImage(a).map(({ fileId }) => fileId)).toEqual([1, 2, 3]);
    expect([...project.imageNumbers()].map(({ imageId, number }) => [imageId, number])).toEqual([
      [a, 8],
      [a, 9],
      [b, 7],
    ]);
  });
});

describe('shapes', () => {
  test('are found by image, by place in the file and by number', () => {
    const { project, shapes, image } = withShapes();
    const [first = 0, second = 0] = shapes;
    project.setSourceShapes([row(first, { position: 4 }), row(second, { position: 5, number: null })]);
    expect([...project.sourcesOfShapes(image).keys()]).toEqual([first, second]);
    expect(project.sourceOfShape(first)).toEqual(row(first, { position: 4 }));
    expect([project.sourceAt(1, 5)?.shapeId, project.sourceAt(1, 6), project.sourceAt(2, 5)]).toEqual([
      second,
      null,
      null,
    ]);
    expect([project.shapeNumbered(first + 100), project.shapeNumbered(1), project.highestNumber()]).toEqual([
      first,
      null,
      first + 100,
    ]);
  });

  test('a number that two have is the first one’s, as long as that one is there; undo brings both back', () => {
    const { project, shapes } = withShapes();
    const [first = 0, second = 0, third = 0] = shapes;
    project.setSourceShapes([row(first, { number: 7 }), row(third, { number: 7 }), row(second, { number: 8 })]);
    expect([project.doubledNumbers(), project.shapeNumbered(7)]).toEqual([[third], first]);
    const shape = project.record('shape', first);
    project.apply({ title: 'Delete', changes: [{ kind: 'shape', id: first, before: shape, after: null }] });
    expect([project.doubledNumbers(), project.shapeNumbered(7)]).toEqual([[], third]);
    project.undo();
    expect([project.doubledNumbers(), project.shapeNumbered(7)]).toEqual([[third], first]);
  });
});

test('a project of the first format gets the tables, empty, and keeps a copy of itself', () => {
  const old = newFile();
  copyFileSync(path.resolve(import.meta.dirname, '../fixtures/format-1.loupe'), old);
  const project = opened(old);
  const { shapes } = project.info();
  expect(shapes).toBeGreaterThan(0);
  expect([project.sourceFiles(), project.sourceCategories(), project.highestNumber()]).toEqual([[], [], 0]);
  const [image] = [...project.allImages()];
  expect(project.sourcesOfShapes(image?.id ?? 0).size).toBe(0);
  reading(backupPath(old, 1), (db) => expect(db.number('SELECT count(*) FROM shape')).toBe(shapes));
});
