// Builds the heads that name, number and box the thing under each cell of the picture, and their losses.
import { abs, add, cast, div, equal, mul, neg, sub } from '../../../models/graph/elementwise.ts';
import { matmul } from '../../../models/graph/linear.ts';
import { argMax, logSumExp, reduceMean, reduceSum, softmax } from '../../../models/graph/reduce.ts';
import { reshape, split } from '../../../models/graph/shape.ts';
import { constant, dim, input, type Tensor } from '../../../models/graph/tensor.ts';
import { linear } from '../../../models/nn/linear.ts';
import type { Params } from '../../../models/nn/params.ts';
import { boxLoss, crossEntropy, weightedMean } from '../../../models/train/losses.ts';
import { softness } from '../../learn/turns/turnBatch.ts';
import { cells, coordinates, grid } from '../parameters/layout.ts';
import { classCount, colourCount, rankCount } from './denseTargets.ts';

const fields = classCount + colourCount + rankCount + 4;

interface DenseInputs {
  classes: Tensor;
  colours: Tensor;
  ranks: Tensor;
  boxes: Tensor;
  present: Tensor;
}

export const denseInputs = (scenes: number): DenseInputs => {
  const n = scenes * cells * cells;
  return {
    classes: input('classes', [n], 'int64'),
    colours: input('colours', [n], 'int64'),
    ranks: input('ranks', [n], 'int64'),
    boxes: input('boxes', [n, 4]),
    present: input('present', [n]),
  };
};

export interface DenseLosses {
  loss: Tensor;
  /** Share of occupied cells whose class is right. */
  hit: Tensor;
  /** Share of occupied cells whose number from the left is right. */
  ranked: Tensor;
  /** Mean distance of a box edge, in the 224 frame. */
  distance: Tensor;
}

/** What each cell of `states` [..., width] shows; `relative` boxes are offsets from the cell's centre. */
export function denseLosses(p: Params, states: Tensor, targets: DenseInputs, relative: boolean): DenseLosses {
  const n = dim(targets.present, 0);
  const out = reshape(linear(p, states, fields), [n, fields]);
  const [classes, colours, ranks, edges] = split(out, [classCount, colourCount, rankCount, 4], 1);
  if (!classes || !colours || !ranks || !edges) throw new Error('split gives as many parts as it is told.');
  const boxes = relative ? add(mul(edges, 0.25), constant(cellCentres(n), [n, 4])) : add(mul(edges, 0.25), 0.5);
  const losses = [
    weightedMean(crossEntropy(classes, targets.classes), add(mul(targets.present, 0.8), 0.2)),
    mul(weightedMean(crossEntropy(colours, targets.colours), targets.present), 0.5),
    mul(weightedMean(crossEntropy(ranks, targets.ranks), targets.present), 0.5),
    weightedMean(boxLoss(boxes, targets.boxes), targets.present),
  ];
  const distance = reduceMean(abs(sub(boxes, targets.boxes)), [1]);
  return {
    loss: losses.reduce(add),
    hit: weightedMean(right(classes, targets.classes), targets.present),
    ranked: weightedMean(right(ranks, targets.ranks), targets.present),
    distance: mul(weightedMean(distance, targets.present), grid * 14),
  };
}

/** 1 where the largest of a row is the true one. */
const right = (logits: Tensor, truth: Tensor): Tensor => cast(equal(argMax(logits, 1), truth), 'float32');

/** x, y, x, y of each cell's centre as fractions of the picture. */
const cellCentres = (n: number): Float64Array =>
  Float64Array.from({ length: n * 4 }, (_, i) => {
    const cell = Math.floor(i / 4) % (cells * cells);
    return ((i % 2 === 0 ? cell % cells : Math.floor(cell / cells)) + 0.5) / cells;
  });

export interface SpokenEdges {
  loss: Tensor;
  /** Mean distance of an edge's expected value, in the 224 frame. */
  distance: Tensor;
}

/**
 * The four edges of the thing under each cell, said in the words of the answers: `table` [coordinates, width] are the
 * coordinate tokens' rows. States from which a linear layer gives the word can be copied into an answer by attention alone.
 */
export function spokenEdges(p: Params, states: Tensor, targets: DenseInputs, table: Tensor): SpokenEdges {
  const [n, width, { count }] = [dim(targets.present, 0), dim(table, 1), coordinates];
  const said = reshape(linear(p, states, 4 * width), [4 * n, width]);
  const logits = matmul(said, table, { transB: true });
  const values = constant(
    Float64Array.from({ length: count }, (_, i) => i),
    [1, count],
  );
  const truth = mul(reshape(targets.boxes, [4 * n, 1]), count - 1);
  const away = sub(values, truth);
  const shares = softmax(div(neg(mul(away, away)), 2 * softness.sigma ** 2), 1);
  const loss = sub(logSumExp(logits, 1), reduceSum(mul(shares, logits), [1]));
  const expected = reduceSum(mul(softmax(logits, 1), values), [1], true);
  const perCell = (x: Tensor) => weightedMean(reduceMean(reshape(x, [n, 4]), [1]), targets.present);
  return { loss: perCell(loss), distance: mul(perCell(abs(sub(expected, truth))), coordinates.step) };
}
