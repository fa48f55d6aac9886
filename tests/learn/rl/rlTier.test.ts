// The third tier on toy weights that answer in one of two ways: what is asked, what it is refused for, and a whole run.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TeachProgress } from '../../../main/contract/learning.ts';
import type { Mask } from '../../../main/contract/records.ts';
import { difference, maskArea, unionOf } from '../../../main/contract/rle.ts';
import { loadPredictor } from '../../../main/flow/predict.ts';
import { readCurves } from '../../../main/learn/loop/curves.ts';
import { readRollouts } from '../../../main/learn/rl/drawnRollouts.ts';
import { learnRewards, whyNotByRewards } from '../../../main/learn/rl/learnRewards.ts';
import { openGroups } from '../../../main/learn/rl/reinforcement.ts';
import {
  drawnQuestions,
  questionsOf,
  rewardedBatch,
  rewardedPolicy,
  rewardedRun,
} from '../../../main/learn/rl/rlTier.ts';
import type { TeachingImage, TeachOutcome, TeachTask } from '../../../main/learn/samples/task.ts';
import { teach } from '../../../main/learn/teach.ts';
import { exportNano } from '../../../main/nano/export.ts';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import { speak, toyNano } from '../../nano/toy.ts';
import { taskOf, teachingImages } from '../teaching.ts';
import { twoAnswers } from '../twoAnswers.ts';

let root: string;
let weights: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-rl-'));
  const nano = toyNano({ seed: 5 });
  speak(nano, twoAnswers);
  weights = path.join(root, 'toy');
  await exportNano(nano, weights);
  const config = path.join(weights, 'config.json');
  await writeFile(config, (await readFile(config, 'utf8')).replace('loupe-nano', 'toy'));
});
afterAll(() => rm(root, { recursive: true }));

/** Nothing has a name, so that no word is taught first. */
const unnamed = (images: readonly TeachingImage[]) => images.map((image) => ({ ...image, things: [] }));

let runs = 0;
/** Two steps, as they would be by the clock. */
async function task(more: Partial<TeachTask> = {}): Promise<TeachTask> {
  const folder = path.join(root, `run-${runs++}`);
  await mkdir(folder);
  await writeFile(path.join(folder, 'rewardSteps.json'), '2');
  return { ...taskOf(folder, weights, unnamed(teachingImages(12))), tier: 'rl', ...more };
}

/** Pixels in which two masks differ; both null: none. */
const apart = (one: Mask | null, other: Mask | null): number =>
  one && other ? maskArea(difference(one, other)) + maskArea(difference(other, one)) : one === other ? 0 : Infinity;

describe('answers in training', { timeout: 200_000 }, () => {
  it('are those that a person gets of the same weights and seed, with the masks that a person sees', async () => {
    const policy = await rewardedPolicy(weights);
    const [asked] = questionsOf(policy.parts, unnamed(teachingImages(1)));
    if (!asked) throw new Error('unreachable');
    const image = await asked.read();
    const groups = await openGroups(policy, { ...rewardedBatch, questions: 1, turns: 4 });
    const predictor = await loadPredictor(weights);
    try {
      const trained = await groups.answered({ ...asked, seed: 7 });
      const { candidates = [] } = await predictor.predict(image, { text: asked.text }, { samples: 4, seed: 7 });
      expect(trained.rollouts.map(({ text }) => text)).toEqual(candidates.map(({ answer }) => answer.text));
      const seen = candidates.map(({ objects }) => unionOf(objects.map(({ mask }) => mask)));
      expect(seen.some((mask) => mask !== null && maskArea(mask) > 0)).toBe(true);
      for (const [i, mask] of trained.masks.entries()) expect(apart(mask, seen[i] ?? null)).toBeLessThanOrEqual(4);
    } finally {
      await groups.release();
      await predictor.release();
    }
  });
});

