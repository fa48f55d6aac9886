// Packed turns: ids, places and masks by hand, and the law that a turn reads the same whatever it is packed with.

import { describe, expect, it } from 'vitest';
import {
  attentionMask,
  type Drill,
  drillLength,
  type Head,
  hidden,
  packDrill,
  packedLength,
  packSequence,
  type Turn,
} from '../../../main/learn/turns/sequence.ts';
import { input } from '../../../models/graph/tensor.ts';
import type { Value } from '../../../models/graph/value.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { Decoder } from '../../../models/qwen/decode.ts';
import { decoder, embedTokens, insertSpan, logitsAt } from '../../../models/qwen/language.ts';
import { mropePositions, textTable } from '../../../models/qwen/rope.ts';
import { Session } from '../../../models/runtime/session.ts';
import { evaluate } from '../../evaluate.ts';
import { reasoner, toyNano } from '../../nano/toy.ts';
import { largestDifference } from '../../tensors.ts';

const pad = reasoner.imageToken;
const head: Head = { ids: [3, 4, 5, pad, pad, pad, pad, 6], imageStart: 3, side: 2 };
const turns: Turn[] = [
  { prompt: [10, 11], answer: [20, 21, 22] },
  { prompt: [12, 13, 14], answer: [23, 24] },
];

describe('packSequence', () => {
  it('lays the turns behind the head and the padding behind the turns', () => {
    const packed = packSequence(head, turns, 20);
    expect([...packed.ids]).toEqual([...head.ids, 10, 11, 20, 21, 22, 12, 13, 14, 23, 24, 0, 0]);
    expect([...packed.turn]).toEqual([...'00000000'].map(Number).concat([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, -1, -1]));
    expect(packedLength(head, turns)).toBe(18);
    expect(packed.queries).toEqual([]);
  });

  it('predicts every token of an answer from the one before it, and nothing else', () => {
    const { ids, predictors } = packSequence(head, turns, 20);
    expect(predictors).toEqual([9, 10, 11, 15, 16]);
    expect(predictors.map((at) => ids[at + 1])).toEqual(turns.flatMap(({ answer }) => answer));
  });

  it('gives every turn the places that follow the picture', () => {
    const [t, h, w] = packSequence(head, turns, 20).positions;
    const turn = [6, 7, 8, 9, 10];
    expect([...t]).toEqual([0, 1, 2, 3, 3, 3, 3, 5, ...turn, ...turn, 0, 0]);
    expect([...h]).toEqual([0, 1, 2, 3, 3, 4, 4, 5, ...turn, ...turn, 0, 0]);
    expect([...w]).toEqual([0, 1, 2, 3, 4, 3, 4, 5, ...turn, ...turn, 0, 0]);
  });

  it.each([1, 2, 3, 8])('places one turn as M-RoPE does, with a picture of %i cells a side', (side) => {
    const ids = [3, 4, ...new Array<number>(side * side).fill(pad), 5, 6];
    const [turn] = turns;
    if (!turn) throw new Error('unreachable');
    const row = [...ids, ...turn.prompt, ...turn.answer];
    const packed = packSequence({ ids, imageStart: 2, side }, [turn], row.length);
    const grid = { t: 1, h: 2 * side, w: 2 * side };
    expect(packed.positions).toEqual(mropePositions(row, [grid], { imageToken: pad, merge: 2 }).positions);
  });

  it('leaves room for queries after each answer, which go on with its places and are no answer', () => {
    const packed = packSequence(head, turns, 24, 2);
    expect(packedLength(head, turns, 2)).toBe(22);
    expect(packed.queries).toEqual([13, 14, 20, 21]);
    expect(packed.queries.map((at) => packed.positions[0][at])).toEqual([11, 12, 11, 12]);
    expect(packed.queries.map((at) => packed.turn[at])).toEqual([1, 1, 2, 2]);
    expect(packed.predictors.map((at) => packed.ids[at + 1])).toEqual([20, 21, 22, 23, 24]);
  });

  it('refuses what does not fit, queries counted', () => {
    expect(() => packSequence(head, turns, 18)).not.toThrow();
    expect(() => packSequence(head, turns, 17)).toThrow('A scene of 18 tokens does not fit into 17.');
    expect(() => packSequence(head, turns, 18, 1)).toThrow('A scene of 20 tokens does not fit into 18.');
  });
});

