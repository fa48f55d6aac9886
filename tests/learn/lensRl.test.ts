// A LENS checkpoint of toy size learns from what its own answers earn, masks among it: one policy samples, draws, trains and goes on.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Mask } from '../../main/contract/records.ts';
import { maskArea, sharedArea } from '../../main/contract/rle.ts';
import { loadPredictor } from '../../main/flow/predict.ts';
import { Reasoner } from '../../main/flow/reasoner/reasoner.ts';
import { maskFrom } from '../../main/flow/segmenter/mask.ts';
import { groupFeeds, openAnswers } from '../../main/learn/adapter/answerGroups.ts';
import { drawingWeights, masksOf } from '../../main/learn/adapter/answerMasks.ts';
import { answerPass } from '../../main/learn/adapter/answerPass.ts';
import { answerBatch, answerReinforcement, answerRun, drawnAnswers } from '../../main/learn/adapter/answerRl.ts';
import { type AnswerPolicy, type AnswerTask, answerPolicy, askedAnswers } from '../../main/learn/adapter/answerTask.ts';
import { learnAnswerRewards, runFeatures, spreadOfAnswers } from '../../main/learn/adapter/learnAnswerRewards.ts';
import { stepOutputs, train } from '../../main/learn/loop/loop.ts';
import { readRollouts } from '../../main/learn/rl/drawnRollouts.ts';
import { whyNotByRewards } from '../../main/learn/rl/learnRewards.ts';
import { teach } from '../../main/learn/teach.ts';
import { openModel } from '../../main/weights/openCheckpoint.ts';
import { floats } from '../../models/graph/value.ts';
import { Session } from '../../models/runtime/session.ts';
import { isFactor } from '../../models/train/lora.ts';
import { toySamJson, writeToy } from '../weights/toyCheckpoint.ts';
import { expectGradient } from './gradientProbe.ts';
import { side, taskOf, teachingImages } from './teaching.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-lens-rl-'));
afterAll(() => rmSync(root, { recursive: true }));
const at = (...names: string[]) => path.join(root, ...names);
const images = teachingImages(12);
const quiet = { report: () => {} };

const well = '[{"bbox_2d": [4, 5, 50, 52], "label": "cat"}]';
const badly = 'I do not know.';
/** Released: rows are read again. Mended: queries go on behind the answer, and boxes are shown to the segmenter. */
const recipes = { released: 'lens-released', mended: 'lens-loupe' } as const;
type Kind = keyof typeof recipes;
const kinds: readonly Kind[] = ['released', 'mended'];

beforeAll(async () => {
  for (const name of kinds) {
    const good = name === 'released' ? well : `<think>It is left.</think><answer>${well}</answer>`;
    const folder = await writeToy(at(name), { says: [badly, good], lens: true });
    writeFileSync(path.join(folder, 'segmenter.json'), JSON.stringify(toySamJson));
    const reasoner = { framing: { kind: 'square', side: 56, filter: 'bilinear' }, answerTokens: 8 };
    writeFileSync(path.join(folder, 'recipe.json'), JSON.stringify({ base: recipes[name], reasoner }));
  }
});

async function asking(name: Kind): Promise<{ policy: AnswerPolicy; asked: AnswerTask[] }> {
  const weights = await openModel(at(name));
  const reasoner = await Reasoner.open(weights, {});
  const asked = await askedAnswers({ weights, reasoner }, images.slice(0, 2), quiet);
  await reasoner.release();
  return { policy: await answerPolicy(weights, { seed: 1 }), asked };
}

function maskIou(a: Mask, b: Mask): number {
  const shared = sharedArea(a, b);
  return shared / (maskArea(a) + maskArea(b) - shared);
}

