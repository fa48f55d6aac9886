// A project's samples to weights that are better on pictures they did not learn from, or to the reason why they stay as they are.
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { GateVerdict, TeachReport, Tier } from '../contract/learning.ts';
import { openWeights } from '../weights/open.ts';
import { type CheckpointWeights, openModel } from '../weights/openCheckpoint.ts';
import { writeChanges } from './changes.ts';
import { judge } from './gate.ts';
import { changesOf, drawnChanges, evidenceOf, missesWords, type Scores, scoresOf } from './judging.ts';
import { cannotAnswer, learnCheckpoint } from './learnCheckpoint.ts';
import { learnDecoder } from './learnDecoder.ts';
import { learnReasoner, wordsToTeach } from './learnReasoner.ts';
import { type MeasuredImage, projectFigures } from './measure.ts';
import { nearGroups, pictureHash } from './nearDuplicates.ts';
import { refusal, type TaughtImage } from './preflight.ts';
import { heldOut } from './split.ts';
import { cannotSpeak } from './supervisedTier.ts';
import type { TeachingImage, TeachOutcome, TeachTask, Watching } from './task.ts';
import { isWhole } from './version.ts';

/** Of the minutes, where the reasoner learns first; masks that are as good as this under true boxes need no teaching. */
const reasonersShare = 0.85;
const goodMasks = 0.85;
/** A word is seldom found again that was taught with fewer pictures. */
const enoughPictures = 5;

export async function teach(task: TeachTask, watching: Watching): Promise<TeachOutcome> {
  const started = performance.now();
  await mkdir(task.folder, { recursive: true });
  const own = await openModel(task.weights);
  const unable = cannotLearn(own, task.tier);
  const images = unable === null ? await lookedAt(task, watching) : [];
  const held = heldOut(images, { held: new Set(task.held), taught: new Set(task.taught), seed: task.seed });
  const learnt = images.filter(({ imageId }) => !held.has(imageId));
  const samples = learnt.reduce((n, image) => n + image.samples.length, 0);
  const cost = () => ({
    minutes: (performance.now() - started) / 60_000,
    peakMB: process.resourceUsage().maxRSS / 1024,
  });
  const needsNames = task.tier === 'supervised' && own.base === undefined;
  const why = unable ?? refusal(images, held) ?? (needsNames ? nameless(learnt) : null);
  if (why !== null) {
    const none = { before: null, after: null, held: [], taught: [], prompts: [], weights: null };
    const tier = task.tier === 'auto' ? 'decoder' : task.tier;
    return { tier, samples, ...none, gate: refused(why), ...cost() };
  }
  const measured = images.filter(({ imageId }) => held.has(imageId));
  const before = await scoresOf(task.weights, { task, measured, phase: 'measuring' }, watching);
  const tier = task.tier === 'auto' ? tierFor(task, { before, learnt, weights: own }) : task.tier;
  const weights = path.join(task.folder, 'weights');
  const needsMasks = projectFigures(before.project).gIoU < goodMasks;
  const words = await learn(task, { learnt, tier, weights, needsMasks }, watching);
  const after = await scoresOf(weights, { task, measured, phase: 'judging' }, watching);
  const compared = { before, after, tier };
  await writeChanges(task.folder, drawnChanges(compared));
  return {
    ...{ tier, samples, gate: judge(evidenceOf(compared, learnt), { seed: task.seed, by: judgedBy[tier] }) },
    ...{ before: projectFigures(before.project), after: projectFigures(after.project) },
    ...{ held: [...held], taught: learnt.map(({ imageId }) => imageId), prompts: changesOf(compared), words, weights },
    ...cost(),
  };
}

const judgedBy: Readonly<Record<Tier, 'masks' | 'answers'>> = { decoder: 'masks', supervised: 'answers' };

/** Of weights that are asked or answer in another way than a tier trains; null: they can. */
function cannotLearn(weights: CheckpointWeights, tier: TeachTask['tier']): string | null {
  const { name, segmenter, context } = weights;
  if (!segmenter || !context)
    return `${name} has no segmenter of its own, so no tier can teach it yet; a LENS checkpoint or loupe-nano can be taught.`;
  return tier === 'supervised' ? cannotSay(weights) : null;
}

/** Of a checkpoint low-rank updates learn, of Loupe's own weights all of the reasoner. */
const cannotSay = (weights: CheckpointWeights): string | null =>
  weights.base === undefined ? cannotSpeak(weights) : cannotAnswer(weights);

const nameless = (learnt: readonly TeachingImage[]): string | null =>
  learnt.some(({ things }) => things.length > 0)
    ? null
    : 'No labelled shape says what anything is called, so no word can be taught; give shapes labels, or choose tier decoder.';

const refused = (reason: string): GateVerdict => ({
  ...{ promoted: false, reason, gain: 0, low: 0, high: 0, otherLabels: null, nothing: null, base: null },
});

type Looked = TaughtImage & MeasuredImage & TeachingImage;

/** Every image is read once, so that near-duplicates are known before anything is measured. */
async function lookedAt({ images }: TeachTask, { signal, report }: Watching): Promise<Looked[]> {
  const hashes: string[] = [];
  for (const [i, image] of images.entries()) {
    signal?.throwIfAborted();
    hashes.push(pictureHash(await image.read()));
    report({ kind: 'teaching', phase: 'looking', done: i + 1, total: images.length, secondsLeft: null, figures: {} });
  }
  const groups = nearGroups(hashes);
  return images.map((image, i) => ({
    ...image,
    read: () => image.read(),
    group: groups.findIndex((group) => group.includes(i)),
    prompts: image.samples.length,
  }));
}

interface Known {
  readonly before: Scores;
  readonly learnt: readonly TeachingImage[];
  readonly weights: CheckpointWeights;
}

/** By what is missing: a mask decoder cannot mend an answer that names no box. */
function tierFor(task: TeachTask, { before, learnt, weights }: Known): Tier {
  const isNano = weights.base === undefined;
  const canSpeak = isNano ? task.base.lesson !== null && nameless(learnt) === null : cannotSay(weights) === null;
  return canSpeak && missesWords(before.project) ? 'supervised' : 'decoder';
}

interface ToLearn {
  readonly learnt: readonly TeachingImage[];
  readonly tier: Tier;
  /** Folder of the result. */
  readonly weights: string;
  readonly needsMasks: boolean;
}

/** Words that were taught, each with whether it was seen often enough. */
async function learn(
  task: TeachTask,
  { learnt, tier, weights: to, needsMasks }: ToLearn,
  watching: Watching,
): Promise<TeachReport['words']> {
  const { weights: from, folder, minutes } = task;
  if (tier === 'decoder') {
    await learnDecoder(task, { learnt, from, to, minutes }, watching);
    return [];
  }
  const reasoner = path.join(folder, 'reasoner');
  const isOwn = (await openModel(from)).base === undefined;
  const words = isOwn ? wordsToTeach(await openWeights(from), learnt) : [];
  const speak = isOwn ? learnReasoner : learnCheckpoint;
  if (!needsMasks) await speak(task, { learnt, from, to, minutes }, watching);
  else if (!isWhole(to)) {
    await speak(task, { learnt, from, to: reasoner, minutes: reasonersShare * minutes }, watching);
    await learnDecoder(task, { learnt, from: reasoner, to, minutes: (1 - reasonersShare) * minutes }, watching);
  }
  // Of no use beside the result, and as large as several of it.
  await rm(reasoner, { recursive: true, force: true });
  await rm(`${reasoner}.safetensors`, { force: true });
  return words.map(({ word, pictures }) => ({ word, pictures, isEnough: pictures >= enoughPictures }));
}
