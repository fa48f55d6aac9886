// Prompts that mean several things, on stages made by hand and over many scenes: the words against all that they name.
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { answerText } from '../../../main/scenes/answerText.ts';
import { makeScene } from '../../../main/scenes/make.ts';
import { pluralOf } from '../../../main/scenes/plurals.ts';
import { makePlurals, pluralKinds } from '../../../main/scenes/prompts/plural.ts';
import { lies, type Side } from '../../../main/scenes/relations.ts';
import { type Scene, targetsOf } from '../../../main/scenes/scene.ts';
import { seedOf } from '../../../main/scenes/split.ts';
import { atlas } from '../drawing.ts';
import { around, decisionsOf, garden, stage, street, textsFor, thing } from '../stage.ts';

const kinds = [...new Set(pluralKinds)];
const decisions = (at: typeof street) => [...new Set(kinds.flatMap((kind) => decisionsOf(kind, at)))].toSorted();

describe('plural', () => {
  it('comes to every true decision and to no other', () => {
    const found = decisions(street);
    expect(found.filter((decision) => !decision.endsWith('none.'))).toEqual([
      'blue car 4.',
      'blue car 4. red car 2.',
      'car 2, 4.',
      'dog 1, 3.',
      'red car 2.',
      'red car 2. blue car 4.',
    ]);
    // Look-alikes and colours that are not there, and nothing that is.
    const absent = found.filter((decision) => decision.endsWith('none.'));
    expect(absent).toContain('wolf none.');
    expect(absent).toContain('green car none.');
    expect(absent).not.toContain('dog none.');
  });

  it('says one thing in several ways, with numbers where there are as many', () => {
    const texts = kinds.flatMap((kind) => textsFor(kind, street, 'dog 1, 3.'));
    for (const text of ['all dogs', 'every dog', 'the two dogs', 'find both dogs', 'the 2 dogs', 'show me the dogs'])
      expect(texts).toContain(text);
    expect(texts.filter((text) => text.includes('where is') || /\b[3-9]\b/u.test(text))).toEqual([]);
  });

  it('asks for some of a group by the side of a thing, where all lie clearly', () => {
    const row = stage(
      thing('dog', around(30, 60, 10)),
      thing('dog', around(60, 70, 10)),
      thing('cup', around(110, 65, 10)),
      thing('dog', around(190, 66, 10)),
    );
    expect(decisions(row)).toContain('dog 1, 2, 4. cup 3. left of 3: 1, 2.');
    expect(decisions(row).filter((decision) => decision.includes('right of'))).toEqual([]);
  });

  it('asks for the two largest of several where no other comes near', () => {
    const row = stage(
      thing('dog', around(30, 60, 28)),
      thing('dog', around(90, 60, 10)),
      thing('dog', around(150, 60, 18)),
      thing('dog', around(200, 60, 11)),
    );
    expect(decisions(row)).toContain('dog 1, 2, 3, 4. size: 1 55, 2 20, 3 35, 4 20. largest: 1, 3.');
    expect(decisions(row)).toContain('dog 1, 2, 3, 4. size: 1 55, 2 20, 3 35, 4 20. smallest: 2, 4.');
    const even = stage(...[30, 90, 150].map((x) => thing('dog', around(x, 60, 12))));
    expect(decisions(even).filter((decision) => decision.includes('size'))).toEqual([]);
  });

  it('finds a pair of names, and one where the words sound like more', () => {
    expect(decisions(garden)).toContain('fox 1. dog 2.');
    const texts = kinds.flatMap((kind) => textsFor(kind, garden, 'fox 1.'));
    expect(texts).toContain('all foxes');
  });
});

describe('makePlurals', () => {
  it('gives as many as it is asked for at most, no text twice, each with its targets from left to right', () => {
    for (let seed = 0; seed < 60; seed++) {
      const prompts = makePlurals(street, random(seed), 3);
      expect(prompts.length).toBeLessThanOrEqual(3);
      expect(new Set(prompts.map(({ text }) => text)).size).toBe(prompts.length);
      for (const { category, target, targets = [] } of prompts) {
        expect(category).toBe('plural');
        expect(targets).toEqual([...targets].toSorted((a, b) => a - b));
        expect(target).toBe(targets[0] ?? null);
      }
    }
    expect(makePlurals(street, random(1), 0)).toEqual([]);
  });
});

const seeds = Array.from({ length: 150 }, (_, i) => seedOf('test', 500 + i));
const scenes = seeds.map((seed) => makeScene(atlas, seed, { plural: 2 }));
const asked = scenes.flatMap((scene) =>
  scene.prompts.filter(({ category }) => category === 'plural').map((prompt) => ({ scene, prompt })),
);

const named = ({ things }: Scene, what: string): number[] =>
  [...things.entries()].flatMap(([i, { name, colour }]) => {
    const [one, two] = [name, `${colour} ${name}`];
    return [one, two, pluralOf(one), pluralOf(two)].includes(what) ? [i] : [];
  });

describe('scenes with plural prompts', () => {
  it('are otherwise what they are without, to the bit', () => {
    for (const [i, seed] of seeds.slice(0, 40).entries()) {
      const plain = makeScene(atlas, seed);
      const more = scenes[i];
      expect({ ...more, prompts: more?.prompts.filter(({ category }) => category !== 'plural') }).toEqual(plain);
      expect(plain.prompts.some(({ category }) => category === 'plural')).toBe(false);
    }
  });

  it('ask for none, one and several, of which all are meant', () => {
    const counts = new Set(asked.map(({ prompt }) => targetsOf(prompt).length));
    for (const count of [0, 1, 2, 3, 4]) expect(counts).toContain(count);
    let checked = 0;
    for (const { scene, prompt } of asked) {
      const words =
        /(?:all(?: the| of the)?|every|both|the(?: two)?)(?: \d)? ((?:\w+ )?\w+)(?: in the picture)?$/u.exec(
          prompt.text,
        );
      if (!words || / (?:and|largest|biggest|smallest) |(?:left|right) of|above|below/u.test(prompt.text)) continue;
      checked++;
      expect([prompt.text, named(scene, words[1] ?? '')]).toEqual([prompt.text, targetsOf(prompt)]);
    }
    expect(checked).toBeGreaterThan(100);
  });

  it('count what they say, and lie on the side that they name', () => {
    for (const { scene, prompt } of asked) {
      const count = /\b([2-9]|two|both)\b/u.exec(prompt.text)?.[1];
      if (count) expect(targetsOf(prompt)).toHaveLength(Number(count.replace(/two|both/u, '2')));
      const [, side, number] = /(left|right) of (\d+): /u.exec(prompt.decision) ?? [];
      for (const target of side ? targetsOf(prompt) : [])
        expect(lies(scene, side as Side, target, Number(number) - 1)).toBe('yes');
    }
  });

  it('are answered with one box for each target, in the order of the list', () => {
    for (const { scene, prompt } of asked) {
      const [, body = ''] = /```json\n(\[.*\])\n```/su.exec(answerText(scene, prompt)) ?? [];
      const labels: unknown[] = JSON.parse(body).map(({ label }: { label: string }) => label);
      expect(labels).toEqual(targetsOf(prompt).map((target) => scene.things[target]?.name));
    }
  });
});
