// Who answers a prompt about a photograph: the reasoner by what it was taught there, the detector, or nobody, and why.
import { describe, expect, it, test } from 'vitest';
import type { NamedClass } from '../../../main/flow/words/classWords.ts';
import { answererOf, isTaught } from '../../../main/flow/words/photographPrompt.ts';

const classes: readonly NamedClass[] = [
  { name: 'person', also: ['people'] },
  { name: 'coffee mug', also: ['mug'] },
];
const taught = ['turner', 'coffee mug', 'spoon on the left'];

/** The reasoner knows every word but "person" and "skier". */
const asked = (text: string, also: { taught?: readonly string[]; isUnlike?: boolean } = {}) =>
  answererOf(text, {
    ...{ name: 'nano', classes, taught, isUnderstood: !/person|people|skier/u.test(text), isUnlike: true },
    ...also,
  });

describe('what was taught on photographs', () => {
  test.each(['the turner', 'all turners', 'turners and coffee mugs', 'the spoon on the left'])(
    'is the reasoner’s, whatever the detector knows: %s',
    (text) => {
      expect(asked(text)).toEqual({ by: 'reasoner' });
      expect(isTaught(text, taught)).toBe(true);
    },
  );

  test.each(['the red turner', 'the turner in the pan', 'each turner and each thing', 'the horse and the turner'])(
    'with more that the reasoner knows is asked of it, and is not sure: %s',
    (text) => {
      expect(asked(text)).toEqual({ by: 'reasoner' });
      expect(isTaught(text, taught)).toBe(false);
    },
  );

  test('is not asked with words that nobody knows, which alone are told', () => {
    const { by, ...told } = asked('the turner, the people and the skier');
    expect([by, told]).toMatchObject(['nobody', { unknown: ['skier'] }]);
    expect(told).toHaveProperty('reasoning', expect.stringContaining("does not know 'skier' on photographs"));
  });

  test('is not asked together with what only the detector finds', () => {
    expect(asked('the turner and the people')).toEqual({
      by: 'nobody',
      unknown: ['person'],
      reasoning:
        "On photographs nano was taught 'turner', and finds 'person' in another way that cannot be asked with it: ask for one after the other.",
    });
    // The detector finds both of these.
    expect(asked('the coffee mug and the person')).toMatchObject({
      ...{ by: 'detector', named: { classes: [1, 0] }, label: null },
    });
  });
});

describe('what was not', () => {
  it('is the detector’s where it has the name, and nobody’s where it has not', () => {
    expect(asked('the person')).toMatchObject({ by: 'detector', named: { classes: [0] } });
    expect(asked('the mug')).toMatchObject({ by: 'detector', named: { classes: [1] }, label: 'coffee mug' });
    expect(asked('the horse')).toMatchObject({ by: 'nobody', unknown: ['horse'] });
    expect(asked('the left person')).toMatchObject({ by: 'nobody', unknown: ['left'] });
    expect(asked('the turner', { taught: [] })).toMatchObject({ by: 'nobody', unknown: ['turner'] });
  });

  it('is the reasoner’s where nobody knows what the picture is like, but for names that only the detector has', () => {
    const anywhere = { taught: [], isUnlike: false };
    expect(asked('the skier', anywhere)).toEqual({ by: 'reasoner' });
    expect(asked('the person', anywhere)).toMatchObject({ by: 'detector' });
    expect(asked('the left person', anywhere)).toMatchObject({ by: 'nobody', unknown: ['left'] });
  });
});
