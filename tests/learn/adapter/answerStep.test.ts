// A step's gradients that are made in runs one after another are those of one graph of all of it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Reasoner } from '../../../main/flow/reasoner/reasoner.ts';
import { answerBatch, answerReinforcement, drawnAnswers } from '../../../main/learn/adapter/answerRl.ts';
import { answerStep } from '../../../main/learn/adapter/answerStep.ts';
import { answerPolicy, askedAnswers } from '../../../main/learn/adapter/answerTask.ts';
import { openStep } from '../../../main/learn/loop/loop.ts';
import { openModel } from '../../../main/weights/openCheckpoint.ts';
import { floats } from '../../../models/graph/value.ts';
import { globalNorm } from '../../../models/train/clip.ts';
import { NonFiniteError, Trainer } from '../../../models/train/trainer.ts';
import { toySamJson, writeToy } from '../../weights/toyCheckpoint.ts';
import { teachingImages } from '../teaching.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-answer-step-'));
afterAll(() => rmSync(root, { recursive: true }));
const quiet = { report: () => {} };

const box = '{"bbox": [4, 5, 50, 52], "points_1": [25, 20], "points_2": [30, 30]}';
const boxes = '[{"bbox_2d": [4, 5, 50, 52], "label": "cat"}]';
const answers = {
  'lens-released': boxes,
  'lens-loupe': `<think>It is left.</think><answer>${boxes}</answer>`,
  'seg-zero': `<think>It is left.</think><answer>${box}</answer>`,
} as const;
type Kind = keyof typeof answers;
const kinds: readonly Kind[] = ['lens-released', 'lens-loupe', 'seg-zero'];

/** A policy that has left the weights that it began from, and what a step of it is fed. */
async function stepOf(name: Kind) {
  const folder = path.join(root, name);
  const lens = name !== 'seg-zero';
  await writeToy(folder, { says: ['I do not know.', answers[name]], lens });
  if (lens) writeFileSync(path.join(folder, 'segmenter.json'), JSON.stringify(toySamJson));
  const reasoner = { framing: { kind: 'square', side: 56, filter: 'bilinear' }, answerTokens: 8 };
  writeFileSync(path.join(folder, 'recipe.json'), JSON.stringify({ base: name, reasoner }));
  const weights = await openModel(folder);
  const asking = await Reasoner.open(weights, {});
  const asked = await askedAnswers({ weights, reasoner: asking }, teachingImages(2), quiet);
  await asking.release();
  const policy = await answerPolicy(weights, { seed: 1 });
  const batch = answerBatch(policy, asked);
  const reference = policy.parameters.snapshot(policy.parameters.all.keys());
  for (const [key, { values }] of policy.parameters.all)
    if (key.endsWith('lora_B.weight')) values.forEach((_, i) => values.set([0.01 * Math.sin(i)], i));
  const feeder = await answerReinforcement.open(policy, batch, reference);
  const fed = await feeder.feed(drawnAnswers(asked, 3, { seed: 1, step: 0 }), 0);
  await feeder.release();
  return { policy, batch, feeds: { ...policy.parameters.feeds(policy.parameters.all.keys()), ...fed } };
}

it.each(kinds)('of %s: loss, figures and every gradient', { timeout: 120_000 }, async (name) => {
  const { policy, batch, feeds } = await stepOf(name);
  const graph = answerReinforcement.graph(policy, batch);
  const whole = await openStep(graph, [...graph.parameters.keys()]);
  const wanted = await whole.run(feeds);
  await whole.release();
  const found = await answerStep(policy, batch).run(feeds);
  expect(Object.keys(found).toSorted()).toEqual(Object.keys(wanted).toSorted());
  expect(floats(wanted, 'kl')[0]).toBeGreaterThan(1e-6);
  const norms = new Map<string, number>();
  for (const key of Object.keys(wanted)) {
    const [one, other] = [floats(found, key), floats(wanted, key)];
    const norm = globalNorm([other]);
    norms.set(key, norm);
    expect(globalNorm([one.map((value, i) => value - (other[i] ?? 0))]), key).toBeLessThan(1e-4 * norm + 1e-7);
  }
  const learning = [...norms].filter(([key, norm]) => key.startsWith('grad.') && norm > 1e-6);
  // Of the mask decoder some outputs are of no consequence to L_seg.
  expect(learning.length).toBeGreaterThan(0.7 * graph.parameters.size);
});

it('a loss that is no number ends the run before gradients are taken, and nothing was changed', {
  timeout: 120_000,
}, async () => {
  const { policy, batch, feeds } = await stepOf('lens-released');
  const { all } = policy.parameters;
  const spoilt = [...all].find(([name]) => name.endsWith('lora_B.weight'))?.[1].values ?? new Float32Array();
  spoilt[0] = Number.NaN;
  const before = new Map([...all].map(([name, { values }]) => [name, values.slice()]));
  const parts: string[] = [];
  const runner = answerStep(policy, batch, async ({ name, done }) => void parts.push(`${name} ${done}`));
  const trainer = new Trainer(new Map([...all].map(([name, { values }]) => [name, values])), {
    schedule: { kind: 'constant', base: 1, warmup: 0, total: 1 },
  });
  const step = trainer.accumulate(runner, feeds);
  await expect(step).rejects.toThrow(NonFiniteError);
  await expect(step).rejects.toThrow(/^Step 1: .*"loss" is NaN/u);
  expect(parts).toEqual([...Array.from({ length: 8 }, (_, row) => `reading ${row}`), 'judging 0']);
  for (const [name, { values }] of all) expect(values, name).toEqual(before.get(name));
  expect(trainer.step).toBe(0);
});
