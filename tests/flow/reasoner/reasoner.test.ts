// Answers of toy weights: what was taught is written, streamed, stopped, and read by context queries.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Reasoner } from '../../../main/flow/reasoner/reasoner.ts';
import { exportNano } from '../../../main/nano/export.ts';
import { openWeights } from '../../../main/weights/open.ts';
import { context, reasoner as sizes, speak, toyNano } from '../../nano/toy.ts';
import { disc } from '../../pictures/disc.ts';
import { joined, largestDifference } from '../../tensors.ts';

const answer =
  '<think>1 red dog, café</think><answer>```json\n[{"bbox_2d": [2, 40, 60, 88], "label": "cat"}]\n```</answer>';
// They part only behind the opening bracket: each answer takes one draw.
const nothing = '<think>1 red dog, café</think><answer>```json\n[]\n```</answer>';
const { image } = disc(10);
const greedy = { samples: 1, temperature: 0, seed: 0 };

let folder: string;
let speaking: Reasoner;
let random: Reasoner;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-reasoner-'));
  const [taught, raw] = [toyNano(), toyNano({ seed: 4 })];
  speak(taught, [answer, nothing]);
  await exportNano(taught, path.join(folder, 'taught'));
  await exportNano(raw, path.join(folder, 'raw'));
  speaking = await Reasoner.open(await openWeights(path.join(folder, 'taught')), {});
  random = await Reasoner.open(await openWeights(path.join(folder, 'raw')), {});
});
afterAll(async () => {
  await speaking.release();
  await random.release();
  await rm(folder, { recursive: true });
});

describe('ask', () => {
  it('writes what the weights say, token by token, and stops at its end', async () => {
    const pieces: string[] = [];
    const options = { ...greedy, onText: (piece: string) => pieces.push(piece) };
    const { written, firstTokenMs } = await speaking.ask(image, 'the dog', options);
    expect(written).toHaveLength(1);
    expect([answer, nothing]).toContain(written[0]?.text);
    expect(pieces.join('')).toBe(written[0]?.text);
    expect(pieces.length).toBeGreaterThan(8);
    expect(firstTokenMs).toBeGreaterThan(0);
  });

  it('streams all of every answer, and no broken characters', async () => {
    const texts = ['', '', '', ''];
    const onText = (piece: string, candidate: number) => {
      texts[candidate] += piece;
    };
    const { written } = await speaking.ask(image, 'the dog', { samples: 4, temperature: 0.9, seed: 3, onText });
    expect(new Set(written.map(({ text }) => text))).toEqual(new Set([answer, nothing]));
    expect(texts).toEqual(written.map(({ text }) => text));
    for (const seed of [1, 2, 5, 6]) {
      const streamed: string[] = [];
      const drawn = { samples: 1, temperature: 0.9, seed, onText: (piece: string) => streamed.push(piece) };
      const { written: own } = await speaking.ask(image, 'the dog', drawn);
      expect(streamed.join('')).toBe(own[0]?.text);
      expect(streamed.filter((piece) => piece.includes('\uFFFD'))).toEqual([]);
    }
  });

  it('knows how likely each token was', async () => {
    const { written } = await speaking.ask(image, 'the dog', { samples: 2, temperature: 0.9, seed: 3 });
    for (const { logProbabilities } of written) {
      const forks = logProbabilities.filter((p) => p < -0.1);
      expect(forks).toHaveLength(1);
      expect(forks[0]).toBeCloseTo(Math.log(1 / 2), 2);
      expect(Math.max(...logProbabilities)).toBeLessThanOrEqual(0);
    }
  });

  it('repeats itself for a seed, and differs for another', async () => {
    const texts = async (seed: number) =>
      (await speaking.ask(image, 'the dog', { samples: 6, temperature: 0.9, seed })).written.map(({ text }) => text);
    expect(await texts(1)).toEqual(await texts(1));
    const drawn = await Promise.all([1, 20, 40, 60].map(texts));
    expect(new Set(drawn.map((each) => each.join('|'))).size).toBeGreaterThan(1);
  });

  it('gives up an answer that does not end', async () => {
    const { written } = await random.ask(image, 'the dog', greedy);
    expect(written[0]?.logProbabilities).toHaveLength(224);
  });

  it('looks at picture and question', async () => {
    const first = async (picture: typeof image, question: string) => {
      const { written } = await random.ask(picture, question, greedy);
      return written[0]?.logProbabilities.slice(0, 3) ?? [];
    };
    const usual = await first(image, 'the dog');
    expect(await first(image, 'the dog')).toEqual(usual);
    expect(await first(disc(24).image, 'the dog')).not.toEqual(usual);
    expect(await first(image, 'the cat')).not.toEqual(usual);
  });
});

describe('an abort', () => {
  it('ends the answer between two tokens, with the reason of the signal', async () => {
    const controller = new AbortController();
    const reason = new Error('the person pressed escape');
    const pieces: string[] = [];
    const onText = (piece: string) => {
      pieces.push(piece);
      if (pieces.length === 3) controller.abort(reason);
    };
    const asked = speaking.ask(image, 'the dog', { ...greedy, signal: controller.signal, onText });
    await expect(asked).rejects.toBe(reason);
    expect(pieces).toHaveLength(3);
  });

  it('arrives while the model works, and costs only this answer', async () => {
    const controller = new AbortController();
    const asked = random.ask(image, 'the dog', { ...greedy, signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    await expect(asked).rejects.toHaveProperty('name', 'AbortError');
    expect((await speaking.ask(image, 'the dog', greedy)).written).toHaveLength(1);
  });
});

describe('queryStates', () => {
  it('are one set of states for each answer, by the query vectors and what was written', async () => {
    const { hidden } = sizes.language;
    const queries = Float32Array.from({ length: context.numOfQuery * hidden }, (_, i) => Math.sin(i));
    const answers = await random.ask(image, 'the dog', { samples: 3, temperature: 0.9, seed: 2 });
    const states = await joined(await random.queryStates(answers, queries));
    expect(states).toHaveLength(answers.written.length * context.numOfQuery * hidden);
    const own = (k: number) => states.slice(k * queries.length, (k + 1) * queries.length);
    expect(largestDifference(own(0), own(1))).toBeGreaterThan(1e-4);
    expect(largestDifference(await joined(await random.queryStates(answers, queries)), states)).toBe(0);
    const moved = queries.map((v) => v + 0.5);
    const other = await joined(await random.queryStates(answers, moved));
    expect(largestDifference(other, states)).toBeGreaterThan(1e-3);
  });
});
