// Prompts with words that nano does not know, and prompts that it was trained on.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { nearWords, understood, unknownSentence } from '../../../main/flow/words/unknownWords.ts';
import { rasterise } from '../../../main/pictures/image.ts';
import { buildAtlas } from '../../../main/scenes/atlas.ts';
import { makeScene } from '../../../main/scenes/make.ts';
import { seedOf } from '../../../main/scenes/split.ts';
import { recipes } from '../../../main/weights/recipe.ts';

const folder = path.resolve(import.meta.dirname, '../../../resources/weights/loupe-nano');
const { words } = JSON.parse(readFileSync(path.join(folder, 'tokenizer.json'), 'utf8'));
const nano = { words: new Set<string>(words), unfindable: new Set(recipes.nano.reasoner.vocabulary.unfindable) };

const UNKNOWN =
  `skier|the snowboard|a giraffe|the person|people|the old lady|two surfers|the wine glass|a traffic light|kite
|the sofa|the man with a hat|every pedestrian|bicycle|the left motorcycle|a solder joint|the crack in the wall|bananas and spoons
|the table|a window|the woman|the child on the horse|fire hydrant|the toothbrush|a bowl of soup|all the oranges and grapes
|the bear|the keyboard|remote control|a vase|the skateboarder|tumour|the leftmost nucleus|rust|the bird's beak|a sandwich
|the refrigerator|the cat's whiskers|the dog's leash|necktie`
    .replaceAll('\n', '')
    .split('|');

describe('forty prompts with an unknown word', () => {
  test.each(UNKNOWN)('%s', (prompt) => expect(understood(prompt, nano).unknown.length).toBeGreaterThan(0));
  test('are forty', () => expect(UNKNOWN).toHaveLength(40));
});

describe('several things that are named', () => {
  test.each(['the cat and the person', 'all dogs, the woman', 'a frog or a person'])(
    '%s: none is found for another',
    (prompt) => expect(understood(prompt, nano).unknown).toHaveLength(1),
  );
  test('are known where each is', () => expect(understood('the dog and all the cats', nano).unknown).toEqual([]));
});

describe('known words', () => {
  test.each([
    ['the dog', 'the dog'],
    ['The DOGS', 'the dog'],
    ['foxes', 'fox'],
    ['all butterflies', 'all butterfly'],
    ["the cat's", 'the cat'],
    ['wolves and sheep', 'wolf and sheep'],
    ['please segment the red car on the left', 'please segment the red car on the left'],
    ['strawberries', 'strawberry'],
  ])('%s is understood as %s', (prompt, text) => expect(understood(prompt, nano)).toEqual({ text, unknown: [] }));

  test.each([
    'what is here that tea is poured from?',
    'What is here that covers the chest and has short sleeves?',
    'which has an engine and only two wheels?',
  ])('%s describes a thing by words that name none', (prompt) => expect(understood(prompt, nano).unknown).toEqual([]));
  test.each([
    ['what is that person holding?', 'person'],
    ['what is here that a skier wears?', 'skier'],
    ['which person has a hat?', 'person'],
  ])('%s asks of a %s', (prompt, word) => expect(understood(prompt, nano).unknown).toContain(word));

  test('what nano was trained on raises no alarm: at most 2 % of 600 prompts', async () => {
    const atlas = await buildAtlas(rasterise);
    const prompts = Array.from({ length: 300 }, (_, i) => makeScene(atlas, seedOf('validation', i))).flatMap((scene) =>
      scene.prompts.slice(0, 2).map(({ text }) => text),
    );
    const alarms = prompts.filter((text) => understood(text, nano).unknown.length > 0);
    expect(prompts.length).toBeGreaterThanOrEqual(300);
    expect(alarms.length / prompts.length, alarms.slice(0, 10).join(' | ')).toBeLessThanOrEqual(0.02);
    const changed = prompts.filter((text) => understood(text, nano).text.toLowerCase() !== text.toLowerCase());
    expect(changed.length / prompts.length, changed.slice(0, 10).join(' | ')).toBeLessThanOrEqual(0.02);
  });
});

describe('what a person reads', () => {
  test('names the word, near ones and what to do', () => {
    expect(unknownSentence('loupe-nano', ['sailboard'], nano)).toMatch(
      /^loupe-nano does not know 'sailboard'; near words: sailboat\. Click the thing/u,
    );
    expect(unknownSentence('loupe-nano', ['skier'], nano)).toMatch(
      /does not know 'skier'.* not taught to find people/u,
    );
  });

  test('near words are near, or none', () => {
    expect(nearWords('lightbulb', nano)).toContain('bulb');
    expect(nearWords('xylophone', nano)).toEqual([]);
    expect(nearWords('ab', nano)).toEqual([]);
  });
});
