// Teaches the reasoner to name and box what is on pictures with labelled shapes, new words included, and writes the version.
import { resizePillow } from '../../../models/nn/resample.ts';
import type { NanoTokenizer } from '../../../models/qwen/nanoTokenizer.ts';
import type { Frame } from '../../contract/geometry.ts';
import { openWeights, type ReasonerWeights } from '../../weights/open.ts';
import { type Learning, stepsOf, trainUntil } from '../decoder/learnDecoder.ts';
import type { TrainingChange } from '../gate/largestChanges.ts';
import { writeTrimmedVersion } from '../gate/trimmedVersion.ts';
import { isWhole } from '../gate/version.ts';
import { secondsPerStep } from '../loop/loop.ts';
import type { Lesson } from '../samples/lesson.ts';
import { unlessGone } from '../samples/measuredImage.ts';
import type { TeachingImage, TeachTask, Watching } from '../samples/task.ts';
import { frameOf } from '../turns/squarePolicy.ts';
import { newRows, tables } from '../turns/tokenTables.ts';
import { type LearntPicture, learntPicture } from './mixedPictures.ts';
import { grownTexts, grownWords, namesOf, supervisedPolicy, supervisedRun } from './supervisedTier.ts';
import { taughtPictures } from './taughtPictures.ts';
import { grownTokenizer, nanoTokenizerOf, spoken, type TaughtWord, taughtWords } from './taughtWords.ts';
import { reasoningCounts, toldTurn } from './toldAnswers.ts';

const saveEvery = 25;
/** Optimiser steps: beyond these nothing was gained, below them no word is learnt. */
const limits = { fewest: 40, most: 700 } as const;
/** Of the project's rows: mixed pictures are what keeps few pictures from being learnt by heart. */
const mostTold = 0.5;

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
  const side = frameOf(policy.weights).pixels;
  const { pictures, told } = await picturesOf(learnt, { tokenizer: policy.tokenizer, side }, watching);
  const labels = learnt.flatMap(({ things }) => things.map(({ name }) => name));
  const prompts = learnt.reduce((sum, { samples }) => sum + samples.length, 0);
  const toldShare = Math.min(mostTold, told.reduce((sum, { asked }) => sum + asked.length, 0) / Math.max(1, prompts));
  const taught = { pictures, told, toldShare, names: namesOf(policy, labels), lesson: task.base.lesson };
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
  const known = await taughtPictures(task, { from, learnt }, watching.signal);
  const texts = { ...(await grownTexts(from, policy, words)), ...known };
  const isNew = newRows(grownWords(policy));
  const change: TrainingChange = {
    start,
    end: policy.parameters.all,
    isNew: (name, row) => tables.test(name) && isNew(row),
  };
  await writeTrimmedVersion(task, { from, to, change, texts }, watching);
}

/** Where the reasoning comes from that the prompts of images would be taught with. */
export function reasoningOf(
  weights: ReasonerWeights,
  images: readonly (Pick<TeachingImage, 'imageId' | 'things' | 'samples'> & { readonly size: Frame })[],
) {
  const words = wordsToTeach(weights, images).filter(({ isNew }) => isNew);
  const { tokenizer } = grownTokenizer(
    nanoTokenizerOf(weights),
    words.map(({ word }) => word),
  );
  const { pixels } = frameOf(weights);
  const frame = { width: pixels, height: pixels };
  return reasoningCounts(
    images.flatMap(({ samples, size: image }) =>
      samples.map((sample) => [sample, { image, frame, tokenizer }] as const),
    ),
  );
}

interface Shown {
  readonly tokenizer: NanoTokenizer;
  /** Pixels of the square that the reasoner sees. */
  readonly side: number;
}

/** Labels are said as the weights say them. */
async function picturesOf(
  images: readonly TeachingImage[],
  { tokenizer, side }: Shown,
  { signal, report }: Watching,
): Promise<{ pictures: LearntPicture[]; told: Lesson[] }> {
  const pictures: LearntPicture[] = [];
  const told: Lesson[] = [];
  const frame = { width: side, height: side };
  for (const [i, image] of images.entries()) {
    signal?.throwIfAborted();
    const things = image.things.map((thing) => ({ ...thing, name: spoken(thing.name, tokenizer.words) }));
    const isTold = image.samples.some(({ reasoning }) => reasoning !== null);
    const picture = things.length > 0 || isTold ? await unlessGone(image) : null;
    if (picture && things.length > 0) pictures.push(learntPicture(picture, things));
    if (picture && isTold) {
      const asked = image.samples.flatMap((sample) => toldTurn(sample, { image: picture, frame, tokenizer }) ?? []);
      const seen = asked.length > 0 ? { ...frame, ...resizePillow(picture, frame, 'bilinear') } : null;
      if (seen) told.push({ image: seen, asked });
    }
    const total = images.length;
    report({ kind: 'teaching', phase: 'preparing', done: i + 1, total, secondsLeft: null, figures: {} });
  }
  return { pictures, told };
}
