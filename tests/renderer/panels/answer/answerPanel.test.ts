import { afterAll, describe, expect, it } from 'vitest';
import type { Correction, StoredPrompt } from '../../../../main/contract/project.ts';
import { AnswerPanel } from '../../../../renderer/panels/answer/AnswerPanel.tsx';
import { readBox } from '../../../../renderer/panels/answer/BoxFields.tsx';
import { objectOutcome } from '../../../../renderer/panels/answer/ObjectParts.tsx';
import { buttonNames, onImage, printer, wordsOf } from '../../printed.ts';
import { proposed } from '../../proposed.ts';
import { corrected } from '../given.ts';

const page = printer();
afterAll(() => page.close());

const box = { x1: 2, y1: 3, x2: 12, y2: 13 };
const prompt: StoredPrompt = { id: 800, imageId: 1, text: 'the red car', points: [], box: null, correction: null };
const review = (prompts: StoredPrompt[], proposals: ReturnType<typeof proposed>[], proposalId: number | null = 900) =>
  page.print(AnswerPanel, { ...onImage({ prompts, proposals }), promptId: 800, proposalId, writing: null });

describe('the answer panel', () => {
  it('says what can be done before anything was asked', () => {
    expect(wordsOf(page.print(AnswerPanel, { ...onImage(), promptId: null }))).toContain('Ask for something in words');
  });

  it('shows reasoning, box and mask, each with verdicts by name', () => {
    const markup = review([prompt], [proposed(box)]);
    const names = buttonNames(markup);
    for (const part of ['reasoning', 'box', 'mask']) {
      for (const says of ['is right', 'is wrong']) expect(names).toContain(`The ${part} ${says}`);
      // It cannot be given, only taken back.
      expect(names).not.toContain(`The ${part} was corrected`);
    }
    expect(wordsOf(markup).match(/Right Wrong/gu)).toHaveLength(3);
    // In pixels of the image, which is 40 x 30; the model wrote [56, 56, 112, 112] in its frame.
    expect(names).toContain('[10, 8, 20, 15]');
    expect(wordsOf(markup)).toContain('100 px²');
    expect([...markup.matchAll(/value="([^"]*)"/gu)].map(([, value]) => value)).toEqual(['2', '3', '12', '13']);
    expect(names).toEqual(expect.arrayContaining(['Accept', 'Accept, next image', 'Nothing matches', 'Edit the mask']));
  });

  it('says what answered, where and how long it took as a whole', () => {
    expect(wordsOf(review([prompt], [proposed(box)]))).toContain('on CPU, 1.0 s');
  });

  it('warns of a picture of a kind that the model did not learn, and accepting is then not the first choice', () => {
    const usual = proposed(box);
    const unlike = { ...usual, answer: { ...usual.answer, unlikePicture: true as const } };
    const main = (markup: string) => /<button[^>]*aria-label="Accept, next image"[^>]*>/u.exec(markup)?.[0] ?? '';
    expect(wordsOf(review([prompt], [usual]))).not.toContain('did not learn');
    expect(main(review([prompt], [usual]))).toContain('data-variant="filled"');
    const markup = review([prompt], [unlike]);
    expect(wordsOf(markup)).toContain('This picture is unlike those that the model learnt its words on');
    expect(main(markup)).toContain('data-variant="default"');
    // Before the words that it is about.
    const words = wordsOf(markup);
    expect(words.indexOf('did not learn')).toBeLessThan(words.indexOf('Reasoning'));
  });

  it('shows that a reasoning ends in nothing and the answer has boxes all the same', () => {
    const saying = (reasoning: string) =>
      wordsOf(review([prompt], [{ ...proposed(box), answer: { text: '', reasoning } }]));
    expect(saying('A wall. There is no red car in the image.')).toContain('contradict each other');
    expect(saying('1 car [2, 3, 12, 13], red 1.')).not.toContain('contradict each other');
  });

  it('says of nothing found on such a picture that it may still be there', () => {
    const { answer } = proposed(box);
    const missed = proposed(null, { found: 'nothing', answer: { ...answer, unlikePicture: true as const } });
    const markup = review([prompt], [missed]);
    expect(wordsOf(markup)).toContain('what it did not find may still be there');
    expect(wordsOf(markup)).not.toContain('what it found is likely wrong');
    expect(/<button[^>]*aria-label="Accept, next image"[^>]*>/u.exec(markup)?.[0]).toContain('data-variant="default"');
  });

  it('names words that the model does not know once', () => {
    const reasoning = "loupe-nano does not know 'skier'.";
    const answer = { text: '', reasoning, unknownWords: ['skier'] };
    const words = wordsOf(review([prompt], [proposed(null, { found: 'unreadable', answer })]));
    expect(words.split('skier')).toHaveLength(2);
    expect(words).not.toContain('Reasoning');
  });

  it('presses the verdict that was given', () => {
    const correction: Correction = {
      proposalId: 900,
      found: { value: 'objects', verdict: null },
      reasoning: { text: 'Because.', verdict: 'wrong' },
      objects: [{ index: 0, box: { value: box, verdict: 'right' }, mask: { shapeId: null, verdict: null } }],
    };
    const markup = review([{ ...prompt, correction }], [proposed(box)]);
    const pressed = [...markup.matchAll(/<button[^>]*aria-pressed="true"[^>]*>/gu)].map(
      ([button]) => /aria-label="([^"]*)"/u.exec(button)?.[1],
    );
    expect(pressed).toContain('The reasoning is wrong');
    expect(pressed).toContain('The box is right');
    expect(pressed.filter((name) => name?.includes('mask'))).toEqual([]);
    expect(wordsOf(markup)).toContain('Because.');
  });

  it('offers candidates, and says how far they agree', () => {
    const others = [proposed(box, { id: 901, chosen: false }), proposed(null, { id: 902, chosen: false })];
    const words = buttonNames(review([prompt], [proposed(box), ...others]));
    expect(words).toContain('Candidate 1: Found, the choice, 1 of 2 others agree with it');
    expect(words).toContain('Candidate 3: Nothing matches');
    expect(wordsOf(review([prompt], [proposed(box), ...others]))).toContain('3 candidates agree to 100 %');
  });

  it('takes nothing for an answer, and an unreadable one as it is', () => {
    expect(wordsOf(review([prompt], [proposed(null)]))).toContain('To correct this, draw the object');
    const broken = proposed(null, {
      found: 'unreadable',
      answer: { text: 'I would <rather', reasoning: '' },
    });
    const markup = review([prompt], [broken]);
    expect(wordsOf(markup)).toContain('The answer cannot be read');
    expect(markup).toMatch(/<button[^>]*disabled=""[^>]*>.*?Accept/su);
  });

  it('shows an answer while it is written, without its tags', () => {
    const frame = { width: 20, height: 60 };
    const writing = { promptId: 800, texts: ['<think>1 car [2, 4, 60, 88]', ''], boxes: [[], []], frame };
    const markup = page.print(AnswerPanel, {
      ...onImage({ prompts: [prompt] }),
      promptId: 800,
      proposalId: null,
      writing,
    });
    expect(wordsOf(markup)).toContain('Reasoning, 1 of 2 answers begun 1 car [4, 2, 120, 44]');
    expect(markup).toContain('aria-busy="true"');
  });

  it('lets a prompt without an answer be asked again', () => {
    expect(buttonNames(review([prompt], [], null))).toContain('Ask again');
  });
});

