// Builds scalar losses of logits and targets: masks (BCE + Dice), tokens (cross-entropy with soft labels) and boxes.
import { resizeBilinear } from '../graph/conv.ts';
import { abs, add, div, exp, less, log, max, min, mul, neg, sigmoid, sub, where } from '../graph/elementwise.ts';
import { gatherElements } from '../graph/gather.ts';
import { logSumExp, reduceMean, reduceSum } from '../graph/reduce.ts';
import { reshape, slice } from '../graph/shape.ts';
import { dim, entry, GraphError, type Tensor } from '../graph/tensor.ts';

/** -log p(target) per element. Written with max(x, 0), whose gradient at 0 is 1, so that the sum's there is 1/2. */
export function bceWithLogits(logits: Tensor, target: Tensor): Tensor {
  const tail = log(add(1, exp(neg(abs(logits)))));
  return add(sub(max(logits, 0), mul(logits, target)), tail);
}

/** Mask losses of each sample, [N]. */
export interface SegTerms {
  bce: Tensor;
  dice: Tensor;
}

/** `logits` [N, h, w] are brought to the size of `target` [N, H, W] (0 or 1) first. */
export function segTerms(logits: Tensor, target: Tensor): SegTerms {
  const [n = 0, height = 0, width = 0] = target.shape;
  if (logits.shape.length !== 3 || logits.shape[0] !== n)
    throw new GraphError(
      `segTerms: logits [${logits.shape.join(',')}] do not fit the target [${target.shape.join(',')}].`,
    );
  const at = reshape(logits, [n, 1, dim(logits, 1), dim(logits, 2)]);
  const full = reshape(resizeBilinear(at, height, width), [n, height, width]);
  return { bce: reduceMean(bceWithLogits(full, target), [1, 2]), dice: diceLoss(full, target) };
}

/** 1 - (2 sum(pg) + 1) / (sum(p) + sum(g) + 1), per sample. */
function diceLoss(logits: Tensor, target: Tensor): Tensor {
  const p = sigmoid(logits);
  const overlap = reduceSum(mul(p, target), [1, 2]);
  const total = add(reduceSum(p, [1, 2]), reduceSum(target, [1, 2]));
  return sub(1, div(add(mul(overlap, 2), 1), add(total, 1)));
}

/** L_seg of LENS over samples of any sizes: the sum of all terms over n + 1e-8. */
export function segLoss(terms: readonly SegTerms[]): Tensor {
  const n = terms.reduce((count, { bce }) => count + dim(bce, 0), 0);
  const sums = terms.map(({ bce, dice }) => reduceSum(add(bce, dice), [0]));
  const [first, ...rest] = sums;
  if (!first) throw new GraphError('segLoss: needs at least one sample.');
  return div(rest.reduce(add, first), n + 1e-8);
}

/** sum(w x) / sum(w); 0 where all weights are. */
export function weightedMean(values: Tensor, weights: Tensor): Tensor {
  const axes = values.shape.map((_, axis) => axis);
  return div(reduceSum(mul(values, weights), axes), max(reduceSum(weights, axes), 1e-8));
}

/** Label distributions with few non-zero entries. */
export interface SoftLabels {
  /** int64 [N, K] */
  ids: Tensor;
  /** [N, K]; rows sum to 1 */
  shares: Tensor;
}

/** Cross-entropy per row, [N], of logits [N, V] against int64 labels [N] or soft ones. */
export function crossEntropy(logits: Tensor, labels: Tensor | SoftLabels): Tensor {
  const n = dim(logits, 0);
  const soft = 'ids' in labels;
  const ids = soft ? labels.ids : reshape(labels, [n, 1]);
  const chosen = gatherElements(logits, ids, 1);
  return sub(logSumExp(logits, 1), reduceSum(soft ? mul(chosen, labels.shares) : chosen, [1]));
}

/**
 * The data of SoftLabels. Each line is of tokens that stand for values in equal steps, where neighbours are nearly right: a
 * Gaussian over them. Any other token has all of the share.
 */
export function gaussianLabels(
  tokens: ArrayLike<number>,
  lines: readonly (readonly number[])[],
  { sigma, reach }: { sigma: number; reach: number },
): { ids: BigInt64Array<ArrayBuffer>; shares: Float32Array<ArrayBuffer>; width: number } {
  const width = 2 * reach + 1;
  const ids = new BigInt64Array(tokens.length * width);
  const shares = new Float32Array(tokens.length * width);
  const places = new Map(lines.flatMap((line) => line.map((id, place) => [id, { line, place }] as const)));
  Array.from(tokens).forEach((token, i) => {
    const { line = [token], place = 0 } = places.get(token) ?? {};
    const near = Array.from({ length: width }, (_, k) => line[place + k - reach]);
    const bell = near.map((id, k) => (id === undefined ? 0 : Math.exp(-0.5 * ((k - reach) / sigma) ** 2)));
    const sum = bell.reduce((a, b) => a + b, 0);
    near.forEach((id, k) => {
      ids[i * width + k] = BigInt(id ?? token);
      shares[i * width + k] = entry(bell, k, 'bell') / sum;
    });
  });
  return { ids, shares, width };
}

/** Quadratic below `beta`, linear above; per element. */
export function smoothL1(x: Tensor, target: Tensor, beta = 1): Tensor {
  const distance = abs(sub(x, target));
  return where(less(distance, beta), div(mul(distance, distance), 2 * beta), sub(distance, beta / 2));
}

/** Generalised IoU (Rezatofighi et al. 2019) of boxes x1, y1, x2, y2: [N, 4] each -> [N], from -1 to 1. */
export function giou(boxes: Tensor, targets: Tensor): Tensor {
  const side = (t: Tensor, i: number) => slice(t, [i], [i + 1], [1]);
  const corner = (i: number, pick: typeof max) => pick(side(boxes, i), side(targets, i));
  const area = (x1: Tensor, y1: Tensor, x2: Tensor, y2: Tensor) => mul(max(sub(x2, x1), 0), max(sub(y2, y1), 0));
  const areaOf = (t: Tensor) => area(side(t, 0), side(t, 1), side(t, 2), side(t, 3));
  const overlap = area(corner(0, max), corner(1, max), corner(2, min), corner(3, min));
  const union = max(sub(add(areaOf(boxes), areaOf(targets)), overlap), 1e-7);
  const hull = max(area(corner(0, min), corner(1, min), corner(2, max), corner(3, max)), 1e-7);
  return reshape(sub(div(overlap, union), div(sub(hull, union), hull)), [dim(boxes, 0)]);
}

/** Smooth L1 plus 1 - GIoU per box, [N]; coordinates should be about 0 to 1. */
export function boxLoss(boxes: Tensor, targets: Tensor, beta = 0.1): Tensor {
  return add(reduceMean(smoothL1(boxes, targets, beta), [1]), sub(1, giou(boxes, targets)));
}
