// What a person wrote or confirmed, as nano's own answer: in the numbers of its frame, only in words that it has, and never against the objects.

import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Box } from '../../../main/contract/records.ts';
import { answerReaders } from '../../../main/flow/reasoner/answer.ts';
import type { Sample } from '../../../main/learn/samples/sample.ts';
import { reasoningOf } from '../../../main/learn/supervised/learnReasoner.ts';
import { reasoningCounts, toldTurn } from '../../../main/learn/supervised/toldAnswers.ts';
import { openWeights } from '../../../main/weights/open.ts';
import { tokenizer } from '../../nano/toy.ts';
import { sampleOf, untaughtWeights } from '../teaching.ts';

/** The picture is half as large as the frame. */
const telling = { image: { width: 112, height: 112 }, frame: { width: 224, height: 224 }, tokenizer };

const boxOf = (x1: number, y1: number, x2: number, y2: number): Box => ({ x1, y1, x2, y2 });
const object = (box: Box) => ({ box, mask: null, verdicts: { box: 'right', mask: 'right' } as const });

function told(text: string, reasoning: string | null, boxes: readonly Box[], more: Partial<Sample> = {}): Sample {
  const verdicts = { reasoning: 'right', found: 'right' } as const;
  return { ...sampleOf(1, text, boxes.map(object)), reasoning, source: 'correction', verdicts, ...more };
}

const cat = boxOf(5, 11, 31, 40);
const dog = boxOf(60, 3, 90, 33);
const list = 'cat 1 [5, 11, 31, 40], dog 2 [60, 3, 90, 33]. ';

describe('a reasoning that nano can say', () => {
  it('is the answer, its boxes in numbers of the frame that have a token', () => {
    expect(toldTurn(told('the cat', `${list}cat 1.`, [cat]), telling)).toEqual({
      question: 'the cat',
      answer:
        '<think>cat 1 [10, 22, 62, 80], dog 2 [120, 6, 180, 66]. cat 1.</think><answer>```json\n' +
        '[{"bbox_2d": [10, 22, 62, 80], "label": "cat"}]\n```</answer>',
    });
  });

  it('may be of another form than its own, in capitals too', () => {
    const { answer = '' } = toldTurn(told('the red cat', 'Red cat.', [cat]), telling) ?? {};
    expect(answer).toContain('<think>red cat.</think>');
    expect(answer).toContain('"label": "red cat"');
    expect(answerReaders.loupe.format(answer)).toBe(1);
  });

  it('names each of several things as the reasoning lists it, in its order', () => {
    const { answer = '' } =
      toldTurn(told('cat', 'cat 1 [5, 11, 31, 40], cat 2 [60, 3, 90, 33]. cat 1, 2.', [dog, cat]), telling) ?? {};
    expect(answer).toContain('[{"listed": "cat 1", "bbox_2d": [10, 22, 62, 80], "label": "cat"}, {"listed": "cat 2"');
    expect(answerReaders.loupe.read(answer).objects).toHaveLength(2);
  });

  it('may find nothing', () => {
    const { answer = '' } = toldTurn(told('fox', `${list}fox none.`, []), telling) ?? {};
    expect(answerReaders.loupe.read(answer)).toMatchObject({ found: 'nothing' });
  });
});

describe('a reasoning that is not taught', () => {
  it.each([
    ['nobody said', told('cat', null, [cat])],
    ['a word that nano lacks', told('cat', 'cat qwyjibo.', [cat])],
    ['numbers that have no token', told('cat', 'cat at [17.5, 20].', [cat])],
    ['other spacing', told('cat', 'cat   1.', [cat])],
    ['letters of another script', told('cat', 'кот.', [cat])],
    ['a prompt with a word that nano lacks', told('the qwyjibo', 'cat.', [cat])],
    [
      'a prompt with a click',
      told('cat', 'cat.', [cat], { prompt: { text: 'cat', points: [{ x: 6, y: 12, sign: '+' }], box: null } }),
    ],
    ['a prompt with a box', told('cat', 'cat.', [cat], { prompt: { text: 'cat', points: [], box: cat } })],
    ['several things that it does not list', told('cat', 'cat.', [cat, dog])],
    ['a decision on another thing than was kept', told('cat', `${list}dog 2.`, [cat])],
    ['a decision on something where nothing is', told('cat', `${list}cat 1.`, [])],
  ])('%s', (_, sample) => {
    expect(toldTurn(sample, telling)).toBeNull();
  });
});

it('prompts are counted by where their reasoning comes from', async () => {
  const verdicts = { reasoning: 'corrected', found: 'right' } as const;
  const samples = [
    told('cat', 'cat.', [cat]),
    told('cat', 'red cat.', [cat], { verdicts }),
    told('cat', 'cat qwyjibo.', [cat], { verdicts }),
    told('dog', null, [dog]),
  ];
  const counts = { written: 1, confirmed: 1, composed: 2 };
  expect(reasoningCounts(samples.map((sample) => [sample, telling] as const))).toEqual(counts);
  const { root, weights } = await untaughtWeights();
  const images = [{ imageId: 1, things: [{ name: 'qwyjibo', box: cat, mask: null }], samples, size: telling.image }];
  // The label's word is taught, so that a person's sentence with it can be.
  expect(reasoningOf(await openWeights(weights), images)).toEqual({ written: 2, confirmed: 1, composed: 1 });
  await rm(root, { recursive: true });
});