describe('packDrill', () => {
  const drill: Drill = { opening: [3, 4], list: [50, 51, 52], turns };

  it('lays questions before the list, decisions behind it, each turn under one number', () => {
    const packed = packDrill(drill, 17);
    expect([...packed.ids]).toEqual([3, 4, 10, 11, 12, 13, 14, 50, 51, 52, 20, 21, 22, 23, 24, 0, 0]);
    expect([...packed.turn]).toEqual([0, 0, 1, 1, 2, 2, 2, 0, 0, 0, 1, 1, 1, 2, 2, -1, -1]);
    expect(drillLength(drill)).toBe(15);
  });

  it('gives every turn the places that it would have alone: its question ends where the list begins', () => {
    const [t, h, w] = packDrill(drill, 17).positions;
    expect([...t]).toEqual([0, 1, 3, 4, 2, 3, 4, 5, 6, 7, 8, 9, 10, 8, 9, 0, 0]);
    expect([h, w]).toEqual([t, t]);
  });

  it('predicts a decision but for its first token, which closes the list', () => {
    const { ids, predictors } = packDrill(drill, 17);
    expect(predictors.map((at) => [ids[at], ids[at + 1]])).toEqual([
      [20, 21],
      [21, 22],
      [23, 24],
    ]);
  });

  it('lets a decision see its own question and the list, and the list no question', () => {
    const length = 15;
    const seen = attentionMask(packDrill(drill, length).turn);
    const sees = (row: number) => Array.from({ length }, (_, i) => i).filter((i) => seen[row * length + i] === 0);
    expect(sees(12)).toEqual([0, 1, 2, 3, 7, 8, 9, 10, 11, 12]);
    expect(sees(13)).toEqual([0, 1, 4, 5, 6, 7, 8, 9, 13]);
    expect(sees(9)).toEqual([0, 1, 7, 8, 9]);
    expect(sees(6)).toEqual([0, 1, 4, 5, 6]);
  });

  it('refuses what does not fit', () => {
    expect(() => packDrill(drill, 14)).toThrow('A drill of 15 tokens does not fit into 14.');
  });
});

describe('attentionMask', () => {
  it('lets a token see the head and its own turn up to itself', () => {
    const seen = attentionMask(Int32Array.of(0, 0, 1, 1, 2, -1));
    const X = hidden;
    const rows = [
      [0, X, X, X, X, X],
      [0, 0, X, X, X, X],
      [0, 0, 0, X, X, X],
      [0, 0, 0, 0, X, X],
      [0, 0, X, X, 0, X],
      [X, X, X, X, X, 0],
    ];
    expect([...seen]).toEqual(rows.flat());
  });

  it('hides with a number that is finite and drowns any score', () => {
    const mask = attentionMask(Int32Array.of(0, -1, -1));
    expect(Math.min(...mask)).toBe(-1e9);
    for (let row = 0; row < 3; row++) expect([...mask.subarray(row * 3, row * 3 + 3)]).toContain(0);
  });
});

describe('the language model', () => {
  const nano = toyNano();
  const features = Float32Array.from({ length: 4 * reasoner.language.hidden }, (_, i) => Math.sin(i * 0.7));

  /** Logits at every predictor of a packed sequence. */
  async function logitsOf(packedTurns: readonly Turn[], length: number): Promise<Float64Array[]> {
    const { language } = reasoner;
    const packed = packSequence(head, packedTurns, length);
    const source = nano.parameters.source();
    const p = paramsFrom(source);
    const x = insertSpan(
      embedTokens(p, input('ids', [1, length], 'int32'), language),
      input('features', [4, language.hidden]),
      head.imageStart,
    );
    const table = (name: string) => input(name, [1, 1, length, language.headWidth]);
    const places = { cosine: table('cosine'), sine: table('sine'), mask: input('mask', [1, 1, length, length]) };
    const { hidden } = decoder(p, x, places, { config: language });
    const logits = logitsAt(p, hidden, language, input('rows', [packed.predictors.length], 'int32'));
    const data: Record<string, Value> = { ids: packed.ids, features, mask: attentionMask(packed.turn) };
    const turned = textTable(packed.positions, language);
    const feeds = { ...data, ...turned, rows: Int32Array.from(packed.predictors) };
    const all = await evaluate({ logits }, { ...feeds, ...nano.parameters.feeds(source.tensors.keys()) });
    const width = language.vocabulary;
    return packed.predictors.map((_, i) => (all.logits ?? new Float64Array()).slice(i * width, (i + 1) * width));
  }

  it('reads a turn the same alone, after others, before others and with padding', async () => {
    const [first, second] = turns;
    if (!first || !second) throw new Error('unreachable');
    const alone = [...(await logitsOf([first], 13)), ...(await logitsOf([second], 13))].map((row) => [...row]);
    const together = await logitsOf([first, second], 18);
    const padded = await logitsOf([first, second], 31);
    const swapped = await logitsOf([second, first], 18);
    const same = [together, padded, [...swapped.slice(2), ...swapped.slice(0, 2)]];
    for (const rows of same) {
      expect(rows).toHaveLength(alone.length);
      alone.forEach((row, i) => expect(largestDifference(rows[i] ?? [], row)).toBeLessThan(1e-4));
    }
    expect(largestDifference(alone[0] ?? [], alone[3] ?? [])).toBeGreaterThan(1e-2);
  });

  it('is asked the same when it answers: prompt by prompt, token by token', async () => {
    const source = nano.parameters.source();
    const answering = new Decoder({
      config: reasoner,
      params: paramsFrom(source),
      open: (outputs) => Session.create(outputs),
      weights: Object.fromEntries([...nano.parameters.all].map(([name, { values }]) => [name, values])),
      chunk: { prompt: 4, cache: 8 },
    });
    const packed = await logitsOf(turns, 18);
    for (const [k, { prompt, answer }] of turns.entries()) {
      const grids = [{ t: 1, h: 4, w: 4 }];
      const state = await answering.prefill([{ ids: [...head.ids, ...prompt], grids, features }]);
      const rows = packed.slice(k === 0 ? 0 : 3, k === 0 ? 3 : 5);
      for (const [i, id] of answer.entries()) {
        expect(largestDifference(state.logits, rows[i] ?? [])).toBeLessThan(1e-4);
        await answering.step(state, [id]);
      }
    }
    await answering.release();
  });
});
