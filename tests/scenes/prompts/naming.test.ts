// Names, colours, look-alikes, wrong boxes and rough masks in scenes made by hand.
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { coarse } from '../../../main/scenes/prompts/coarse.ts';
import { disambiguation } from '../../../main/scenes/prompts/disambiguation.ts';
import { groupOf, groupsOf, nameable, namedDecision, soleName } from '../../../main/scenes/prompts/draft.ts';
import { misleading } from '../../../main/scenes/prompts/misleading.ts';
import { name } from '../../../main/scenes/prompts/name.ts';
import { around, decisionsOf, garden, stage, street, textsFor, thing } from '../stage.ts';

const twins = stage(
  thing('cup', around(30, 30)),
  thing('star', around(90, 100), 'red'),
  thing('star', around(150, 100), 'red'),
  thing('cup', around(200, 190)),
);

describe('sole names', () => {
  it('are the name alone where it is enough, the colour and name otherwise', () => {
    expect([0, 1, 2].map((index) => soleName(garden, index))).toEqual(['fox', 'dog', 'umbrella']);
    expect([0, 1, 2, 3].map((index) => soleName(street, index))).toEqual([null, 'red car', null, 'blue car']);
    expect(nameable(twins, random(1))).toEqual([]);
  });

  it('are decided by what stands behind them in the list', () => {
    expect(namedDecision('umbrella', 2)).toBe('umbrella 3.');
    expect(namedDecision('green car', null)).toBe('green car none.');
  });

  it('group what words can mean together', () => {
    expect(groupsOf(street)).toEqual([
      { what: 'thing', members: [0, 1, 2, 3] },
      { what: 'dog', members: [0, 2] },
      { what: 'car', members: [1, 3] },
    ]);
    expect(groupsOf(twins).map(({ what }) => what)).toEqual(['thing', 'cup', 'star', 'red star']);
    expect(groupsOf(street).map(groupOf)).toEqual(['', 'dog 1, 3. ', 'car 2, 4. ']);
  });
});

describe('name', () => {
  it('asks for what has a name of its own', () => {
    expect(decisionsOf(name, garden)).toEqual(['dog 2.', 'fox 1.', 'umbrella 3.']);
    expect(decisionsOf(name, twins)).toEqual([]);
    expect(textsFor(name, garden, 'dog 2.')).toEqual([
      'find the dog',
      'i am looking for the dog',
      'please select the dog',
      'segment the dog',
      'show me the dog',
      'the dog',
      'where is the dog?',
    ]);
  });
});

describe('disambiguation', () => {
  it('chooses by colour and by size', () => {
    expect(decisionsOf(disambiguation, street)).toEqual([
      'blue car 4.',
      'car 2 red, 4 blue. not blue: 2.',
      'car 2 red, 4 blue. not red: 4.',
      'car 2, 4. size: 2 50, 4 30. large: 2.',
      'car 2, 4. size: 2 50, 4 30. small: 4.',
      'dog 1, 3. size: 1 30, 3 20. large: 1.',
      'dog 1, 3. size: 1 30, 3 20. small: 3.',
      'red car 2.',
    ]);
  });

  it('chooses between look-alikes of one family only', () => {
    expect(decisionsOf(disambiguation, garden)).toEqual(['dog 2. fox 1.', 'fox 1. dog 2.']);
    const texts = textsFor(disambiguation, garden, 'fox 1. dog 2.');
    expect(texts).toContain('the dog, not the fox');
    expect(texts).toContain('find the dog rather than the fox');
    expect(texts.every((text) => text.indexOf('dog') < text.indexOf('fox'))).toBe(true);
  });

  it('has nothing to choose among true twins', () => {
    expect(decisionsOf(disambiguation, twins)).toEqual([]);
  });
});

describe('misleading', () => {
  it('says what the wrong box shows before it decides', () => {
    expect(decisionsOf(misleading, garden, 1500)).toEqual([
      'the box shows dog 2. fox 1.',
      'the box shows dog 2. umbrella 3.',
      'the box shows fox 1. dog 2.',
      'the box shows fox 1. umbrella 3.',
      'the box shows nothing. dog 2.',
      'the box shows nothing. fox 1.',
      'the box shows nothing. umbrella 3.',
      'the box shows umbrella 3. dog 2.',
      'the box shows umbrella 3. fox 1.',
    ]);
  });

  it('names the even box of another thing, or of a free place', () => {
    const texts = textsFor(misleading, garden, 'the box shows umbrella 3. fox 1.');
    expect(texts).toContain('the fox, someone marked [166, 136, 196, 166]');
    for (let seed = 0; seed < 80; seed++) {
      const hint = misleading(garden, random(seed))?.hint;
      expect(hint && hint.x2 > hint.x1 && hint.y2 > hint.y1 && hint.x1 >= 0 && hint.y2 <= 224).toBe(true);
    }
  });
});

describe('coarse', () => {
  it('brings a mask of full size that lies around the target', () => {
    for (let seed = 0; seed < 60; seed++) {
      const draft = coarse(garden, random(seed));
      const box = garden.things[draft?.target ?? -1]?.box;
      const inside = [...(draft?.coarse ?? [])].flatMap((value, i) => (value ? [i] : []));
      expect(draft?.coarse).toHaveLength(224 * 224);
      expect(inside.length).toBeGreaterThan(300);
      for (const i of inside) {
        expect(Math.abs((i % 224) - ((box?.x1 ?? 0) + 15))).toBeLessThan(28);
        expect(Math.abs(Math.floor(i / 224) - ((box?.y1 ?? 0) + 15))).toBeLessThan(28);
      }
    }
  });

  it('says that the mask is rough', () => {
    for (const text of textsFor(coarse, garden, 'fox 1.')) expect(text).toMatch(/fox.*rough|rough.*fox/);
  });
});
