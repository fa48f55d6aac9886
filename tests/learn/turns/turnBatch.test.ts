// Packed rows to what a step of the reasoner is fed: labels with weights, at the places from which they are predicted.
import { describe, expect, it } from 'vitest';
import { attentionMask, packSequence } from '../../../main/learn/turns/sequence.ts';
import {
  labelFeeds,
  labelsOf,
  nextOf,
  type Row,
  rowFeeds,
  softness,
  weightsOf,
} from '../../../main/learn/turns/turnBatch.ts';
import { answeredTurn, requestIds, specialId } from '../../../main/learn/turns/turnTokens.ts';
import { reasoner, tokenizer } from '../../nano/toy.ts';

const text = '<think>red dog 1 [10, 12, 14, 16]. dog 1.</think><answer>```json\n[]\n```</answer>';
const side = 2;
const tokens = 96;
const told = (question: string) => answeredTurn(tokenizer, question, { text, side });

function rowOf(questions: readonly string[]): Row {
  const all = questions.map(told);
  const [first] = all;
  if (!first) throw new Error('nothing is asked');
  const packed = packSequence(
    first.head,
    all.map(({ turn }) => turn),
    tokens,
  );
  return { packed, seen: attentionMask(packed.turn), weights: weightsOf(tokenizer, packed.predictors, nextOf(packed)) };
}

describe('a question with its answer', () => {
  it('is cut where the picture ends, and is the whole request before the answer', () => {
    const { head, turn } = told('dog');
    expect([...head.ids, ...turn.prompt]).toEqual(requestIds(tokenizer, 'dog', side));
    const pad = specialId(tokenizer, '<|image_pad|>');
    expect(head.ids.slice(head.imageStart, head.imageStart + side * side)).toEqual(Array(side * side).fill(pad));
    expect(turn.prompt).not.toContain(pad);
    expect(head.ids.at(-1)).toBe(specialId(tokenizer, '<|vision_end|>'));
  });

  it('ends in the token that ends a turn', () => {
    const { turn } = told('dog');
    expect(turn.answer).toEqual([...tokenizer.encode(text), specialId(tokenizer, '<|im_end|>')]);
    expect(() => specialId(tokenizer, '<|nothing|>')).toThrow('The tokenizer has no <|nothing|>.');
  });
});

describe('labels', () => {
  it('are the answers’ tokens, one after the other', () => {
    const { packed } = rowOf(['dog', 'the dog']);
    const answer = told('dog').turn.answer;
    expect(nextOf(packed)).toEqual([...answer, ...answer]);
  });

  it('weigh more where something is decided and copied, in every turn anew', () => {
    const row = rowOf(['dog', 'dog']);
    const answer = told('dog').turn.answer;
    const [stop, thought] = [tokenizer.encode('.'), tokenizer.encode('</think><answer>```json\n[')].map(([id]) => id);
    const decided = answer.indexOf(stop ?? -1) + 1;
    const copied = answer.indexOf(thought ?? -1) + 1;
    expect(decided).toBeGreaterThan(5);
    expect(copied).toBeGreaterThan(decided);
    const own = answer.map((_, i) => (i < decided ? 1 : i < copied ? 3 : 2));
    expect(row.weights).toEqual([...own, ...own]);
  });

  it('say from which row of which picture they are predicted, and fill up with what weighs nothing', () => {
    const rows = [rowOf(['dog']), rowOf(['the dog'])];
    const count = rows.reduce((sum, { packed }) => sum + packed.predictors.length, 0);
    const labels = labelsOf(rows, { first: 3, tokens, capacity: count + 2 });
    expect(labels).toHaveLength(count + 2);
    expect(labels[0]?.from).toBe(3 * tokens + (rows[0]?.packed.predictors[0] ?? 0));
    expect(labels[count - 1]?.from).toBe(4 * tokens + (rows[1]?.packed.predictors.at(-1) ?? 0));
    expect(labels.slice(count)).toEqual(Array(2).fill({ from: 0, id: 0, weight: 0 }));
  });
});

describe('a missing label', () => {
  it('is a fault, and not token 0', () => {
    const row = rowOf(['dog']);
    const late = { ...row.packed, predictors: [...row.packed.predictors, row.packed.ids.length - 1] };
    expect(() => nextOf(late)).toThrow(/has no token \d+ to predict/);
    const unweighed = { ...row, weights: row.weights.slice(0, -1) };
    expect(() => labelsOf([unweighed], { first: 0, tokens, capacity: 200 })).toThrow('weights of labels: no entry');
  });
});

describe('feeds', () => {
  it('have one row of tokens, places and who sees what for each row', () => {
    const { ids, mask, cosine } = rowFeeds([rowOf(['dog']), rowOf(['cat'])], reasoner.language);
    expect(ids).toHaveLength(2 * tokens);
    expect(mask).toHaveLength(2 * tokens * tokens);
    expect(cosine).toHaveLength(2 * tokens * reasoner.language.headWidth);
  });

  it('share a label on a line of numbers with its neighbours, and any other label with none', () => {
    const line = [10, 11, 12, 13, 14, 15, 16, 17, 18];
    const labels = [14, 40].map((id) => ({ from: id, id, weight: 2 }));
    const { labelShares, labelWeights, predictors } = labelFeeds([line], labels);
    const width = 2 * softness.reach + 1;
    const [soft, hard] = [labelShares.slice(0, width), labelShares.slice(width)];
    expect(soft[softness.reach]).toBeLessThan(1);
    expect(Math.max(...soft)).toBe(soft[softness.reach]);
    expect([...hard]).toEqual(Array.from({ length: width }, (_, i) => (i === softness.reach ? 1 : 0)));
    for (const shares of [soft, hard]) expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
    expect([...labelWeights]).toEqual([2, 2]);
    expect([...predictors]).toEqual([14n, 40n]);
  });
});
