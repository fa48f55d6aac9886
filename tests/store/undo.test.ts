// B8: whatever was done, undoing all of it and making all of it again ends where it was.
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openProject, type Project } from '../../main/store/project.ts';
import { dump } from './dump.ts';
import { newFile } from './newProject.ts';
import { type Operation, operation, perform } from './operations.ts';
import { height, width } from './records.ts';

function using<T>(file: string, work: (project: Project) => T): T {
  const project = openProject(file, { create: true });
  try {
    return work(project);
  } finally {
    project.close();
  }
}

function repeated(again: () => unknown): number {
  let count = 0;
  while (again() !== null) count++;
  return count;
}

/** The counts that stand on images, against counting. */
function countsAreRight(project: Project): void {
  const { rows } = project.list({ search: '', status: 'all', labelId: null, order: 'path' }, { offset: 0, limit: 99 });
  for (const row of rows) {
    const detail = project.detail(row.id);
    expect([row.shapes, row.prompts]).toEqual([detail?.shapes.length, detail?.prompts.length]);
  }
}

function undoesAndRedoes(file: string, operations: Operation[]): void {
  rmSync(file, { force: true });
  using(file, (project) => project.addImages(['a', 'b', 'c', 'd'].map((path) => ({ path, width, height }))));
  const empty = dump(file);
  using(file, (project) => {
    for (const one of operations) perform(project, one);
    // What was undone in the end is made again first: redoing all goes on to there.
    repeated(project.redo);
    countsAreRight(project);
  });
  const full = dump(file);
  const undone = using(file, (project) => repeated(project.undo));
  const bare = dump(file);
  for (const table of ['label', 'shape', 'prompt', 'image']) expect(bare[table]).toEqual(empty[table]);
  expect(using(file, (project) => repeated(project.redo))).toBe(undone);
  expect(dump(file)).toEqual(full);
}

test('500 random operations, undo all, redo all: the same project', () => {
  const file = newFile();
  const operations = fc.array(operation, { minLength: 500, maxLength: 500 });
  fc.assert(
    fc.property(operations, (list) => undoesAndRedoes(file, list)),
    { numRuns: 3, endOnFailure: true },
  );
});

test('short histories too, down to the shortest one that fails', () => {
  const file = newFile();
  const operations = fc.array(operation, { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(operations, (list) => undoesAndRedoes(file, list)),
    { numRuns: 15 },
  );
});
