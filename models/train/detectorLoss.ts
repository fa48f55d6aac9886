// The detector's loss: scores of every cell by focal loss, boxes of the cells that are to find a thing by GIoU and smooth L1.
import { add, mul, sigmoid, sub } from '../graph/elementwise.ts';
import { gather } from '../graph/gather.ts';
import { reduceSum } from '../graph/reduce.ts';
import { reshape } from '../graph/shape.ts';
import { dim, type Tensor } from '../graph/tensor.ts';
import { bceWithLogits, boxLoss, weightedMean } from './losses.ts';

/** Scores as logits [B, cells, classes], and corners in shares of the picture [B, cells, classes, 4]. */
interface DetectorMaps {
  readonly scores: Tensor;
  readonly boxes: Tensor;
}

/** What the cells of a batch are to say. */
export interface DetectorTargets {
  /** 1 where a class is to be named, else 0, [B, cells, classes] */
  readonly named: Tensor;
  /** How much a cell's word on a class counts, [B, cells, classes]; 0 where nobody knows. */
  readonly weight: Tensor;
  /** Cells that are to box a thing, as places in [B * cells * classes], int64 [N] */
  readonly at: Tensor;
  /** Their boxes, in shares of the picture, [N, 4] */
  readonly boxes: Tensor;
  /** 1, or 0 where there are fewer than N, [N] */
  readonly counts: Tensor;
}

/** Of the focal loss (Lin et al. 2017): the share that names count; what is sure counts by the square of what it lacks. */
const alpha = 0.25;

export interface DetectorLoss {
  readonly loss: Tensor;
  readonly figures: { readonly scoreLoss: Tensor; readonly boxLoss: Tensor };
}

/** Scores are summed over all cells and divided by the number of cells that name something. */
export function detectorLoss(maps: DetectorMaps, targets: DetectorTargets): DetectorLoss {
  const all = maps.boxes.shape.slice(0, 3).reduce((a, b) => a * b, 1);
  const found = gather(reshape(maps.boxes, [all, 4]), targets.at);
  const off = weightedMean(boxLoss(found, targets.boxes), targets.counts);
  const wrong = focalLoss(maps.scores, targets);
  return { loss: add(wrong, off), figures: { scoreLoss: wrong, boxLoss: off } };
}

function focalLoss(logits: Tensor, { named, weight }: DetectorTargets): Tensor {
  const axes = logits.shape.map((_, axis) => axis);
  const sure = sigmoid(logits);
  const wrong = add(named, mul(sure, sub(1, mul(named, 2))));
  const share = add(1 - alpha, mul(named, 2 * alpha - 1));
  const each = mul(mul(weight, share), mul(mul(wrong, wrong), bceWithLogits(logits, named)));
  return mul(reduceSum(each, axes), 1 / (positives * dim(logits, 0)));
}

/** About so many cells of a picture name a thing. A number that is the same for every batch keeps steps of equal weight. */
const positives = 8;
