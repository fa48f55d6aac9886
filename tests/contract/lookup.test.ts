import { describe, expect, it } from 'vitest';
import { entry, field, underKey } from '../../main/contract/lookup.ts';

describe('looking up what must be there', () => {
  it('gives what is there, a 0 and an empty text too', () => {
    expect(entry([7, 0], 1, 'counts')).toBe(0);
    expect(entry(['', 'a'], 0, 'names')).toBe('');
    expect(underKey(new Map([['a', 0]]), 'a', 'areas')).toBe(0);
  });

  it.each([-1, 2, 0.5, Number.NaN])('entry %s of a list of two is named with its list', (at) => {
    expect(() => entry([7, 8], at, 'counts')).toThrow(`counts: no entry ${at} among 2`);
  });

  it('names a field that a record lacks, one of every object too, and those that it has', () => {
    expect(field({ a: 0 }, 'a', 'times')).toBe(0);
    expect(() => field({ a: 1, b: 2 }, 'c', 'times')).toThrow('times: no field c among a, b');
    expect(() => field<unknown>({}, 'toString', 'times')).toThrow('times: no field toString among none');
  });

  it('names a key that a map lacks', () => {
    expect(() => underKey(new Map([['a', 1]]), 'b', 'areas')).toThrow('areas: nothing under b');
  });
});