describe.each(kinds)('answers of a LENS checkpoint, %s', { timeout: 300_000 }, (name) => {
  it('draw what a person would see, and the pass that trains draws the same', async () => {
    const { policy, asked } = await asking(name);
    const batch = answerBatch(policy, asked);
    const groups = await openAnswers(policy, batch);
    const chosen = await groups.chosen(drawnAnswers(asked, 1, { seed: 3, step: 0 }));
    await groups.release();
    const [group] = chosen.groups;
    const image = await images[0]?.read();
    if (!group || !image) throw new Error('unreachable');
    const pass = answerPass(policy, batch);
    const drawing = drawingWeights(policy.weights);
    const { masks, iou } = masksOf(pass.params, drawing, { asks: batch.rows, states: pass.states });
    const session = await Session.create({ masks, iou }, { folder: policy.weights.folder });
    const feeds = { ...policy.parameters.feeds(pass.parameters.keys()), ...groupFeeds(chosen, policy, batch) };
    const found = await session.run(feeds);
    await session.release();
    const ofRow = (values: Float32Array, row: number) =>
      values.subarray((row * values.length) / batch.rows, ((row + 1) * values.length) / batch.rows);
    for (const [row, { mask, named, ask }] of group.drawn.entries()) {
      const logits = { masks: ofRow(floats(found, 'masks'), row), iou: ofRow(floats(found, 'iou'), row) };
      const again = maskFrom(logits, image, { ...drawing.recipe.segmenter, place: ask.place });
      if (name === 'mended' && named.length === 0) expect(mask).toBeNull();
      else expect(mask && maskIou(mask, again)).toBeGreaterThan(0.999);
    }
    const rows = group.answers.map((ids) => policy.weights.tokenizer.decode(ids, { skipSpecial: true }));
    expect(new Set(rows).size).toBe(2);
    expect(Math.max(...group.rewards.map(({ total }) => total))).toBeGreaterThan(0);
  });

  it('are taught by L_seg too: its gradient reaches updates, queries, context module and decoder, as differences say', async () => {
    const { policy, asked } = await asking(name);
    // B of an untrained update is 0, and with it the gradient of A.
    for (const [key, { values }] of policy.parameters.all)
      if (key.endsWith('lora_B.weight')) values.forEach((_, i) => values.set([0.001 * Math.sin(i)], i));
    const batch = answerBatch(policy, asked);
    const graph = answerReinforcement.graph(policy, batch);
    const names = [...graph.parameters.keys()];
    const feeder = await answerReinforcement.open(policy, batch, policy.parameters.snapshot(names));
    const feeds = { ...(await feeder.feed(drawnAnswers(asked, 3, { seed: 1, step: 0 }), 0)) };
    await feeder.release();
    const { seg } = graph.figures;
    if (!seg) throw new Error('There is no L_seg.');
    const probed = ['learnable_query', 'proj_to_sam.2.weight', 'model.layers.0.self_attn.v_proj.lora_A.weight'];
    const outputs = stepOutputs({ ...graph, loss: seg, figures: {} }, probed);
    const session = await Session.create(outputs, { purpose: 'train', folder: policy.weights.folder });
    const run = async () => session.run({ ...policy.parameters.feeds(names), ...feeds });
    const first = await run();
    const loss = async () => Number(floats(await run(), 'loss')[0]);
    for (const key of probed)
      await expectGradient(policy.parameters, { key, gradient: floats(first, `grad.${key}`) }, loss);
    await session.release();
  });
});

describe('a run by rewards', { timeout: 300_000 }, () => {
  it('holds twice what its words are compared with, not what draws', async () => {
    const { policy, asked } = await asking('released');
    const before = [...(answerReinforcement.before?.(policy, answerBatch(policy, asked)) ?? [])];
    const factors = [...policy.parameters.all.keys()].filter(isFactor);
    expect(before.toSorted()).toEqual([...factors, 'learnable_query'].toSorted());
    expect(policy.parameters.all.has('proj_to_sam.2.weight')).toBe(true);
  });
});

