// The reasoner's training step as one graph: next-token loss with soft coordinates, and the two dense heads.
import { add, cast, equal, mul, reciprocal, sqrt } from '../../models/graph/elementwise.ts';
import { argMax, reduceMean } from '../../models/graph/reduce.ts';
import { concat, reshape, slice } from '../../models/graph/shape.ts';
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
  { scenes, drills, tokens, predictors, decided, imageStart, first }: ReasonerShape,
): ReasonerGraph {
  const rows = scenes + drills;
  const features = pictures(p, config, scenes);
  const words = embedTokens(p, input('ids', [rows, tokens], 'int64'), config.language);
  const angles = (name: string) => input(name, [rows, 1, tokens, config.language.headWidth]);
  const places = { cosine: angles('cosine'), sine: angles('sine'), mask: input('mask', [rows, 1, tokens, tokens]) };
  const [shown, drilled] = [slice(words, [0], [scenes], [0]), slice(words, [scenes], [rows], [0])];
  const all = concat([insertSpan(shown, features, imageStart), drilled], 0);
  const { hidden, layers } = decoder(p, all, places, { config: config.language });
  const targets = denseInputs(scenes);
  const states = unitRows(layers[readableFrom] ?? hidden);
  const seen = slice(states, [0, imageStart], [scenes, imageStart + cells * cells], [0, 1]);
  const tower = denseLosses(p.at('dense.vision'), features, targets, true);
  const model = denseLosses(p.at('dense.language'), seen, targets, false);
  const table = slice(embedding(p, config.language), [first], [first + coordinates.count], [0]);
  const edges = spokenEdges(p.at('dense.edges'), seen, targets, table);
  const next = tokenLoss(p, config, { hidden, predictors, decided });
  return {
    loss: add(mul(next.loss, 3), add(mul(tower.loss, 0.5), add(model.loss, edges.loss))),
    figures: {
      ...{ token: next.loss, right: next.right, drilled: next.drilled, hit: model.hit, distance: model.distance },
      ...{ edges: edges.loss, edgeDistance: edges.distance, ranked: model.ranked },
      ...{ towerHit: tower.hit, towerDistance: tower.distance, towerRanked: tower.ranked },
    },
  };
}

/** After this layer picture tokens must know what they show and where, so that the layers above can read it off them. */
const readableFrom = 2;

/** Rows scaled to a root mean square of 1: states between layers have no norm of their own. */
const unitRows = (x: Tensor): Tensor => mul(x, reciprocal(sqrt(add(reduceMean(mul(x, x), [-1], true), 1e-6))));

interface TokenLoss {
  loss: Tensor;
  /** Shares of the scenes' and of the drills' tokens that come out right. */
  right: Tensor;
  drilled: Tensor;
}

/** Cross-entropy of the answers' tokens against soft labels. */
function tokenLoss(
  p: Params,
  config: QwenConfig,
  { hidden, predictors, decided }: { hidden: Tensor; predictors: number; decided: number },
): TokenLoss {
  const rows = predictors + decided;
  const logits = logitsAt(p, hidden, config.language, input('predictors', [rows], 'int64'));
  const width = 2 * softness.reach + 1;
  const labels = { ids: input('labelIds', [rows, width], 'int64'), shares: input('labelShares', [rows, width]) };
  const weights = input('labelWeights', [rows]);
  const truth = reshape(slice(labels.ids, [softness.reach], [softness.reach + 1], [1]), [rows]);
  const hits = cast(equal(argMax(logits, 1), truth), 'float32');
  const share = (from: number, to: number) =>
    weightedMean(slice(hits, [from], [to], [0]), slice(weights, [from], [to], [0]));
  return {
    loss: weightedMean(crossEntropy(logits, labels), weights),
    right: share(0, predictors),
    drilled: share(predictors, rows),
  };
}
