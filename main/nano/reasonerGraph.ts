// The reasoner's training step as one graph: next-token loss with soft coordinates, and the two dense heads.
import { add, cast, equal, mul, reciprocal, sqrt } from '../../models/graph/elementwise.ts';
import { argMax, reduceMean } from '../../models/graph/reduce.ts';
import { reshape, slice } from '../../models/graph/shape.ts';
import { input, type Tensor } from '../../models/graph/tensor.ts';
import type { Params } from '../../models/nn/params.ts';
import type { QwenConfig } from '../../models/qwen/config.ts';
import { decoder, embedding, embedTokens, insertSpan, logitsAt } from '../../models/qwen/language.ts';
import { patchWidth, visionTower } from '../../models/qwen/vision.ts';
import { crossEntropy, weightedMean } from '../../models/train/losses.ts';
import { denseInputs, denseLosses, spokenEdges } from './denseLosses.ts';
import { cells, coordinates, grid, type ReasonerBatch, softness } from './layout.ts';

export interface ReasonerGraph {
  loss: Tensor;
  /** Numbers to watch, by name. */
  figures: Record<string, Tensor>;
}

/** Only the vision tower and its head: the first stage. */
export function towerGraph(p: Params, config: QwenConfig, scenes: number): ReasonerGraph {
  const dense = denseLosses(p.at('dense.vision'), pictures(p, config, scenes), denseInputs(scenes), true);
  return { loss: dense.loss, figures: { hit: dense.hit, distance: dense.distance, ranked: dense.ranked } };
}

/** [scenes * cells, width] */
export function pictures(p: Params, { vision }: QwenConfig, scenes: number): Tensor {
  const pixels = input('pixels', [scenes * grid * grid, patchWidth(vision)]);
  const grids = new Array(scenes).fill({ t: 1, h: grid, w: grid });
  return visionTower(p.at('visual'), pixels, { grids, config: vision }).features;
}

export interface ReasonerShape extends ReasonerBatch {
  /** Where the picture's tokens begin in every sequence. */
  imageStart: number;
  /** Token of coordinate 0. */
  first: number;
}

export function reasonerGraph(
  p: Params,
  config: QwenConfig,
  { scenes, tokens, predictors, imageStart, first }: ReasonerShape,
): ReasonerGraph {
  const features = pictures(p, config, scenes);
  const words = embedTokens(p, input('ids', [scenes, tokens], 'int64'), config.language);
  const angles = (name: string) => input(name, [scenes, 1, tokens, config.language.headWidth]);
  const places = { cosine: angles('cosine'), sine: angles('sine'), mask: input('mask', [scenes, 1, tokens, tokens]) };
  const { hidden, layers } = decoder(p, insertSpan(words, features, imageStart), places, { config: config.language });
  const targets = denseInputs(scenes);
  const seen = slice(unitRows(layers[readableFrom] ?? hidden), [imageStart], [imageStart + cells * cells], [1]);
  const tower = denseLosses(p.at('dense.vision'), features, targets, true);
  const model = denseLosses(p.at('dense.language'), seen, targets, false);
  const table = slice(embedding(p, config.language), [first], [first + coordinates.count], [0]);
  const edges = spokenEdges(p.at('dense.edges'), seen, targets, table);
  const next = tokenLoss(p, config, { hidden, rows: predictors });
  return {
    loss: add(mul(next.loss, 3), add(mul(tower.loss, 0.5), add(model.loss, edges.loss))),
    figures: {
      ...{ token: next.loss, right: next.right, hit: model.hit, distance: model.distance },
      ...{ edges: edges.loss, edgeDistance: edges.distance, ranked: model.ranked },
      ...{ towerHit: tower.hit, towerDistance: tower.distance, towerRanked: tower.ranked },
    },
  };
}

/** After this layer picture tokens must know what they show and where, so that the layers above can read it off them. */
const readableFrom = 2;

/** Rows scaled to a root mean square of 1: states between layers have no norm of their own. */
const unitRows = (x: Tensor): Tensor => mul(x, reciprocal(sqrt(add(reduceMean(mul(x, x), [-1], true), 1e-6))));

/** Cross-entropy of the answers' tokens against soft labels, and the share of tokens that come out right. */
function tokenLoss(
  p: Params,
  config: QwenConfig,
  { hidden, rows }: { hidden: Tensor; rows: number },
): { loss: Tensor; right: Tensor } {
  const logits = logitsAt(p, hidden, config.language, input('predictors', [rows], 'int64'));
  const width = 2 * softness.reach + 1;
  const labels = { ids: input('labelIds', [rows, width], 'int64'), shares: input('labelShares', [rows, width]) };
  const weights = input('labelWeights', [rows]);
  const truth = reshape(slice(labels.ids, [softness.reach], [softness.reach + 1], [1]), [rows]);
  const right = cast(equal(argMax(logits, 1), truth), 'float32');
  return { loss: weightedMean(crossEntropy(logits, labels), weights), right: weightedMean(right, weights) };
}
