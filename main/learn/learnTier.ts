// Runs a tier's steps one after the other, from the weights that learn to those that are judged.
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Frame } from '../contract/geometry.ts';
import type { TeachReport, Tier } from '../contract/learning.ts';
import { openWeights } from '../weights/open.ts';
import { openModel } from '../weights/openCheckpoint.ts';
import { learnAnswerRewards, runFeatures, spreadOfAnswers } from './adapter/learnAnswerRewards.ts';
import { learnCheckpoint } from './adapter/learnCheckpoint.ts';
import { type Learning, learnDecoder } from './decoder/learnDecoder.ts';
import { isWhole } from './gate/version.ts';
import { wordsShare } from './pickTier.ts';
import { learnRewards, type RewardSpread, spreadOf, usefulShare, whyNotByRewards } from './rl/learnRewards.ts';
import type { TeachingImage, TeachTask, Watching } from './samples/task.ts';
import { answerValidation } from './supervised/answerValidation.ts';
import { learnReasoner, reasoningOf, wordsToTeach } from './supervised/learnReasoner.ts';

/** Share of the minutes in which the reasoner learns, where masks learn after it. */
const reasonersShare = 0.85;
/** A word is seldom found again that was taught with fewer pictures. */
export const enoughPictures = 5;

export interface ToLearn {
  readonly learnt: readonly (TeachingImage & { readonly size: Frame })[];
  /** Held back. */
  readonly measured: readonly TeachingImage[];
  readonly tier: Tier;
  /** Folder of the result. */
  readonly weights: string;
  readonly needsMasks: boolean;
  /** Whether answers are what is missing: then nothing is rewarded before they are taught. */
  readonly needsWords: boolean;
}

interface Learnt {
  /** What was learnt in the end: without groups that teach anything, rl is supervised. */
  readonly tier: Tier;
  readonly words: TeachReport['words'];
  readonly reasoning: TeachReport['reasoning'];
  /** Share of the groups of answers that could teach anything; null: none were sampled. */
  readonly usefulGroups: number | null;
  /** Why nothing was learnt, in one sentence. */
  readonly refusal: string | null;
}

/** Loupe's own weights learn as a whole, a checkpoint by updates beside it. */
const waysOf = (isOwn: boolean) =>
  isOwn
    ? { answers: learnReasoner, spread: spreadOf, rewards: learnRewards }
    : { answers: learnCheckpoint, spread: spreadOfAnswers, rewards: learnAnswerRewards };

const isOwnOf = async (folder: string): Promise<boolean> => (await openModel(folder)).base === undefined;

type Step = (task: TeachTask, to: ToLearn, watching: Watching) => Promise<Omit<Learnt, 'words' | 'reasoning'>>;

const steps: Readonly<Record<Tier, Step>> = {
  decoder: async (task, { learnt, measured, weights: to }, watching) => {
    const { weights: from, minutes } = task;
    await learnDecoder(task, { learnt, measured, from, to, minutes }, watching);
    return { tier: 'decoder', usefulGroups: null, refusal: null };
  },
  supervised: async (task, { learnt, measured, weights: to, needsMasks }, watching) => {
    const { weights: from, minutes } = task;
    const taught = needsMasks ? between(task) : to;
    const share = needsMasks ? reasonersShare : 1;
    const learning = { learnt, measured, from, to: taught, minutes: share * minutes };
    if (!isWhole(to)) await learnAnswers(task, learning, watching);
    if (needsMasks && !isWhole(to))
      await learnDecoder(task, { learnt, measured, from: taught, to, minutes: (1 - share) * minutes }, watching);
    return { tier: 'supervised', usefulGroups: null, refusal: null };
  },
  rl: async (task, asked, watching) => {
    const { learnt, measured, weights: to, needsWords } = asked;
    const { minutes } = task;
    const from = needsWords ? between(task) : task.weights;
    const share = needsWords ? wordsShare : 0;
    const isOwn = await isOwnOf(task.weights);
    const ways = waysOf(isOwn);
    if (needsWords && !isWhole(to))
      await learnAnswers(task, { learnt, measured, from: task.weights, to: from, minutes: share * minutes }, watching);
    const spread = await ways.spread(task, { learnt, from }, watching);
    const refusal = whyNotByRewards(spread, { isOwn });
    if (refusal === null) {
      const learning = { learnt, measured, from, to, minutes: (1 - share) * minutes };
      const usefulGroups = await ways.rewards(task, learning, watching);
      return { tier: 'rl', usefulGroups, refusal };
    }
    return withoutRewards(task, { ...asked, from, spread, refusal, minutes: (1 - share) * minutes }, watching);
  },
};

/** Held-back prompts are asked meanwhile of Loupe's own weights: a checkpoint is too large to be opened beside its training. */
async function learnAnswers(task: TeachTask, learning: Learning, watching: Watching): Promise<void> {
  const { from, to, learnt, measured: held = [] } = learning;
  const isOwn = await isOwnOf(from);
  const validates = isOwn && !isWhole(to);
  const validation = validates ? await answerValidation(task, { learnt, held, from }, watching.signal) : null;
  await waysOf(isOwn).answers(task, learning, { ...watching, validation: validation ?? undefined });
}

interface Unrewarded extends ToLearn {
  readonly from: string;
  readonly spread: RewardSpread;
  readonly refusal: string;
  readonly minutes: number;
}

/** What words were taught stays; the time that is left goes to masks where they need it. */
async function withoutRewards(
  task: TeachTask,
  { from, learnt, measured, weights: to, needsMasks, needsWords, spread, refusal, minutes }: Unrewarded,
  watching: Watching,
): ReturnType<Step> {
  const usefulGroups = usefulShare(spread);
  if (!needsWords) return { tier: 'rl', usefulGroups, refusal };
  if (!isWhole(to) && needsMasks) await learnDecoder(task, { learnt, measured, from, to, minutes }, watching);
  else if (!isWhole(to)) await rename(from, to);
  return { tier: 'supervised', usefulGroups, refusal: null };
}

const between = ({ folder }: TeachTask): string => path.join(folder, 'reasoner');

/** Words that were taught, each with whether it was seen often enough. */
export async function learn(task: TeachTask, asked: ToLearn, watching: Watching): Promise<Learnt> {
  const teachesWords = asked.tier === 'supervised' || (asked.tier === 'rl' && asked.needsWords);
  // A checkpoint's vocabulary is open: it grows by no words.
  const isOwn = await isOwnOf(task.weights);
  const weights = teachesWords && isOwn ? await openWeights(task.weights) : null;
  const words = weights ? wordsToTeach(weights, asked.learnt) : [];
  const reasoning = weights ? reasoningOf(weights, asked.learnt) : null;
  const learnt = await steps[asked.tier](task, asked, watching);
  // They are of no use beside the result, and several times as large.
  for (const place of [between(task), path.join(task.folder, runFeatures)])
    await rm(place, { recursive: true, force: true });
  for (const name of ['reasoner', 'rewards']) await rm(path.join(task.folder, `${name}.safetensors`), { force: true });
  return {
    ...learnt,
    reasoning,
    words: words.map(({ word, pictures }) => ({ word, pictures, isEnough: pictures >= enoughPictures })),
  };
}
