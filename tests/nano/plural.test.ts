// Prompts that mean several things on their way through the curriculum: conversation, reasoner batch, drill, context, segmenter.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { random } from '../../main/contract/random.ts';
import { evaluateScenes } from '../../main/evaluate/scenes.ts';
import { loadPredictor } from '../../main/flow/predict.ts';
import { answerReaders } from '../../main/flow/reasoner/answer.ts';
import { understood } from '../../main/flow/words/unknownWords.ts';
import { train } from '../../main/learn/loop/loop.ts';
import { drillLength } from '../../main/learn/turns/sequence.ts';
import { weightsOf } from '../../main/learn/turns/turnBatch.ts';
import { alignmentScene, contextFeeds } from '../../main/nano/context/contextBatch.ts';
import { exportNano } from '../../main/nano/export.ts';
import { alignmentBatch, reasonerBatch } from '../../main/nano/parameters/layout.ts';
import { trainingScenes } from '../../main/nano/parameters/nano.ts';
import { conversation } from '../../main/nano/reasoner/conversation.ts';
import { makeDrill } from '../../main/nano/reasoner/drill.ts';
import { buildReasonerBatch } from '../../main/nano/reasoner/reasonerBatch.ts';
import { nanoRecipe, settingsOf } from '../../main/nano/recipe.ts';

import { stages } from '../../main/nano/stages.ts';
import { makeScene } from '../../main/scenes/make.ts';
import { pluralKinds } from '../../main/scenes/prompts/plural.ts';
import { type Scene, type ScenePrompt, targetsOf } from '../../main/scenes/scene.ts';
import { seedOf } from '../../main/scenes/split.ts';
import { atlas } from '../scenes/drawing.ts';
import { allParameters, reasoner, speak, tokenizer, toyNano } from './toy.ts';

const nano = toyNano({ atlas });
const scenes = trainingScenes(nano, 40, 30, { plural: 2 });
const plurals = ({ prompts }: Scene): ScenePrompt[] => prompts.filter(({ category }) => category === 'plural');
const asked = scenes.flatMap((scene) => plurals(scene).map((prompt) => ({ scene, prompt })));
const many = asked.filter(({ prompt }) => targetsOf(prompt).length > 1);

const reader = answerReaders.loupe;

describe('a conversation about several things', () => {
  it('asks in the words that a prediction is asked in', () => {
    for (const { scene, prompt } of asked) {
      const { text } = understood(prompt.text, { words: tokenizer.words, unfindable: new Set() });
      expect(tokenizer.decode([...conversation(tokenizer, scene, prompt).turn.prompt])).toContain(`Locate "${text}`);
    }
    expect(asked.some(({ prompt }) => /s$/u.test(prompt.text))).toBe(true);
  });

  it('leaves every other question as it is written', () => {
    for (const { prompts } of scenes)
      for (const { text, category } of prompts.filter((prompt) => prompt.category !== 'plural'))
        expect([category, understood(text, { words: tokenizer.words, unfindable: new Set() }).text]).toEqual([
          category,
          text,
        ]);
  });

  it('is read back as as many objects, each box and label where it stands in the scene', () => {
    expect(many.length).toBeGreaterThan(10);
    for (const { scene, prompt } of asked) {
      const { answer } = conversation(tokenizer, scene, prompt).turn;
      const { objects, found } = reader.read(tokenizer.decode([...answer], { skipSpecial: true }));
      expect(objects.map(({ label }) => label)).toEqual(targetsOf(prompt).map((i) => scene.things[i]?.name));
      expect(found).toBe(targetsOf(prompt).length > 0 ? 'objects' : 'nothing');
      for (const [k, { box }] of objects.entries())
        expect(Math.abs(box.x1 - (scene.things[targetsOf(prompt)[k] ?? 0]?.box.x1 ?? 0))).toBeLessThanOrEqual(1);
    }
  });
});

describe('the reasoner’s batch', () => {
  const writer = { tokenizer, config: reasoner.language, batch: reasonerBatch };

  it('has answers with several boxes among its labels where scenes have plural prompts', () => {
    const severals = (of: readonly Scene[]) => {
      const { ids } = buildReasonerBatch(writer, of, random(5));
      return (tokenizer.decode([...ids].map(Number)).match(/"\}, \{"listed": "/gu) ?? []).length;
    };
    expect(severals(scenes.slice(0, reasonerBatch.scenes))).toBeGreaterThan(3);
    expect(severals(trainingScenes(nano, 40, reasonerBatch.scenes))).toBe(0);
  });

  it('drills them where it is told to, and is what it was where it is not', () => {
    const plain = scenes.slice(0, reasonerBatch.scenes);
    expect(buildReasonerBatch({ ...writer, plural: false }, plain, random(6))).toEqual(
      buildReasonerBatch(writer, plain, random(6)),
    );
    expect(buildReasonerBatch({ ...writer, plural: true }, plain, random(6)).ids).not.toEqual(
      buildReasonerBatch(writer, plain, random(6)).ids,
    );
  });

  it('comes with the stages that read and list', () => {
    expect([nanoRecipe.lists.plural, nanoRecipe.reasoner.plural].every((count = 0) => count > 0)).toBe(true);
    expect(nanoRecipe.tower.plural).toBeUndefined();
  });
});

