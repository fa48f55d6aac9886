// Teaches weights by the rewards of their answers, or gives the share of groups by which they cannot be taught so.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Learning, stepsOf, trainUntil } from '../decoder/learnDecoder.ts';
import { writeTrimmedVersion } from '../gate/trimmedVersion.ts';
import { isWhole } from '../gate/version.ts';
import { readCurves } from '../loop/curves.ts';
import { decidedOnce } from '../loop/decidedOnce.ts';
import { secondsPerStep } from '../loop/loop.ts';
import type { TeachingImage, TeachTask, Watching } from '../samples/task.ts';
import { taughtPictures } from '../supervised/taughtPictures.ts';
import { frameOf } from '../turns/squarePolicy.ts';
import { openGroups } from './reinforcement.ts';
import { drawnQuestions, questionsOf, rewardedBatch, rewardedPolicy, rewardedRun, rewardsStage } from './rlTier.ts';
import { rolloutWatch } from './rolloutWatch.ts';

const saveEvery = 10;
/** `looked`: groups that are sampled before anything learns. `file`: where the planned number of steps is kept. */
export const rewardSteps = { fewest: 5, most: 400, looked: 12, file: 'rewardSteps.json' } as const;

/** What sampled answers are like before anything learns from them. */
export interface RewardSpread {
  /** Groups of answers, and those whose rewards differ. */
  readonly sampled: number;
  readonly useful: number;
  /** Answers, and those that cannot be read. */
  readonly answers: number;
  readonly unreadable: number;
}

/** The result is stored in the run's folder: a run that goes on must decide as it did. */
export const keptSpread = (folder: string, look: () => Promise<RewardSpread>): Promise<RewardSpread> =>
  decidedOnce(path.join(folder, 'spread.json'), look);

/** Counts the groups of some questions, one after the other. */
export async function spreadOver<Q>(
  questions: readonly Q[],
  look: (question: Q) => Promise<RewardSpread>,
  { signal, report }: Watching,
): Promise<RewardSpread> {
  const spread = { sampled: 0, useful: 0, answers: 0, unreadable: 0 };
  for (const question of questions) {
    signal?.throwIfAborted();
    const one = await look(question);
    spread.sampled += one.sampled;
    spread.useful += one.useful;
    spread.answers += one.answers;
    spread.unreadable += one.unreadable;
    const figures = { usefulGroups: spread.useful / spread.sampled };
    const progress = { done: spread.sampled, total: questions.length, secondsLeft: null, figures };
    report({ kind: 'teaching', phase: 'preparing', ...progress });
  }
  return spread;
}

export function spreadOf(
  { folder, seed }: TeachTask,
  { learnt, from }: { learnt: readonly TeachingImage[]; from: string },
  watching: Watching,
): Promise<RewardSpread> {
  return keptSpread(folder, async () => {
    const policy = await rewardedPolicy(from);
    const asked = questionsOf(policy.parts, learnt);
    const count = Math.min(rewardSteps.looked, asked.length);
    const questions = count > 0 ? drawnQuestions(asked, count, { seed, step: -1 }) : [];
    const groups = await openGroups(policy, rewardedBatch);
    const look = async (question: (typeof questions)[number]): Promise<RewardSpread> => {
      const { groups: some, sampled, useful } = await groups.chosen([question], 1);
      const rollouts = some.flatMap((group) => group.rollouts);
      const unreadable = rollouts.filter(({ found }) => found === 'unreadable').length;
      return { sampled, useful, answers: rollouts.length, unreadable };
    };
    try {
      return await spreadOver(questions, look, watching);
    } finally {
      await groups.release();
    }
  });
}

/** Fewer groups than this teach too seldom for the time that they take. */
const leastUseful = 0.2;
const mostUnreadable = 0.9;

/** One sentence; null: rewards can be learnt from. */
export function whyNotByRewards(
  { sampled, useful, answers, unreadable }: RewardSpread,
  { isOwn }: { isOwn: boolean },
): string | null {
  if (sampled === 0)
    return isOwn
      ? 'No sample can be asked by words that these weights know, so there is nothing to reward; choose tier supervised, which teaches words.'
      : 'No sample is asked by words alone and has an outline of every object, so there is nothing to reward; draw masks, or choose tier supervised.';
  if (unreadable > mostUnreadable * answers)
    return `${unreadable} of ${answers} sampled answers cannot be read, so rewards could not say which is better; choose tier supervised.`;
  if (useful < leastUseful * sampled)
    return `Answers earn the same in ${sampled - useful} of ${sampled} sampled groups, so rewards have too little to teach; choose tier supervised.`;
  return null;
}

export const usefulShare = ({ sampled, useful }: RewardSpread): number | null =>
  sampled > 0 ? useful / sampled : null;

/** Share of the groups that were sampled in training which could teach anything. */
export async function learnRewards(task: TeachTask, learning: Learning, watching: Watching): Promise<number | null> {
  const { learnt, from, to, minutes, measured = [] } = learning;
  const { seed, folder } = task;
  if (isWhole(to)) return trainedShare(folder);
  const policy = await rewardedPolicy(from);
  const asked = questionsOf(policy.parts, learnt);
  const steps = await stepsOf(folder, rewardSteps.file, async () => {
    const each = await secondsPerStep(rewardedRun(policy, asked, { steps: 1, seed }));
    return Math.round(Math.min(rewardSteps.most, Math.max(rewardSteps.fewest, (minutes * 60) / each)));
  });
  const start = policy.parameters.snapshot(policy.parameters.all.keys());
  const { pixels } = frameOf(policy.parts);
  const { watch, figures } = rolloutWatch({
    ...{ folder, frame: { width: pixels, height: pixels }, steps, seed },
    held: questionsOf(policy.parts, measured),
  });
  const report: Watching['report'] = (progress) =>
    watching.report({ ...progress, figures: { ...progress.figures, ...figures() } });
  await trainUntil(
    rewardedRun(policy, asked, { steps, seed, watch }),
    { folder, minutes: 1.5 * minutes, saveEvery },
    { ...watching, report },
  );
  const texts = await taughtPictures(task, { from, learnt }, watching.signal);
  const change = { start, end: policy.parameters.all, isNew: () => false };
  await writeTrimmedVersion(task, { from, to, change, texts }, watching);
  return trainedShare(folder);
}

export async function trainedShare(folder: string): Promise<number | null> {
  const file = path.join(folder, 'curves.jsonl');
  if (!existsSync(file)) return null;
  const figures = readCurves(await readFile(file, 'utf8')).get(rewardsStage);
  const sum = (name: string) => (figures?.get(name) ?? []).reduce((total, { value }) => total + value, 0);
  const sampled = sum('sampledGroupsMean');
  return sampled > 0 ? sum('usefulGroupsMean') / sampled : null;
}
