import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printable, ReasoningStream } from '../../main/commands/reasoningStream.ts';

const streamed = (pieces: readonly string[], shown = (text: string) => text): string[] => {
  const stream = new ReasoningStream(shown);
  return pieces.map((piece) => stream.push(piece));
};

const ANSWER = '<think>a cup, then a <b> tag and 2 < 3; red</think><answer>```json\n[]\n```</answer>';
const REASONING = 'a cup, then a <b> tag and 2 < 3; red';

describe('ReasoningStream', () => {
  test('gives each piece at once, without the tags', () => {
    expect(streamed(['<think>', 'a ', 'cup', '</think>', '<answer>', '[]'])).toEqual(['', 'a ', 'cup', '', '', '']);
  });

  test('holds back only what may be the start of the closing tag', () => {
    expect(streamed(['<think>a <', 'b> </th', 'e> </', 'think>x'])).toEqual(['a ', '<b> ', '</the> ', '']);
  });

  test('however the text is cut, the same words come out', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 0, max: ANSWER.length }), { maxLength: 12 });
    fc.assert(
      fc.property(cuts, (places) => {
        const edges = [0, ...places.sort((a, b) => a - b), ANSWER.length];
        const pieces = edges.slice(1).map((end, i) => ANSWER.slice(edges[i], end));
        expect(streamed(pieces).join('')).toBe(REASONING);
      }),
    );
  });

  test('coordinates come out whole and as a person reads them, however they are cut', () => {
    const text = '<think>1 cup [10, 20, 30, 40], a [note, (2 of 3) [5</think>';
    const shown = (words: string) => words.replaceAll('[10, 20, 30, 40]', '[1, 2, 3, 4]');
    for (let cut = 0; cut <= text.length; cut++) {
      const pieces = [text.slice(0, cut), text.slice(cut)];
      expect(streamed(pieces, shown).join('')).toBe('1 cup [1, 2, 3, 4], a [note, (2 of 3) [5');
    }
  });

  test('prints nothing of a text without reasoning', () => {
    expect(streamed(['<answer>', '[]', '</answer>']).join('')).toBe('');
  });

  test('reasoning that is cut off has been printed as far as it went', () => {
    expect(streamed(['<think>one ', 'two']).join('')).toBe('one two');
  });
});

describe('printable', () => {
  test('drops what could steer a terminal, keeps lines and words of any language', () => {
    expect(printable('a\u001b[2Jb\u0007\u009b1mc\r\nd')).toBe('a[2Jb1mc\nd');
    expect(printable('größer als 語 🚲')).toBe('größer als 語 🚲');
    expect(streamed(['<think>\u001b]0;title\u0007x'])).toEqual([']0;titlex']);
  });
});
