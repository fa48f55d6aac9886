// Which weights can learn in which tier, and the one sentence that says so before anything starts.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Tier, tiers } from '../../main/contract/learning.ts';
import { cannotLearn, hasMasksToLearn, howItLearns, learnerAt } from '../../main/learn/canLearn.ts';
import type { RecipeName } from '../../main/weights/recipe.ts';
import { toySamJson, writeToy, writeToySam } from '../weights/toyCheckpoint.ts';
import { untaughtWeights } from './teaching.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-can-learn-'));
const at = (...names: string[]) => path.join(root, ...names);
let own: { root: string; weights: string };

const decoupled = ['seg-zero', 'vision-reasoner', 'qwen-zero-shot'] as const satisfies RecipeName[];
beforeAll(async () => {
  own = await untaughtWeights();
  await writeToySam(at('sam2'));
  mkdirSync(at('onnx'));
  writeFileSync(at('onnx', 'encoder.onnx'), 'no model');
  await writeToy(at('LENS'), { says: 'a', lens: true });
  writeFileSync(at('LENS', 'segmenter.json'), JSON.stringify(toySamJson));
  for (const name of decoupled) {
    await writeToy(at(name), { says: 'a' });
    writeFileSync(at(name, 'recipe.json'), JSON.stringify(name));
  }
});
afterAll(() => {
  rmSync(root, { recursive: true });
  rmSync(own.root, { recursive: true });
});

/** Tiers that teach the weights of a folder with a segmenter beside them. */
async function tiersOf(folder: string, segmenter: string | null): Promise<Tier[]> {
  const learner = await learnerAt(folder, segmenter);
  return tiers.filter((tier) => cannotLearn(learner, tier) === null);
}

describe('what can learn', () => {
  it('is all of the weights of Loupe, with a segmenter beside them or not', async () => {
    expect(await tiersOf(own.weights, null)).toEqual(['decoder', 'supervised', 'rl']);
    expect(await tiersOf(own.weights, at('sam2'))).toEqual(['decoder', 'supervised', 'rl']);
  });

  it('is masks and answers of a LENS checkpoint', async () => {
    expect(await tiersOf(at('LENS'), null)).toEqual(['decoder', 'supervised', 'rl']);
    expect(hasMasksToLearn((await learnerAt(at('LENS'), null)).weights)).toBe(true);
  });

  it.each(decoupled)(
    'is the answers of %s, by rewards where its authors have some, and masks of a SAM 2 beside it',
    async (name) => {
      const answers = name === 'qwen-zero-shot' ? ['supervised'] : ['supervised', 'rl'];
      expect(await tiersOf(at(name), at('sam2'))).toEqual(['decoder', ...answers]);
      expect(await tiersOf(at(name), at('onnx'))).toEqual(answers);
      expect(hasMasksToLearn((await learnerAt(at(name), at('sam2'))).weights)).toBe(false);
    },
  );

  it.each(decoupled)('is nothing of %s without a segmenter that draws its boxes', async (name) => {
    expect(await tiersOf(at(name), null)).toEqual([]);
    expect(cannotLearn(await learnerAt(at(name), null), 'auto')).toContain('by --segmenter');
  });

  it('is never the mask decoder of ONNX files, of weights of ours, or of a place where nothing lies', async () => {
    for (const place of [at('onnx'), own.weights, at('nowhere')]) {
      const why = cannotLearn(await learnerAt(at('seg-zero'), place), 'decoder');
      expect(why).toBe(
        'seg-zero has no mask decoder of its own, and the segmenter beside it is no SAM 2, whose decoder could learn; choose tier supervised, which teaches its answers.',
      );
    }
  });
});

describe('what a person reads before a run', () => {
  const said = async (folder: string, segmenter: string | null) => howItLearns(await learnerAt(folder, segmenter));

  it('is one sentence for each kind of weights', async () => {
    const all = [
      await said(own.weights, null),
      await said(at('LENS'), null),
      await said(at('seg-zero'), at('sam2')),
      await said(at('qwen-zero-shot'), null),
    ];
    for (const one of all) expect(one.match(/\.(?:\s|$)/gu)).toHaveLength(1);
    expect(all[0]).toContain('tiers supervised and rl its reasoner');
    expect(all[1]).toContain('tier decoder teaches its mask decoder and context module, tier supervised');
    expect(all[1]).toContain('by the rewards of its authors, its mask decoder, context module and queries with them');
    expect(all[2]).toContain('tier decoder teaches the mask decoder of the segmenter sam2, tier supervised');
    expect(all[2]).toContain('tier rl the same by the rewards of its authors; picture readers stay as they are');
    expect(all[3]).toContain('choose one (a checkpoint of SAM 1 or 2, or an ONNX segmenter)');
  });

  it.each([
    ['seg-zero', 'reasoning, then one box and two points'],
    ['vision-reasoner', 'reasoning, then boxes and a point'],
    ['qwen-zero-shot', '(boxes)'],
  ])('names the form in which %s is taught', async (name, form) => {
    expect(await said(at(name), at('sam2'))).toContain(form);
  });

  it('names no segmenter beside the weights where the own one draws their boxes', async () => {
    const { weights } = await learnerAt(at('LENS'), null);
    const said = howItLearns({ weights: { ...weights, context: null }, segmenter: null });
    expect(said).toContain('its picture reader and its own segmenter stay as they are.');
  });

  it('says of a segmenter alone that it answers no words, and what could be named instead', async () => {
    await expect(learnerAt(at('sam2'), null)).rejects.toThrow(/answers no words, so it cannot be taught alone/u);
    await expect(learnerAt(at('onnx'), null)).rejects.toThrow(/config\.json: does not exist/u);
    await expect(learnerAt(at('nowhere'), null)).rejects.toThrow(/config\.json: does not exist/u);
  });
});