describe('a run by rewards', { timeout: 400_000 }, () => {
  let asked: TeachTask;
  let outcome: TeachOutcome;
  const heard: TeachProgress[] = [];
  const whole = (folder: string) => path.join(folder, 'weights');
  const bytes = (folder: string) => readFile(path.join(whole(folder), 'model.safetensors'));
  beforeAll(async () => {
    asked = await task();
    outcome = await teach(asked, { report: (progress) => heard.push(progress) });
  }, 400_000);

  it('tells the tier, the share of groups that could teach anything, and what answers gained', () => {
    expect(outcome.tier).toBe('rl');
    expect(outcome.usefulGroups).toBeGreaterThan(0);
    expect(outcome.usefulGroups).toBeLessThanOrEqual(1);
    expect(outcome.gate.reason).toMatch(/^(?:Answers to held-out prompts|The gain)/u);
    expect(outcome.prompts).toHaveLength(outcome.before?.prompts ?? 0);
    expect(outcome.words).toEqual([]);
  });

  it('looks at sampled answers first, and shows what answers earn while it learns', () => {
    const phases = [...new Set(heard.map(({ phase }) => phase))];
    expect(phases).toEqual(['looking', 'measuring', 'preparing', 'training', 'judging']);
    const training = heard.findLast(({ phase }) => phase === 'training');
    expect(Object.keys(training?.figures ?? {})).toEqual(
      expect.arrayContaining([
        'rewardMean',
        'formatRewardMean',
        'boxRewardMean',
        'maskRewardMean',
        'kl',
        'seg',
        'length',
      ]),
    );
  });

  it('leaves what its last step learnt from, image by image, and asked held-back prompts before anything was learnt', async () => {
    const kept = await readRollouts(asked.folder);
    expect(kept).toMatchObject({ step: 1, groups: [{}, {}] });
    for (const { imageId, rollouts } of kept?.groups ?? []) {
      expect(outcome.taught).toContain(imageId);
      expect(rollouts).toHaveLength(rewardedBatch.turns);
      for (const { reward, text, boxes } of rollouts) {
        expect(Object.keys(reward.terms)).toEqual(['format', 'box', 'mask']);
        const earned = Object.values(reward.terms).reduce((sum, term) => sum + term, 0);
        expect(reward.total).toBeCloseTo(earned, 5);
        expect([text.startsWith('<think>'), boxes.length]).toEqual([true, 1]);
      }
    }
    const curves = readCurves(await readFile(path.join(asked.folder, 'curves.jsonl'), 'utf8')).get('rewards');
    expect(curves?.get('validation gIoU')).toHaveLength(1);
    const told = heard.findLast(({ phase }) => phase === 'training')?.figures ?? {};
    expect(told['validation gIoU']).toBe(curves?.get('validation gIoU')?.[0]?.value);
    expect(told['validation cIoU']).toBeGreaterThan(0);
  });

  it('changes reasoner and mask decoder, and no tensor of the picture encoder', async () => {
    const [from, to] = await Promise.all(
      [weights, path.join(asked.folder, 'weights')].map((one) => openSafetensors(path.join(one, 'model.safetensors'))),
    );
    const same = async (name: string) => {
      const [a, b] = await Promise.all([from?.read(name), to?.read(name)]);
      return a?.every((value, i) => value === b?.[i]);
    };
    expect(await same('model.layers.0.mlp.down_proj.weight')).toBe(false);
    expect(await same('sam.image_encoder.trunk.patch_embed.proj.weight')).toBe(true);
    expect([...(to?.tensors.keys() ?? [])]).toEqual([...(from?.tensors.keys() ?? [])]);
  });

  it('stopped and called again ends in the same weights, to the bit, measured meanwhile or not, and reads them back', async () => {
    const again = await task();
    const learnt = again.images.filter(({ imageId }) => outcome.taught.includes(imageId));
    const abort = new AbortController();
    const stopping = learnt.map((image) => ({
      ...image,
      read: () => {
        abort.abort();
        return image.read();
      },
    }));
    const learning = { learnt, from: weights, to: whole(again.folder), minutes: 5 };
    const stopped = learnRewards(again, { ...learning, learnt: stopping }, { signal: abort.signal, report: () => {} });
    await expect(stopped).rejects.toThrow('abort');
    expect(existsSync(path.join(again.folder, 'rewards.safetensors'))).toBe(true);
    expect(existsSync(learning.to)).toBe(false);
    expect(await learnRewards(again, learning, { report: () => {} })).toBeGreaterThan(0);
    expect((await bytes(again.folder)).equals(await bytes(asked.folder))).toBe(true);
    expect(await learnRewards(asked, { ...learning, to: whole(asked.folder) }, { report: () => {} })).toBe(
      outcome.usefulGroups,
    );
  });

  it('keeps no step in between beside the result', () => {
    expect(existsSync(path.join(asked.folder, 'rewards.safetensors'))).toBe(false);
    expect(existsSync(path.join(asked.folder, 'reasoner'))).toBe(false);
  });
});

