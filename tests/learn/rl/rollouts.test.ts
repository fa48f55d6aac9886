// Groups of answers to the tokens that a step is fed: where each was predicted, which it was, and what counts.
import { describe, expect, it } from 'vitest';
import type { RolloutBatch } from '../../../main/learn/rl/policyGraph.ts';
import { type AnsweredQuestion, rolloutFeeds } from '../../../main/learn/rl/rollouts.ts';
import { frameOf, imageStartOf, patchValues } from '../../../main/learn/turns/squarePolicy.ts';
import { turnTokens } from '../../../main/learn/turns/turnTokens.ts';
import { askedRecipe, cells, frame, grid, imageConfig } from '../../../main/nano/parameters/layout.ts';
import { imageStart } from '../../../main/nano/parameters/nano.ts';
import { recipes } from '../../../main/weights/recipe.ts';
import { patchesOf } from '../../../models/qwen/processor.ts';
import { objectives } from '../../../models/train/grpo.ts';
import { context, reasoner, toyNano } from '../../nano/toy.ts';

const nano = toyNano();
const parts = { ...nano, name: 'toy', recipe: askedRecipe };
const image = { width: frame, height: frame, data: new Uint8Array(3 * frame ** 2).map((_, i) => i % 251) };

describe('the parts of a policy', () => {
  it('is shown squares of whole cells', () => {
    expect(frameOf(parts)).toEqual({ pixels: frame, grid, cells });
    const lens = { ...parts, recipe: recipes['lens-released'] };
    expect(() => frameOf(lens)).toThrow('toy is not shown square pictures.');
  });

  it('sees a picture of that size as the nano was trained to', () => {
    expect(patchValues(parts, image)).toEqual(patchesOf(image, imageConfig).pixelValues);
  });

  it('sees one of any other size as large', () => {
    const small = { width: 30, height: 50, data: new Uint8Array(4500).fill(90) };
    expect(patchValues(parts, small)).toHaveLength(patchValues(parts, image).length);
  });

  it('has the picture’s tokens at the same place in every request', () => {
    expect(imageStartOf(parts.tokenizer, frameOf(parts))).toBe(imageStart(nano));
  });
});

describe('feeds of rollouts', () => {
  const batch: RolloutBatch = { questions: 2, turns: 2, answer: 6, tokens: 160, objective: objectives.lens };
  const answer = (...ids: readonly number[]) => ({ ids, text: '', found: 'unreadable', named: [] }) as const;
  const group = (text: string, ...rollouts: AnsweredQuestion['rollouts']): AnsweredQuestion => ({
    question: { text, objects: [], seed: 1, read: async () => image },
    ...{ image, rollouts },
  });
  const groups = [group('cat', answer(7, 8, 9), answer(7, 9)), group('the dog', answer(5), answer(4, 3, 2, 1))];
  const feeds = rolloutFeeds(parts, groups, batch);
  const numbers = (name: string) => [...(feeds[name] ?? [])].map(Number);
  const rows = (name: string) =>
    Array.from({ length: 4 }, (_, row) => numbers(name).slice(row * batch.answer, (row + 1) * batch.answer));

  it('say which tokens were written, and count no others', () => {
    expect(rows('chosen')).toEqual([
      [7, 8, 9, 0, 0, 0],
      [7, 9, 0, 0, 0, 0],
      [5, 0, 0, 0, 0, 0],
      [4, 3, 2, 1, 0, 0],
    ]);
    expect(rows('answerMask').map((row) => row.reduce((a, b) => a + b, 0))).toEqual([3, 2, 1, 4]);
  });

  it('say from where each was predicted: the token before it, in the row of its question', () => {
    const ids = numbers('ids');
    const places = rows('predictors');
    for (const [row, chosen] of rows('chosen').entries())
      for (const [i, id] of chosen.entries()) {
        const from = places[row]?.[i] ?? 0;
        if (id === 0) continue;
        expect(ids[from + 1]).toBe(id);
        expect(Math.floor(from / batch.tokens)).toBe(row < 2 ? 0 : 1);
        if (i > 0) expect(ids[from]).toBe(chosen[i - 1]);
      }
  });

  it('begin each answer behind its whole question', () => {
    const ids = numbers('ids');
    for (const [k, text] of ['cat', 'the dog'].entries()) {
      const { turn } = turnTokens(parts.tokenizer, text, { answer: [], side: cells });
      for (const row of [2 * k, 2 * k + 1]) {
        const end = (rows('predictors')[row]?.[0] ?? 0) + 1;
        expect(ids.slice(end - turn.prompt.length, end)).toEqual(turn.prompt);
      }
    }
  });

  it('count nothing of what an answer is made to begin with', () => {
    const begun = '<think></think><answer>';
    const made = groups.map((one) => ({ ...one, question: { ...one.question, begun } }));
    const told = rolloutFeeds(parts, made, batch);
    const ids = [...(told.ids ?? [])].map(Number);
    const from = Number(told.predictors?.[0]);
    const start = parts.tokenizer.encode(begun);
    expect(ids.slice(from + 1 - start.length, from + 1)).toEqual(start);
    expect(ids[from + 1]).toBe(7);
    expect(told.answerMask).toEqual(feeds.answerMask);
  });

  it('leave room for the context queries of each answer', () => {
    expect(numbers('queryRows')).toHaveLength(4 * context.numOfQuery);
    expect(numbers('queryIndex').filter((at) => at >= 2 * batch.tokens)).toHaveLength(4 * context.numOfQuery);
    expect(numbers('cosine')).toHaveLength(2 * batch.tokens * reasoner.language.headWidth);
  });

  it('are refused where they do not fit', () => {
    expect(() => rolloutFeeds(parts, groups, { ...batch, tokens: 90 })).toThrow(/does not fit into 90/u);
  });
});
