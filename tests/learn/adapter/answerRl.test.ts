// Seg-Zero and VisionReasoner at toy size learn from what their own answers earn: rewards of the authors, groups, and the better answer wins.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unpackMask } from '../../../main/contract/project.ts';
import { Reasoner } from '../../../main/flow/reasoner/reasoner.ts';
import { answerForm } from '../../../main/learn/adapter/answerForms.ts';
import { openAnswers } from '../../../main/learn/adapter/answerGroups.ts';
import { isRewarded, rewarderOf } from '../../../main/learn/adapter/answerRewards.ts';
import { answerBatch, answerReinforcement, answerRun, drawnAnswers } from '../../../main/learn/adapter/answerRl.ts';
import {
  type AnswerPolicy,
  type AnswerTask,
  answerPolicy,
  askedAnswers,
} from '../../../main/learn/adapter/answerTask.ts';
import { learnAnswerRewards, spreadOfAnswers } from '../../../main/learn/adapter/learnAnswerRewards.ts';
import { cannotLearn } from '../../../main/learn/canLearn.ts';
import { train } from '../../../main/learn/loop/loop.ts';
import { readRollouts } from '../../../main/learn/rl/drawnRollouts.ts';
import { whyNotByRewards } from '../../../main/learn/rl/learnRewards.ts';
import { pointedThing } from '../../../main/learn/samples/inscribedCircles.ts';
import { teach } from '../../../main/learn/teach.ts';
import { openModel } from '../../../main/weights/openCheckpoint.ts';
import { recipes } from '../../../main/weights/recipe.ts';
import { writeToy, writeToySam } from '../../weights/toyCheckpoint.ts';
import { sampleOf, side, taskOf, teachingImages } from '../teaching.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-answer-rl-'));
afterAll(() => rmSync(root, { recursive: true }));
const at = (...names: string[]) => path.join(root, ...names);
const images = teachingImages(12);
const quiet = { report: () => {} };

const well =
  '<think>It is left.</think><answer>{"bbox": [4, 5, 50, 52], "points_1": [25, 20], "points_2": [30, 30]}</answer>';
const listed = '<think>It is left.</think><answer>[{"bbox_2d": [4, 5, 50, 52], "point_2d": [25, 20]}]</answer>';
const badly = 'I do not know.';
const systems = { 'seg-zero': well, 'vision-reasoner': listed } as const;
type System = keyof typeof systems;
const all: readonly System[] = ['seg-zero', 'vision-reasoner'];

beforeAll(async () => {
  await writeToySam(at('sam2'));
  for (const name of all) {
    const folder = await writeToy(at(name), { says: [badly, systems[name]] });
    const reasoner = { framing: { kind: 'square', side: 56, filter: 'bilinear' }, answerTokens: 8 };
    writeFileSync(path.join(folder, 'recipe.json'), JSON.stringify({ base: name, reasoner }));
  }
});

async function asking(name: System): Promise<{ policy: AnswerPolicy; asked: AnswerTask[] }> {
  const weights = await openModel(at(name));
  const reasoner = await Reasoner.open(weights, {});
  const asked = await askedAnswers({ weights, reasoner }, images.slice(0, 3), quiet);
  await reasoner.release();
  return { policy: await answerPolicy(weights, { seed: 1 }), asked };
}

/** Of so many groups of answers, the share that has the form. */
async function wellShare(policy: AnswerPolicy, asked: readonly AnswerTask[]): Promise<number> {
  const groups = await openAnswers(policy, answerBatch(policy, asked));
  const totals: number[] = [];
  for (const question of drawnAnswers(asked, 4, { seed: 9, step: 0 })) {
    const { groups: some } = await groups.chosen([question], 1);
    totals.push(...some.flatMap(({ rewards }) => rewards.map(({ total }) => total)));
  }
  await groups.release();
  return totals.filter((total) => total >= 2).length / totals.length;
}

describe('what an answer earns', () => {
  const seen = { frame: { width: 840, height: 840 }, size: { width: side, height: side } };
  const [sample] = images[0]?.samples ?? [];
  if (!sample) throw new Error('There is no sample.');

  it.each(all)('is the most that %s gives for the answer that it is taught', (name) => {
    const rewardOf = rewarderOf(recipes[name])?.(sample, seen)?.rewardOf;
    const [object] = sample.objects;
    const thing = object?.mask && pointedThing(unpackMask(object.mask), seen.frame);
    const form = answerForm(recipes[name].reasoner);
    if (!thing || !form) throw new Error('unreachable');
    const objects = [{ box: thing.box, points: thing.points.slice(0, form.points) }];
    const best = form.write({ label: 'cat', objects, reasoning: 'It sits left.' }) ?? '';
    expect(rewardOf?.(best).total).toBe(name === 'seg-zero' ? 5 : 7);
    expect(rewardOf?.(badly).total).toBe(name === 'seg-zero' ? 0 : 1);
    // Boxing everything, or the form alone, earns no more than the form.
    const corners = [
      [1, 1],
      [2, 2],
    ] as const;
    const whole = { box: { x1: 0, y1: 0, x2: 839, y2: 839 }, points: corners.slice(0, form.points) };
    const everything = form.write({ label: 'cat', objects: [whole], reasoning: 'x' }) ?? '';
    const { total = 0, format = 0 } = rewardOf?.(everything) ?? {};
    expect(total - format).toBeLessThanOrEqual(name === 'seg-zero' ? 0 : 1);
  });

  it('is nothing where nothing matches, where outlines are missing, and for clicks', () => {
    expect(isRewarded(sample)).toBe(true);
    for (const name of all) expect(rewarderOf(recipes[name])?.(sampleOf(1, 'horse', []), seen)).toBeNull();
    expect(isRewarded({ ...sample, objects: sample.objects.map((one) => ({ ...one, mask: null })) })).toBe(false);
    const box = { x1: 1, y1: 1, x2: side, y2: side };
    expect(isRewarded({ ...sample, prompt: { ...sample.prompt, box } })).toBe(false);
    expect(rewarderOf(recipes['qwen-zero-shot'])).toBeNull();
  });
});

