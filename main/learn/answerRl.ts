// The third tier of a checkpoint: its low-rank updates learn from what groups of its own answers earn, and from the masks they draw.
// J = mean over tokens of -exp(l - stopgrad(l)) * A + beta * k3, where a checkpoint draws by itself plus L_seg on every answer, through
// the context module into the updates. Left out on purpose: clipping (one update a batch, so the ratio is 1), the vision tower and the
// segmenter's picture encoder (their features are made once), and masks of a decoupled checkpoint (another model draws them).
import { add, mul } from '../../models/graph/elementwise.ts';
import { reduceSum } from '../../models/graph/reduce.ts';
import { reshape } from '../../models/graph/shape.ts';
import { input, type Tensor } from '../../models/graph/tensor.ts';
import type { Params } from '../../models/nn/params.ts';
import { Session } from '../../models/runtime/session.ts';
import { type GrpoObjective, objectives, policyLoss } from '../../models/train/grpo.ts';
import { isFactor } from '../../models/train/lora.ts';
import { weightedMean } from '../../models/train/losses.ts';
import { random } from '../contract/random.ts';
import type { RequestSize } from '../flow/reasoner.ts';
import { type AnswerGroup, groupFeeds, openAnswers, writtenLogProbs } from './answerGroups.ts';
import { drawingWeights, drawnSide, masksOf } from './answerMasks.ts';
import { answerPass } from './answerPass.ts';
import type { AnswerBatch, AnswerPolicy, AnswerQuestion, AnswerTask } from './answerTask.ts';
import { drawnWithSeeds } from './groups.ts';
import type { Feeder, LossGraph, Objective, Run } from './loop.ts';
import { rewardsStage } from './rlTier.ts';
import { rolloutSegmentation } from './rolloutTargets.ts';

/** Looks at the groups that a step is about to learn from. */
export type AnswerWatch = (step: number, groups: readonly AnswerGroup[]) => Promise<void>;

type AnswerReinforcement = Objective<AnswerPolicy, AnswerQuestion, AnswerBatch>;

/** Samples are more questions than a step needs. */
const watchedAnswers = (watch: AnswerWatch | null): AnswerReinforcement => ({
  graph: answerGraph,
  before: (policy, batch) => writtenGraph(policy, batch).parameters.keys(),
  async open(policy, batch, reference): Promise<Feeder<AnswerQuestion>> {
    const groups = await openAnswers(policy, batch);
    const { logProbs } = writtenGraph(policy, batch);
    const before = await Session.create({ logProbs }, { folder: policy.weights.folder });
    return {
      feed: async (questions, step) => {
        const chosen = await groups.chosen(questions);
        await watch?.(step, chosen.groups);
        const feeds = groupFeeds(chosen, policy, batch);
        return { ...feeds, reference: writtenLogProbs(await before.run({ ...reference, ...feeds })) };
      },
      release: async () => {
        await groups.release();
        await before.release();
      },
    };
  },
});

export const answerReinforcement = watchedAnswers(null);

/** Rewards are computed outside and only shown here, as is what was sampled for them. */
const shown = ['reward', 'formatReward', 'sampledGroups', 'usefulGroups'] as const;

/** [rows, answer] of the tokens that were written. */
export function writtenGraph(policy: AnswerPolicy, batch: AnswerBatch) {
  const pass = answerPass(policy, batch);
  return { ...pass, logProbs: reshape(pass.logProbs, [batch.rows, batch.answer]) };
}

function answerGraph(policy: AnswerPolicy, batch: AnswerBatch): LossGraph {
  const { rows, answer, objective } = batch;
  const { logProbs, states, params, parameters } = writtenGraph(policy, batch);
  const mask = reshape(input('counts', [rows * answer]), [rows, answer]);
  const [advantages, reference] = [input('advantages', [rows]), input('reference', [rows, answer])];
  const { loss, kl } = policyLoss({ logProbs, mask, advantages, reference }, objective);
  const drawn = states && segmentation(policy, params, { rows, states });
  const figures = drawn ? [...shown, 'maskReward'] : shown;
  return {
    loss: drawn ? add(loss, drawn.seg) : loss,
    figures: {
      ...{ kl: weightedMean(kl ?? mul(mask, 0), mask), length: mul(reduceSum(mask, [0, 1]), 1 / rows) },
      ...(drawn && { policy: loss, ...drawn }),
      ...Object.fromEntries(figures.map((name) => [`${name}Mean`, mul(input(name, []), 1)])),
    },
    parameters,
    trains: () => true,
    folder: policy.weights.folder,
  };
}

/** L_seg of all answers' masks: its gradient goes through decoder and context module into the updates. */
function segmentation({ weights }: AnswerPolicy, p: Params, { rows, states }: { rows: number; states: Tensor }) {
  const drawing = drawingWeights(weights);
  return rolloutSegmentation(masksOf(p, drawing, { asks: rows, states }), drawnSide(drawing));
}

const groupSize = 8;
/** Rate of whole tensors (queries, context module, mask decoder) beside that of the updates. */
const wholeRate = 0.1;
/** Longer answers are cut off, which costs them their form. */
const longest = 256;
/** Questions that a step may sample for each group that it wants. */
const spare = 3;
const tokenSteps = 32;

/** Of the recipe's own authors; LENS's tokens are divided by a constant, so that a long wrong answer costs no less a token than a short one. */
const objectiveOf = (isDrawing: boolean, answer: number): GrpoObjective =>
  isDrawing
    ? { ...objectives.lens, aggregation: 'fixedLength', maxLength: answer }
    : { ...objectives.segZero, ratio: 'on-policy', clip: null };

/** One question a step: rows of a checkpoint's own pictures are long. */
export function answerBatch(policy: AnswerPolicy, asked: readonly AnswerTask[]): AnswerBatch {
  const { hidden } = policy.weights.reasoner.language;
  const sizeOf = ({ prompt: { ids, features } }: AnswerTask) => ({
    ...{ tokens: ids.length, features: features.length / hidden },
  });
  return batchOfSizes(policy, asked.map(sizeOf));
}

export function batchOfSizes({ weights }: AnswerPolicy, sizes: readonly RequestSize[]): AnswerBatch {
  const { context } = weights;
  const { queries: how } = weights.recipe.reasoner;
  const answer = Math.min(longest, weights.recipe.reasoner.answerTokens);
  const tokens = answer + Math.max(...sizes.map((size) => size.tokens));
  return {
    ...{ questions: 1, turns: groupSize, rows: groupSize, answer },
    tokens: Math.ceil(tokens / tokenSteps) * tokenSteps,
    features: Math.max(...sizes.map(({ features }) => features)),
    queries: context && how && { count: context.numOfQuery, how },
    objective: objectiveOf(context !== null, answer),
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
  {
    steps,
    seed,
    rate = 5e-5,
    watch = null,
  }: { steps: number; seed: number; rate?: number; watch?: AnswerWatch | null },
): Run<AnswerPolicy, AnswerQuestion, AnswerBatch> {
  const shape = answerBatch(policy, asked);
  return {
    ...{ name: rewardsStage, steps, policy, objective: watchedAnswers(watch), shape, perStep: shape.rows },
    settings: {
      schedule: { kind: 'cosine', base: rate, warmup: Math.min(5, Math.ceil(steps / 10)), total: steps, floor: 0.02 },
      optimiser: { weightDecay: 0 },
      rateOf: (name) => (isFactor(name) ? 1 : wholeRate),
    },
    samples: (step) => drawnAnswers(asked, spare * shape.questions, { seed, step }),
  };
}
