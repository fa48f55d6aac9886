// Of tables with a row for each token only rows of new words learn; every row is read as it is.
import { describe, expect, it } from 'vitest';
import { Parameters } from '../../../main/learn/loop/parameters.ts';
import { grownTokenizer } from '../../../main/learn/supervised/taughtWords.ts';
import { newRows, newRowsOnly, tables } from '../../../main/learn/turns/tokenTables.ts';
import { mul } from '../../../models/graph/elementwise.ts';
import { grad } from '../../../models/graph/grad.ts';
import { reduceSum } from '../../../models/graph/reduce.ts';
import { constant } from '../../../models/graph/tensor.ts';
import { evaluate } from '../../evaluate.ts';
import { tokenizer } from '../../nano/toy.ts';

const { tokenizer: grown } = grownTokenizer(tokenizer, ['skier', 'aardvark']);
const known = new Set(tokenizer.words);
const shape = [grown.size, 2] as const;

/** The table read through `newRowsOnly`, and the gradient of a sum that asks each of its elements for another weight. */
async function learnt(name: string) {
  const parameters = new Parameters((_, [rows = 0, width = 0]) =>
    Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i)),
  );
  const source = parameters.source();
  const table = newRowsOnly(source, { tokenizer: grown, known }).get(name, shape);
  const weights = Float64Array.from({ length: grown.size * 2 }, (_, i) => 1 + i);
  const loss = reduceSum(mul(table, constant(weights, shape)), [0, 1]);
  const [gradient] = grad(loss, [...source.tensors.values()]);
  if (!gradient) throw new Error('unreachable');
  const { table: read, gradient: slope } = await evaluate({ table, gradient }, parameters.feeds([name]), {
    purpose: 'train',
  });
  return { values: parameters.values(name), weights, read: [...(read ?? [])], slope: [...(slope ?? [])] };
}

describe('rows of new words', () => {
  it('are those of words that the weights did not know, and of nothing else', () => {
    const isNew = newRows({ tokenizer: grown, known });
    const rows = Array.from({ length: grown.size }, (_, row) => row).filter(isNew);
    expect(rows).toEqual(['aardvark', 'skier'].map((word) => grown.encode(word)[0]).sort((a = 0, b = 0) => a - b));
  });

  it.each(['model.embed_tokens.weight', 'lm_head.weight'])('alone learn of %s, which is read whole', async (name) => {
    const { read, slope, values, weights } = await learnt(name);
    const isNew = newRows({ tokenizer: grown, known });
    expect(read).toEqual([...values]);
    expect(slope).toEqual([...weights].map((weight, i) => (isNew(i >> 1) ? weight : 0)));
  });

  it('leave every other parameter learning', async () => {
    const { slope, weights } = await learnt('model.layers.0.mlp.up_proj.weight');
    expect(slope).toEqual([...weights]);
    expect(tables.test('model.norm.weight')).toBe(false);
  });
});
