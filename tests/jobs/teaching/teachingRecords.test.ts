// What runs left in a project's folder, as its window asks for it: curves of the last run, changes, and the learning curve.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { ProjectFigures, TeachReport } from '../../../main/contract/learning.ts';
import {
  changesOfRun,
  curvesOfRun,
  drawCurvesOfRun,
  learningCurve,
  rolloutsOfRun,
} from '../../../main/jobs/teaching/teachingRecords.ts';
import { writeChanges } from '../../../main/learn/gate/changes.ts';
import { writeRollouts } from '../../../main/learn/rl/drawnRollouts.ts';
import { openProject, type Project } from '../../../main/store/project.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-records-'));
let count = 0;
let project: Project;
beforeEach(() => {
  project?.close();
  project = openProject(path.join(root, `${count++}.loupe`), { create: true });
});
afterAll(() => {
  project.close();
  rmSync(root, { recursive: true });
});

const figures = (gIoU: number, words: number | null): ProjectFigures => ({
  ...{ prompts: 4, objects: 4, gIoU, cIoU: gIoU },
  words: { prompts: words === null ? 0 : 4, gIoU: words ?? 0, cIoU: words ?? 0, box50: words ?? 0 },
});
const report = (also: Partial<TeachReport> = {}): TeachReport => ({
  ...{ tier: 'decoder', samples: 9, before: figures(0.6, 0.1), after: figures(0.7, 0.2), minutes: 1, peakMB: 2 },
  ...{ prompts: [], pictures: 10 },
  gate: {
    ...{ promoted: true, reason: 'Better.', gain: 0.1, low: 0.05, high: 0.2 },
    ...{ otherLabels: null, nothing: null, base: null },
  },
  ...also,
});

/** The folder of a new run. */
function run(): { id: number; folder: string } {
  const { id } = project.startRun({ tier: 'decoder', seed: 1, minutes: 1, parent: null });
  const folder = path.join(`${project.file}-weights`, String(id));
  mkdirSync(folder, { recursive: true });
  return { id, folder };
}

describe('curves', () => {
  it('are drawn, a file for each stage, of the last run', async () => {
    const { folder } = run();
    const lines = [
      '{"stage":"reasoner","step":0,"validation gIoU":0.25}',
      '{"stage":"reasoner","step":10,"loss":0.9}',
      '{"stage":"decoder","step":10,"loss":0.3}',
    ];
    writeFileSync(path.join(folder, 'curves.jsonl'), lines.join('\n'));
    const drawn = await drawCurvesOfRun(project, path.join(root, 'drawn'));
    expect(drawn.map((file) => path.basename(file)).toSorted()).toEqual(['decoder.svg', 'reasoner.svg']);
    const svg = readFileSync(path.join(root, 'drawn', 'reasoner.svg'), 'utf8');
    expect(svg).toMatch(/validation gIoU.*loss.*<\/svg>\n$/su);
  });

  it('are not drawn where no run has trained', async () => {
    await expect(drawCurvesOfRun(project, root)).rejects.toThrow(/no run of this project has trained anything/u);
    run();
    await expect(drawCurvesOfRun(project, root)).rejects.toThrow(/no curves to draw/u);
  });

  it('are those of the last run, under way or not', async () => {
    expect(await curvesOfRun(project)).toEqual([]);
    const first = run();
    writeFileSync(path.join(first.folder, 'curves.jsonl'), '{"stage":"decoder","step":10,"loss":9}\n');
    project.endRun(first.id, 'done', report());
    const { folder } = run();
    expect(await curvesOfRun(project)).toEqual([]);
    const lines = [
      '{"stage":"decoder","step":10,"loss":0.9,"iou":0.5}',
      '{"stage":"decoder","step":20,"loss":0.8}',
      '{"st',
    ];
    writeFileSync(path.join(folder, 'curves.jsonl'), lines.join('\n'));
    expect(await curvesOfRun(project)).toEqual([
      {
        stage: 'decoder',
        name: 'loss',
        points: [
          [10, 0.9],
          [20, 0.8],
        ],
      },
      { stage: 'decoder', name: 'iou', points: [[10, 0.5]] },
    ]);
  });
});

describe('sampled answers', () => {
  const group = (imageId: number) => ({ imageId, text: 'cat', truth: null, rollouts: [] });

  it('are those of the last run, under way or not, on images that are still there', async () => {
    expect(await rolloutsOfRun(project)).toBeNull();
    const [imageId = 0] = project.addImages([{ path: 'a.png' }]);
    const first = run();
    await writeRollouts(first.folder, { step: 7, groups: [group(imageId), group(99)] });
    const image = { id: imageId, path: 'a.png', hash: null, width: null, height: null };
    expect(await rolloutsOfRun(project)).toEqual({ step: 7, groups: [{ ...group(imageId), image }] });
    project.endRun(first.id, 'done', report());
    expect(await rolloutsOfRun(project)).toMatchObject({ step: 7 });
    run();
    expect(await rolloutsOfRun(project)).toBeNull();
  });

  it('are none where their file cannot be read', async () => {
    const { folder } = run();
    writeFileSync(path.join(folder, 'rollouts.json'), '{"step": 1, "gro');
    expect(await rolloutsOfRun(project)).toBeNull();
  });
});

describe('changes', () => {
  it('are those of the last run with a report, on images that are still there', async () => {
    const [imageId = 0] = project.addImages([{ path: 'a.png' }]);
    const change = { text: 'cat', before: 0.5, after: 0.4, truth: null, was: null, is: null };
    const { id, folder } = run();
    await writeChanges(folder, [
      { ...change, imageId },
      { ...change, imageId: 99 },
    ]);
    expect(await changesOfRun(project)).toEqual([]);
    project.endRun(id, 'done', report());
    run();
    expect(await changesOfRun(project)).toEqual([
      { ...change, imageId, image: { id: imageId, path: 'a.png', hash: null, width: null, height: null } },
    ]);
  });
});

describe('the learning curve', () => {
  it('begins before the first run, and goes on by the number of pictures', () => {
    // As they are stored: the last one first.
    const clicks = { objects: 6, noc85: 3.5, noc90: 5 };
    const later = report({ pictures: 20, after: { ...figures(0.8, null), clicks }, before: figures(0.7, 0.2) });
    expect(learningCurve([later, report()])).toEqual([
      { pictures: 0, promoted: false, masks: 0.6, answers: 0.1, noc85: null, noc90: null },
      { pictures: 10, promoted: true, masks: 0.7, answers: 0.2, noc85: null, noc90: null },
      { pictures: 20, promoted: true, masks: 0.8, answers: null, noc85: 3.5, noc90: 5 },
    ]);
  });

  it('leaves out runs that were refused, and such whose pictures nobody counted', () => {
    const { pictures: _, ...old } = report();
    expect(learningCurve([old, report({ before: null, after: null })])).toEqual([]);
  });
});
