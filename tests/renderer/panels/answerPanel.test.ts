import { afterAll, describe, expect, it } from 'vitest';
import type { Correction, StoredPrompt } from '../../../main/contract/project.ts';
import { AnswerPanel } from '../../../renderer/panels/AnswerPanel.tsx';
import { readBox } from '../../../renderer/panels/BoxFields.tsx';
import { outcome } from '../../../renderer/panels/PromptTabs.tsx';
import { buttonNames, onImage, printer, wordsOf } from '../printed.ts';
import { proposed } from '../proposed.ts';

const page = printer();
afterAll(() => page.close());

const box = { x1: 2, y1: 3, x2: 12, y2: 13 };
const prompt: StoredPrompt = { id: 800, imageId: 1, text: 'the red car', points: [], box: null, kept: null };
const review = (prompts: StoredPrompt[], proposals: ReturnType<typeof proposed>[], proposalId: number | null = 900) =>
  page.print(AnswerPanel, { ...onImage({ prompts, proposals }), promptId: 800, proposalId, writing: null });

describe('the answer panel', () => {
  it('says what can be done before anything was asked', () => {
    expect(wordsOf(page.print(AnswerPanel, { ...onImage(), promptId: null }))).toContain('Ask for something in words');
  });

  it('shows reasoning, box and mask, each with three verdicts', () => {
    const markup = review([prompt], [proposed(box)]);
    const names = buttonNames(markup);
    for (const part of ['reasoning', 'box', 'mask']) {
      for (const says of ['is right', 'was corrected', 'is wrong']) expect(names).toContain(`The ${part} ${says}`);
    }
    expect(names).toContain('[56, 56, 112, 112]');
    expect(wordsOf(markup)).toContain('100 px²');
    expect([...markup.matchAll(/value="([^"]*)"/gu)].map(([, value]) => value)).toEqual(['2', '3', '12', '13']);
    expect(names).toEqual(expect.arrayContaining(['Accept', 'Accept, next image', 'Nothing matches', 'Edit the mask']));
  });

  it('says what answered, where and how long it took as a whole', () => {
    expect(wordsOf(review([prompt], [proposed(box)]))).toContain('on CPU, 1.0 s');
  });

  it('presses the verdict that was given', () => {
    const kept: Correction = {
      proposalId: 900,
      found: 'object',
      reasoning: { text: 'Because.', verdict: 'wrong' },
      box: { value: box, verdict: 'right' },
      mask: { shapeId: null, verdict: null },
    };
    const markup = review([{ ...prompt, kept }], [proposed(box)]);
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
    expect(words).toContain('Candidate 1: Found, the likeliest');
    expect(words).toContain('Candidate 3: Nothing matches');
    expect(wordsOf(review([prompt], [proposed(box), ...others]))).toContain('3 candidates agree to 100 %');
  });

  it('takes nothing for an answer, and an unreadable one as it is', () => {
    expect(wordsOf(review([prompt], [proposed(null)]))).toContain('To correct this, draw the object');
    const broken = proposed(null, {
      found: 'unreadable',
      answer: { text: 'I would <rather', reasoning: '', box: null },
    });
    const markup = review([prompt], [broken]);
    expect(wordsOf(markup)).toContain('The answer cannot be read');
    expect(markup).toMatch(/<button[^>]*disabled=""[^>]*>.*?Accept/su);
  });

  it('shows an answer while it is written, without its tags', () => {
    const writing = { promptId: 800, texts: ['<think>1 car [2, 4, 60, 88]', ''], boxes: [null, null] };
    const markup = page.print(AnswerPanel, {
      ...onImage({ prompts: [prompt] }),
      promptId: 800,
      proposalId: null,
      writing,
    });
    expect(wordsOf(markup)).toContain('Reasoning, 1 of 2 answers begun 1 car [2, 4, 60, 88]');
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

describe('what came of a prompt', () => {
  const kept = (found: Correction['found'], verdict: Correction['box']['verdict']): Correction => ({
    proposalId: null,
    found,
    reasoning: { text: '', verdict: 'right' },
    box: { value: null, verdict },
    mask: { shapeId: null, verdict: 'right' },
  });
  it('is said in words', () => {
    expect(outcome(null).words).toBe('Not judged yet');
    expect(outcome(kept('object', null)).words).toBe('Being judged');
    expect(outcome(kept('object', 'right')).words).toBe('Judged');
    expect(outcome(kept('nothing', 'right')).words).toBe('Nothing matches');
  });
});
