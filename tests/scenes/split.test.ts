// Seeds belong to one split only, and some pairs of thing and colour to the test alone.
import { describe, expect, it } from 'vitest';
import { coloursIn, heldOut, seedOf, splitOf } from '../../main/scenes/split.ts';
import { THINGS } from '../../main/scenes/things.ts';

describe('split', () => {
  it('gives every split its own seeds', () => {
    for (const split of ['train', 'validation', 'test'] as const) {
      for (const index of [0, 1, 12_345, 2 ** 30 - 1]) expect(splitOf(seedOf(split, index))).toBe(split);
    }
    expect(seedOf('validation', 0)).toBe(seedOf('train', 2 ** 30 - 1) + 1);
    expect(seedOf('test', 0)).toBe(seedOf('validation', 2 ** 30 - 1) + 1);
  });

  it('refuses seeds and indices that belong to none', () => {
    for (const seed of [-1, 0.5, 3 * 2 ** 30, Number.NaN]) expect(() => splitOf(seed)).toThrow('outside');
    for (const index of [-1, 0.5, 2 ** 30]) expect(() => seedOf('train', index)).toThrow('outside');
  });

  it('holds back one colour of every thing of four or more, and not always the same', () => {
    const many = THINGS.filter(({ colours }) => colours.length >= 4);
    expect(many.length).toBeGreaterThan(20);
    const held = many.map(({ name, colours }) => colours.filter((colour) => heldOut(name, colour)));
    expect(held.every((colours) => colours.length === 1)).toBe(true);
    expect(new Set(held.flat()).size).toBeGreaterThanOrEqual(6);
  });

  it('shows each colour word in training too', () => {
    const trained = new Set(THINGS.flatMap(({ name }) => coloursIn('train', name)));
    expect([...trained].toSorted()).toEqual([...new Set(THINGS.flatMap(({ colours }) => colours))].toSorted());
    for (const { name, colours } of THINGS) {
      expect(coloursIn('test', name)).toEqual(colours);
      expect(coloursIn('train', name)).toEqual(coloursIn('validation', name));
    }
  });
});
