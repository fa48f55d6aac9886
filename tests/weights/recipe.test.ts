// Recipes: the rows say what the published systems do, and what is unknown or contradictory is one sentence.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { frame, promptSlots } from '../../main/nano/parameters/layout.ts';
import { embeddedWeights } from '../../main/weights/embedded.ts';
import { type RecipeName, recipeFrom, recipes } from '../../main/weights/recipe.ts';
import { chatFor, renderChat, type TemplateName } from '../../models/qwen/chat.ts';

const names = Object.keys(recipes) as RecipeName[];

describe('a recipe', () => {
  it.each(names)('%s passes its own rules, and is found by its name', (name) => {
    expect(recipeFrom(name)).toEqual(recipes[name]);
    expect(recipeFrom({ base: name })).toEqual(recipes[name]);
    expect(recipeFrom({ base: name, ...recipes[name] })).toEqual(recipes[name]);
  });

  it('of nano is what it is trained with', () => {
    expect(recipes.nano.reasoner.framing).toMatchObject({ kind: 'square', side: frame });
    // The row is that of older folders, which name no recipe; the embedded one says what it was trained with since.
    const embedded = JSON.parse(readFileSync(path.join(embeddedWeights, 'config.json'), 'utf8'));
    expect(recipeFrom(embedded.recipe).segmenter).toMatchObject({ slots: promptSlots, crop: { context: 1.3 } });
    expect(recipes.nano.segmenter).toMatchObject({ slots: 4, crop: null });
  });

  it('takes over what a folder says is different, and only that', () => {
    const changed = recipeFrom({ base: 'lens-released', segmenter: { followsEdges: true } });
    expect(changed.reasoner).toEqual(recipes['lens-released'].reasoner);
    expect(changed.segmenter).toEqual({ ...recipes['lens-released'].segmenter, followsEdges: true });
  });

  it('of released LENS keeps the habits that it was trained with; the mended one drops them', () => {
    const { reasoner, segmenter } = recipes['lens-released'];
    expect(reasoner).toMatchObject({ queries: 'reread', totalTokens: 768, parser: 'first box' });
    expect(reasoner.sampling.one).toEqual({ repetitionPenalty: 1.05 });
    expect(segmenter).toMatchObject({ aspect: 'squash', prompts: ['context'], choice: 'stable', slots: null });
    const asked = (template: TemplateName) => renderChat(chatFor(template, 'the mug'), { reply: true });
    expect(asked(reasoner.template)).toMatch(/^<\|im_start\|>system\nYou are a helpful assistant\. <\|im_end\|>/);
    const mended = recipes['lens-loupe'].reasoner;
    expect(asked(mended.template)).toMatch(/^<\|im_start\|>system\nYou are a helpful assistant\.<\|im_end\|>/);
    expect(mended).toMatchObject({ queries: 'continued', totalTokens: null, parser: 'loupe' });
    expect(mended.sampling.one).toEqual({});
    // A large photograph leaves too little of 768 tokens, which no picture of the published evaluations did.
    expect([reasoner.crowded, mended.crowded]).toEqual([{ below: 64, tokens: 256 }, undefined]);
  });

  it('of Seg-Zero sees a square of 840 and takes the best of three masks by box and points', () => {
    expect(recipes['seg-zero'].reasoner).toMatchObject({ framing: { side: 840 }, queries: null, answerTokens: 1024 });
    expect(recipes['seg-zero'].segmenter).toMatchObject({ prompts: ['box', 'points'], choice: 'best' });
  });
});

describe('a recipe is refused in one sentence', () => {
  it.each([
    ['lens-9', /"lens-9" is not known; there are nano, /],
    [{ base: 'toString' }, /"toString" is not known/],
    [{ base: 'nano', reasoner: { temper: 1 } }, /Unrecognized key: "temper"/],
    [{ base: 'nano', colour: 'red' }, /Unrecognized key: "colour"/],
    [{ reasoner: {} }, /base/],
    [7, /its recipe cannot be used/],
    [{ base: 'nano', reasoner: { template: 'haiku' } }, /template/],
    [{ base: 'nano', reasoner: { framing: { kind: 'round' } } }, /framing/],
  ])('%j', (json, wanted) => {
    expect(() => recipeFrom(json)).toThrow(wanted);
  });

  it.each([
    [{ base: 'nano', reasoner: { queries: null } }, 'is given a context token, but there are no queries'],
    [{ base: 'seg-zero', reasoner: { queries: 'reread' } }, 'there are queries, but'],
    [{ base: 'nano', segmenter: { prompts: ['context', 'points'] } }, 'given points, which "loupe" does not read'],
    [{ base: 'lens-released', reasoner: { totalTokens: 500 } }, 'an answer of 768 in 500 tokens'],
    [{ base: 'nano', reasoner: { pixels: { least: 9, most: 4 } } }, 'at least 9 and at most 4 pixels'],
    [{ base: 'nano', segmenter: { aspect: 'keep', crop: { context: 2, search: [1] } } }, 'its aspect is not kept'],
  ])('%j contradicts itself', (json, wanted) => {
    expect(() => recipeFrom(json)).toThrow(new RegExp(`^its recipe contradicts itself: .*${wanted}`));
  });
});
