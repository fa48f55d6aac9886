// Groups of answers to the feeds of a step: each token from the one before it, what it counts, and whose advantage it has.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { groupFeeds } from '../../../main/learn/adapter/answerGroups.ts';
import { answerBatch, drawnAnswers } from '../../../main/learn/adapter/answerRl.ts';
import { type AnswerPolicy, answerPolicy } from '../../../main/learn/adapter/answerTask.ts';
import { openModel } from '../../../main/weights/openCheckpoint.ts';
import { objectives } from '../../../models/train/grpo.ts';
import { writeToy } from '../../weights/toyCheckpoint.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-answer-groups-'));
afterAll(() => rmSync(root, { recursive: true }));

let policy: AnswerPolicy;
beforeAll(async () => {
  const weights = await openModel(await writeToy(path.join(root, 'Seg-Zero'), { says: 'a' }));
  policy = await answerPolicy(weights, { seed: 1 });
});

const size = { width: 8, height: 8 };
const picture = { imageId: 3, size, frame: size, objects: [], read: () => Promise.reject() };

/** A request of some words and one picture of so many tokens. */
function asked(words: number, cells: number) {
  const { imageToken, language } = policy.weights.reasoner;
  const ids = [...new Array<number>(cells).fill(imageToken), ...new Array<number>(words).fill(7)];
  const features = new Float32Array(cells * language.hidden).fill(words);
  return {
    prompt: { ids, grids: [{ t: 1, h: 2, w: 2 * cells }], features },
    rewardOf: () => ({ total: 0, format: 0, terms: {} }),
    text: 'cat',
    picture,
  };
}

it('puts each answer behind its request, filled up to the longest', () => {
  const batch = {
    questions: 1,
    turns: 2,
    rows: 2,
    tokens: 12,
    features: 1,
    answer: 4,
    queries: null,
    objective: objectives.segZero,
  };
  const rewards = [
    { total: 5, format: 2, terms: {} },
    { total: 1, format: 1, terms: {} },
  ];
  const group = {
    question: { ...asked(3, 1), seed: 1 },
    answers: [[11, 12, 13], [14]],
    said: [],
    unreadable: 0,
    rewards,
    drawn: [],
  };
  const feeds = groupFeeds({ groups: [group], sampled: 3, useful: 1 }, policy, batch);
  const numbers = (name: string) => Array.from(feeds[name] ?? [], Number);
  const image = policy.weights.reasoner.imageToken;
  expect(numbers('ids')).toEqual([
    ...[image, 7, 7, 7, 11, 12, 13, 0, 0, 0, 0, 0],
    ...[image, 7, 7, 7, 14, 0, 0, 0, 0, 0, 0, 0],
  ]);
  expect(numbers('labels')).toEqual([11, 12, 13, 0, 14, 0, 0, 0]);
  expect(numbers('counts')).toEqual([1, 1, 1, 0, 1, 0, 0, 0]);
  expect(numbers('predictors')).toEqual([3, 4, 5, 0, 15, 0, 0, 0]);
  // Words of all rows come first, then the features of each.
  const places = numbers('places');
  expect([places[0], places[12]]).toEqual([24, 25]);
  expect(places.slice(1, 12)).toEqual(Array.from({ length: 11 }, (_, i) => i + 1));
  const [better = 0, worse = 0] = numbers('advantages');
  expect(better).toBeGreaterThan(0);
  expect(better + worse).toBeCloseTo(0, 5);
  expect([feeds.reward, feeds.formatReward].map((value) => Number(value?.[0]))).toEqual([3, 1.5]);
  expect([feeds.sampledGroups, feeds.usefulGroups].map((value) => Number(value?.[0]))).toEqual([3, 1]);
});

it('gives equal rewards no advantage', () => {
  const batch = {
    questions: 1,
    turns: 2,
    rows: 2,
    tokens: 8,
    features: 1,
    answer: 2,
    queries: null,
    objective: objectives.segZero,
  };
  const same = { total: 2, format: 2, terms: {} };
  const group = {
    question: { ...asked(2, 1), seed: 1 },
    answers: [[11], [12]],
    said: [],
    unreadable: 2,
    rewards: [same, same],
    drawn: [],
  };
  const feeds = groupFeeds({ groups: [group], sampled: 1, useful: 0 }, policy, batch);
  expect(Array.from(feeds.advantages ?? [], Number)).toEqual([0, 0]);
});

it('has room for the longest request and an answer that is not cut off too late', () => {
  const all = [asked(10, 2), asked(40, 3)];
  expect(answerBatch(policy, all)).toEqual({
    ...{ questions: 1, turns: 8, rows: 8, answer: 256 },
    ...{ tokens: Math.ceil((43 + 256) / 32) * 32, features: 3 },
    ...{ queries: null, objective: { ...objectives.segZero, ratio: 'on-policy', clip: null } },
  });
});

it('asks what follows from seed and step, each as often as the others', () => {
  const all = [asked(1, 1), asked(2, 1), asked(3, 1)];
  const drawn = (seed: number, step: number) =>
    drawnAnswers(all, 6, { seed, step }).map((one) => [one.prompt.ids.length, one.seed]);
  expect(drawn(1, 2)).toEqual(drawn(1, 2));
  expect(drawn(1, 2)).not.toEqual(drawn(1, 3));
  expect(drawn(1, 2)).not.toEqual(drawn(2, 2));
  const lengths = drawn(1, 2).map(([length]) => length);
  for (const length of [2, 3, 4]) expect(lengths.filter((one) => one === length)).toHaveLength(2);
});
