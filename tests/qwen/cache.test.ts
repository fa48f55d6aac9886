import { describe, expect, test } from 'vitest';
import { cacheNames, KeyValueCache } from '../../models/qwen/cache.ts';
import { nanoConfig } from '../../models/qwen/config.ts';

const config = { ...nanoConfig({ vocabulary: 10, imageToken: 9 }).language, layers: 1, kvHeads: 2, headWidth: 2 };
const make = (rows: number, chunk = 4) => new KeyValueCache(config, { rows, chunk });

/** Results of a run: [rows, 2 heads, tokens, 2] counted up from `first`, values a thousand more. */
function results(rows: number, tokens: number, first: number) {
  const key = Float32Array.from({ length: rows * 2 * tokens * 2 }, (_, i) => first + i);
  return { 'own.key.0': key, 'own.value.0': key.map((v) => v + 1000) };
}

/** Tokens of one row and head. */
function tokensOf(cache: KeyValueCache, row: number, head: number): number[] {
  const keys = cache.feeds()['past.key.0'] ?? new Float32Array();
  const start = (row * 2 + head) * cache.capacity * 2;
  return [...keys.slice(start, start + 2 * (cache.used[row] ?? 0))];
}

describe('KeyValueCache', () => {
  test('puts each row and head behind what is there, and grows by chunks without losing it', () => {
    const cache = make(2);
    cache.append(results(2, 3, 0), 3, [3, 3]);
    expect(cache.capacity).toBe(4);
    cache.append(results(2, 2, 100), 2, [2, 2]);
    expect(cache.capacity).toBe(8);
    expect(tokensOf(cache, 0, 0)).toEqual([0, 1, 2, 3, 4, 5, 100, 101, 102, 103]);
    expect(tokensOf(cache, 0, 1)).toEqual([6, 7, 8, 9, 10, 11, 104, 105, 106, 107]);
    expect(tokensOf(cache, 1, 1)).toEqual([18, 19, 20, 21, 22, 23, 112, 113, 114, 115]);
    const values = cache.feeds()['past.value.0'];
    expect(values?.slice(0, 10)).toEqual(Float32Array.from(tokensOf(cache, 0, 0), (v) => v + 1000));
  });

  test('takes only as many tokens as a row says', () => {
    const cache = make(2);
    cache.append(results(2, 3, 0), 3, [1, 3]);
    expect(cache.used).toEqual([1, 3]);
    cache.append(results(2, 1, 50), 1, [1, 0]);
    expect(tokensOf(cache, 0, 0)).toEqual([0, 1, 50, 51]);
    expect(tokensOf(cache, 1, 0)).toEqual([12, 13, 14, 15, 16, 17]);
  });

  test('repeats rows side by side, each of its own from then on', () => {
    const cache = make(2);
    cache.append(results(2, 2, 0), 2, [2, 1]);
    const copy = cache.repeated(2);
    expect(copy.used).toEqual([2, 2, 1, 1]);
    expect(tokensOf(copy, 1, 1)).toEqual(tokensOf(cache, 0, 1));
    expect(tokensOf(copy, 3, 0)).toEqual(tokensOf(cache, 1, 0));
    copy.append(results(4, 1, 70), 1, [1, 1, 1, 1]);
    expect(tokensOf(cache, 0, 0)).toEqual([0, 1, 2, 3]);
    expect(tokensOf(copy, 1, 0)).toEqual([0, 1, 2, 3, 74, 75]);
  });

  test('hides the unused end and the tokens to come', () => {
    const cache = make(2, 3);
    cache.append(results(2, 2, 0), 2, [2, 1]);
    const seen = [...cache.mask(2)].map((v) => (v === 0 ? 1 : 0));
    const rows = Array.from({ length: 4 }, (_, i) => seen.slice(i * 5, i * 5 + 5).join(''));
    expect(rows).toEqual(['11010', '11011', '10010', '10011']);
  });

  test('refuses results without its tensors', () => {
    expect(() => make(1).append({}, 1, [1])).toThrow('own.key.0');
    expect(cacheNames(2, 'past')).toEqual(['past.key.0', 'past.value.0', 'past.key.1', 'past.value.1']);
  });
});
