// What the wire lets through.
import { describe, expect, test } from 'vitest';
import { Answer, Box, Mask, Prompt } from '../../main/contract/records.ts';

const prompt = { text: ' the left red car ', points: [{ x: 3, y: 4.5, sign: '-' }] };
const answer = { text: '<think></think>', reasoning: '', tokens: [1, 2], logProbabilities: [-0.1, -2] };

describe('records', () => {
  test('a prompt and its answer go through JSON and stay themselves', () => {
    expect(Prompt.parse(JSON.parse(JSON.stringify(prompt)))).toEqual({ ...prompt, text: 'the left red car' });
    expect(Answer.parse(JSON.parse(JSON.stringify(answer)))).toEqual(answer);
  });

  test('an empty prompt is none', () => {
    expect(Prompt.safeParse({ text: ' \n ' }).success).toBe(false);
    expect(Prompt.safeParse({ text: 'x', points: [{ x: 1, y: 1, sign: '*' }] }).success).toBe(false);
  });

  test('boxes hold numbers and nothing else', () => {
    expect(Box.safeParse({ x1: 0, y1: 0, x2: Number.NaN, y2: 1 }).success).toBe(false);
    expect(Box.safeParse({ x1: 0, y1: 0, x2: Number.POSITIVE_INFINITY, y2: 1 }).success).toBe(false);
    expect(Box.safeParse([0, 0, 1, 1]).success).toBe(false);
  });

  test('an answer may lack tokens but not its reasoning', () => {
    expect(Answer.safeParse({ text: '', reasoning: '' }).success).toBe(true);
    expect(Answer.safeParse({ text: '' }).success).toBe(false);
    expect(Answer.safeParse({ text: '', reasoning: '', tokens: [0.5] }).success).toBe(false);
  });
});

describe('masks', () => {
  test.each([
    ['runs that fill the size', [2, 3], [0, 6], true],
    ['runs of zero inside', [2, 3], [1, 2, 0, 3], true],
    ['too few', [2, 3], [1, 2], false],
    ['too many', [2, 3], [1, 2, 9], false],
    ['none', [2, 3], [], false],
    ['a negative one', [2, 3], [8, -2], false],
    ['a fraction', [2, 3], [1.5, 4.5], false],
    ['no rows', [0, 3], [], false],
    ['more than 2 ** 28 pixels', [2 ** 15, 2 ** 14], [2 ** 28, 2 ** 28], false],
  ])('%s', (_, size, counts, good) => {
    expect(Mask.safeParse({ size, counts }).success).toBe(good);
  });

  test('the refusal says how far the runs reach', () => {
    const { error } = Mask.safeParse({ size: [2, 3], counts: [1, 2] });
    expect(error?.issues[0]?.message).toBe('the runs cover 3 pixels, but 3 x 2 has 6');
  });
});
