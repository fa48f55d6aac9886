// Runs, versions of weights and the split, as rows of a project that outlive its closing.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { TeachReport } from '../../main/contract/learning.ts';
import { openProject, type Project } from '../../main/store/project.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-learning-'));
afterAll(() => rmSync(root, { recursive: true }));

let count = 0;
let file: string;
let project: Project;
beforeEach(() => {
  project?.close();
  file = path.join(root, `${count++}.loupe`);
  project = openProject(file, { create: true });
});
afterAll(() => project.close());

const report: TeachReport = {
  ...{ tier: 'decoder', samples: 3, before: null, after: null, minutes: 1, peakMB: 2, prompts: [] },
  gate: {
    ...{ promoted: true, reason: 'Better.', gain: 0.1, low: 0.05, high: 0.2 },
    ...{ otherLabels: null, nothing: null, base: null },
  },
};

/** A run with the version that it made; what was in use stays so. */
function version(parent: number | null) {
  const run = project.startRun({ tier: 'decoder', seed: 7, minutes: 3, parent });
  const before = project.versions().find(({ inUse }) => inUse)?.id ?? null;
  const weights = { name: `cats ${run.id}`, folder: `cats.loupe-weights/${run.id}/weights` };
  project.finishRun(run.id, { report, held: [], taught: [], weights });
  const [made] = project.versions();
  if (!made) throw new Error('the run made no version');
  project.use(before);
  return made;
}

describe('runs', () => {
  it('that nobody ended are there to go on with, after the file was closed too', () => {
    expect(project.stoppedRun()).toBeNull();
    const run = project.startRun({ tier: 'decoder', seed: 7, minutes: 3, parent: null });
    project.close();
    project = openProject(file);
    expect(project.stoppedRun()).toEqual(run);
    project.endRun(run.id, 'done', report);
    expect([project.stoppedRun(), project.reports()]).toEqual([null, [report]]);
  });

  it('are found as the last one, and as the last one that was reported', () => {
    expect([project.lastRun('started'), project.lastRun('reported')]).toEqual([null, null]);
    const first = project.startRun({ tier: 'decoder', seed: 1, minutes: 1, parent: null });
    expect([project.lastRun('started'), project.lastRun('reported')]).toEqual([first, null]);
    project.endRun(first.id, 'done', report);
    const second = project.startRun({ tier: 'supervised', seed: 2, minutes: 4, parent: null });
    expect([project.lastRun('started'), project.lastRun('reported')]).toEqual([second, first]);
    // Of another project: nobody here ran it.
    project.addImported({ name: 'dogs 0a1b2c3d', made: '2026-01-02T03:04:05.000Z', report, folder: 'x' });
    expect([project.lastRun('started'), project.lastRun('reported')]).toEqual([second, first]);
  });

  it('end with their report, split and weights together, or go on as if they had not ended', () => {
    const run = project.startRun({ tier: 'decoder', seed: 1, minutes: 1, parent: null });
    const weights = { name: 'cats 1', folder: 'cats.loupe-weights/1/weights' };
    // A table of images takes no half of one: it stands for whatever fails in the middle.
    expect(() => project.finishRun(run.id, { report, held: [1], taught: [2.5], weights })).toThrow();
    expect([project.stoppedRun(), project.reports(), project.versions()]).toEqual([run, [], []]);
    expect(project.split()).toEqual({ held: [], taught: [] });
    project.finishRun(run.id, { report, held: [1], taught: [2], weights });
    expect([project.stoppedRun(), project.reports()]).toEqual([null, [report]]);
    expect(project.versions()).toMatchObject([{ ...weights, inUse: true }]);
    expect(project.split()).toEqual({ held: [1], taught: [2] });
  });

  it('make weights that are used only where they are promoted, or none', () => {
    const kept = { ...report, gate: { ...report.gate, promoted: false } };
    const first = project.startRun({ tier: 'decoder', seed: 1, minutes: 1, parent: null });
    project.finishRun(first.id, { report: kept, held: [], taught: [], weights: { name: 'a', folder: 'b' } });
    const second = project.startRun({ tier: 'decoder', seed: 1, minutes: 1, parent: null });
    project.finishRun(second.id, { report: kept, held: [], taught: [], weights: null });
    expect(project.versions()).toMatchObject([{ name: 'a', inUse: false }]);
  });

  it('that failed leave no report', () => {
    const run = project.startRun({ tier: 'decoder', seed: 1, minutes: 1, parent: null });
    project.endRun(run.id, 'failed', null);
    expect([project.stoppedRun(), project.reports()]).toEqual([null, []]);
  });
});

describe('versions', () => {
  it('know what they learnt from, and one of them at most is in use', () => {
    const first = version(null);
    const second = version(first.id);
    expect(project.versions().map(({ id, parent, inUse }) => [id, parent, inUse])).toEqual([
      [second.id, first.id, false],
      [first.id, null, false],
    ]);
    project.use(second.id);
    project.use(first.id);
    expect(
      project
        .versions()
        .filter(({ inUse }) => inUse)
        .map(({ id }) => id),
    ).toEqual([first.id]);
    project.use(null);
    expect(project.versions().filter(({ inUse }) => inUse)).toEqual([]);
  });
});

describe('the split', () => {
  it('keeps an image where it was put first', () => {
    project.addToSplit('held', [3, 1]);
    project.addToSplit('taught', [1, 2]);
    expect(project.split()).toEqual({ held: [1, 3], taught: [2] });
  });
});

describe('a version of another project', () => {
  const imported = { name: 'dogs 0a1b2c3d', made: '2026-01-02T03:04:05.000Z', report, folder: 'cats.loupe-weights/x' };

  it('has the report of the run there, and is no run of this project', () => {
    const own = version(null);
    const taken = project.addImported(imported);
    expect(taken).toEqual({ ...imported, id: own.id + 1, parent: null, inUse: false, imported: true });
    expect(project.versions().map((each) => each.imported)).toEqual([true, false]);
    expect([project.reports(), project.stoppedRun()]).toEqual([[report], null]);
  });

  it('is used, learnt from and kept like any other', () => {
    const { id } = project.addImported(imported);
    project.use(id);
    const child = version(id);
    project.close();
    project = openProject(file);
    expect(project.versions().map(({ parent, inUse, name }) => [parent, inUse, name])).toEqual([
      [id, false, child.name],
      [null, true, imported.name],
    ]);
  });
});
