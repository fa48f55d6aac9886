// Names of images in an exported file: those of the file that they came from, where one folder holds them all.
import { describe, expect, test } from 'vitest';
import { namesFor } from '../../../main/jobs/exporting/exportNames.ts';
import type { Project } from '../../../main/store/project.ts';
import { fresh } from '../cocoTrips.ts';

const all = { onlyAccepted: false };

/** Images by path, with the name that a file gave each, and the file's number. */
function projectOf(images: readonly [path: string, name?: string, fileId?: number][]): Project {
  const project = fresh();
  const ids = project.addImages(images.map(([path]) => ({ path, width: 4, height: 4 })));
  project.setSourceImages(
    images.flatMap(([, name, fileId = 1], i) =>
      name === undefined
        ? []
        : [{ imageId: ids[i] ?? 0, fileId, number: i, record: JSON.stringify({ id: i, file_name: name }) }],
    ),
  );
  return project;
}

const namesIn = (project: Project): string[] => [...project.exportImages(all)].map(namesFor(project, all));

describe('names', () => {
  test('without a file are paths from the project', () => {
    expect(namesIn(projectOf([['a.png'], ['sub/b.png']]))).toEqual(['a.png', 'sub/b.png']);
  });

  test('are those of the file; images beside them are named from the same folder', () => {
    const images = projectOf([['data/images/a.png', 'a.png'], ['data/images/sub/b.png'], ['c.png']]);
    expect(namesIn(images)).toEqual(['a.png', 'sub/b.png', 'c.png']);
  });

  test('of one file are kept wherever its pictures are', () => {
    expect(
      namesIn(
        projectOf([
          ['x/a.png', 'a.png'],
          ['y/z.png', 'b.png'],
        ]),
      ),
    ).toEqual(['a.png', 'b.png']);
  });

  test('of two files that start in one folder are kept', () => {
    const images = projectOf([
      ['im/a.png', 'a.png', 1],
      ['im/b.png', 'b.png', 2],
    ]);
    expect(namesIn(images)).toEqual(['a.png', 'b.png']);
  });

  test.each([
    [
      'two files of different folders',
      [
        ['train/a.png', 'a.png', 1],
        ['val/b.png', 'b.png', 2],
      ],
    ],
    [
      'one name for two images',
      [
        ['train/a.png', 'a.png', 1],
        ['val/a.png', 'a.png', 1],
      ],
    ],
  ] as [string, [string, string, number][]][])('of %s are not: paths tell them apart', (_, images) => {
    expect(namesIn(projectOf(images))).toEqual(images.map(([path]) => path));
  });

  test.each(['C:\\data\\a.png', '/data/a.png', '../a.png', 'sub\\a.png'])('%s is of use in one place only', (name) => {
    expect(
      namesIn(
        projectOf([
          ['im/a.png', name],
          ['im/b.png', 'im/b.png'],
        ]),
      ),
    ).toEqual(['im/a.png', 'im/b.png']);
  });
});
