// LENS stage 2 as one graph: J = mean over tokens of -exp(l - stopgrad(l)) * A + beta * k3, plus L_seg on every rollout.
// Left out on purpose: clipping and old log-probabilities (one update per batch of rollouts, so the ratio is 1), entropy.
import { add, mul } from '../../models/graph/elementwise.ts';
import { reduceSum } from '../../models/graph/reduce.ts';
import { reshape, slice } from '../../models/graph/shape.ts';
import { input, type Tensor } from '../../models/graph/tensor.ts';
import type { Params } from '../../models/nn/params.ts';
import { logitsAt } from '../../models/qwen/language.ts';
import { objectives, policyLoss, tokenLogProbs } from '../../models/train/grpo.ts';
import { segTerms, weightedMean } from '../../models/train/losses.ts';
import { hardIou } from '../../models/train/maskLosses.ts';
import { type ContextPass, contextPass } from './contextGraph.ts';
import { reinforceBatch, targetSide } from './layout.ts';
import type { Nano } from './nano.ts';

const rollouts = reinforceBatch.scenes * reinforceBatch.turns;

/** Masks of all rollouts, for their rewards. */
export function rolloutMasks(p: Params, nano: Nano, imageStart: number): Record<string, Tensor> {
  const { masks } = contextPass(p, nano, reinforceBatch, imageStart);
  return { masks: masks.masks, iou: masks.iou };
}

/** [rollouts, longest answer] of the tokens that were written. */
export function rolloutLogProbs(p: Params, nano: Nano, imageStart: number): Record<string, Tensor> {
  return { logProbs: logProbs(p, nano, contextPass(p, nano, reinforceBatch, imageStart)) };
}

function logProbs(p: Params, nano: Nano, { hidden }: ContextPass): Tensor {
  const { answer } = reinforceBatch;
  const rows = input('predictors', [rollouts * answer], 'int64');
  const logits = logitsAt(p, hidden, nano.reasoner.language, rows);
  const chosen = input('chosen', [rollouts * answer], 'int64');
  return reshape(tokenLogProbs(logits, chosen).logProbs, [rollouts, answer]);
}

/** Rewards are computed outside and only shown here. */
const shown = ['reward', 'formatReward', 'boxReward', 'maskReward'];

export function reinforceGraph(p: Params, nano: Nano, imageStart: number) {
  const pass = contextPass(p, nano, reinforceBatch, imageStart);
  const { answer } = reinforceBatch;
  const mask = input('answerMask', [rollouts, answer]);
  const policy = policyLoss(
    {
      logProbs: logProbs(p, nano, pass),
      mask,
      advantages: input('advantages', [rollouts]),
      reference: input('reference', [rollouts, answer]),
    },
    objectives.lens,
  );
  const target = input('target', [rollouts, targetSide, targetSide]);
  const first = reshape(slice(pass.masks.masks, [0], [1], [1]), [rollouts, targetSide, targetSide]);
  const { bce, dice } = segTerms(first, target);
  const hasTarget = input('hasTarget', [rollouts]);
  const seg = weightedMean(add(bce, dice), hasTarget);
  const kl = weightedMean(policy.kl ?? mul(mask, 0), mask);
  return {
    loss: add(policy.loss, seg),
    figures: {
      ...{ policy: policy.loss, seg, kl, iou: weightedMean(hardIou(first, target), hasTarget) },
      length: mul(reduceSum(mask, [0, 1]), 1 / rollouts),
      ...Object.fromEntries(shown.map((name) => [`${name}Mean`, mul(input(name, []), 1)])),
    },
  };
}
