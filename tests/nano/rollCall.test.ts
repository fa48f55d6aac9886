// The exercise of calling things by name: what it asks is there once, and what it answers is right.
import { describe, expect, it } from 'vitest';
import { rollCall } from '../../main/nano/rollCall.ts';
import { random } from '../../main/scenes/random.ts';
import { scenesOf } from '../scenes/drawing.ts';
import { tokenizer } from './toy.ts';

const scenes = scenesOf('train', 12);
const exercises = scenes.map((scene, i) => ({ scene, exercise: rollCall(scene, random(i)) }));

describe('rollCall', () => {
  it('calls up to six things of a scene, each with its number, and ends in the target', () => {
    for (const { scene, exercise } of exercises) {
      const calls = [...(exercise?.decision.matchAll(/([a-z -]+): (\d+)\./gu) ?? [])];
      expect(calls.length).toBeGreaterThan(0);
      expect(calls.length).toBeLessThanOrEqual(6);
      for (const [, what = '', number] of calls) {
        const named = (index: number) => {
          const thing = scene.things[index];
          return thing && [thing.name, `${thing.colour} ${thing.name}`].includes(what.trim());
        };
        expect(scene.things.map((_, i) => i).filter(named)).toEqual([Number(number) - 1]);
      }
      expect(exercise?.text).toBe(`find ${calls.map(([, what = '']) => what.trim()).join(', ')}`);
      expect(exercise?.target).toBe(Number(calls.at(-1)?.[2]) - 1);
    }
  });

  it('says nothing that the tokenizer has to spell', () => {
    for (const { exercise } of exercises) {
      for (const text of [exercise?.text ?? '', exercise?.decision ?? '']) {
        expect(tokenizer.encode(text).length).toBeLessThanOrEqual(text.split(/[ ,:.]+/u).length * 2.5);
      }
    }
  });

  it('is null where nothing has a name of its own', () => {
    const [scene] = scenes;
    const [one] = scene?.things ?? [];
    if (!scene || !one) throw new Error('no scene');
    expect(rollCall({ ...scene, things: [one, one] }, random(0))).toBeNull();
  });
});
