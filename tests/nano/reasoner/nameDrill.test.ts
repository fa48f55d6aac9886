// The exercise of calling things by name: every answer is right, also that of what is not there, and the last one counts.
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { nameDrill } from '../../../main/nano/reasoner/nameDrill.ts';
import { scenesOf } from '../../scenes/drawing.ts';
import { tokenizer } from '../toy.ts';

const scenes = scenesOf('train', 20);
const exercises = scenes.map((scene, i) => ({ scene, exercise: nameDrill(scene, random(i)) }));
const answersOf = (decision = '') =>
  [...decision.matchAll(/([a-z -]+) (none|\d+(?:, \d+)*)\./gu)].map(([, what = '', found = '']) => ({
    what: what.trim(),
    found: found === 'none' ? [] : found.split(', ').map(Number),
  }));

describe('nameDrill', () => {
  it('calls up to seven names of a scene, each with all its numbers, and ends in the target', () => {
    for (const { scene, exercise } of exercises) {
      const calls = answersOf(exercise?.decision);
      expect(calls.length).toBeGreaterThan(0);
      expect(calls.length).toBeLessThanOrEqual(7);
      for (const { what, found } of calls) {
        const named = scene.things.flatMap(({ name, colour }, i) =>
          [name, `${colour} ${name}`].includes(what) ? [i + 1] : [],
        );
        expect(found).toEqual(named);
      }
      expect(exercise?.text).toBe(`find ${calls.map(({ what }) => what).join(', ')}`);
      const last = calls.at(-1)?.found ?? [];
      expect(exercise?.target).toBe(last.length > 0 ? (last[0] ?? 0) - 1 : null);
      expect(last.length).toBeLessThanOrEqual(1);
    }
  });

  it('calls what is there once, several times and not at all, also by an absent colour', () => {
    const calls = exercises.flatMap(({ scene, exercise }) =>
      answersOf(exercise?.decision).map((call) => ({ ...call, names: scene.things.map(({ name }) => name) })),
    );
    expect(new Set(calls.map(({ found }) => Math.min(found.length, 2)))).toEqual(new Set([0, 1, 2]));
    const absent = calls.filter(({ found }) => found.length === 0);
    const known = absent.map(({ what, names }) => names.includes(what.split(' ').at(-1) ?? ''));
    expect(new Set(known)).toEqual(new Set([true, false]));
  });

  it('says nothing that the tokenizer has to spell', () => {
    for (const { exercise } of exercises) {
      for (const text of [exercise?.text ?? '', exercise?.decision ?? '']) {
        expect(tokenizer.encode(text).length).toBeLessThanOrEqual(text.split(/[ ,:.]+/u).length * 2.5);
      }
    }
  });

  it('is null where nothing can be called', () => {
    const [scene] = scenes;
    if (!scene) throw new Error('no scene');
    expect(nameDrill({ ...scene, things: [] }, random(0))).toBeNull();
  });
});