describe('a run by rewards is refused in one sentence', { timeout: 200_000 }, () => {
  const refused = async (more: Partial<TeachTask>, why: RegExp) => {
    const { gate, weights: made, before } = await teach(await task(more), { report: () => {} });
    expect(gate).toMatchObject({ promoted: false, reason: expect.stringMatching(why) });
    expect(gate.reason.match(/\.(\s|$)/gu)).toHaveLength(1);
    expect([made, before]).toEqual([null, null]);
  };

  it('with 3 images', () => refused({ images: teachingImages(3) }, /^3 different images with 3 prompts teach/u));

  it('where no word of its prompts is known', () =>
    refused(
      { images: unnamed(teachingImages(12, undefined, (i) => (i % 2 === 0 ? 'skier' : 'snowplough'))) },
      /^No sample can be asked by words that these weights know/u,
    ));
});

describe('what answers are like says why rewards teach nothing', () => {
  const spread = { sampled: 10, useful: 5, answers: 60, unreadable: 0 };
  it.each([
    ['they differ', spread, null],
    ['all earn the same', { ...spread, useful: 1 }, /^Answers earn the same in 9 of 10 sampled groups/u],
    ['none can be read', { ...spread, unreadable: 58 }, /^58 of 60 sampled answers cannot be read/u],
    ['none was asked', { ...spread, sampled: 0 }, /^No sample can be asked/u],
  ])('where %s', (_, like, why) => {
    const reason = whyNotByRewards(like, { isOwn: true });
    if (why) expect(reason).toMatch(why);
    else expect(reason).toBeNull();
  });
});

describe('questions', () => {
  const texts = async (images: readonly TeachingImage[]) =>
    questionsOf((await rewardedPolicy(weights)).parts, images).map(({ text, objects }) => [text, objects.length]);

  it('are the samples’ words, and on each picture a name of the project’s that nothing there has', async () => {
    expect(await texts(teachingImages(2))).toEqual([
      ['cat', 1],
      ['dog', 0],
      ['dog', 1],
      ['cat', 0],
    ]);
  });

  it('leave out unknown words, and words with clicks beside them', async () => {
    expect(await texts(unnamed(teachingImages(2, undefined, (i) => (i === 0 ? 'skier' : 'dog'))))).toEqual([
      ['dog', 1],
    ]);
    const clicked = unnamed(teachingImages(1)).map((image) => ({
      ...image,
      samples: image.samples.map((one) => ({
        ...one,
        prompt: { ...one.prompt, points: [{ x: 3, y: 4, sign: '+' as const }] },
      })),
    }));
    expect(await texts(clicked)).toEqual([]);
  });

  it('of a step follow from seed and step, each with a seed of its own', async () => {
    const asked = questionsOf((await rewardedPolicy(weights)).parts, teachingImages(3));
    const drawn = (step: number, seed = 1) =>
      drawnQuestions(asked, 6, { seed, step }).map(({ text, seed: own }) => `${text} ${own}`);
    expect(drawn(4)).toEqual(drawn(4));
    expect(drawn(5)).not.toEqual(drawn(4));
    expect(drawn(4, 2)).not.toEqual(drawn(4));
    expect(new Set(drawn(4)).size).toBe(6);
    expect(drawnQuestions(asked.slice(0, 1), 3, { seed: 1, step: 1 })).toHaveLength(3);
  });
});

describe('the run', () => {
  it('samples more questions than a step needs, and counts the answers that a step learns from', async () => {
    const policy = await rewardedPolicy(weights);
    const asked = questionsOf(policy.parts, teachingImages(4));
    const { samples, perStep, shape, steps } = rewardedRun(policy, asked, { steps: 9, seed: 2 });
    expect([samples(3).length, perStep, steps]).toEqual([3 * shape.questions, shape.questions * shape.turns, 9]);
    expect(samples(3).map(({ seed }) => seed)).toEqual(samples(3).map(({ seed }) => seed));
    expect(shape).toBe(rewardedBatch);
  });

  it('divides by a constant length, moves the tower more slowly, and lets nothing decay', async () => {
    const policy = await rewardedPolicy(weights);
    const { settings, shape } = rewardedRun(policy, [], { steps: 9, seed: 2 });
    expect(shape.objective).toMatchObject({
      aggregation: 'fixedLength',
      maxLength: shape.answer,
      kl: 'k3',
      clip: null,
    });
    expect(['visual.blocks.0.norm1.weight', 'model.norm.weight'].map((name) => settings.rateOf?.(name))).toEqual([
      0.5, 1,
    ]);
    expect(settings.optimiser?.weightDecay).toBe(0);
  });
});
