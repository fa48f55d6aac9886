// Builds what a checkpoint's answers are taught by: the policy's loss of rewarded groups, and L_seg of the masks that they draw.
import { add, mul } from '../../../models/graph/elementwise.ts';
import { reduceSum } from '../../../models/graph/reduce.ts';
import { reshape } from '../../../models/graph/shape.ts';
import { input, type Tensor } from '../../../models/graph/tensor.ts';
import type { Params } from '../../../models/nn/params.ts';
import { policyLoss } from '../../../models/train/grpo.ts';
import { weightedMean } from '../../../models/train/losses.ts';
import type { LossGraph } from '../loop/loop.ts';
import { rolloutSegmentation } from '../rl/rolloutTargets.ts';
import { drawingWeights, drawnSide, masksOf } from './answerMasks.ts';
import type { AnswerBatch, AnswerPolicy } from './answerTask.ts';

/** Rewards are computed outside and only shown here, as is what was sampled for them. */
const shown = ['reward', 'formatReward', 'sampledGroups', 'usefulGroups'] as const;

/** What was read of all rows. */
interface ReadRows {
  /** [rows, answer] of the tokens that were written. */
  readonly logProbs: Tensor;
  /** [rows, queries, hidden] behind the answers; null: nothing is drawn. */
  readonly states: Tensor | null;
  /** Where context module and mask decoder are taken from. */
  readonly params: Params;
}

export function answerLoss(
  policy: AnswerPolicy,
  { rows, answer, objective }: AnswerBatch,
  { logProbs, states, params }: ReadRows,
): Pick<LossGraph, 'loss' | 'figures'> {
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
  };
}

/** L_seg of all answers' masks: its gradient goes through decoder and context module into the updates. */
function segmentation({ weights }: AnswerPolicy, p: Params, { rows, states }: { rows: number; states: Tensor }) {
  const drawing = drawingWeights(weights);
  return rolloutSegmentation(masksOf(p, drawing, { asks: rows, states }), drawnSide(drawing));
}
