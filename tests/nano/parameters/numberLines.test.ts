// Coordinates and measures as tokens: each line in equal steps, every token a number, no token on two lines.
import { describe, expect, it } from 'vitest';
import { linesOf } from '../../../main/nano/parameters/numberLines.ts';
import { numeral, vocabulary } from '../../../main/scenes/vocabulary.ts';
import { NanoTokenizer } from '../../../models/qwen/nanoTokenizer.ts';
import { tokenizer } from '../toy.ts';

describe('linesOf', () => {
  const [coordinates, measures] = linesOf(tokenizer);

  it('holds what a box can be told by', () => {
    expect(coordinates?.values).toEqual(Array.from({ length: 113 }, (_, i) => 2 * i));
    expect(coordinates?.ids.map((id) => tokenizer.coordinateOf(id))).toEqual(coordinates?.values);
  });

  it('holds the measures that are neither numbers of a list nor hours, each one word', () => {
    expect(measures?.values).toEqual(Array.from({ length: 43 }, (_, i) => 15 + 5 * i));
    measures?.values.forEach((value, i) => {
      expect(tokenizer.encode(String(value))).toEqual([measures.ids[i]]);
      expect(numeral(value)).toBe(value);
    });
  });

  it('puts no token on two lines', () => {
    const all = [...(coordinates?.ids ?? []), ...(measures?.ids ?? [])];
    expect(new Set(all).size).toBe(all.length);
  });

  it('says which number has no token', () => {
    const words = vocabulary().filter((word) => word !== '105');
    const short = new NanoTokenizer({ words, pieces: [], coordinates: { count: 113, step: 2 } });
    // Written digit by digit, "105" is not one token.
    expect(short.encode('105').length).toBeGreaterThan(1);
    expect(() => linesOf(short)).toThrow('The tokenizer has no token for 105.');
  });
});
