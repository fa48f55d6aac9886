// The tables: names, families and descriptions are whole, unambiguous and describe everything.
import { describe, expect, it } from 'vitest';
import { DESCRIPTIONS } from '../../main/scenes/implicit.ts';
import { familyMembers, kindOf, THINGS } from '../../main/scenes/things.ts';

describe('things', () => {
  it('names each thing once, in one word, and with an icon of its own', () => {
    expect(THINGS.length).toBeGreaterThanOrEqual(100);
    expect(new Set(THINGS.map(({ name }) => name)).size).toBe(THINGS.length);
    expect(new Set(THINGS.map(({ icon }) => icon)).size).toBe(THINGS.length);
    for (const { name } of THINGS) expect(name).toMatch(/^[a-z]+$/);
  });

  it('finds a thing by its name and a family by its members', () => {
    expect(kindOf('umbrella').family).toBe('home');
    expect(() => kindOf('unicorn')).toThrow('no thing called "unicorn"');
    for (const { name, family } of THINGS) expect(familyMembers(family)).toContain(name);
    expect(familyMembers('nobody')).toEqual([]);
  });

  it('gives look-alikes to every thing', () => {
    for (const { family } of THINGS) expect(familyMembers(family).length).toBeGreaterThan(1);
  });
});

describe('descriptions', () => {
  it('describe every thing at least once', () => {
    const described = new Set(DESCRIPTIONS.flatMap(({ names }) => names));
    expect(THINGS.map(({ name }) => name).filter((name) => !described.has(name))).toEqual([]);
  });

  it('name none of the things that they are true of', () => {
    for (const { says, names } of DESCRIPTIONS) {
      for (const name of names) expect(` ${says} `).not.toContain(` ${name} `);
    }
  });

  it('are true or doubtful of a thing, never both, and are said once', () => {
    for (const { names, doubtful } of DESCRIPTIONS) expect(names.filter((name) => doubtful.includes(name))).toEqual([]);
    expect(new Set(DESCRIPTIONS.map(({ says }) => says)).size).toBe(DESCRIPTIONS.length);
  });
});
