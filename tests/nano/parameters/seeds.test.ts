// The seed of a training reaches everything that a step draws; seed 1 draws what the released weights were drawn with.
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { type Nano, trainingScenes } from '../../../main/nano/parameters/nano.ts';
import { sceneIndex, stepDraw } from '../../../main/nano/parameters/seeds.ts';
import { nanoRecipe } from '../../../main/nano/recipe.ts';
import { LessonMaker } from '../../../main/nano/segmenter/lessons.ts';
import { segmenterScenes } from '../../../main/nano/segmenter/segmenterScenes.ts';
import { type StageName, stageNames } from '../../../main/nano/stageNames.ts';
import { stages } from '../../../main/nano/stages.ts';
import { makeScene } from '../../../main/scenes/make.ts';
import { seedOf, splitSize } from '../../../main/scenes/split.ts';
import { makeUnnamed } from '../../../main/scenes/unnamed.ts';
import { atlas } from '../../scenes/drawing.ts';
import { toyNano } from '../toy.ts';

describe('sceneIndex', () => {
  it('is the place itself for seed 1, and far from it for every other', () => {
    expect(sceneIndex(1, 12_345)).toBe(12_345);
    const starts = Array.from({ length: 60 }, (_, seed) => sceneIndex(seed, 0));
    expect(new Set(starts).size).toBe(60);
    for (const a of starts) for (const b of starts) if (a !== b) expect(Math.abs(a - b)).toBeGreaterThan(5_000_000);
  });

  it('stays in the split at its end', () => {
    for (const seed of [0, 2, 2 ** 32 - 1])
      for (const index of [0, splitSize - 1]) {
        expect(sceneIndex(seed, index)).toBeGreaterThanOrEqual(0);
        expect(sceneIndex(seed, index)).toBeLessThan(splitSize);
      }
  });
});

describe('stepDraw', () => {
  const first = (seed: number, step: number) => stepDraw(seed, step, 11).next();

  it('is the draw of the step for seed 1, and another for another seed or step', () => {
    expect(first(1, 7)).toBe(random(7, 11).next());
    expect(new Set([first(1, 7), first(2, 7), first(3, 7), first(2, 8)]).size).toBe(4);
  });
});

describe('a training', () => {
  const one = toyNano({ atlas });
  const two = toyNano({ atlas, seed: 2 });

  it('draws other scenes for another seed, and the same for the same', () => {
    const [a, b] = [trainingScenes(one, 5, 1), trainingScenes(two, 5, 1)];
    expect(a).toEqual([makeScene(atlas, seedOf('train', 5))]);
    expect(b).not.toEqual(a);
    expect(trainingScenes(two, 5, 1)).toEqual(b);
    expect(segmenterScenes(two, 0, 3)).not.toEqual(segmenterScenes(one, 0, 3));
  });

  const batch = async (nano: Nano, name: StageName) => {
    const run = stages[name].run(nano, nanoRecipe);
    const feeder = await run.objective.open(nano, run.shape, {});
    return feeder.feed(run.samples(3), 3);
  };

  it('feeds every stage otherwise for another seed', async () => {
    for (const name of stageNames.filter((each) => stages[each].drawsAhead))
      expect([name, isDeepStrictEqual(await batch(one, name), await batch(two, name))]).toEqual([name, false]);
    expect(await batch(toyNano({ atlas }), 'alignment')).toEqual(await batch(one, 'alignment'));
  });

  it('asks otherwise in reinforcement', () => {
    // Words, objects and seeds; how a picture is read is a function of each sample's own.
    const asked = (nano: Nano) => JSON.stringify(stages.reinforcement.run(nano, nanoRecipe).samples(0));
    expect(asked(two)).not.toBe(asked(one));
    expect(asked(toyNano({ atlas }))).toBe(asked(one));
    expect(asked(one)).toMatch(/"text":".*"objects":\[.*"seed":/u);
  });

  it('takes the lessons of the segmenter in another order', () => {
    const lessons = { photos: [], scene: (i: number) => makeUnnamed(i), scenes: 9, sceneShare: 1 };
    const image = (seed?: number) => new LessonMaker({ ...lessons, seed }).batch(2).samImage;
    expect(image(1)).toEqual(image());
    expect(image(2)).not.toEqual(image());
  });
});
