// Coordinates and measures as tokens: each line in equal steps, every token a number, no token on two lines.
import { describe, expect, it } from 'vitest';
import { linesOf } from '../../main/nano/lines.ts';
import { numeral } from '../../main/scenes/vocabulary.ts';
import { tokenizer } from './toy.ts';

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
});
