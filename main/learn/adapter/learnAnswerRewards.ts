// Teaches a checkpoint by the rewards of its authors, or gives the share of groups by which it cannot be taught so.
import path from 'node:path';
import { Reasoner } from '../../flow/reasoner/reasoner.ts';
import { FeatureFiles } from '../../flow/sessions/featureFiles.ts';
import { openModel } from '../../weights/openCheckpoint.ts';
import { type Learning, stepsOf, trainUntil } from '../decoder/learnDecoder.ts';
import { isWhole, writeVersion } from '../gate/version.ts';
import { secondsPerStep } from '../loop/loop.ts';
import type { WithinStep } from '../loop/stepClock.ts';
import { drawnGroups, writeRollouts } from '../rl/drawnRollouts.ts';
import { keptSpread, type RewardSpread, rewardSteps, spreadOver, trainedShare } from '../rl/learnRewards.ts';
import type { TeachTask, Watching } from '../samples/task.ts';
import { openAnswers, sampledGroups } from './answerGroups.ts';
import { type AnswerWatch, answerBatch, answerRun, drawnAnswers } from './answerRl.ts';
import { type AnswerPolicy, type AnswerTask, answerPolicy, askedAnswers } from './answerTask.ts';

const saveEvery = 5;

/** Pictures that are asked again and again go through the segmenter's encoder once; the run's end removes what it made. */
const featuresIn = (folder: string): FeatureFiles => new FeatureFiles(path.join(folder, runFeatures));

/** Name of the folder of features in a run's own. */
export const runFeatures = 'features';

type From = Pick<Learning, 'learnt' | 'from'>;

/** The result is stored in the run's folder: a run that goes on must decide as it did. */
export function spreadOfAnswers(task: TeachTask, from: From, watching: Watching): Promise<RewardSpread> {
  const { folder, seed } = task;
  return keptSpread(folder, async () => {
    const { policy, asked } = await opened(task, from, watching);
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
  { folder, seed }: TeachTask,
  { learnt, from }: From,
  watching: Watching,
): Promise<{ policy: AnswerPolicy; asked: AnswerTask[] }> {
  const weights = await openModel(from);
  const reasoner = await Reasoner.open(weights, {});
  try {
    const asked = await askedAnswers({ weights, reasoner }, learnt, watching);
    return { policy: await answerPolicy(weights, { seed, features: featuresIn(folder) }), asked };
  } finally {
    await reasoner.release();
  }
}

/** A step is taken to see how many the minutes hold. */
const measuring =
  ({ report }: Watching) =>
  ({ part, done, secondsLeft }: WithinStep) =>
    report({ kind: 'teaching', phase: 'preparing', done, total: 1, secondsLeft, figures: {}, part });

/** Share of the groups that were sampled in training which could teach anything. */
export async function learnAnswerRewards(
  task: TeachTask,
  { learnt, from, to, minutes }: Learning,
  watching: Watching,
): Promise<number | null> {
  const { folder, seed } = task;
  if (isWhole(to)) return trainedShare(folder);
  const { policy, asked } = await opened(task, { learnt, from }, watching);
  const steps = await stepsOf(folder, rewardSteps.file, async () => {
    const each = await secondsPerStep(answerRun(policy, asked, { steps: 1, seed }), measuring(watching));
    return Math.round(Math.min(rewardSteps.most, Math.max(rewardSteps.fewest, (minutes * 60) / each)));
  });
  const watch: AnswerWatch = (step, groups) =>
    writeRollouts(folder, { step, groups: drawnGroups(sampledGroups(groups)) });
  const run = answerRun(policy, asked, { steps, seed, watch });
  await trainUntil(run, { folder, minutes: 1.5 * minutes, saveEvery }, watching);
  await writeVersion(from, to, { tensors: policy.parameters.all, adapter: policy.config });
  return trainedShare(folder);
}
