// Pictures with labelled shapes to weights whose reasoner names and boxes what is on them, new words included.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { gIoU } from '../evaluate/metrics.ts';
import { loadPredictor } from '../flow/predict.ts';
import { openWeights, type Weights } from '../weights/open.ts';
import { type Learning, stepsOf, trainUntil } from './learnDecoder.ts';
import { secondsPerStep } from './loop.ts';
import { measure } from './measure.ts';
import { type LearntPicture, learntPicture } from './mixedPictures.ts';
import { partWay, shareThatKeeps, tries, type Way } from './partWay.ts';
import {
  grownConfig,
  namesOf,
  type SupervisedPolicy,
  supervisedPolicy,
  supervisedRun,
  tables,
} from './supervisedTier.ts';
import type { TeachingImage, TeachTask, Watching } from './task.ts';
import { spoken, type TaughtWord, taughtWords } from './taughtWords.ts';
import { isWhole, writeVersion } from './version.ts';

const saveEvery = 25;
/** Optimiser steps: beyond these nothing was gained, below them no word is learnt. */
const limits = { fewest: 40, most: 700 } as const;

/** The words of the labels on images that the weights do not know. */
export function wordsToTeach(weights: Weights, images: readonly TeachingImage[]): TaughtWord[] {
  const { tokenizer, recipe } = weights;
  const labels = new Map<string, number[]>();
  for (const { imageId, things } of images)
    for (const { name } of things) labels.set(name, [...(labels.get(name) ?? []), imageId]);
  const unfindable = new Set(recipe.reasoner.vocabulary?.unfindable);
  return taughtWords(
    [...labels].map(([name, imageIds]) => ({ name, imageIds })),
    { words: tokenizer.words ?? new Set(), unfindable },
  );
}

export async function learnReasoner(task: TeachTask, learning: Learning, watching: Watching): Promise<void> {
  const { learnt, from, to, minutes } = learning;
  if (isWhole(to)) return;
  const words = wordsToTeach(await openWeights(from), learnt);
  const policy = await supervisedPolicy(from, words);
  const pictures = await picturesOf(learnt, policy.tokenizer.words, watching);
  const labels = learnt.flatMap(({ things }) => things.map(({ name }) => name));
  const taught = { pictures, names: namesOf(policy, labels), lesson: task.base.lesson };
  const { seed, folder } = task;
  const steps = await stepsOf(folder, 'reasonerSteps.json', async () => {
    const each = await secondsPerStep(supervisedRun(policy, taught, { steps: 1, seed }));
    return Math.round(Math.min(limits.most, Math.max(limits.fewest, (minutes * 60) / each)));
  });
  const start = policy.parameters.snapshot(policy.parameters.all.keys());
  // Steps were measured: the schedule ends in time, or a little later where the machine has become slower.
  await trainUntil(
    supervisedRun(policy, taught, { steps, seed }),
    { folder, minutes: 1.5 * minutes, saveEvery },
    watching,
  );
  const texts = {
    'config.json': await grownConfig(from, policy, words),
    'tokenizer.json': `${JSON.stringify(policy.tokenizer.vocabulary)}\n`,
  };
  const way: Way = { start, end: policy.parameters.all, isNew: newRows(policy) };
  const write = (share: number, place: string) => writeVersion(from, place, { tensors: partWay(way, share), texts });
  await write(await shareToKeep(task, { from, write }, watching), to);
}

/** Rows of the token tables that words have which the weights did not know. */
function newRows({ tokenizer, weights }: SupervisedPolicy): Way['isNew'] {
  const { words } = tokenizer.vocabulary;
  const known = new Set(weights.tokenizer.words);
  const first = tokenizer.size - words.length;
  return (name, row) => {
    const word = words[row - first];
    return tables.test(name) && word !== undefined && !known.has(word);
  };
}

interface Versions {
  readonly from: string;
  write(share: number, place: string): Promise<void>;
}

/** All of it where nothing is known of what the weights came with. */
async function shareToKeep(
  { base, folder }: TeachTask,
  { from, write }: Versions,
  watching: Watching,
): Promise<number> {
  const { chosenBy } = base;
  if (chosenBy.length === 0) return 1;
  const tried = path.join(folder, 'tried');
  const { signal, report } = watching;
  let done = 0;
  const scoreAt = async (share: number): Promise<number> => {
    if (share > 0) await write(share, tried);
    const predictor = await loadPredictor(share > 0 ? tried : from);
    try {
      const images = chosenBy.map((image) => ({ ...image, read: () => image.read(), group: image.imageId }));
      const scores = await measure(predictor, images, { signal, mostWorded: images.length });
      const score = gIoU(scores.flatMap(({ worded }) => worded?.overlap ?? []));
      const figures = { share, ownDomain: score };
      report({ kind: 'teaching', phase: 'judging', done: ++done, total: tries, secondsLeft: null, figures });
      return score;
    } finally {
      await predictor.release();
    }
  };
  try {
    return await shareThatKeeps(scoreAt);
  } finally {
    await rm(tried, { recursive: true, force: true });
  }
}

/** Labels are said as the weights say them. */
async function picturesOf(
  images: readonly TeachingImage[],
  words: ReadonlySet<string>,
  { signal, report }: Watching,
): Promise<LearntPicture[]> {
  const pictures: LearntPicture[] = [];
  for (const [i, image] of images.entries()) {
    signal?.throwIfAborted();
    const things = image.things.map((thing) => ({ ...thing, name: spoken(thing.name, words) }));
    if (things.length > 0) pictures.push(learntPicture(await image.read(), things));
    const total = images.length;
    report({ kind: 'teaching', phase: 'preparing', done: i + 1, total, secondsLeft: null, figures: {} });
  }
  return pictures;
}
