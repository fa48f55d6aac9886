// GRPO with masks as one graph: J = mean over tokens of -exp(l - stopgrad(l)) * A + beta * k3, plus L_seg on the rollouts.
// Left out on purpose: clipping and old log-probabilities (one update per batch of rollouts, so the ratio is 1), entropy.
import { add, mul } from '../../../models/graph/elementwise.ts';
import { reduceSum } from '../../../models/graph/reduce.ts';
import { reshape } from '../../../models/graph/shape.ts';
import { input, type Tensor } from '../../../models/graph/tensor.ts';
import type { Params } from '../../../models/nn/params.ts';
import { logitsAt } from '../../../models/qwen/language.ts';
import type { DecodedMasks } from '../../../models/sam2/maskDecoder.ts';
import { type GrpoObjective as PolicyObjective, policyLoss, tokenLogProbs } from '../../../models/train/grpo.ts';
import { weightedMean } from '../../../models/train/losses.ts';
import { decodedMasks } from '../../flow/segmenter/decoding.ts';
import { contextPass } from '../turns/contextPass.ts';
import { frameOf, imageStartOf, type PolicyParts } from '../turns/squarePolicy.ts';
import { rolloutSegmentation } from './rolloutTargets.ts';

/** `turns` answers of at most `answer` tokens to each of `questions`. */
export interface RolloutBatch {
  readonly questions: number;
  readonly turns: number;
  readonly answer: number;
  /** Tokens of a question with all its answers and their context queries. */
  readonly tokens: number;
  /** How the tokens' terms are weighed. */
  readonly objective: PolicyObjective;
}

/** Side of the maps that masks are compared at. */
export const targetSide = ({ segmenter }: Pick<PolicyParts, 'segmenter'>): number => segmenter.imageSize / 4;

interface Pass {
  /** [questions, tokens, hidden] */
  readonly hidden: Tensor;
  /** Masks of every rollout, on features that are fed: they stay as they are. */
  readonly masks: DecodedMasks;
}

function rolloutPass(p: Params, parts: PolicyParts, { questions, turns, tokens }: RolloutBatch): Pass {
  const frame = frameOf(parts);
  const imageStart = imageStartOf(parts.tokenizer, frame);
  const rows = { pictures: questions, turns, tokens, grid: frame.grid, imageStart };
  const { hidden, token } = contextPass(p, parts, rows);
  const asks = { asks: questions * turns, slots: slotsOf(parts), rough: true };
  return { hidden, masks: decodedMasks(p, parts.segmenter, asks, token) };
}

function slotsOf({ recipe, name }: PolicyParts): number {
  const { slots, promptMap } = recipe.segmenter;
  if (slots === null || !promptMap)
    throw new Error(
      `${name} has no fixed number of points or no map of what is pointed at, so its masks cannot be rewarded.`,
    );
  return slots;
}

/** Masks of all rollouts, for their rewards. */
export function rolloutMasks(p: Params, parts: PolicyParts, batch: RolloutBatch): Record<string, Tensor> {
  const { masks } = rolloutPass(p, parts, batch);
  return { masks: masks.masks, iou: masks.iou };
}

/** Masks under one box that no word is said of: an answer that names several things draws each of them so. */
export function boxedMasks(p: Params, parts: PolicyParts): Record<string, Tensor> {
  const { masks, iou } = decodedMasks(p, parts.segmenter, { asks: 1, slots: slotsOf(parts), rough: true });
  return { masks, iou };
}

/** [rollouts, longest answer] of the tokens that were written. */
export function rolloutLogProbs(p: Params, parts: PolicyParts, batch: RolloutBatch): Record<string, Tensor> {
  return { logProbs: logProbs(p, parts, { ...batch, hidden: rolloutPass(p, parts, batch).hidden }) };
}

function logProbs(
  p: Params,
  { reasoner }: PolicyParts,
  { hidden, questions, turns, answer }: RolloutBatch & { hidden: Tensor },
): Tensor {
  const count = questions * turns * answer;
  const logits = logitsAt(p, hidden, reasoner.language, input('predictors', [count], 'int64'));
  const chosen = input('chosen', [count], 'int64');
  return reshape(tokenLogProbs(logits, chosen).logProbs, [questions * turns, answer]);
}

/** Rewards are computed outside and only shown here, as is what was sampled for them. */
const shown = [...['reward', 'formatReward', 'boxReward', 'maskReward'], ...['sampledGroups', 'usefulGroups']] as const;

export function policyGraph(p: Params, parts: PolicyParts, batch: RolloutBatch) {
  const { questions, turns, answer, objective } = batch;
  const rollouts = questions * turns;
  const { hidden, masks } = rolloutPass(p, parts, batch);
  const mask = input('answerMask', [rollouts, answer]);
  const policy = policyLoss(
    {
      logProbs: logProbs(p, parts, { ...batch, hidden }),
      mask,
      advantages: input('advantages', [rollouts]),
      reference: input('reference', [rollouts, answer]),
    },
    objective,
  );
  const { seg, iou } = rolloutSegmentation(masks, targetSide(parts));
  return {
    loss: add(policy.loss, seg),
    figures: {
      ...{ policy: policy.loss, seg, kl: weightedMean(policy.kl ?? mul(mask, 0), mask), iou },
      length: mul(reduceSum(mask, [0, 1]), 1 / rollouts),
      ...Object.fromEntries(shown.map((name) => [`${name}Mean`, mul(input(name, []), 1)])),
    },
  };
}
