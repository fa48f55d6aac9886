// The reasoner's training step as one graph: next-token loss with soft coordinates, and the two dense heads.
import { abs, add, cast, equal, mul, reciprocal, sqrt, sub } from '../../models/graph/elementwise.ts';
import { argMax, reduceMean } from '../../models/graph/reduce.ts';
import { reshape, slice } from '../../models/graph/shape.ts';
import { constant, dim, input, type Tensor } from '../../models/graph/tensor.ts';
import { linear } from '../../models/nn/linear.ts';
import type { Params } from '../../models/nn/params.ts';
import type { QwenConfig } from '../../models/qwen/config.ts';
import { decoder, embedTokens, insertSpan, logitsAt } from '../../models/qwen/language.ts';
import { patchWidth, visionTower } from '../../models/qwen/vision.ts';
import { boxLoss, crossEntropy, weightedMean } from '../../models/train/losses.ts';
import { classCount, colourCount } from './denseTargets.ts';
import { cells, grid, reasonerBatch, softness } from './layout.ts';

const fields = classCount + colourCount + 4;

interface DenseInputs {
  classes: Tensor;
  colours: Tensor;
  boxes: Tensor;
  present: Tensor;
}

export const denseInputs = (scenes: number): DenseInputs => {
  const n = scenes * cells * cells;
  return {
    classes: input('classes', [n], 'int64'),
    colours: input('colours', [n], 'int64'),
    boxes: input('boxes', [n, 4]),
    present: input('present', [n]),
  };
};

export interface DenseLosses {
  loss: Tensor;
  /** Share of occupied cells whose class is right. */
  hit: Tensor;
  /** Mean distance of a box edge, in the 224 frame. */
  distance: Tensor;
}

/** What each cell of `states` [..., width] shows; `relative` boxes are offsets from the cell's centre. */
export function denseLosses(p: Params, states: Tensor, targets: DenseInputs, relative: boolean): DenseLosses {
  const n = dim(targets.present, 0);
  const out = reshape(linear(p, states, fields), [n, fields]);
  const [a, b] = [classCount, classCount + colourCount];
  const [classes, colours, edges] = [
    slice(out, [0], [a], [1]),
    slice(out, [a], [b], [1]),
    slice(out, [b], [fields], [1]),
  ];
  const boxes = relative ? add(mul(edges, 0.25), constant(cellCentres(n), [n, 4])) : add(mul(edges, 0.25), 0.5);
  const losses = [
    weightedMean(crossEntropy(classes, targets.classes), add(mul(targets.present, 0.8), 0.2)),
    mul(weightedMean(crossEntropy(colours, targets.colours), targets.present), 0.5),
    weightedMean(boxLoss(boxes, targets.boxes), targets.present),
  ] as const;
  const distance = reduceMean(abs(sub(boxes, targets.boxes)), [1]);
  return {
    loss: add(add(losses[0], losses[1]), losses[2]),
    hit: weightedMean(cast(equal(argMax(classes, 1), targets.classes), 'float32'), targets.present),
    distance: mul(weightedMean(distance, targets.present), grid * 14),
  };
}

/** x, y, x, y of each cell's centre as fractions of the picture. */
const cellCentres = (n: number): Float64Array =>
  Float64Array.from({ length: n * 4 }, (_, i) => {
    const cell = Math.floor(i / 4) % (cells * cells);
    return ((i % 2 === 0 ? cell % cells : Math.floor(cell / cells)) + 0.5) / cells;
  });

export interface ReasonerGraph {
  loss: Tensor;
  /** Numbers to watch, by name. */
  figures: Record<string, Tensor>;
}

/** Only the vision tower and its head: the first stage. */
export function towerGraph(p: Params, config: QwenConfig, scenes: number): ReasonerGraph {
  const dense = denseLosses(p.at('dense.vision'), pictures(p, config, scenes), denseInputs(scenes), true);
  return { loss: dense.loss, figures: { hit: dense.hit, distance: dense.distance } };
}

/** [scenes * cells, width] */
export function pictures(p: Params, { vision }: QwenConfig, scenes: number): Tensor {
  const pixels = input('pixels', [scenes * grid * grid, patchWidth(vision)]);
  const grids = new Array(scenes).fill({ t: 1, h: grid, w: grid });
  return visionTower(p.at('visual'), pixels, { grids, config: vision }).features;
}

/** `imageStart`: where the picture's tokens begin in every sequence. */
export function reasonerGraph(p: Params, config: QwenConfig, imageStart: number): ReasonerGraph {
  const { scenes, tokens } = reasonerBatch;
  const features = pictures(p, config, scenes);
  const words = embedTokens(p, input('ids', [scenes, tokens], 'int64'), config.language);
  const table = (name: string) => input(name, [scenes, 1, tokens, config.language.headWidth]);
  const places = { cosine: table('cosine'), sine: table('sine'), mask: input('mask', [scenes, 1, tokens, tokens]) };
  const { hidden, layers } = decoder(p, insertSpan(words, features, imageStart), places, { config: config.language });
  const targets = denseInputs(scenes);
  const seen = slice(unitRows(layers[readableFrom] ?? hidden), [imageStart], [imageStart + cells * cells], [1]);
  const tower = denseLosses(p.at('dense.vision'), features, targets, true);
  const model = denseLosses(p.at('dense.language'), seen, targets, false);
  const next = tokenLoss(p, config, hidden);
  return {
    loss: add(mul(next.loss, 3), add(mul(tower.loss, 0.5), model.loss)),
    figures: {
      ...{ token: next.loss, right: next.right, hit: model.hit, distance: model.distance },
      ...{ towerHit: tower.hit, towerDistance: tower.distance },
    },
  };
}

/** After this layer picture tokens must know what they show and where, so that the layers above can read it off them. */
const readableFrom = 2;

/** Rows scaled to a root mean square of 1: states between layers have no norm of their own. */
const unitRows = (x: Tensor): Tensor => mul(x, reciprocal(sqrt(add(reduceMean(mul(x, x), [-1], true), 1e-6))));

/** Cross-entropy of the answers' tokens against soft labels, and the share of tokens that come out right. */
function tokenLoss(p: Params, config: QwenConfig, hidden: Tensor): { loss: Tensor; right: Tensor } {
  const { predictors: rows } = reasonerBatch;
  const logits = logitsAt(p, hidden, config.language, input('predictors', [rows], 'int64'));
  const width = 2 * softness.reach + 1;
  const labels = { ids: input('labelIds', [rows, width], 'int64'), shares: input('labelShares', [rows, width]) };
  const weights = input('labelWeights', [rows]);
  const truth = reshape(slice(labels.ids, [softness.reach], [softness.reach + 1], [1]), [rows]);
  const right = cast(equal(argMax(logits, 1), truth), 'float32');
  return { loss: weightedMean(crossEntropy(logits, labels), weights), right: weightedMean(right, weights) };
}
