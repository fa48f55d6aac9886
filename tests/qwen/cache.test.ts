// A prompt stored once and a suffix for each row: where tokens go, what a run is fed, what the mask lets a row see.
import { describe, expect, test } from 'vitest';
import { cacheNames, KeyValueCache, ofRow } from '../../models/qwen/cache.ts';
import { nanoConfig } from '../../models/qwen/config.ts';

const config = { ...nanoConfig({ vocabulary: 10, imageToken: 9 }).language, layers: 1, kvHeads: 2, headWidth: 2 };

/** Results of a run: [rows, 2 heads, tokens, 2] counted up from `first`, values a thousand more. */
function results(rows: number, tokens: number, first: number) {
  const key = Float32Array.from({ length: rows * 2 * tokens * 2 }, (_, i) => first + i);
  return { 'own.key.0': key, 'own.value.0': key.map((v) => v + 1000) };
}

/** Prompts of `lengths` tokens in 3 places. */
const make = (lengths: number[], chunk = 4) =>
  new KeyValueCache(config, { results: results(lengths.length, 3, 500), tokens: 3, lengths }, { chunk });

/** The suffix of one row and head. */
function suffixOf(cache: KeyValueCache, row: number, head: number): number[] {
  const keys = cache.feeds()['past.key.0'] ?? new Float32Array();
  const start = (row * 2 + head) * cache.capacity * 2;
  return [...keys.slice(start, start + 2 * ((cache.used[row] ?? 0) - 3))];
}

describe('KeyValueCache', () => {
  test('feeds the prompt as the run gave it, and no suffix before there is one', () => {
    const read = results(2, 3, 500);
    const cache = new KeyValueCache(config, { results: read, tokens: 3, lengths: [3, 2] }, { chunk: 4 });
    expect(Object.keys(cache.feeds())).toEqual(['prompt.key.0', 'prompt.value.0']);
    expect(cache.feeds()['prompt.key.0']).toBe(read['own.key.0']);
    expect(cache.used).toEqual([3, 2]);
    expect(cache.shape).toEqual({ prompts: 2, promptTokens: 3, capacity: 0 });
  });

  test('puts each row and head behind what is there, and grows by chunks without losing it', () => {
    const cache = make([3, 3]);
    cache.append(results(2, 3, 0), 3, [3, 3]);
    expect(cache.capacity).toBe(4);
    cache.append(results(2, 2, 100), 2, [2, 2]);
    expect(cache.capacity).toBe(8);
    expect(suffixOf(cache, 0, 0)).toEqual([0, 1, 2, 3, 4, 5, 100, 101, 102, 103]);
    expect(suffixOf(cache, 0, 1)).toEqual([6, 7, 8, 9, 10, 11, 104, 105, 106, 107]);
    expect(suffixOf(cache, 1, 1)).toEqual([18, 19, 20, 21, 22, 23, 112, 113, 114, 115]);
    const values = cache.feeds()['past.value.0'];
    expect(values?.slice(0, 10)).toEqual(Float32Array.from(suffixOf(cache, 0, 0), (v) => v + 1000));
  });

  test('takes only as many tokens as a row says', () => {
    const cache = make([3, 3]);
    cache.append(results(2, 3, 0), 3, [1, 3]);
    expect(cache.used).toEqual([4, 6]);
    cache.append(results(2, 1, 50), 1, [1, 0]);
    expect(suffixOf(cache, 0, 0)).toEqual([0, 1, 50, 51]);
    expect(suffixOf(cache, 1, 0)).toEqual([12, 13, 14, 15, 16, 17]);
  });

  test('lets rows share a prompt that stays where it is, each with a suffix of its own', () => {
    const cache = make([3, 3]);
    cache.append(results(2, 1, 20), 1, [1, 1]);
    const copy = cache.shared(2);
    expect(copy.feeds()['prompt.key.0']).toBe(cache.feeds()['prompt.key.0']);
    expect(copy.shape.prompts).toBe(2);
    expect(copy.used).toEqual([4, 4, 4, 4]);
    expect(suffixOf(copy, 1, 1)).toEqual(suffixOf(cache, 0, 1));
    expect(suffixOf(copy, 3, 0)).toEqual(suffixOf(cache, 1, 0));
    copy.append(results(4, 1, 70), 1, [1, 1, 1, 1]);
    expect(suffixOf(cache, 0, 0)).toEqual([20, 21]);
    expect(suffixOf(copy, 1, 0)).toEqual([20, 21, 74, 75]);
  });

  test('puts each prompt into the suffix of its only row, with what was written behind it', () => {
    const cache = make([3, 2]);
    cache.append(results(2, 1, 20), 1, [1, 0]);
    const alone = cache.unshared();
    expect(Object.keys(alone.feeds())).toEqual(['past.key.0', 'past.value.0']);
    expect(alone.used).toEqual(cache.used);
    expect(alone.shape).toEqual({ prompts: 2, promptTokens: 0, capacity: 4 });
    // [rows, heads, 4 places, 2]; the third token of the second prompt is padding and the third place of its suffix unused.
    const keys = [...(alone.feeds()['past.key.0'] ?? [])];
    expect(keys.slice(0, 8)).toEqual([500, 501, 502, 503, 504, 505, 20, 21]);
    expect(keys.slice(8, 16)).toEqual([506, 507, 508, 509, 510, 511, 22, 23]);
    expect(keys.slice(16, 20)).toEqual([512, 513, 514, 515]);
    expect([...alone.mask(1)].map((v) => (v === 0 ? 1 : 0)).join('')).toBe('1111111001');
    alone.append(results(2, 1, 70), 1, [1, 1]);
    expect(alone.used).toEqual([5, 3]);
    expect(() => cache.shared(2).unshared()).toThrow('2 rows share each prompt.');
  });

  test('hides unused places and the tokens to come', () => {
    const cache = make([3, 2], 3).shared(2);
    cache.append(results(4, 2, 0), 2, [2, 1, 0, 2]);
    const seen = [...cache.mask(2)].map((v) => (v === 0 ? 1 : 0));
    const rows = Array.from({ length: 8 }, (_, i) => seen.slice(i * 8, i * 8 + 8).join(''));
    expect(rows).toEqual([
      ...['11111010', '11111011', '11110010', '11110011'],
      ...['11000010', '11000011', '11011010', '11011011'],
    ]);
  });

  test('says which row there is not', () => {
    expect(ofRow([4, 5], 1)).toBe(5);
    expect(() => ofRow([4, 5], 2)).toThrow('There is no row 2 among 2.');
  });

  test('refuses results without its tensors', () => {
    const read = { results: {}, tokens: 1, lengths: [1] };
    expect(() => new KeyValueCache(config, read, { chunk: 4 })).toThrow('own.key.0');
    expect(() => make([1]).append({}, 1, [1])).toThrow('own.key.0');
    expect(cacheNames(2, 'past')).toEqual(['past.key.0', 'past.value.0', 'past.key.1', 'past.value.1']);
  });
});
