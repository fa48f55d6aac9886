// Teaches a decoupled checkpoint by the rewards of its authors, or gives the share of groups by which it cannot be taught so.
import { Reasoner } from '../flow/reasoner.ts';
import { openModel } from '../weights/openCheckpoint.ts';
import { adapterPolicy } from './adapterTier.ts';
import { type AnswerPolicy, type AnswerTask, askedAnswers, openAnswers } from './answerGroups.ts';
import { answerBatch, answerRun, drawnAnswers } from './answerRl.ts';
import { type Learning, stepsOf, trainUntil } from './learnDecoder.ts';
import { keptSpread, type RewardSpread, rewardSteps, spreadOver, trainedShare } from './learnRewards.ts';
import { secondsPerStep } from './loop.ts';
import type { TeachTask, Watching } from './task.ts';
import { isWhole, writeVersion } from './version.ts';

const saveEvery = 5;

type From = Pick<Learning, 'learnt' | 'from'>;

/** The result is stored in the run's folder: a run that goes on must decide as it did. */
export function spreadOfAnswers({ folder, seed }: TeachTask, from: From, watching: Watching): Promise<RewardSpread> {
  return keptSpread(folder, async () => {
    const { policy, asked } = await opened(from, seed, watching);
    if (asked.length === 0) return spreadOver([], () => Promise.reject(), watching);
    const groups = await openAnswers(policy, answerBatch(policy, asked));
    const questions = drawnAnswers(asked, Math.min(rewardSteps.looked, asked.length), { seed, step: -1 });
    try {
      return await spreadOver(
        questions,
        async (question) => {
          const { groups: some, sampled, useful } = await groups.chosen([question], 1);
          const sum = (pick: (group: (typeof some)[number]) => number) => some.reduce((n, one) => n + pick(one), 0);
          const answers = sum((group) => group.answers.length);
          return { sampled, useful, answers, unreadable: sum((group) => group.unreadable) };
        },
        watching,
      );
    } finally {
      await groups.release();
    }
  });
}

async function opened(
  { learnt, from }: From,
  seed: number,
  watching: Watching,
): Promise<{ policy: AnswerPolicy; asked: AnswerTask[] }> {
  const weights = await openModel(from);
  const reasoner = await Reasoner.open(weights, {});
  try {
    const asked = await askedAnswers({ weights, reasoner }, learnt, watching);
    return { policy: { ...(await adapterPolicy(weights, seed)), weights }, asked };
  } finally {
    await reasoner.release();
  }
}

/** Share of the groups that were sampled in training which could teach anything. */
export async function learnAnswerRewards(
  { folder, seed }: TeachTask,
  { learnt, from, to, minutes }: Learning,
  watching: Watching,
): Promise<number | null> {
  if (isWhole(to)) return trainedShare(folder);
  const { policy, asked } = await opened({ learnt, from }, seed, watching);
  const steps = await stepsOf(folder, rewardSteps.file, async () => {
    const each = await secondsPerStep(answerRun(policy, asked, { steps: 1, seed }));
    return Math.round(Math.min(rewardSteps.most, Math.max(rewardSteps.fewest, (minutes * 60) / each)));
  });
  await trainUntil(answerRun(policy, asked, { steps, seed }), { folder, minutes: 1.5 * minutes, saveEvery }, watching);
  await writeVersion(from, to, { tensors: policy.parameters.all, adapter: policy.config });
  return trainedShare(folder);
}
