import { describe, expect, test } from 'vitest';
import {
  chooseToken,
  likeliest,
  logProbability,
  processLogits,
  type Sampling,
  seededUniform,
  softmaxOf,
} from '../../models/qwen/sampling.ts';
import { goldenJson, haveGolden } from '../golden.ts';

interface Fixture {
  tolerance: number;
  cases: {
    name: string;
    options: { repetition_penalty?: number; temperature?: number; top_k?: number; top_p?: number; min_p?: number };
    context_ids: number[];
    logits: number[];
    kept: number[];
    processed: (number | string)[];
    probabilities: number[];
    greedy: number;
  }[];
}

const samplingOf = ({ options }: Fixture['cases'][number]): Sampling => ({
  temperature: options.temperature,
  topK: options.top_k,
  topP: options.top_p,
  minP: options.min_p,
  repetitionPenalty: options.repetition_penalty,
});

const cases = haveGolden ? goldenJson<Fixture>('grpo', 'sampling.json').cases : [];

describe.skipIf(!haveGolden)('processLogits', () => {
  test.for(cases)('agrees with transformers: $name', (one) => {
    const scores = processLogits(one.logits, new Set(one.context_ids), samplingOf(one));
    const kept = [...scores.keys()].filter((i) => scores[i] !== Number.NEGATIVE_INFINITY);
    expect(kept).toEqual(one.kept);
    const probabilities = softmaxOf(scores);
    one.probabilities.forEach((p, i) => expect(probabilities[i]).toBeCloseTo(p, 9));
    one.processed.forEach((v, i) => {
      if (v !== '-Infinity') expect(scores[i]).toBeCloseTo(Number(v), 9);
    });
    expect(likeliest(scores)).toBe(one.greedy);
  });
});

const none = new Set<number>();

describe('chooseToken', () => {
  test('is greedy without a temperature, the first of equals', () => {
    expect(chooseToken([1, 4, 4, 2], none, {}, () => 0.99)).toBe(1);
  });

  test('lets the penalty change the greedy choice, for negative logits too', () => {
    const sampling = { repetitionPenalty: 1.5 };
    expect(chooseToken([2, 2.5], new Set([1]), sampling, () => 0)).toBe(0);
    expect(chooseToken([-2, -1.9], new Set([1]), sampling, () => 0)).toBe(0);
  });

  test('draws each token as often as its probability says', () => {
    const logits = [0, Math.log(2), Math.log(5), -50];
    const uniform = seededUniform(7);
    const counts = [0, 0, 0, 0];
    const draws = 40_000;
    for (let i = 0; i < draws; i++) {
      const id = chooseToken(logits, none, { temperature: 1 }, uniform);
      counts[id] = (counts[id] ?? 0) + 1;
    }
    [1 / 8, 2 / 8, 5 / 8, 0].forEach((p, i) => expect((counts[i] ?? 0) / draws).toBeCloseTo(p, 1.9));
  });

  test('never draws what a filter dropped, and draws the last token at the end of the line', () => {
    const sampling = { temperature: 1, topK: 2 };
    const ids = Array.from({ length: 50 }, (_, i) => chooseToken([5, 1, 4.9, 0], none, sampling, () => i / 50));
    expect(new Set(ids)).toEqual(new Set([0, 2]));
    expect(chooseToken([0, 0, -1e9], none, { temperature: 1 }, () => 1 - 2 ** -40)).toBe(1);
  });

  test('handles a vocabulary of real size, where only the k largest matter', () => {
    const uniform = seededUniform(3);
    const logits = Float32Array.from({ length: 150_000 }, () => 10 * uniform());
    const sampling = { temperature: 0.9, topK: 50, topP: 0.9 };
    const scores = processLogits(logits, none, sampling);
    const kept = [...scores].filter((v) => v > Number.NEGATIVE_INFINITY);
    expect(kept.length).toBeLessThanOrEqual(50);
    const threshold = Float64Array.from(logits).sort().at(-50) ?? 0;
    expect(Math.min(...kept) * 0.9).toBeGreaterThanOrEqual(threshold - 1e-9);
  });
});

describe('seededUniform', () => {
  test('repeats itself for a seed, differs between seeds and stays in [0, 1)', () => {
    const take = (seed: number) => Array.from({ length: 1000 }, seededUniform(seed));
    expect(take(5)).toEqual(take(5));
    expect(take(5)[0]).not.toBe(take(6)[0]);
    const numbers = take(11);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    expect(numbers.reduce((a, b) => a + b, 0) / numbers.length).toBeCloseTo(0.5, 1);
  });
});

describe('logProbability', () => {
  test('is the log of the softmax', () => {
    const logits = [1, -3, 100, 99];
    const shares = softmaxOf(logits);
    logits.forEach((_, i) => expect(logProbability(logits, i)).toBeCloseTo(Math.log(shares[i] ?? 0), 10));
  });
});
