// Pictures with samples to weights whose answers earn more of them, or to the share of groups by which they cannot.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readCurves } from './curves.ts';
import { writeKept } from './keptShare.ts';
import { type Learning, stepsOf, trainUntil } from './learnDecoder.ts';
import { secondsPerStep } from './loop.ts';
import { openGroups } from './reinforcement.ts';
import { drawnQuestions, questionsOf, rewardedBatch, rewardedPolicy, rewardedRun, rewardsStage } from './rlTier.ts';
import { rolloutWatch } from './rolloutWatch.ts';
import type { TeachingImage, TeachTask, Watching } from './task.ts';
import { isWhole } from './version.ts';

const saveEvery = 10;
const limits = { fewest: 5, most: 400 } as const;
/** Groups that are sampled before anything learns. */
const looked = 12;

/** What sampled answers are like before anything learns from them. */
export interface Spread {
  /** Groups of answers, and those whose rewards differ. */
  readonly sampled: number;
  readonly useful: number;
  /** Answers, and those that cannot be read. */
  readonly answers: number;
  readonly unreadable: number;
}

/** Kept in the run's folder: a run that goes on must decide as it did. */
export async function spreadOf(
  { folder, seed }: TeachTask,
  { learnt, from }: { learnt: readonly TeachingImage[]; from: string },
  { signal, report }: Watching,
): Promise<Spread> {
  const file = path.join(folder, 'spread.json');
  if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8'));
  const policy = await rewardedPolicy(from);
  const asked = questionsOf(policy.speaker, learnt);
  const spread = { sampled: 0, useful: 0, answers: 0, unreadable: 0 };
  const questions = asked.length > 0 ? drawnQuestions(asked, Math.min(looked, asked.length), { seed, step: -1 }) : [];
  const groups = await openGroups(policy, rewardedBatch);
  try {
    for (const question of questions) {
      signal?.throwIfAborted();
      const { groups: some, sampled, useful } = await groups.chosen([question], 1);
      const rollouts = some.flatMap((group) => group.rollouts);
      spread.sampled += sampled;
      spread.useful += useful;
      spread.answers += rollouts.length;
      spread.unreadable += rollouts.filter(({ found }) => found === 'unreadable').length;
      const figures = { usefulGroups: spread.useful / spread.sampled };
      const progress = { done: spread.sampled, total: questions.length, secondsLeft: null, figures };
      report({ kind: 'teaching', phase: 'preparing', ...progress });
    }
  } finally {
    await groups.release();
  }
  await writeFile(file, JSON.stringify(spread));
  return spread;
}

/** Fewer groups than this teach too seldom for the time that they take. */
const leastUseful = 0.2;
const mostUnreadable = 0.9;

/** One sentence; null: rewards can be learnt from. */
export function whyNotByRewards({ sampled, useful, answers, unreadable }: Spread): string | null {
  if (sampled === 0)
    return 'No sample can be asked by words that these weights know, so there is nothing to reward; choose tier supervised, which teaches words.';
  if (unreadable > mostUnreadable * answers)
    return `${unreadable} of ${answers} sampled answers cannot be read, so rewards could not say which is better; choose tier supervised.`;
  if (useful < leastUseful * sampled)
    return `Answers earn the same in ${sampled - useful} of ${sampled} sampled groups, so rewards have too little to teach; choose tier supervised.`;
  return null;
}

export const usefulShare = ({ sampled, useful }: Spread): number | null => (sampled > 0 ? useful / sampled : null);

/** Share of the groups that were sampled in training which could teach anything. */
export async function learnRewards(task: TeachTask, learning: Learning, watching: Watching): Promise<number | null> {
  const { learnt, from, to, minutes, measured = [] } = learning;
  const { seed, folder } = task;
  if (isWhole(to)) return trainedShare(folder);
  const policy = await rewardedPolicy(from);
  const asked = questionsOf(policy.speaker, learnt);
  const steps = await stepsOf(folder, 'rewardSteps.json', async () => {
    const each = await secondsPerStep(rewardedRun(policy, asked, { steps: 1, seed }));
    return Math.round(Math.min(limits.most, Math.max(limits.fewest, (minutes * 60) / each)));
  });
  const start = policy.parameters.snapshot(policy.parameters.all.keys());
  const { watch, figures } = rolloutWatch({ folder, held: questionsOf(policy.speaker, measured), steps, seed });
  const report: Watching['report'] = (progress) =>
    watching.report({ ...progress, figures: { ...progress.figures, ...figures() } });
  await trainUntil(
    rewardedRun(policy, asked, { steps, seed, watch }),
    { folder, minutes: 1.5 * minutes, saveEvery },
    { ...watching, report },
  );
  await writeKept(task, { from, to, way: { start, end: policy.parameters.all, isNew: () => false } }, watching);
  return trainedShare(folder);
}

async function trainedShare(folder: string): Promise<number | null> {
  const file = path.join(folder, 'curves.jsonl');
  if (!existsSync(file)) return null;
  const figures = readCurves(await readFile(file, 'utf8')).get(rewardsStage);
  const sum = (name: string) => (figures?.get(name) ?? []).reduce((total, { value }) => total + value, 0);
  const sampled = sum('sampledGroupsMean');
  return sampled > 0 ? sum('usefulGroupsMean') / sampled : null;
}
