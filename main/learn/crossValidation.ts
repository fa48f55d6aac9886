// Teaches by images that are too few to hold some back for good: runs that each leave out a part of them are judged together, then
// one run of the same length learns from all. What is judged is the way of learning; the weights that come of it measured nothing new.
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { GateVerdict, Tier } from '../contract/learning.ts';
import type { CheckpointWeights } from '../weights/openCheckpoint.ts';
import { withoutRoom } from './adapter/runMemory.ts';
import { writeChanges } from './gate/changes.ts';
import { judge } from './gate/gate.ts';
import { changesOf, drawnChanges, evidenceOf, onSameImages, type Scores, scoresOf } from './gate/judging.ts';
import { projectFigures } from './gate/measure.ts';
import { learn, type ToLearn } from './learnTier.ts';
import type { LookedAt } from './samples/lookAt.ts';
import { crossRefusal } from './samples/preflight.ts';
import { foldsOf, usualFolds } from './samples/split.ts';
import type { TeachOutcome, TeachTask, Watching } from './samples/task.ts';
import { judgedBy, planned, untaught, withoutNames } from './tierPlan.ts';

type Result = Omit<TeachOutcome, 'skipped' | 'minutes' | 'peakMB'>;
type Plan = Pick<ToLearn, 'tier' | 'needsMasks' | 'needsWords'>;

export async function crossValidated(
  task: TeachTask,
  { images, own }: { images: readonly LookedAt[]; own: CheckpointWeights },
  watching: Watching,
): Promise<Result> {
  const needs = { weights: own, images };
  const why = crossRefusal(images) ?? withoutNames(task, own, images) ?? (await withoutRoom(task, needs, watching));
  if (why !== null) return untaught(task, why, images);
  const parts = foldsOf(images, { folds: task.folds ?? usualFolds, seed: task.seed });
  const first = await scoresOf(task.weights, { task, measured: images, phase: 'measuring' }, watching);
  const short = { ...task, minutes: task.minutes / (parts.length + 1) };
  const plan = await planned(short, { own, first, learnt: images });
  const judged = await foldScores(short, { images, parts, plan }, watching);
  if ('refusal' in judged) return { ...untaught(task, judged.refusal, images), tier: judged.tier };
  const { tier } = judged;
  const pooled = { project: judged.project, base: [], worded: [], secondsOfAnswer: null };
  const verdictOf = (last: Scores) => {
    const compared = { ...onSameImages(first, last), tier };
    const gate = judge(evidenceOf(compared, images), { seed: task.seed, by: judgedBy[tier] });
    return { compared, gate };
  };
  const made = verdictOf(pooled).gate.promoted ? await onAll(short, { images, plan }, watching) : null;
  const { compared, gate } = verdictOf(made ? { ...pooled, ...made.elsewhere } : pooled);
  await writeChanges(task.folder, drawnChanges(compared));
  await Promise.all(parts.map((_, i) => rm(foldFolder(task, i), { recursive: true, force: true })));
  const { before, after } = compared;
  return {
    ...{ tier, samples: images.reduce((n, { samples }) => n + samples.length, 0), folds: parts.length },
    ...{ before: projectFigures(before.project), after: projectFigures(after.project), prompts: changesOf(compared) },
    ...{ held: [], taught: made ? images.map(({ imageId }) => imageId) : [] },
    ...{
      words: made?.words,
      reasoning: made?.reasoning ?? null,
      usefulGroups: made?.usefulGroups ?? null,
      weights: made?.weights ?? null,
    },
    gate: { ...gate, reason: said(gate, { folds: parts.length, images: images.length, isLearnt: made !== null }) },
  };
}

const foldFolder = ({ folder }: Pick<TeachTask, 'folder'>, i: number): string => path.join(folder, `fold-${i + 1}`);

interface Folds {
  readonly images: readonly LookedAt[];
  readonly parts: readonly ReadonlySet<number>[];
  readonly plan: Plan;
}

/** Each image by the run that left it out, in the images' order. A fold whose weights are there already is only measured again. */
async function foldScores(
  task: TeachTask,
  { images, parts, plan }: Folds,
  { signal, report }: Watching,
): Promise<{ tier: Tier; project: Scores['project'] } | { tier: Tier; refusal: string }> {
  const scores: Scores['project'][number][] = [];
  let { tier } = plan;
  // What a fold loses elsewhere says little of the run on all images, which is measured there itself.
  const base = { ...task.base, measured: [], worded: [] };
  for (const [i, part] of parts.entries()) {
    const folder = foldFolder(task, i);
    await mkdir(folder, { recursive: true });
    const watching: Watching = {
      ...{ signal, report: (progress) => report({ ...progress, fold: { number: i + 1, of: parts.length } }) },
    };
    const measured = images.filter(({ imageId }) => part.has(imageId));
    const learnt = images.filter(({ imageId }) => !part.has(imageId));
    const own = { ...task, folder };
    const weights = path.join(folder, 'weights');
    const made = await learn(own, { ...plan, learnt, measured, weights }, watching);
    ({ tier } = made);
    if (made.refusal !== null) return { tier, refusal: made.refusal };
    const last = await scoresOf(weights, { task: { ...own, base }, measured, phase: 'judging' }, watching);
    scores.push(...last.project);
  }
  const project = images.flatMap(({ imageId }) => scores.filter((score) => score.imageId === imageId));
  return { tier, project };
}

/** The weights that are used, and what they keep of the domain that they came with. */
async function onAll(task: TeachTask, { images, plan }: Omit<Folds, 'parts'>, watching: Watching) {
  const weights = path.join(task.folder, 'weights');
  const { words, reasoning, usefulGroups } = await learn(
    task,
    { ...plan, learnt: images, measured: [], weights },
    watching,
  );
  const { base, worded } = await scoresOf(weights, { task, measured: [], phase: 'judging' }, watching);
  return { weights, words, reasoning, usefulGroups, elsewhere: { base, worded } };
}

function said(
  { reason }: GateVerdict,
  { folds, images, isLearnt }: { folds: number; images: number; isLearnt: boolean },
): string {
  const how = `Judged by ${folds} runs, each on images that it did not learn from`;
  return isLearnt
    ? `${reason} ${how}; these weights learnt from all ${images} images, so nothing new was left to measure them on.`
    : `${reason} ${how}.`;
}