describe('a whole run by rewards', { timeout: 300_000 }, () => {
  it('makes the better answer likelier and reports every term', async () => {
    const { policy, asked } = await asking('released');
    const heard: Record<string, number>[] = [];
    const report = ({ figures }: { figures: Record<string, number> }) => heard.push(figures);
    await train(answerRun(policy, asked.slice(0, 1), { steps: 12, seed: 2, rate: 4e-4 }), {
      folder: at('train'),
      report,
    });
    const named = ['seg', 'iou', 'policy', 'kl', 'rewardMean', 'maskRewardMean', 'usefulGroupsMean', 'length'];
    expect(Object.keys(heard.at(-1) ?? {})).toEqual(expect.arrayContaining(named));
    const groups = await openAnswers(policy, answerBatch(policy, asked));
    const { groups: some } = await groups.chosen(drawnAnswers(asked, 1, { seed: 9, step: 0 }));
    await groups.release();
    const good = some.flatMap(({ answers }) => answers).filter(([id]) => id === 263).length;
    expect(good).toBeGreaterThan(5);
  });

  it('that is cut off goes on to the same numbers to the bit, from the same reference', async () => {
    const steps = 3;
    const trained = async (folder: string, stopAfter: number | null) => {
      const { policy, asked } = await asking('mended');
      const run = answerRun(policy, asked, { steps, seed: 5, rate: 1e-3 });
      const samples = (step: number) => {
        if (step === stopAfter) throw new Error('killed');
        return run.samples(step);
      };
      await train({ ...run, samples }, { folder, saveEvery: 1, ...quiet });
      return policy.parameters.all;
    };
    const whole = await trained(at('whole-run'), null);
    await expect(trained(at('cut'), 2)).rejects.toThrow('killed');
    const resumed = await trained(at('cut'), null);
    for (const [key, { values }] of whole) expect(resumed.get(key)?.values, key).toEqual(values);
    const changed = [...whole].filter(([key]) => isFactor(key)).some(([, { values }]) => values.some((v) => v !== 0));
    expect(changed).toBe(true);
  });
});

describe('tier rl of a LENS checkpoint', { timeout: 300_000 }, () => {
  const task = (run: string) => {
    mkdirSync(at(run), { recursive: true });
    for (const file of ['rewardSteps.json', 'adapterSteps.json', 'steps.json']) writeFileSync(at(run, file), '2');
    return { ...taskOf(at(run), at('released'), images), tier: 'rl' as const };
  };

  it('looks at sampled answers first, and ends in a version of updates and parts that can be asked', async () => {
    const asked = task('steps');
    const learning = { learnt: images.slice(0, 4), from: asked.weights };
    const spread = await spreadOfAnswers(asked, learning, quiet);
    expect(spread).toMatchObject({ sampled: 4, answers: 32 });
    expect(whyNotByRewards({ ...spread, useful: 4, unreadable: 0 }, { isOwn: false })).toBeNull();
    const to = at('steps', 'weights');
    await learnAnswerRewards(asked, { ...learning, to, minutes: 5 }, quiet);
    const shown = await readRollouts(at('steps'));
    expect(shown).toMatchObject({ step: 1, groups: [{ text: expect.stringMatching(/^cat|dog$/u) }] });
    const [{ rollouts, truth } = { rollouts: [], truth: null }] = shown?.groups ?? [];
    expect(truth?.size).toEqual([side, side]);
    expect(rollouts).toHaveLength(8);
    for (const { text, boxes, mask, reward, advantage } of rollouts) {
      expect(Object.keys(reward.terms)).toEqual(['box', 'mask']);
      expect(Object.values(reward.terms).reduce((sum, term) => sum + term, 0)).toBeCloseTo(reward.total, 6);
      // The toy's frame is smaller than the picture: its box is shown where it lies on it.
      expect(text.startsWith('[{"bbox_2d": [5, 6, 57, 59]') || text === badly).toBe(true);
      expect(boxes).toHaveLength(text === badly ? 0 : 1);
      expect(mask?.size ?? [side, side]).toEqual([side, side]);
      expect(Number.isFinite(advantage)).toBe(true);
    }
    expect(readdirSync(to).sort()).toEqual([
      ...['adapter_config.json', 'adapter_model.safetensors', 'loupe-parts.safetensors', 'taught.json'],
    ]);
    const version = await openModel(to);
    expect(version.base).toBe(at('released'));
    expect(await version.read('learnable_query')).not.toEqual(
      await (await openModel(at('released'))).read('learnable_query'),
    );
    const predictor = await loadPredictor(to);
    const image = await images[0]?.read();
    if (!image) throw new Error('There is no picture.');
    expect((await predictor.predict(image, { text: 'cat' })).answer.text).not.toBe('');
    await predictor.release();
  });

  it('is judged as the others are, and leaves no features behind', async () => {
    const outcome = await teach(task('whole'), quiet);
    expect(['rl', 'supervised']).toContain(outcome.tier);
    expect(outcome.usefulGroups).not.toBeNull();
    expect(outcome.gate.reason.length).toBeGreaterThan(20);
    expect(readdirSync(at('whole'))).not.toContain(runFeatures);
  });
});
