// Teaches the reasoner to name and box what is on pictures with labelled shapes, new words included, and writes the version.
import { openWeights, type ReasonerWeights } from '../weights/open.ts';
import type { TrainingChange } from './largestChanges.ts';
import { type Learning, stepsOf, trainUntil } from './learnDecoder.ts';
import { secondsPerStep } from './loop.ts';
import { unlessGone } from './measure.ts';
import { type LearntPicture, learntPicture } from './mixedPictures.ts';
import { grownTexts, grownWords, namesOf, supervisedPolicy, supervisedRun } from './supervisedTier.ts';
import type { TeachingImage, TeachTask, Watching } from './task.ts';
import { spoken, type TaughtWord, taughtWords } from './taughtWords.ts';
import { newRows, tables } from './tokenTables.ts';
import { writeTrimmedVersion } from './trimmedVersion.ts';
import { isWhole } from './version.ts';

const saveEvery = 25;
/** Optimiser steps: beyond these nothing was gained, below them no word is learnt. */
const limits = { fewest: 40, most: 700 } as const;

/** The words of the labels on images that the weights do not know. */
export function wordsToTeach(
  { tokenizer, recipe }: Pick<ReasonerWeights, 'tokenizer' | 'recipe'>,
  images: readonly Pick<TeachingImage, 'imageId' | 'things'>[],
): TaughtWord[] {
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
  const policy = await supervisedPolicy(from, words, task.seed);
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
  const texts = await grownTexts(from, policy, words);
  const isNew = newRows(grownWords(policy));
  const change: TrainingChange = {
    start,
    end: policy.parameters.all,
    isNew: (name, row) => tables.test(name) && isNew(row),
  };
  await writeTrimmedVersion(task, { from, to, change, texts }, watching);
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
    const picture = things.length > 0 ? await unlessGone(image) : null;
    if (picture) pictures.push(learntPicture(picture, things));
    const total = images.length;
    report({ kind: 'teaching', phase: 'preparing', done: i + 1, total, secondsLeft: null, figures: {} });
  }
  return pictures;
}
