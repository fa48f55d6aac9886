// Long phrases, descriptions and prompts without an answer in scenes made by hand.
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { compositional } from '../../../main/scenes/prompts/compositional.ts';
import { implicit } from '../../../main/scenes/prompts/implicit.ts';
import { nothing } from '../../../main/scenes/prompts/nothing.ts';
import { makePrompts } from '../../../main/scenes/prompts/prompts.ts';
import { CATEGORIES } from '../../../main/scenes/scene.ts';
import { around, decisionsOf, garden, stage, street, textsFor, thing } from '../stage.ts';

describe('compositional', () => {
  it('tells namesakes apart by two relations to things that have names', () => {
    expect(decisionsOf(compositional, street)).toEqual([
      'dog 1, 3. blue car 4. red car 2. below 4, right of 2: 3.',
      'dog 1, 3. blue car 4. red car 2. left of 4, left of 2: 1.',
      'dog 1, 3. red car 2. blue car 4. left of 2, left of 4: 1.',
      'dog 1, 3. red car 2. blue car 4. right of 2, below 4: 3.',
    ]);
  });

  it('adds the word for the size where it is true', () => {
    const texts = textsFor(compositional, street, 'dog 1, 3. blue car 4. red car 2. below 4, right of 2: 3.');
    expect(texts).toContain('the small dog below the blue car, right of the red car');
    expect(texts).toContain('the small dog that is lower than the blue car and to the right of the red car');
    expect(texts.every((text) => text.includes('the small dog'))).toBe(true);
  });

  it('needs two things to relate to', () => {
    const pair = stage(thing('dog', around(40, 60)), thing('cup', around(150, 60)));
    expect(decisionsOf(compositional, pair)).toEqual([]);
    const cluster = stage(
      thing('dog', around(100, 100)),
      thing('cup', around(104, 108)),
      thing('bed', around(110, 102)),
    );
    expect(decisionsOf(compositional, cluster)).toEqual([]);
  });

  it('does not ask where a namesake fits as well', () => {
    const row = stage(
      thing('cup', around(20, 100, 10)),
      thing('bed', around(60, 100, 10)),
      thing('dog', around(130, 100, 10)),
      thing('dog', around(200, 100, 10)),
    );
    expect(decisionsOf(compositional, row).filter((decision) => decision.startsWith('dog'))).toEqual([]);
  });
});

describe('implicit', () => {
  it('describes what is there by its use', () => {
    expect(decisionsOf(implicit, garden)).toEqual([
      'what is called the best friend of people is the dog 2.',
      'what is known to be sly is the fox 1.',
      'what one opens in bad weather is the umbrella 3.',
      'what protects from rain is the umbrella 3.',
    ]);
    expect(textsFor(implicit, garden, 'what protects from rain is the umbrella 3.')).toEqual([
      'find the thing that protects from rain',
      'i need something that protects from rain',
      'something that protects from rain',
      'the thing that protects from rain',
      'what is here that protects from rain?',
    ]);
  });

  it('is silent where two things fit or one could argue', () => {
    expect(decisionsOf(implicit, street)).toEqual([]);
    const shelter = stage(thing('tent', around(60, 60), 'red'), thing('umbrella', around(150, 60), 'red'));
    expect(decisionsOf(implicit, shelter).filter((decision) => decision.includes('rain'))).toEqual([]);
    const clocks = stage(thing('watch', around(60, 60)), thing('clock', around(150, 60), 'red'));
    expect(decisionsOf(implicit, clocks).filter((decision) => decision.includes('tells the time'))).toEqual([]);
  });
});

describe('nothing', () => {
  const decisions = decisionsOf(nothing, garden, 3000);

  it('knows which colours are absent', () => {
    const colours = decisions.filter((decision) => decision.endsWith(' umbrella none.'));
    // One colour of the umbrella is held out of training.
    expect(colours).toHaveLength(5);
    expect(colours).not.toContain('red umbrella none.');
  });

  it('counts one further than there is', () => {
    expect(decisions.filter((decision) => decision.includes('from the left'))).toEqual([
      'dog 2. from the left: 2. second: none.',
      'fox 1. from the left: 1. second: none.',
      'umbrella 3. from the left: 3. second: none.',
    ]);
    expect(decisionsOf(nothing, street)).toContain('dog 1, 3. from the right: 3, 1. third: none.');
  });

  it('never says that what is there is absent', () => {
    for (const there of ['fox', 'dog', 'umbrella']) {
      expect(decisions).not.toContain(`${there} none.`);
      expect(decisions.filter((decision) => decision.endsWith(`is the ${there} none.`))).toEqual([]);
    }
    expect(decisions).toContain('wolf none.');
    expect(decisions).toContain('what opens a lock is the key none.');
  });

  it('names the first thing of a use of which none is there', () => {
    const uses = decisions.filter((decision) => decision.startsWith('what has wheels and an engine'));
    expect(uses).toEqual(['what has wheels and an engine is the car none.']);
  });
});

describe('makePrompts', () => {
  it('gives at most one prompt of each category, in their order', () => {
    for (let seed = 0; seed < 50; seed++) {
      const categories = makePrompts(garden, random(seed)).map(({ category }) => category);
      expect(categories).toEqual(CATEGORIES.filter((category) => categories.includes(category)));
      expect(categories).toContain('implicit');
      expect(makePrompts(garden, random(seed))).toEqual(makePrompts(garden, random(seed)));
    }
  });

  it('leaves a category out where the scene gives no clear question', () => {
    const categories = makePrompts(street, random(3)).map(({ category }) => category);
    expect(categories).not.toContain('implicit');
    expect(categories).toContain('disambiguation');
  });
});
