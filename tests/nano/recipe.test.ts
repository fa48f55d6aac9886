import { describe, expect, it } from 'vitest';
import {
  alignmentBatch,
  listBatch,
  reasonerBatch,
  reinforceBatch,
  segmenterBatch,
  towerBatch,
} from '../../main/nano/parameters/layout.ts';
import { nanoRecipe, settingsOf } from '../../main/nano/recipe.ts';
import { type StageName, stageNames } from '../../main/nano/stageNames.ts';
import { stages } from '../../main/nano/stages.ts';
import { toyNano } from './toy.ts';

/** Scenes a step. */
const scenes: Readonly<Record<StageName, number>> = {
  ...{ tower: towerBatch.scenes, lists: listBatch.scenes, reasoner: reasonerBatch.scenes },
  ...{ segmenter: segmenterBatch.scenes, alignment: alignmentBatch.scenes, reinforcement: reinforceBatch.questions },
};

describe('the recipe', () => {
  it('has every stage, and no two see one scene', () => {
    expect(Object.keys(nanoRecipe)).toEqual([...stageNames]);
    const spans = stageNames.map((name) => {
      const { firstScene, steps } = nanoRecipe[name];
      return { from: firstScene, to: firstScene + steps * scenes[name] };
    });
    const sorted = spans.toSorted((a, b) => a.from - b.from);
    for (const [i, span] of sorted.slice(1).entries()) expect(span.from).toBeGreaterThanOrEqual(sorted[i]?.to ?? 0);
  });

  it('warms up for less than it trains, at rates between nothing and one', () => {
    for (const name of stageNames) {
      const { steps, warmup, learningRate, rates = {} } = nanoRecipe[name];
      expect(warmup).toBeLessThan(steps);
      expect(learningRate > 0 && learningRate < 0.01).toBe(true);
      for (const rate of Object.values(rates)) expect(rate > 0 && rate <= 1).toBe(true);
    }
  });

  it('asks of the first lists fewer things than of the reasoner', () => {
    const { things = [0, 0] } = nanoRecipe.lists;
    expect(things[0] <= things[1]).toBe(true);
    expect(nanoRecipe.reasoner.things).toBeUndefined();
  });
});

describe('settings of a stage', () => {
  const settings = settingsOf({ steps: 200, learningRate: 1e-3, warmup: 20, firstScene: 0, rates: { 'visual.': 0.3 } });

  it('are a cosine over all of its steps, down to a hundredth', () => {
    expect(settings.schedule).toEqual({ kind: 'cosine', base: 1e-3, warmup: 20, total: 200, floor: 0.01 });
  });

  it('slow down what begins with a name, and nothing else', () => {
    const names = ['visual.blocks.0.attn.qkv.weight', 'model.visual.weight', 'model.norm.weight', 'visual'];
    expect(names.map((name) => settings.rateOf?.(name))).toEqual([0.3, 1, 1, 1]);
    const plain = settingsOf({ steps: 1, learningRate: 1, warmup: 0, firstScene: 0 });
    expect(plain.rateOf?.('visual.x')).toBe(1);
  });

  it.each([
    ['model.layers.0.mlp.up_proj.weight', true],
    ['model.layers.0.self_attn.q_proj.bias', false],
    ['model.norm.weight', false],
    ['model.layers.0.input_layernorm.weight', false],
    ['visual.blocks.0.norm1.weight', false],
    ['sam.mask_tokens.weight', true],
  ])('decay of %s: %s', (name, decays) => expect(settings.decays?.(name)).toBe(decays));
});

const graphOf = (name: StageName) => {
  const nano = toyNano();
  const { objective, shape } = stages[name].run(nano, nanoRecipe);
  return objective.graph(nano, shape);
};

describe('stages', () => {
  it.each(stageNames)('%s counts the samples of its batch', (name) => {
    const { perStep } = stages[name].run(toyNano(), nanoRecipe);
    const each = {
      segmenter: segmenterBatch.perScene,
      alignment: alignmentBatch.turns,
      reinforcement: reinforceBatch.turns,
    };
    const perScene = name === 'segmenter' || name === 'alignment' || name === 'reinforcement' ? each[name] : 1;
    expect(perStep).toBe(scenes[name] * perScene);
  });

  it.each(stageNames)('%s trains something, and never the places of the clicks', (name) => {
    const { parameters, trains, loss } = graphOf(name);
    const trained = [...parameters.keys()].filter(trains);
    expect([trained.length > 0, loss.shape]).toEqual([true, []]);
    if (name !== 'tower' && name !== 'lists' && name !== 'reasoner') {
      expect(trained.filter((each) => each.endsWith('gaussian_matrix'))).toEqual([]);
    }
  });

  it('leave the segmenter’s picture encoder alone in the last two', () => {
    for (const name of ['alignment', 'reinforcement'] as const) {
      const { parameters, trains } = graphOf(name);
      expect([...parameters.keys()].filter(trains).filter((each) => each.startsWith('sam.image_encoder.'))).toEqual([]);
    }
  });
});
