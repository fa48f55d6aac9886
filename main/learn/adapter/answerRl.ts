// The third tier of a checkpoint: its low-rank updates learn from what groups of its own answers earn, and from the masks they draw.
// J = mean over tokens of -exp(l - stopgrad(l)) * A + beta * k3, where a checkpoint draws by itself plus L_seg on every answer, through
// the context module into the updates; answerStep.ts has the runs that gradients come of. Left out on purpose: clipping (one update a
// batch, so the ratio is 1), the vision tower and the segmenter's picture encoder (their features are made once), and masks of a
// decoupled checkpoint (another model draws them).
import { reshape } from '../../../models/graph/shape.ts';
import { type GrpoObjective, objectives } from '../../../models/train/grpo.ts';
import { isFactor } from '../../../models/train/lora.ts';
import { random } from '../../contract/random.ts';
import type { RequestSize } from '../../flow/reasoner/reasoner.ts';
import type { Feeder, LossGraph, Objective, Run } from '../loop/loop.ts';
import { untold } from '../loop/stepClock.ts';
import { drawnWithSeeds } from '../rl/groups.ts';
import { rewardsStage } from '../rl/rlTier.ts';
import { type AnswerGroup, groupFeeds, openAnswers, writtenLogProbs } from './answerGroups.ts';
import { answerLoss } from './answerLoss.ts';
import { answerPass } from './answerPass.ts';
import { answerStep, oneRow, opened, runByRows } from './answerStep.ts';
import type { AnswerBatch, AnswerPolicy, AnswerQuestion, AnswerTask } from './answerTask.ts';

/** Looks at the groups that a step is about to learn from. */
export type AnswerWatch = (step: number, groups: readonly AnswerGroup[]) => Promise<void>;

type AnswerReinforcement = Objective<AnswerPolicy, AnswerQuestion, AnswerBatch>;

/** Samples are more questions than a step needs. */
const watchedAnswers = (watch: AnswerWatch | null): AnswerReinforcement => ({
  graph: answerGraph,
  step: answerStep,
  before: (policy, batch) => writtenGraph(policy, batch).parameters.keys(),
  async open(policy, batch, reference, between = untold): Promise<Feeder<AnswerQuestion>> {
    const groups = await openAnswers(policy, batch, between);
    const { logProbs } = writtenGraph(policy, oneRow(batch));
    const { folder } = policy.weights;
    return {
      feed: async (questions, step) => {
        const chosen = await groups.chosen(questions);
        await groups.rest();
        await watch?.(step, chosen.groups);
        const feeds = groupFeeds(chosen, policy, batch);
        const before = await opened({ logProbs }, folder, (session) => {
          return runByRows(session, { feeds: { ...reference, ...feeds }, part: 'comparing', between }, batch);
        });
        return { ...feeds, reference: writtenLogProbs(before) };
      },
      release: () => groups.release(),
    };
  },
});

export const answerReinforcement = watchedAnswers(null);

/** [rows, answer] of the tokens that were written. */
export function writtenGraph(policy: AnswerPolicy, batch: AnswerBatch) {
  const pass = answerPass(policy, batch);
  return { ...pass, logProbs: reshape(pass.logProbs, [batch.rows, batch.answer]) };
}

function answerGraph(policy: AnswerPolicy, batch: AnswerBatch): LossGraph {
  const pass = writtenGraph(policy, batch);
  const { loss, figures } = answerLoss(policy, batch, pass);
  return { loss, figures, parameters: pass.parameters, trains: () => true, folder: policy.weights.folder };
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