describe.each(all)('answers of %s in groups', { timeout: 300_000 }, (name) => {
  it('are read with the weights that they began from: at first nothing lies between them', async () => {
    const { policy, asked } = await asking(name);
    const batch = answerBatch(policy, asked);
    expect(batch).toMatchObject({ questions: 1, turns: 8, rows: 8, answer: 8 });
    const { all: parameters } = policy.parameters;
    const reference = policy.parameters.snapshot(parameters.keys());
    const feeder = await answerReinforcement.open(policy, batch, reference);
    const feeds = await feeder.feed(drawnAnswers(asked, 3, { seed: 1, step: 0 }), 0);
    await feeder.release();
    const advantages = [...(feeds.advantages ?? [])].map(Number);
    expect(advantages).toHaveLength(8);
    expect(Math.abs(advantages.reduce((a, b) => a + b, 0))).toBeLessThan(1e-4);
    // The toy throws a coin for its first token; all that follows is certain.
    const first = Array.from({ length: 8 }, (_, row) => Number(feeds.reference?.[row * batch.answer]));
    for (const value of first) expect(value).toBeCloseTo(Math.log(0.5), 2);
  });

  it('make the better one likelier', async () => {
    const { policy, asked: all } = await asking(name);
    const asked = all.slice(0, 1);
    const before = await wellShare(policy, asked);
    const heard: Record<string, number>[] = [];
    const report = ({ figures }: { figures: Record<string, number> }) => heard.push(figures);
    const run = answerRun(policy, asked, { steps: 6, seed: 2, rate: 2e-3 });
    await train(run, { folder: at(`train-${name}`), report });
    const after = await wellShare(policy, asked);
    expect(before).toBeGreaterThan(0.2);
    expect(before).toBeLessThan(0.8);
    expect(after).toBeGreaterThan(before + 0.2);
    expect(Object.keys(heard.at(-1) ?? {})).toEqual(
      expect.arrayContaining(['kl', 'length', 'rewardMean', 'formatRewardMean', 'usefulGroupsMean']),
    );
  });
});

describe('tier rl of a decoupled checkpoint', { timeout: 300_000 }, () => {
  const task = (run: string) => {
    mkdirSync(at(run), { recursive: true });
    for (const file of ['rewardSteps.json', 'adapterSteps.json']) writeFileSync(at(run, file), '2');
    return { ...taskOf(at(run), at('seg-zero'), images), tier: 'rl' as const, segmenter: at('sam2') };
  };

  it('looks at sampled answers first, and ends in updates that name the checkpoint', async () => {
    const asked = task('steps');
    const spread = await spreadOfAnswers(asked, { learnt: images, from: asked.weights }, quiet);
    expect(spread).toMatchObject({ sampled: 12, answers: 96 });
    expect(spread.useful).toBeGreaterThan(8);
    expect(whyNotByRewards(spread, { isOwn: false })).toBeNull();
    const to = at('steps', 'weights');
    const learning = { learnt: images, from: asked.weights, to, minutes: 5 };
    expect(await learnAnswerRewards(asked, learning, quiet)).toBeGreaterThan(0);
    const [group] = (await readRollouts(at('steps')))?.groups ?? [];
    expect(group?.rollouts).toHaveLength(8);
    const best = group?.rollouts.toSorted((a, b) => b.advantage - a.advantage)[0];
    expect(best).toMatchObject({ mask: null, boxes: [{}], reward: { terms: { thinking: 1, format: 1 } } });
    expect(Object.keys(best?.reward.terms ?? {})).toEqual(['thinking', 'format', 'overlap', 'corners', 'points']);
    expect(readdirSync(to).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors', 'taught.json']);
    expect((await openModel(to)).base).toBe(at('seg-zero'));
  });

  it('is judged as the others are', async () => {
    const outcome = await teach(task('whole'), quiet);
    expect(['rl', 'supervised']).toContain(outcome.tier);
    expect(outcome.usefulGroups).not.toBeNull();
    expect(outcome.gate.reason).toMatch(/^Answers to held-out prompts|^The gain of/u);
    expect(readdirSync(at('whole')).filter((name) => name === 'reasoner' || name === 'rewards.safetensors')).toEqual(
      [],
    );
  });

  it('is refused where nothing can be rewarded, in one sentence', async () => {
    const boxed = images.map((image) => ({
      ...image,
      samples: image.samples.map((one) => ({ ...one, objects: one.objects.map((each) => ({ ...each, mask: null })) })),
    }));
    const asked = task('boxes');
    const spread = await spreadOfAnswers(asked, { learnt: boxed, from: asked.weights }, quiet);
    expect(whyNotByRewards(spread, { isOwn: false })).toMatch(/^No sample is asked by words alone/u);
    const untuned = await writeToy(at('Qwen2.5-VL'), { says: '[]' });
    const learner = { weights: await openModel(untuned), segmenter: at('sam2') };
    expect(cannotLearn(learner, 'rl')).toContain('published no rewards');
  });
});
