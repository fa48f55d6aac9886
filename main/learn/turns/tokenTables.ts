// Finds the parameters with a row for each token, of which a run that teaches words trains the new rows alone.
import { add, mul } from '../../../models/graph/elementwise.ts';
import { stopGradient } from '../../../models/graph/reduce.ts';
import { constant } from '../../../models/graph/tensor.ts';
import type { ParamSource } from '../../../models/nn/params.ts';
import type { NanoTokenizer } from '../../../models/qwen/nanoTokenizer.ts';

export const tables = /^(?:model\.embed_tokens|lm_head)\.weight$/u;

/** A tokenizer that has grown, and the words that its weights knew before. */
export interface GrownWords {
  readonly tokenizer: NanoTokenizer;
  readonly known: ReadonlySet<string>;
}

/** Which rows belong to words that the weights did not know. */
export function newRows({ tokenizer, known }: GrownWords): (row: number) => boolean {
  const { words } = tokenizer.vocabulary;
  const first = tokenizer.size - words.length;
  return (row) => {
    const word = words[row - first];
    return word !== undefined && !known.has(word);
  };
}

/**
 * Tables of which only rows of new words learn. Rows of known words that learn move away from what the rest of the
 * weights says with them, and more of what was known is lost (docs/teaching.md).
 */
export function newRowsOnly(source: ParamSource, grown: GrownWords): ParamSource {
  const isNew = newRows(grown);
  return {
    has: (name) => source.has(name),
    get: (name, shape) => {
      const table = source.get(name, shape);
      if (!tables.test(name)) return table;
      const [rows = 0] = shape;
      const learning = Float32Array.from({ length: rows }, (_, row) => Number(isNew(row)));
      const resting = learning.map((value) => 1 - value);
      return add(mul(table, constant(learning, [rows, 1])), mul(stopGradient(table), constant(resting, [rows, 1])));
    },
  };
}
