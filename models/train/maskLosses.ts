// Decoded masks against a true one: mask 0 always, the best of the other three, and the predicted IoU.
import { resizeBilinear } from '../graph/conv.ts';
import { add, cast, div, greater, max, mul, sub } from '../graph/elementwise.ts';
import { reduceMean, reduceMin, reduceSum, stopGradient } from '../graph/reduce.ts';
import { expand, reshape, slice } from '../graph/shape.ts';
import { dim, type Tensor } from '../graph/tensor.ts';
import { segTerms } from './losses.ts';

interface SegmenterLosses {
  loss: Tensor;
  /** Mean IoU of mask 0, thresholded, at the size of the target. */
  iou: Tensor;
}

/** masks [asks, 4, h, w], iou [asks, 4], target [asks, side, side]. */
export function segmenterLosses({ masks, iou }: { masks: Tensor; iou: Tensor }, target: Tensor): SegmenterLosses {
  const [asks, count, side] = [dim(masks, 0), dim(masks, 1), dim(target, 1)];
  const flat = reshape(masks, [asks * count, dim(masks, 2), dim(masks, 3)]);
  const all = reshape(expand(reshape(target, [asks, 1, side, side]), [asks, count, side, side]), [
    asks * count,
    side,
    side,
  ]);
  const { bce, dice } = segTerms(flat, all);
  const each = reshape(add(bce, dice), [asks, count]);
  const own = slice(each, [0], [1], [1]);
  const best = reduceMin(slice(each, [1], [count], [1]), [1], true);
  const truth = stopGradient(reshape(hardIou(flat, all), [asks, count]));
  const error = sub(iou, truth);
  return {
    loss: add(reduceMean(add(own, mul(best, 0.5)), [0, 1]), reduceMean(mul(error, error), [0, 1])),
    iou: reduceMean(slice(truth, [0], [1], [1]), [0, 1]),
  };
}

/** logits [N, h, w], target [N, H, W] -> [N]. */
export function hardIou(logits: Tensor, target: Tensor): Tensor {
  const [n, side] = [dim(target, 0), dim(target, 1)];
  const full = resizeBilinear(reshape(logits, [n, 1, dim(logits, 1), dim(logits, 2)]), side, side);
  const inside = cast(greater(reshape(full, [n, side, side]), 0), 'float32');
  const truth = cast(greater(target, 0.5), 'float32');
  const both = reduceSum(mul(inside, truth), [1, 2]);
  const either = sub(add(reduceSum(inside, [1, 2]), reduceSum(truth, [1, 2])), both);
  return div(both, max(either, 1));
}
