// Every name's plural is English and is understood, word by word, as the name itself or as a word that nano knows.
import { describe, expect, it } from 'vitest';
import { understood } from '../../main/flow/words/unknownWords.ts';
import { pluralOf } from '../../main/scenes/plurals.ts';
import { THINGS } from '../../main/scenes/things.ts';
import { vocabulary } from '../../main/scenes/vocabulary.ts';

describe('pluralOf', () => {
  it('follows the rules of English, and changes the last word only', () => {
    const plurals = [
      'red car',
      'fox',
      'wolf',
      'butterfly',
      'monkey',
      'sheep',
      'bus',
      'watch',
      'tomato',
      'radio',
      'teddy',
    ];
    expect(plurals.map(pluralOf)).toEqual([
      'red cars',
      'foxes',
      'wolves',
      'butterflies',
      'monkeys',
      'sheep',
      'buses',
      'watches',
      'tomatoes',
      'radios',
      'teddies',
    ]);
  });

  it('gives words that a closed vocabulary takes for known, of every name', () => {
    const words = new Set(vocabulary());
    for (const { name } of THINGS) {
      const { text, unknown } = understood(`all ${pluralOf(name)}`, { words, unfindable: new Set() });
      expect([name, unknown]).toEqual([name, []]);
      expect([`all ${name}`, `all ${pluralOf(name)}`]).toContain(text);
    }
  });
});
