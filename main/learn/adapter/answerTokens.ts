// Reads off hidden states how probable the tokens behind them are, in pieces, so that memory never holds the logits of all of them.
import { cast, equal } from '../../../models/graph/elementwise.ts';
import { recompute } from '../../../models/graph/recompute.ts';
import { argMax } from '../../../models/graph/reduce.ts';
import { concat, split } from '../../../models/graph/shape.ts';
import { dim, type Tensor } from '../../../models/graph/tensor.ts';
import type { Params } from '../../../models/nn/params.ts';
import type { LanguageConfig } from '../../../models/qwen/config.ts';
import { logitsAt } from '../../../models/qwen/language.ts';
import { tokenLogProbs } from '../../../models/train/grpo.ts';

export interface ReadTokens {
  /** [rows] of each token that came next. */
  readonly logProbs: Tensor;
  /** [rows], 1 where it is the most probable one. */
  readonly right: Tensor;
}

/** Logits of a piece: 40 million numbers, 263 rows of Qwen's vocabulary. */
const logitsAtOnce = 40e6;

/** hidden [rows, width] and int64 ids [rows] of what comes next. The logits of a piece are computed again on the way back. */
export function readTokens(
  p: Params,
  hidden: Tensor,
  ids: Tensor,
  { config, atOnce = Math.ceil(logitsAtOnce / config.vocabulary) }: { config: LanguageConfig; atOnce?: number },
): ReadTokens {
  const rows = dim(hidden, 0);
  const sizes = Array.from({ length: Math.ceil(rows / atOnce) }, (_, i) => Math.min(atOnce, rows - i * atOnce));
  const [states, next] = [split(hidden, sizes, 0), split(ids, sizes, 0)];
  const pieces = sizes.flatMap((_, i) => {
    const [state, id] = [states[i], next[i]];
    return state && id ? [readPiece(p, state, id, config)] : [];
  });
  return {
    logProbs: concat(
      pieces.map(({ logProbs }) => logProbs),
      0,
    ),
    right: concat(
      pieces.map(({ right }) => right),
      0,
    ),
  };
}

function readPiece(p: Params, hidden: Tensor, ids: Tensor, config: LanguageConfig): ReadTokens {
  const logits = logitsAt(p, hidden, config);
  return {
    logProbs: recompute([hidden, ids], tokenLogProbs(logits, ids).logProbs),
    right: cast(equal(argMax(logits, 1), ids), 'float32'),
  };
}
