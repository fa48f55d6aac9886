// Reinforcement on a toy that answers in one of two ways: what a step is fed, that the better way is learnt, and what moves.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unpackMask } from '../../../main/contract/project.ts';
import { type Run, train } from '../../../main/learn/loop/loop.ts';
import { type RolloutBatch, targetSide } from '../../../main/learn/rl/policyGraph.ts';
import { hasRoom, type Question } from '../../../main/learn/rl/rollouts.ts';
import { askedRecipe } from '../../../main/nano/parameters/layout.ts';
import type { Nano } from '../../../main/nano/parameters/nano.ts';
import { nanoReinforcement } from '../../../main/nano/reinforce.ts';
import type { NamedValues } from '../../../models/graph/value.ts';
import { objectives } from '../../../models/train/grpo.ts';
import { segmenter, speak, tokenizer, toyNano } from '../../nano/toy.ts';
import { teachingImages } from '../teaching.ts';
import { twoAnswers } from '../twoAnswers.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-reinforce-'));
});
afterAll(() => rm(root, { recursive: true }));

const batch: RolloutBatch = { questions: 1, turns: 4, answer: 40, tokens: 400, objective: objectives.lens };

const [question] = teachingImages(1).flatMap((image) =>
  image.samples.map(
    ({ prompt: { text }, objects }): Question => ({
      ...{ text, seed: 3, read: () => image.read() },
      objects: objects.map(({ box, mask }) => ({ box, mask: mask && unpackMask(mask) })),
    }),
  ),
);
if (!question) throw new Error('unreachable');

function speaking(answers: readonly string[]): Nano {
  const nano = toyNano({ seed: 5 });
  speak(nano, answers);
  return nano;
}

type Toy = Run<Nano, Question, RolloutBatch>;
const toyRun = (policy: Nano, steps: number, objective: Toy['objective'] = nanoReinforcement): Toy => ({
  ...{ name: 'toy', steps, policy, objective, shape: batch, perStep: batch.turns },
  settings: { schedule: { kind: 'constant', base: 2e-3, warmup: 0, total: steps } },
  samples: (step) => [1, 2, 3].map((i) => ({ ...question, seed: 40 * step + 10 * i })),
});

const moved = (from: Nano, to: Nano) => (name: string) =>
  to.parameters.values(name).some((value, i) => value !== from.parameters.values(name)[i]);

/** The chance of the better answer, by the values that `reference` was computed with: the answers differ in one choice. */
function betterShare(feeds: NamedValues = {}): number {
  const numbers = (name: string) => [...(feeds[name] ?? [])].slice(0, batch.answer).map(Number);
  const [ids, mask] = [numbers('chosen'), numbers('answerMask')];
  const [better = '', worse = ''] = twoAnswers.map((text) => tokenizer.encode(text).join(' '));
  const log = Math.min(...numbers('reference').filter((_, i) => mask[i] === 1));
  const wrote = ids.join(' ');
  if (!wrote.startsWith(better) && !wrote.startsWith(worse)) throw new Error(`The toy wrote ${wrote}.`);
  return wrote.startsWith(better) ? Math.exp(log) : 1 - Math.exp(log);
}

describe('a few steps', { timeout: 300_000 }, () => {
  const fed: NamedValues[] = [];
  const nano = speaking(twoAnswers);
  let context: { folder: string; report: () => void };
  beforeAll(async () => {
    context = { folder: path.join(root, 'whole'), report: () => {} };
    const objective: Toy['objective'] = {
      ...nanoReinforcement,
      open: async (...opening) => {
        const feeder = await nanoReinforcement.open(...opening);
        const feed: typeof feeder.feed = async (...asked) => {
          const feeds = await feeder.feed(...asked);
          fed.push(feeds);
          return feeds;
        };
        return { ...feeder, feed };
      },
    };
    await train(toyRun(nano, 3, objective), context);
  }, 300_000);

  it('are fed what each answer is worth in its group, and which tokens it wrote', () => {
    const [{ advantages = [], answerMask = [], chosen = [], reference = [] } = {}] = fed;
    const worth = [...advantages].map(Number);
    expect(worth.reduce((sum, one) => sum + one, 0)).toBeCloseTo(0, 5);
    const rows = worth.map((_, row) => [...chosen].slice(row * batch.answer, (row + 1) * batch.answer).join(' '));
    expect(new Set(rows).size).toBe(new Set(worth).size);
    expect([...answerMask].reduce<number>((sum, one) => sum + Number(one), 0)).toBe(4 * 13);
    // The only choice is made at the first coordinate.
    const unsure = [...reference].filter((log, i) => answerMask[i] === 1 && Number(log) < Math.log(0.9));
    expect(unsure).toHaveLength(4);
  });

  it('compare masks over the part of the picture that each answer is drawn in', () => {
    const [{ target = [], hasTarget = [] } = {}] = fed;
    const side = targetSide({ segmenter });
    expect([...hasTarget]).toEqual([1, 1, 1, 1]);
    expect(target.length).toBe(4 * side ** 2);
    expect([...target].every((share) => Number(share) >= -1e-3 && Number(share) <= 1.001)).toBe(true);
  });

  it('make the answer likelier that earns more', async () => {
    const now = nano.parameters.snapshot(nano.parameters.all.keys());
    const feeder = await nanoReinforcement.open(nano, batch, now);
    const after = await feeder.feed(toyRun(nano, 1).samples(0), 0);
    await feeder.release();
    expect(Number(fed[0]?.usefulGroups?.[0])).toBe(1);
    expect(betterShare(after)).toBeGreaterThan(betterShare(fed[0]) + 0.02);
  });

  it('move reasoner, queries, context module and mask decoder, and leave the picture encoder as it was', () => {
    const names = [...nano.parameters.all.keys()].filter(moved(speaking(twoAnswers), nano));
    for (const part of [/^model\./u, /^visual\./u, /^learnable_query$/u, /^connector\./u, /^sam\.sam_mask_decoder\./u])
      expect(
        names.some((name) => part.test(name)),
        `${part}`,
      ).toBe(true);
    expect(names.filter((name) => /^sam\.image_encoder|gaussian_matrix$/u.test(name))).toEqual([]);
  });
});

describe('where all answers earn the same', { timeout: 300_000 }, () => {
  it('masks alone teach, through the context module into the reasoner', async () => {
    const nano = speaking(twoAnswers.slice(0, 1));
    await train(toyRun(nano, 1), { folder: path.join(root, 'alone'), report: () => {} });
    const names = ['model.layers.0.self_attn.v_proj.weight', 'learnable_query', 'conv_1d.weight'];
    expect(names.filter(moved(speaking(twoAnswers.slice(0, 1)), nano))).toEqual(names.slice(1));
  });
});

describe('a question', () => {
  const parts = { ...toyNano(), name: 'toy', recipe: askedRecipe };
  it('has room where its answers and their queries fit beside it', () => {
    expect(hasRoom(parts, { text: 'cat' }, batch)).toBe(true);
    expect(hasRoom(parts, { text: 'the cat beside '.repeat(20) }, batch)).toBe(false);
    expect(hasRoom(parts, { text: 'cat' }, { ...batch, turns: 12 })).toBe(false);
  });
});
