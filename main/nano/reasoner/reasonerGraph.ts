// The reasoner's training step as one graph: next-token loss with soft coordinates, and the two dense heads.
import { add, mul, reciprocal, sqrt } from '../../../models/graph/elementwise.ts';
import { reduceMean } from '../../../models/graph/reduce.ts';
import { slice } from '../../../models/graph/shape.ts';
import type { Tensor } from '../../../models/graph/tensor.ts';
import type { Params } from '../../../models/nn/params.ts';
import type { QwenConfig } from '../../../models/qwen/config.ts';
import { embedding } from '../../../models/qwen/language.ts';
import { readTurns, pictures as squarePictures, tokenLoss } from '../../learn/turns/turnLoss.ts';
import { cells, coordinates, grid, type ReasonerBatch } from '../parameters/layout.ts';
import { denseInputs, denseLosses, spokenEdges } from './denseLosses.ts';

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
export const pictures = (p: Params, config: QwenConfig, scenes: number): Tensor =>
  squarePictures(p, config, { count: scenes, grid });

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
  const features = pictures(p, config, scenes);
  const { hidden, layers } = readTurns(p, config, features, { pictures: scenes, plain: drills, tokens, imageStart });
  const targets = denseInputs(scenes);
  const states = unitRows(layers[readableFrom] ?? hidden);
  const seen = slice(states, [0, imageStart], [scenes, imageStart + cells * cells], [0, 1]);
  const tower = denseLosses(p.at('dense.vision'), features, targets, true);
  const model = denseLosses(p.at('dense.language'), seen, targets, false);
  const table = slice(embedding(p, config.language), [first], [first + coordinates.count], [0]);
  const edges = spokenEdges(p.at('dense.edges'), seen, targets, table);
  const next = tokenLoss(p, config, { hidden, first: predictors, second: decided });
  return {
    loss: add(mul(next.loss, 3), add(mul(tower.loss, 0.5), add(model.loss, edges.loss))),
    figures: {
      ...{
        token: next.loss,
        right: next.right,
        ...(next.behind && { drilled: next.behind }),
        hit: model.hit,
        distance: model.distance,
      },
      ...{ edges: edges.loss, edgeDistance: edges.distance, ranked: model.ranked },
      ...{ towerHit: tower.hit, towerDistance: tower.distance, towerRanked: tower.ranked },
    },
  };
}

/** After this layer picture tokens must know what they show and where, so that the layers above can read it off them. */
const readableFrom = 2;

/** Rows scaled to a root mean square of 1: states between layers have no norm of their own. */
const unitRows = (x: Tensor): Tensor => mul(x, reciprocal(sqrt(add(reduceMean(mul(x, x), [-1], true), 1e-6))));
