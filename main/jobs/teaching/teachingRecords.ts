// Reads what runs of a project left behind for its window: curves, changes on held-back images, the learning curve.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { BadInput } from '../../contract/badInput.ts';
import type { LearningPoint, RunCurve, ShownChange, ShownRollouts, TeachReport } from '../../contract/learning.ts';
import { readChanges } from '../../learn/gate/changes.ts';
import { readCurves, writeCurves } from '../../learn/loop/curves.ts';
import { readRollouts } from '../../learn/rl/drawnRollouts.ts';
import type { Project } from '../../store/project.ts';
import { runFolder } from './teaching.ts';

/** The curves of the last run, whether it has ended or not; none where nothing was trained. */
export async function curvesOfRun(project: Project): Promise<RunCurve[]> {
  const run = project.lastRun('started');
  if (!run) return [];
  const text = await readFile(path.join(runFolder(project, run), 'curves.jsonl'), 'utf8').catch(() => '');
  return [...readCurves(text)].flatMap(([stage, figures]) =>
    [...figures].map(([name, readings]): RunCurve => {
      return { stage, name, points: readings.map(({ step, value }) => [step, value]) };
    }),
  );
}

/** Draws what `curvesOfRun` reads, a file for each stage, and returns their paths. */
export async function drawCurvesOfRun(project: Project, folder: string): Promise<string[]> {
  const run = project.lastRun('started');
  const file = run && path.join(runFolder(project, run), 'curves.jsonl');
  if (!file || !existsSync(file))
    throw new BadInput(`${project.file}: no run of this project has trained anything, so there are no curves to draw`);
  return writeCurves(file, folder);
}

/** The changes of the last run that came to an end, on images that are still in the project. */
export async function changesOfRun(project: Project): Promise<ShownChange[]> {
  const run = project.lastRun('reported');
  const changes = run ? await readChanges(runFolder(project, run)) : [];
  return withImages(project, changes);
}

/** The rollouts of the last run, whether it has ended or not, on images that are still in the project. */
export async function rolloutsOfRun(project: Project): Promise<ShownRollouts | null> {
  const run = project.lastRun('started');
  const rollouts = run ? await readRollouts(runFolder(project, run)) : null;
  return rollouts && { step: rollouts.step, groups: withImages(project, rollouts.groups) };
}

const withImages = <T extends { imageId: number }>(project: Project, all: readonly T[]) =>
  all.flatMap((each) => {
    const found = project.image(each.imageId);
    if (!found) return [];
    const { id, path: file, hash, width, height } = found;
    return [{ ...each, image: { id, path: file, hash, width, height } }];
  });

/** A point for each run that was measured, by the pictures that it learnt from; the first run says what was before. */
export function learningCurve(reports: readonly TeachReport[]): LearningPoint[] {
  const measured = reports.toReversed().flatMap(({ pictures, before, after, gate }) => {
    return pictures && before && after ? [{ pictures, before, after, promoted: gate.promoted }] : [];
  });
  const [first] = measured;
  if (!first) return [];
  const runs = measured.toSorted((a, b) => a.pictures - b.pictures);
  return [
    { pictures: 0, promoted: false, ...worthOf(first.before) },
    ...runs.map(({ pictures, after, promoted }) => ({ pictures, promoted, ...worthOf(after) })),
  ];
}

const worthOf = ({ gIoU, words, clicks }: NonNullable<TeachReport['after']>) => ({
  masks: gIoU,
  answers: words.prompts > 0 ? words.gIoU : null,
  ...{ noc85: clicks?.noc85 ?? null, noc90: clicks?.noc90 ?? null },
});
