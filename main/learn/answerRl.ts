// The third tier of a decoupled checkpoint: its updates learn from what groups of its own answers earn; the segmenter beside it is frozen.
// J = mean over tokens of -exp(l - stopgrad(l)) * A + beta * k3, with Seg-Zero's weights. Left out on purpose: clipping (one update a
// batch, so the ratio is 1), the mask (no gradient goes through another model), and questions that nothing matches (they earn nothing).
import { mul } from '../../models/graph/elementwise.ts';
import { reduceSum } from '../../models/graph/reduce.ts';
import { reshape } from '../../models/graph/shape.ts';
import { input, type Tensor } from '../../models/graph/tensor.ts';
import { Session } from '../../models/runtime/session.ts';
import { objectives, policyLoss, tokenLogProbs } from '../../models/train/grpo.ts';
import { weightedMean } from '../../models/train/losses.ts';
import { random } from '../contract/random.ts';
import { answerLogits } from './adapterTier.ts';
import {
  type AnswerBatch,
  type AnswerPolicy,
  type AnswerQuestion,
  type AnswerTask,
  groupFeeds,
  openAnswers,
  writtenLogProbs,
} from './answerGroups.ts';
import { drawnWithSeeds } from './groups.ts';
import type { Feeder, LossGraph, Objective, Run } from './loop.ts';
import { rewardsStage } from './rlTier.ts';

const objective = { ...objectives.segZero, ratio: 'on-policy', clip: null } as const;

/** Samples are more questions than a step needs. */
export const answerReinforcement: Objective<AnswerPolicy, AnswerQuestion, AnswerBatch> = {
  graph: answerGraph,
  async open(policy, batch, reference): Promise<Feeder<AnswerQuestion>> {
    const groups = await openAnswers(policy, batch);
    const { logProbs } = writtenGraph(policy, batch);
    const before = await Session.create({ logProbs }, { folder: policy.weights.folder });
    return {
      feed: async (questions) => {
        const feeds = groupFeeds(await groups.chosen(questions), policy, batch);
        return { ...feeds, reference: writtenLogProbs(await before.run({ ...reference, ...feeds })) };
      },
      release: async () => {
        await groups.release();
        await before.release();
      },
    };
  },
};

/** Rewards are computed outside and only shown here, as is what was sampled for them. */
const shown = ['reward', 'formatReward', 'sampledGroups', 'usefulGroups'] as const;

function writtenGraph(
  policy: AnswerPolicy,
  batch: AnswerBatch,
): { logProbs: Tensor; factors: LossGraph['parameters'] } {
  const { logits, factors } = answerLogits(policy, batch);
  const written = input('labels', [batch.rows * batch.answer], 'int64');
  const { logProbs } = tokenLogProbs(logits, written);
  return { logProbs: reshape(logProbs, [batch.rows, batch.answer]), factors };
}

function answerGraph(policy: AnswerPolicy, batch: AnswerBatch): LossGraph {
  const { rows, answer } = batch;
  const { logProbs, factors } = writtenGraph(policy, batch);
  const mask = reshape(input('counts', [rows * answer]), [rows, answer]);
  const [advantages, reference] = [input('advantages', [rows]), input('reference', [rows, answer])];
  const { loss, kl } = policyLoss({ logProbs, mask, advantages, reference }, objective);
  return {
    loss,
    figures: {
      ...{ kl: weightedMean(kl ?? mul(mask, 0), mask), length: mul(reduceSum(mask, [0, 1]), 1 / rows) },
      ...Object.fromEntries(shown.map((name) => [`${name}Mean`, mul(input(name, []), 1)])),
    },
    parameters: factors,
    trains: () => true,
    folder: policy.weights.folder,
  };
}

const groupSize = 8;
/** Longer answers are cut off, which costs them their form. */
const longest = 256;
/** Questions that a step may sample for each group that it wants. */
const spare = 3;
const tokenSteps = 32;

/** One question a step: rows of a checkpoint's own pictures are long. */
export function answerBatch({ weights }: AnswerPolicy, asked: readonly AnswerTask[]): AnswerBatch {
  const answer = Math.min(longest, weights.recipe.reasoner.answerTokens);
  const most = (count: (one: AnswerTask) => number) => Math.max(...asked.map(count));
  const tokens = answer + most(({ prompt }) => prompt.ids.length);
  return {
    ...{ questions: 1, turns: groupSize, rows: groupSize, answer },
    tokens: Math.ceil(tokens / tokenSteps) * tokenSteps,
    features: most(({ prompt }) => prompt.features.length / weights.reasoner.language.hidden),
  };
}

/** Draws so many questions, each with a seed of its own; they follow from seed and step. */
export function drawnAnswers(
  asked: readonly AnswerTask[],
  count: number,
  { seed, step }: { seed: number; step: number },
): AnswerQuestion[] {
  return drawnWithSeeds(asked, count, random(seed, 75_000 + step));
}

export function answerRun(
  policy: AnswerPolicy,
  asked: readonly AnswerTask[],
  { steps, seed, rate = 5e-5 }: { steps: number; seed: number; rate?: number },
): Run<AnswerPolicy, AnswerQuestion, AnswerBatch> {
  const shape = answerBatch(policy, asked);
  return {
    ...{ name: rewardsStage, steps, policy, objective: answerReinforcement, shape, perStep: shape.rows },
    settings: {
      schedule: { kind: 'cosine', base: rate, warmup: Math.min(5, Math.ceil(steps / 10)), total: steps, floor: 0.02 },
      optimiser: { weightDecay: 0 },
    },
    samples: (step) => drawnAnswers(asked, spare * shape.questions, { seed, step }),
  };
}