describe('a drill', () => {
  it('asks for several things from the list alone, within its tokens', () => {
    const drills = Array.from({ length: 30 }, (_, i) =>
      makeDrill(tokenizer, random(i), reasonerBatch.tokens, pluralKinds),
    );
    const said = drills.flatMap(({ turns }) => turns.map(({ prompt }) => tokenizer.decode([...prompt])));
    expect(said.filter((text) => /Locate "(?:[a-z ]+ )?all /u.test(text)).length).toBeGreaterThan(8);
    for (const drill of drills) expect(drillLength(drill)).toBeLessThanOrEqual(reasonerBatch.tokens);
  });

  it('copies the boxes of several from the list, each by its number there', () => {
    const copied = Array.from({ length: 30 }, (_, i) =>
      makeDrill(tokenizer, random(i), reasonerBatch.tokens, pluralKinds),
    ).flatMap(({ list, turns }) => {
      const listed = tokenizer.decode([...list]);
      const texts = turns.map(({ answer }) => tokenizer.decode([...answer])).filter((text) => text.includes('listed'));
      return texts.map((text) => ({
        listed,
        items: [...text.matchAll(/"listed": "([^"]+)", "bbox_2d": (\[[^\]]+\])/gu)],
      }));
    });
    expect(copied.length).toBeGreaterThan(20);
    for (const { listed, items } of copied) {
      expect(items.length).toBeGreaterThan(1);
      for (const [, thing, box] of items) expect(listed).toContain(`${thing} ${box}`);
    }
  });
});

describe('the context pass', () => {
  it('is shown plural prompts that mean one thing, and none that mean several', () => {
    const only = (count: number) =>
      asked
        .filter(({ prompt }) => targetsOf(prompt).length === count)
        .map(({ scene, prompt }) => ({ ...scene, prompts: [prompt] }));
    const [one] = only(1);
    const [two] = only(2);
    if (!one || !two) throw new Error('no such scene');
    const packed = alignmentScene(nano, one, random(1), alignmentBatch);
    const truth = packed.turns[0]?.truth ?? new Uint8Array();
    expect(truth.reduce((sum, value) => sum + value, 0)).toBe(one.things[one.prompts[0]?.target ?? 0]?.area);
    const { target } = contextFeeds(nano, [packed], { ...alignmentBatch, scenes: 1 });
    expect(target.some((share) => share > 0)).toBe(true);
    expect(() => alignmentScene(nano, two, random(1), alignmentBatch)).toThrow('has no prompt with one target');
  });
});

describe('a short training', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'loupe-plural-training-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each(['lists', 'reasoner', 'alignment'] as const)('takes its steps on them in the stage %s', async (name) => {
    const learner = toyNano({ atlas });
    allParameters(learner);
    const before = learner.parameters.snapshot(learner.parameters.all.keys());
    const recipe = { ...nanoRecipe, [name]: { ...nanoRecipe[name], steps: 2, warmup: 0, plural: 3 } };
    const stage = stages[name].run(learner, recipe);
    const drawn = stage.samples(1).flatMap((scene) => plurals(scene as Scene));
    expect(drawn.length).toBeGreaterThan(0);
    const losses: number[] = [];
    const run = { name, steps: 2, settings: settingsOf(recipe[name]), ...stage };
    await train(run, { folder, report: ({ figures }) => losses.push(figures.loss ?? Number.NaN) });
    expect(losses).toHaveLength(1);
    expect(Number.isFinite(losses[0])).toBe(true);
    const moved = [...learner.parameters.all].filter(([key, { values }]) => {
      const old = before[key];
      return old !== undefined && values.some((value, i) => value !== old[i]);
    });
    expect(moved.length).toBeGreaterThan(5);
  });

  it('weighs the boxes of each object alike', () => {
    const [one] = many.filter(({ prompt }) => targetsOf(prompt).length === 2);
    if (!one) throw new Error('no such prompt');
    const { answer } = conversation(tokenizer, one.scene, one.prompt).turn;
    const weights = weightsOf(
      tokenizer,
      answer.map((_, i) => i),
      [...answer],
    );
    const coordinates = answer.flatMap((id, i) => (tokenizer.coordinateOf(id) === undefined ? [] : [weights[i]]));
    // The last eight are those of the answer, the others those of the list.
    expect(coordinates.slice(-8)).toEqual(new Array(8).fill(2));
    expect(new Set(coordinates.slice(0, -8))).toEqual(new Set([1]));
  });
});

describe('the evaluation', () => {
  const two =
    '<think>dog 1</think><answer>```json\n[{"bbox_2d": [10, 20, 60, 80], "label": "cat"}, {"bbox_2d": [100, 110, 160, 180]}]\n```</answer>';

  it('draws a mask for each object of an answer, and matches it to what is meant', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'loupe-plural-'));
    const speaking = toyNano({ atlas });
    speak(speaking, [two]);
    await exportNano(speaking, folder);
    const predictor = await loadPredictor(folder);
    try {
      const { categories, overall } = await evaluateScenes(predictor, { seed: 3, count: 17, atlas });
      expect(overall.count).toBe(17);
      // Once in each turn of the eight categories.
      const plural = [3, 11, 19].flatMap((index) => plurals(makeScene(atlas, seedOf('test', index), { plural: 1 })));
      const twice = plural.filter((prompt) => targetsOf(prompt).length === 2).length;
      expect(categories.plural).toMatchObject({ count: 3, format: 1, countRight: twice / 3 });
      const [scene] = scenes;
      if (!scene) throw new Error('no scene');
      const { objects } = await predictor.predict(scene.image, { text: 'all dogs' });
      expect(objects.map(({ box }) => box.x1)).toEqual([10, 100]);
      expect(new Set(objects.map(({ mask }) => mask.counts.join())).size).toBe(2);
    } finally {
      await predictor.release();
      await rm(folder, { recursive: true });
    }
  });
});