describe('a box that is typed', () => {
  const image = { width: 40, height: 30 };
  it.each([
    [
      { x1: '1', y1: '2', x2: '3', y2: '4.5' },
      { x1: 1, y1: 2, x2: 3, y2: 4.5 },
    ],
    [
      { x1: '-5', y1: '2', x2: '99', y2: '4' },
      { x1: 0, y1: 2, x2: 40, y2: 4 },
    ],
    [{ x1: '5', y1: '2', x2: '3', y2: '4' }, null],
    [{ x1: '', y1: '2', x2: '3', y2: '4' }, null],
    [{ x1: 'a', y1: '2', x2: '3', y2: '4' }, null],
  ])('%j is %j', (typed, expected) => {
    expect(readBox(typed, image)).toEqual(expected);
  });
});

describe('an answer of several objects', () => {
  const second = { x1: 22, y1: 3, x2: 32, y2: 13 };
  const [first] = proposed(box).objects;
  const both = proposed(box, {
    objects: [
      { box, label: 'car', mask: first?.mask ?? null },
      { box: second, mask: null },
    ],
  });

  it('has a line for each, and box and mask of the one that is looked at', () => {
    const markup = review([prompt], [both]);
    expect(wordsOf(markup)).toContain('2 objects');
    const buttons = buttonNames(markup);
    expect(wordsOf(markup)).toMatch(/1 car .*2 Object /u);
    expect(buttons).toContain('Accept object 1');
    expect(buttons).toContain('Accept all');
  });

  it('says of each how sure the model is, where it tells, also of a single one', () => {
    const scored = proposed(box, { objects: both.objects.map((one, i) => ({ ...one, score: 0.916 - i / 4 })) });
    expect(wordsOf(review([prompt], [scored]))).toMatch(/1 car, 92 % sure .*2 Object, 67 % sure /u);
    const alone = proposed(box, { objects: [{ box, score: 0.5, mask: null }] });
    expect(wordsOf(review([prompt], [alone]))).toMatch(/1 object .*1 Object, 50 % sure /u);
    expect(wordsOf(review([prompt], [both]))).not.toContain('sure');
  });

  it('does not say Accepted for words alone, nor for what is wrong', () => {
    const said = (mask: 'right' | 'wrong', shapeId: number | null): Correction => ({
      proposalId: 900,
      found: { value: 'objects', verdict: 'right' },
      reasoning: { text: 'Because.', verdict: 'right' },
      objects: [{ index: 0, box: { value: box, verdict: 'right' }, mask: { shapeId, verdict: mask } }],
    });
    const names = (correction: Correction) => buttonNames(review([{ ...prompt, correction }], [proposed(box)]));
    expect(names(said('right', 7))).toContain('Accepted');
    expect(names(said('right', null))).not.toContain('Accepted');
    expect(names(said('wrong', null))).not.toContain('Accepted');
  });
});

describe('what came of an object', () => {
  it('is said in words', () => {
    expect(objectOutcome(corrected(null, null)).words).toBe('Not judged yet');
    expect(objectOutcome(corrected('right', null)).words).toBe('Being judged');
    expect(objectOutcome(corrected('right', 'right')).words).toBe('Being judged');
    expect(objectOutcome(corrected('right', 'right', 7)).words).toBe('Accepted');
    expect(objectOutcome(corrected('right', 'wrong')).words).toBe('Wrong');
  });
});
