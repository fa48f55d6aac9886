// The exercise of several questions: each is one that the scene could be asked alone, and the last one is answered.
import { describe, expect, it } from 'vitest';
import { conversation } from '../../main/nano/conversation.ts';
import { drill } from '../../main/nano/drill.ts';
import { reasonerBatch } from '../../main/nano/layout.ts';
import { packedLength } from '../../main/nano/sequence.ts';
import { spatial } from '../../main/scenes/prompts/spatial.ts';
import { random } from '../../main/scenes/random.ts';
import { scenesOf } from '../scenes/drawing.ts';
import { decisionsOf, stage, thing } from '../scenes/stage.ts';
import { tokenizer } from './toy.ts';

const scenes = scenesOf('train', 20);
const drills = scenes.flatMap((scene, i) => {
  const prompt = drill(scene, random(i));
  return prompt ? [{ scene, prompt }] : [];
});

describe('drill', () => {
  it('asks two or three different questions of most scenes, and ends in the number of its answer', () => {
    expect(drills.length).toBeGreaterThan(15);
    for (const { prompt } of drills) {
      const numbers = [...prompt.decision.matchAll(/ (\d+)\.(?= |$)/gu)].map(([, number]) => Number(number));
      expect(numbers.length).toBeGreaterThanOrEqual(2);
      expect(numbers.at(-1)).toBe((prompt.target ?? 0) + 1);
    }
  });

  it('says nothing that could not be said alone', () => {
    const [one] = scenes;
    if (!one) throw new Error('no scene');
    const known = decisionsOf(spatial, one, 3000);
    const said = Array.from({ length: 30 }, (_, i) => drill(one, random(i))?.decision ?? '');
    const found = said.filter((decision) => known.some((alone) => decision.startsWith(`${alone} `)));
    expect(found.length).toBeGreaterThan(8);
  });

  it('leaves room for itself in a training step, most of the time', () => {
    const fit = drills.filter(({ scene, prompt }) => {
      const { head, turn } = conversation(tokenizer, scene, prompt);
      return packedLength(head, [turn]) <= reasonerBatch.tokens;
    });
    expect(fit.length / drills.length).toBeGreaterThan(0.9);
  });

  it('is null where there is too little to ask', () => {
    const alone = { ...stage(thing('dog', [90, 90, 130, 130])), prompts: [] };
    expect(drill(alone, random(1))).toBeNull();
  });
});
