// Teaches weights by a project's samples, or says why they stay as they are: they must be better on pictures they did not learn from.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { openModel } from '../weights/openCheckpoint.ts';
import { withoutRoom } from './adapter/runMemory.ts';
import { cannotLearn, learnerOf } from './canLearn.ts';
import { crossValidated } from './crossValidation.ts';
import { writeChanges } from './gate/changes.ts';
import { judge } from './gate/gate.ts';
import { changesOf, drawnChanges, evidenceOf, mostClicked, onSameImages, scoresOf } from './gate/judging.ts';
import { projectFigures } from './gate/measure.ts';
import { learn } from './learnTier.ts';
import { type LookedAt, lookAt } from './samples/lookAt.ts';
import { crossRefusal, refusal } from './samples/preflight.ts';
import { draftsOf } from './samples/sample.ts';
import { heldOut, learntCopies } from './samples/split.ts';
import type { TeachOutcome, TeachTask, Watching } from './samples/task.ts';
import { judgedBy, planned, untaught, withoutNames } from './tierPlan.ts';

type Result = Omit<TeachOutcome, 'skipped' | 'minutes' | 'peakMB'>;

export async function teach(task: TeachTask, watching: Watching): Promise<TeachOutcome> {
  const started = performance.now();
  await mkdir(task.folder, { recursive: true });
  const own = await openModel(task.weights);
  const unable = cannotLearn(await learnerOf(own, task.segmenter), task.tier);
  const { images, skipped } = unable === null ? withoutCopies(await lookAt(task, watching), task) : nothing;
  const byWhat = task.folds === null ? heldBack : crossValidated;
  const result = unable === null ? await byWhat(task, { images, own }, watching) : untaught(task, unable, []);
  const minutes = (performance.now() - started) / 60_000;
  const taught = new Set<number>(result.taught);
  const learnt = images.filter(({ imageId }) => taught.has(imageId));
  const drafts = draftsOf(learnt.flatMap(({ samples }) => samples));
  return { ...result, drafts, skipped, minutes, peakMB: process.resourceUsage().maxRSS / 1024 };
}

type Looked = Awaited<ReturnType<typeof lookAt>>;
const nothing: Looked = { images: [], skipped: [] };

function withoutCopies({ images, skipped }: Looked, task: Pick<TeachTask, 'held' | 'taught'>): Looked {
  const copies = learntCopies(images, { held: new Set(task.held), taught: new Set(task.taught) });
  const left = copies.map(({ path: file }) => ({
    path: file,
    reason: `${file}: shows what a held-back image shows, and an earlier run learnt from it, so it neither teaches nor judges any more`,
  }));
  return { images: images.filter((image) => !copies.includes(image)), skipped: [...skipped, ...left] };
}

/** Learns from a part of the images and is judged by the others, which no run of the project ever learns from. */
async function heldBack(
  task: TeachTask,
  { images, own }: { images: readonly LookedAt[]; own: Awaited<ReturnType<typeof openModel>> },
  watching: Watching,
): Promise<Result> {
  const held = heldOut(images, { held: new Set(task.held), taught: new Set(task.taught), seed: task.seed });
  const learnt = images.filter(({ imageId }) => !held.has(imageId));
  const needs = { weights: own, images: learnt };
  const unfit = refusal(images, held);
  const why = unfit ?? withoutNames(task, own, learnt) ?? (await withoutRoom(task, needs, watching));
  // Offered where it would go on with these images.
  const crossValidates = unfit !== null && crossRefusal(images) === null;
  if (why !== null) return { ...untaught(task, why, learnt), crossValidates };
  const measured = images.filter(({ imageId }) => held.has(imageId));
  const clicked = mostClicked;
  const first = await scoresOf(task.weights, { task, measured, phase: 'measuring', clicked }, watching);
  const weights = path.join(task.folder, 'weights');
  const asked = { learnt, measured, weights, ...(await planned(task, { own, first, learnt })) };
  const { refusal: none, tier, words, reasoning, usefulGroups } = await learn(task, asked, watching);
  if (none !== null) return { ...untaught(task, none, learnt), tier, usefulGroups };
  const last = await scoresOf(weights, { task, measured, phase: 'judging', clicked }, watching);
  const { before, after } = onSameImages(first, last);
  const compared = { before, after, tier };
  await writeChanges(task.folder, drawnChanges(compared));
  return {
    ...{ tier, samples: learnt.reduce((n, { samples }) => n + samples.length, 0) },
    gate: judge(evidenceOf(compared, learnt), { seed: task.seed, by: judgedBy[tier] }),
    ...{ before: projectFigures(before.project), after: projectFigures(after.project) },
    ...{ held: [...held], taught: learnt.map(({ imageId }) => imageId), prompts: changesOf(compared), words, weights },
    ...{ usefulGroups, reasoning },
  };
}
