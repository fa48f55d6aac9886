// Low-rank updates beside a checkpoint's frozen language model, trained on the tokens of answers; the features of pictures stay as they are.
// loss = mean over the answers' tokens of -log p(token). Left out on purpose: the vision tower, dropout, rewards.
import { neg } from '../../../models/graph/elementwise.ts';
import { input } from '../../../models/graph/tensor.ts';
import { weightedMean } from '../../../models/train/losses.ts';
import { random } from '../../contract/random.ts';
import type { LossGraph, Objective, Run } from '../loop/loop.ts';
import type { AdapterPolicy } from './adapterPolicy.ts';
import type { AdapterSample } from './adapterSamples.ts';
import { type AdapterBatch, answerFeeds, answerPass } from './answerPass.ts';

function adapterGraph(policy: AdapterPolicy, batch: AdapterBatch): LossGraph {
  const { logProbs, right, parameters } = answerPass(policy, batch);
  const counts = input('counts', [batch.rows * batch.answer]);
  return {
    loss: neg(weightedMean(logProbs, counts)),
    figures: { right: weightedMean(right, counts) },
    parameters,
    trains: () => true,
    folder: policy.weights.folder,
  };
}

export const adapterObjective: Objective<AdapterPolicy, AdapterSample, AdapterBatch> = {
  graph: adapterGraph,
  open: async (policy, shape) => ({
    feed: async (samples) => answerFeeds(samples, policy, shape),
    release: async () => {},
  }),
};

const perStep = 2;
const tokenSteps = 32;

export function adapterRun(
  policy: AdapterPolicy,
  all: readonly AdapterSample[],
  { steps, seed }: { steps: number; seed: number },
): Run<AdapterPolicy, AdapterSample, AdapterBatch> {
  const most = (count: (one: AdapterSample) => number) => Math.max(...all.map(count));
  const tokens = most(({ prompt, answer }) => prompt.ids.length + answer.length);
  const { hidden } = policy.weights.reasoner.language;
  return {
    ...{ name: 'adapter', steps, policy, objective: adapterObjective, perStep },
    shape: {
      ...{ rows: perStep, tokens: Math.ceil(tokens / tokenSteps) * tokenSteps, queries: null },
      ...{
        features: most(({ prompt }) => prompt.features.length / hidden),
        answer: most(({ answer }) => answer.length),
      },
    },
    settings: {
      schedule: { kind: 'cosine', base: 2e-4, warmup: Math.min(10, Math.ceil(steps / 10)), total: steps, floor: 0.02 },
      optimiser: { weightDecay: 0, betas: [0.9, 0.98] },
    },
    samples: (step) => {
      const draw = random(seed, 80_000 + step);
      return Array.from({ length: perStep }, () => draw.pick(all));
    },
  };
}
