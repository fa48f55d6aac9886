// Builds the policy objective of token log-probabilities and advantages: LENS's released form and its clipped relatives.
import { clip, div, exp, log, max, min, mul, neg, sub } from '../graph/elementwise.ts';
import { gatherElements } from '../graph/gather.ts';
import { reduceMax, reduceSum, stopGradient } from '../graph/reduce.ts';
import { reshape, squeeze } from '../graph/shape.ts';
import { dim, GraphError, type Tensor } from '../graph/tensor.ts';

export type KlKind = 'k1' | 'k2' | 'k3';

export interface GrpoObjective {
  /** What the ratio compares with: the policy itself (always 1, gradient 1), or the one that sampled, per token or sequence. */
  ratio: 'on-policy' | 'token' | 'sequence';
  /** How far the ratio may leave 1, down and up. */
  clip: readonly [number, number] | null;
  /** Caps the unclipped ratio (dual clip). */
  delta: number | null;
  /** Weight of the KL term. */
  beta: number;
  kl: KlKind;
  /** Limits each token's KL to plus or minus this. */
  klClamp: number | null;
  /** `fixedLength` divides by batch * maxLength. */
  aggregation: 'sequenceMean' | 'tokenMean' | 'fixedLength' | 'sequenceSum';
  maxLength?: number;
}

/** What hustvl/LENS trains with (TRL 0.17's KL weight, no clipping). */
const lens: GrpoObjective = {
  ratio: 'on-policy',
  clip: null,
  delta: null,
  beta: 0.04,
  kl: 'k3',
  klClamp: null,
  aggregation: 'sequenceMean',
};
const clipped: GrpoObjective = { ...lens, ratio: 'token', clip: [0.2, 0.2] };

/** Published variants; each is one row of differences from LENS. */
export const objectives = {
  lens,
  clipped,
  clipHigher: { ...clipped, clip: [0.2, 0.28] },
  dualClip: { ...clipped, delta: 1.5 },
  sequenceRatio: { ...clipped, ratio: 'sequence', clip: [0.1, 0.1] },
  segZero: { ...clipped, beta: 0.005, klClamp: 10, aggregation: 'tokenMean' },
} as const satisfies Record<string, GrpoObjective>;

/** One batch of completions: [B, T], advantages [B]. */
export interface PolicyBatch {
  logProbs: Tensor;
  /** 1 up to and including the first end token; at least one a row. */
  mask: Tensor;
  advantages: Tensor;
  /** Log-probabilities of the policy that sampled; needed unless on-policy. */
  old?: Tensor;
  /** Needed unless beta is 0. */
  reference?: Tensor;
}

export interface PolicyLoss {
  loss: Tensor;
  /** [B, T], 0 outside the mask. */
  perToken: Tensor;
  /** [B, T]; absent without a reference. */
  kl?: Tensor;
}

export function policyLoss(batch: PolicyBatch, how: GrpoObjective = lens): PolicyLoss {
  const { logProbs, mask, reference } = batch;
  if (!reference && how.beta !== 0) throw new GraphError('policyLoss: a KL weight needs reference log-probabilities.');
  const kl = reference && klDivergence(logProbs, reference, how);
  const gain = surrogate(batch, how);
  const cost = kl && how.beta !== 0 ? sub(mul(kl, how.beta), gain) : neg(gain);
  const perToken = mul(cost, mask);
  return { loss: aggregate(perToken, mask, how), perToken, ...(kl ? { kl: mul(kl, mask) } : {}) };
}

/** Schulman's estimators of KL(policy || reference) per token. */
export function klDivergence(
  logProbs: Tensor,
  reference: Tensor,
  { kl, klClamp }: Pick<GrpoObjective, 'kl' | 'klClamp'>,
): Tensor {
  const ahead = sub(reference, logProbs);
  const kinds = {
    k1: () => neg(ahead),
    k2: () => mul(mul(ahead, ahead), 0.5),
    k3: () => sub(sub(exp(ahead), ahead), 1),
  };
  const value = kinds[kl]();
  return klClamp === null ? value : clip(value, -klClamp, klClamp);
}

/** ratio * advantage, the smaller of free and clipped; [B, T]. */
function surrogate(batch: PolicyBatch, how: GrpoObjective): Tensor {
  const advantage = reshape(batch.advantages, [dim(batch.advantages, 0), 1]);
  const ratio = exp(logRatio(batch, how.ratio));
  const free = how.delta === null ? ratio : min(ratio, how.delta);
  if (!how.clip) return mul(free, advantage);
  const [low, high] = how.clip;
  return min(mul(free, advantage), mul(clip(ratio, 1 - low, 1 + high), advantage));
}

function logRatio({ logProbs, old, mask }: PolicyBatch, kind: GrpoObjective['ratio']): Tensor {
  if (kind === 'on-policy') return sub(logProbs, stopGradient(logProbs));
  if (!old) throw new GraphError(`policyLoss: a ${kind} ratio needs the sampling policy's log-probabilities.`);
  // Outside the mask the difference means nothing and its exponential could overflow.
  const difference = mul(sub(logProbs, old), mask);
  return kind === 'token' ? difference : div(reduceSum(difference, [1], true), rowLengths(mask));
}

const rowLengths = (mask: Tensor): Tensor => max(reduceSum(mask, [1], true), 1);

function aggregate(perToken: Tensor, mask: Tensor, { aggregation, maxLength }: GrpoObjective): Tensor {
  const rows = dim(mask, 0);
  const sum = (t: Tensor) => reduceSum(t, [0, 1]);
  if (aggregation === 'sequenceMean') return div(sum(div(perToken, rowLengths(mask))), rows);
  if (aggregation === 'tokenMean') return div(sum(perToken), max(sum(mask), 1));
  if (aggregation === 'sequenceSum') return div(sum(perToken), rows);
  if (maxLength === undefined) throw new GraphError('policyLoss: aggregation fixedLength needs maxLength.');
  return div(sum(perToken), rows * maxLength);
}

/** log p of each chosen token and the entropy there, [..., T], from logits [..., T, V] and int64 ids [..., T]. */
export function tokenLogProbs(logits: Tensor, ids: Tensor, temperature = 1): { logProbs: Tensor; entropy: Tensor } {
  const scaled = temperature === 1 ? logits : div(logits, temperature);
  const last = logits.shape.length - 1;
  // Shifting before picking keeps float32 exact where all logits share a large offset.
  const shifted = sub(scaled, stopGradient(reduceMax(scaled, [last], true)));
  const weights = exp(shifted);
  const total = reduceSum(weights, [last], true);
  const chosen = gatherElements(shifted, reshape(ids, [...ids.shape, 1]), last);
  const expected = div(reduceSum(mul(weights, shifted), [last], true), total);
  return { logProbs: squeeze(sub(chosen, log(total)), [last]), entropy: squeeze(sub(log(total), expected), [last]) };
}

/** 1 up to and including the first end token of each row of `width` ids; a row without one counts `lengths[row]` tokens. */
export function completionMask(
  ids: ArrayLike<number>,
  width: number,
  { end, lengths }: { end: number; lengths?: readonly number[] },
): Float32Array<ArrayBuffer> {
  const mask = new Float32Array(ids.length);
  for (let row = 0; row * width < ids.length; row++) {
    const stop = Math.min(width, lengths?.[row] ?? width);
    for (let t = 0; t < stop; t++) {
      mask[row * width + t] = 1;
      if (ids[row * width + t] === end) break;
    }
  }
  return mask;
}
