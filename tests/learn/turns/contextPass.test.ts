// Packed turns with context queries: where the queries stand, what they may see, and what the graph gives for each turn.
import { describe, expect, it } from 'vitest';
import { contextFeeds, contextPass, type PictureTurns } from '../../../main/learn/turns/contextPass.ts';
import { turnTokens } from '../../../main/learn/turns/turnTokens.ts';
import { cells, grid } from '../../../main/nano/parameters/layout.ts';
import { imageStart } from '../../../main/nano/parameters/nano.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { context, reasoner, tokenizer, toyNano } from '../../nano/toy.ts';

const models = { reasoner, context };
const tokens = 128;
const { numOfQuery } = context;

/** One question with answers of these lengths. */
function shown(text: string, ...lengths: readonly number[]): PictureTurns {
  const { head, turn } = turnTokens(tokenizer, text, { answer: [], side: cells });
  const turns = lengths.map((length) => ({
    prompt: turn.prompt,
    answer: Array.from({ length }, (_, i) => 300 + i),
  }));
  return { head, turns };
}

const two = [shown('cat', 3, 5), shown('the red dog', 2, 4)];
const feeds = contextFeeds(models, two, tokens);

describe('feeds of context queries', () => {
  it('name a place of its own for each query of each turn, in order', () => {
    const rows = [...feeds.queryRows].map(Number);
    expect(rows).toHaveLength(4 * numOfQuery);
    expect(new Set(rows).size).toBe(rows.length);
    expect(rows).toEqual(rows.toSorted((a, b) => a - b));
    expect(rows.map((row) => Math.floor(row / tokens))).toEqual(
      [0, 1].flatMap((picture) => new Array<number>(2 * numOfQuery).fill(picture)),
    );
  });

  it('put the queries behind all tokens, one after the other, and leave every other place to its token', () => {
    const places = [...feeds.queryIndex];
    const count = two.length * tokens;
    for (const [k, row] of [...feeds.queryRows].map(Number).entries())
      expect(places[row]).toBe(count + (k % numOfQuery));
    const rest = places.filter((place) => place < count);
    expect(rest).toHaveLength(count - 4 * numOfQuery);
    expect(rest.every((place) => places[place] === place)).toBe(true);
  });

  it('let a query see its own answer, and no other turn’s', () => {
    const [row = 0] = [...feeds.queryRows].map(Number);
    const sees = (column: number) => feeds.mask[row * tokens + column] === 0;
    expect(sees(row - 1)).toBe(true);
    expect(sees(0)).toBe(true);
    expect(sees(row + numOfQuery)).toBe(false);
    const later = Number(feeds.queryRows[numOfQuery]);
    expect(feeds.mask[later * tokens + row]).toBeLessThan(-1e6);
  });

  it('are refused where a picture’s turns are too long', () => {
    expect(() => contextFeeds(models, [shown('cat', 40, 40)], tokens)).toThrow(/does not fit into 128/u);
  });
});

describe('the pass', () => {
  it('gives states of every token, and a prompt token for each turn', () => {
    const nano = toyNano();
    const rows = { pictures: 2, turns: 3, tokens, grid, imageStart: imageStart(nano) };
    const { hidden, token } = contextPass(paramsFrom(nano.parameters.source()), models, rows);
    expect(hidden.shape).toEqual([2, tokens, reasoner.language.hidden]);
    expect(token.shape).toEqual([6, 1, context.samWidth]);
  });
});
