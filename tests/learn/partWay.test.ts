// Trained weights part of the way from where they began, and how far of it is gone.
import { describe, expect, it } from 'vitest';
import { partWay, shareThatKeeps, tries, type Way } from '../../main/learn/partWay.ts';

const way: Way = {
  start: { plain: Float32Array.from([0, 10]), table: Float32Array.from([1, 1, 2, 2, 3, 3]) },
  end: new Map([
    ['plain', { shape: [2], values: Float32Array.from([4, 20]) }],
    ['table', { shape: [3, 2], values: Float32Array.from([3, 3, 6, 6, 9, 9]) }],
  ]),
  isNew: (name, row) => name === 'table' && row === 1,
};

const at = (share: number) =>
  Object.fromEntries([...partWay(way, share)].map(([name, { values }]) => [name, [...values]]));

describe('partWay', () => {
  it('is the start at 0 and what was trained at 1, new rows always as trained', () => {
    expect(at(0)).toEqual({ plain: [0, 10], table: [1, 1, 6, 6, 3, 3] });
    expect(at(1)).toEqual({ plain: [4, 20], table: [3, 3, 6, 6, 9, 9] });
  });

  it('goes straight between them', () => {
    expect(at(0.25)).toEqual({ plain: [1, 12.5], table: [1.5, 1.5, 6, 6, 4.5, 4.5] });
  });

  it('leaves what was trained as it is, and refuses what was not there before', () => {
    at(0.5);
    expect([...(way.end.get('plain')?.values ?? [])]).toEqual([4, 20]);
    expect(() => partWay({ ...way, start: {} }, 0.5)).toThrow('plain was not there');
  });
});

describe('shareThatKeeps', () => {
  /** What was known falls with the square of the way. */
  const falling =
    (loss: number, asked: number[] = []) =>
    (share: number) => {
      asked.push(share);
      return Promise.resolve(0.8 - loss * share ** 2);
    };

  it('is all where nothing is lost', async () => {
    const asked: number[] = [];
    expect(await shareThatKeeps(falling(0.004, asked))).toBe(1);
    expect(asked).toEqual([0, 1]);
  });

  it('is the largest that loses little', async () => {
    const asked: number[] = [];
    expect(await shareThatKeeps(falling(0.011, asked))).toBe(0.65);
    expect(asked).toEqual([0, 1, 0.8, 0.65]);
  });

  it('is the one that loses least where all lose more, though it is not the smallest', async () => {
    const asked: number[] = [];
    const score = falling(9, asked);
    expect(await shareThatKeeps(score)).toBe(0.5);
    expect(asked).toHaveLength(tries);
    expect(await shareThatKeeps(async (share) => (share === 0.8 ? 0.7 : score(share)))).toBe(0.8);
  });
});
