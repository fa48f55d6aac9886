// Builds the graph from pictures and packed turns to hidden states, and to the cross-entropy of the answers' tokens.
import { cast, equal } from '../../../models/graph/elementwise.ts';
import { argMax } from '../../../models/graph/reduce.ts';
import { concat, reshape, slice } from '../../../models/graph/shape.ts';
import { input, type Tensor } from '../../../models/graph/tensor.ts';
import type { Params } from '../../../models/nn/params.ts';
import type { QwenConfig } from '../../../models/qwen/config.ts';
import { type Decoded, decoder, embedTokens, insertSpan, logitsAt } from '../../../models/qwen/language.ts';
import { patchWidth, visionTower } from '../../../models/qwen/vision.ts';
import { crossEntropy, weightedMean } from '../../../models/train/losses.ts';
import { softness } from './turnBatch.ts';

/** [pictures * cells, width] of square pictures of `grid` patches a side. */
export function pictures(p: Params, { vision }: QwenConfig, { count, grid }: { count: number; grid: number }): Tensor {
  const pixels = input('pixels', [count * grid * grid, patchWidth(vision)]);
  const grids = new Array(count).fill({ t: 1, h: grid, w: grid });
  return visionTower(p.at('visual'), pixels, { grids, config: vision }).features;
}

export interface TurnBatchShape {
  /** Rows that begin with a picture, and rows behind them without one. */
  readonly pictures: number;
  readonly plain: number;
  readonly tokens: number;
  readonly imageStart: number;
}

/** Rows of tokens, as `turnBatch.ts` feeds them, through the language model. */
export function readTurns(
  p: Params,
  { language }: QwenConfig,
  features: Tensor,
  { pictures: shown, plain, tokens, imageStart }: TurnBatchShape,
): Decoded {
  const rows = shown + plain;
  const words = embedTokens(p, input('ids', [rows, tokens], 'int64'), language);
  const angles = (name: string) => input(name, [rows, 1, tokens, language.headWidth]);
  const places = { cosine: angles('cosine'), sine: angles('sine'), mask: input('mask', [rows, 1, tokens, tokens]) };
  const seen = insertSpan(plain > 0 ? slice(words, [0], [shown], [0]) : words, features, imageStart);
  const all = plain > 0 ? concat([seen, slice(words, [shown], [rows], [0])], 0) : seen;
  return decoder(p, all, places, { config: language });
}

export interface TokenLoss {
  loss: Tensor;
  /** Shares of the tokens that come out right: of the first labels, and of those behind them where there are any. */
  right: Tensor;
  behind: Tensor | null;
}

/** Cross-entropy of the answers' tokens against soft labels: `first` of them, then `second` that are watched apart. */
export function tokenLoss(
  p: Params,
  config: QwenConfig,
  { hidden, first, second }: { hidden: Tensor; first: number; second: number },
): TokenLoss {
  const rows = first + second;
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
    right: share(0, first),
    behind: second > 0 ? share(first, rows) : null,
  };
}
