import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../../main/contract/project.ts';
import { LiveText, Reasoning } from '../../../../renderer/panels/answer/Reasoning.tsx';
import { Verdicts } from '../../../../renderer/panels/answer/Verdicts.tsx';
import { wordsOf } from '../../printed.ts';
import { picture } from '../given.ts';
import { laidOpen } from '../laidOpen.ts';
import { control, controlsIn, namesOf } from '../markup.ts';

const image = picture({ width: 448, height: 224 });
const frame = { width: 224, height: 224 };
const live = (text: string, also: object = {}, shown: { tips?: boolean } = {}) =>
  laidOpen(LiveText, {}, { text, image, frame, answers: [], ...also }, shown);

describe('reasoning as live text', () => {
  it.each([
    ['no box at all.', []],
    ['a car [20, 20, 60, 40].', ['[20, 20, 60, 40]']],
    ['[2, 2, 60, 40] and (10, 6, 140, 80)', ['[2, 2, 60, 40]', '(10, 6, 140, 80)']],
    ['inside out [30, 40, 10, 20]', []],
    ['three numbers [1, 2, 3]', []],
    ['off the image [300, 300, 400, 400]', []],
  ])('%s', (text, boxes) => {
    const markup = live(text, { frame: { width: 448, height: 224 } });
    expect(namesOf(markup, 'button')).toEqual(boxes);
    expect(wordsOf(markup).replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
  });

  it('marks the box that is the answer already, in image pixels, within a pixel', () => {
    // Twice as wide as the frame of 224 that the model writes in.
    const text = 'A car [10, 20, 30, 40] or that one [50, 60, 70, 80].';
    const current = (answer: object) =>
      controlsIn(live(text, { answers: [answer] })).map(({ attributes }) => attributes['data-current'] === 'true');
    expect(current({ x1: 20, y1: 20, x2: 60, y2: 40 })).toEqual([true, false]);
    expect(current({ x1: 100.9, y1: 59.2, x2: 140, y2: 80 })).toEqual([false, true]);
    expect(current({ x1: 10, y1: 20, x2: 30, y2: 40 })).toEqual([false, false]);
    const words = wordsOf(live(text, { answers: [{ x1: 20, y1: 20, x2: 60, y2: 40 }] }, { tips: true }));
    expect(words).toMatch(/This box is the answer.*Click to make this box the answer/u);
  });

  it('reads boxes in the frame that the answer was written in', () => {
    const answer = { x1: 44.8, y1: 22.4, x2: 89.6, y2: 44.8 };
    const markup = live('[100, 100, 200, 200]', { frame: { width: 1000, height: 1000 }, answers: [answer] });
    expect(control(markup, '[45, 22, 90, 45]').attributes['data-current']).toBe('true');
  });

  it('offers nothing while it is still being written', () => {
    const words = wordsOf(live('[10, 20, 30, 40]', { frozen: true }, { tips: true }));
    expect(words).not.toContain('Click to make this box the answer');
  });

  it('works for an image whose file was never read', () => {
    const unread = picture({ width: null, height: null, hash: null });
    expect(namesOf(live('[10, 20, 30, 40]', { image: unread }), 'button')).toEqual(['[10, 20, 30, 40]']);
  });
});

describe('the part of the reasoning', () => {
  const part = (text: string, verdict: Verdict = null) =>
    laidOpen(Reasoning, {}, { text, verdict, image, frame, answers: [] });

  it('says so where the model gave no reason', () => {
    expect(wordsOf(part(''))).toContain('The model gave no reason.');
    expect(wordsOf(part('Two cars.'))).not.toContain('The model gave no reason.');
  });

  it('can be edited and judged', () => {
    expect(namesOf(part('A car [10, 20, 30, 40].'), 'button')).toEqual([
      'Edit the reasoning',
      'The reasoning is right',
      'The reasoning is wrong',
      '[20, 20, 60, 40]',
    ]);
    expect(control(part('x'), 'Edit the reasoning').attributes['aria-pressed']).toBe('false');
  });
});

describe('verdicts', () => {
  const says = { right: 'is right', corrected: 'was corrected', wrong: 'is wrong' } as const;

  it.each(['reasoning', 'box', 'mask'] as const)(
    'on the %s are switches by name of which at most one is on; corrected is there to be taken back',
    (part) => {
      for (const verdict of ['right', 'corrected', 'wrong', null] as const) {
        const markup = laidOpen(Verdicts, {}, { part, verdict });
        const on = controlsIn(markup).filter(({ attributes }) => attributes['aria-pressed'] === 'true');
        const names = ['Right', ...(verdict === 'corrected' ? ['Corrected'] : []), 'Wrong'];
        expect(wordsOf(markup)).toBe(names.join(' '));
        expect(controlsIn(markup)).toHaveLength(names.length);
        expect(on.map(({ name }) => name)).toEqual(verdict === null ? [] : [`The ${part} ${says[verdict]}`]);
        expect(markup).toContain(`aria-label="Verdict on the ${part}"`);
      }
    },
  );
});
