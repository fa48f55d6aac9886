// Trained values of which only the largest changes stand, and how many of them are gone with.
import { describe, expect, it } from 'vitest';
import { largestChanges, shareThatKeeps, type TrainingChange, tries } from '../../../main/learn/gate/largestChanges.ts';

const change: TrainingChange = {
  start: { plain: Float32Array.from([0, 10, 5]), table: Float32Array.from([1, 1, 2, 2, 3, 3]) },
  end: new Map([
    ['plain', { shape: [3], values: Float32Array.from([4, 12, 5]) }],
    ['table', { shape: [3, 2], values: Float32Array.from([2, 1, 6, 6, 3, 0]) }],
  ]),
  isNew: (name, row) => name === 'table' && row === 1,
};

const at = (share: number) =>
  Object.fromEntries([...largestChanges(change)(share)].map(([name, { values: now }]) => [name, [...now]]));

describe('largestChanges', () => {
  it('is the start at 0 and what was trained at 1, new rows always as trained', () => {
    expect(at(0)).toEqual({ plain: [0, 10, 5], table: [1, 1, 6, 6, 3, 3] });
    expect(at(1)).toEqual({ plain: [4, 12, 5], table: [2, 1, 6, 6, 3, 0] });
  });

  it('keeps changes whole, the largest of all parameters first, and counts only what changed', () => {
    expect(at(0.25)).toEqual({ plain: [4, 10, 5], table: [1, 1, 6, 6, 3, 3] });
    expect(at(0.5)).toEqual({ plain: [4, 10, 5], table: [1, 1, 6, 6, 3, 0] });
    expect(at(0.75)).toEqual({ plain: [4, 12, 5], table: [1, 1, 6, 6, 3, 0] });
  });

  it('leaves what was trained as it is, and refuses what was not there before', () => {
    at(0.5);
    expect([...(change.end.get('plain')?.values ?? [])]).toEqual([4, 12, 5]);
    expect(() => largestChanges({ ...change, start: {} })).toThrow('plain was not there');
  });

  it('is the start where nothing changed', () => {
    const still: TrainingChange = {
      ...change,
      end: new Map([['plain', { shape: [3], values: Float32Array.of(0, 10, 5) }]]),
    };
    for (const share of [0, 0.5, 1])
      expect([...(largestChanges(still)(share).get('plain')?.values ?? [])]).toEqual([0, 10, 5]);
  });
});

describe('shareThatKeeps', () => {
  /** What was known falls with the share of the changes. */
  const falling =
    (loss: number, asked: number[] = []) =>
    (share: number) => {
      asked.push(share);
      return Promise.resolve(0.8 - loss * share);
    };

  it('is all where little is lost, and nothing else is asked', async () => {
    const asked: number[] = [];
    expect(await shareThatKeeps(falling(0.009, asked))).toBe(1);
    expect(asked).toEqual([0, 1]);
  });

  it('is as much as loses what may be lost, by a line through all that was lost', async () => {
    const asked: number[] = [];
    expect(await shareThatKeeps(falling(0.05, asked))).toBeCloseTo(0.25, 6);
    expect(asked).toHaveLength(tries);
    // A mean that lies off by chance moves it little: (0.05 + 0.3 * 0.035) / 1.09 a share.
    const score = falling(0.05);
    const off = await shareThatKeeps(async (share) => (await score(share)) - (share === 0.3 ? 0.02 : 0));
    expect(off).toBeCloseTo(0.0125 / 0.0555, 3);
  });

  it('is never so small that nothing new is left', async () => {
    expect(await shareThatKeeps(falling(9))).toBe(0.15);
  });

  it('is all where less was lost by all than gained by a part', async () => {
    const scores = new Map([
      [0, 0.8],
      [1, 0.78],
      [0.3, 0.9],
    ]);
    expect(await shareThatKeeps(async (share) => scores.get(share) ?? 0)).toBe(1);
  });
});
