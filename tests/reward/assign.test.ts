// Pairings against trying every one.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign } from '../../main/reward/assign.ts';

function cheapest(costs: readonly (readonly number[])[], row = 0, taken = new Set<number>()): number {
  if (row === costs.length) return 0;
  const columns = [...(costs[row] ?? []).keys()].filter((column) => !taken.has(column));
  const sums = columns.map(
    (column) => (costs[row]?.[column] ?? 0) + cheapest(costs, row + 1, new Set([...taken, column])),
  );
  return Math.min(...sums);
}

test('costs as little as the best of all pairings', () => {
  const tables = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 2 })).chain(([rows, more]) =>
    fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: rows + more, maxLength: rows + more }), {
      minLength: rows,
      maxLength: rows,
    }),
  );
  const property = fc.property(tables, (costs) => {
    const pairs = assign(costs);
    expect(new Set(pairs.map(([row]) => row)).size).toBe(costs.length);
    expect(new Set(pairs.map(([, column]) => column)).size).toBe(costs.length);
    expect(pairs.reduce((sum, [row, column]) => sum + (costs[row]?.[column] ?? Number.NaN), 0)).toBe(cheapest(costs));
    const flipped = costs[0]?.map((_, column) => costs.map((row) => row[column] ?? 0)) ?? [];
    const sum = assign(flipped).reduce((total, [column, row]) => total + (costs[row]?.[column] ?? Number.NaN), 0);
    expect(sum).toBe(cheapest(costs));
  });
  fc.assert(property, { numRuns: 300 });
});

test('nothing to pair', () => {
  expect(assign([])).toEqual([]);
  expect(assign([[], []])).toEqual([]);
});

test('a greedy choice would be wrong', () => {
  const pairs = assign([
    [1, 2],
    [1, 9],
  ]);
  expect(pairs.toSorted(([a], [b]) => a - b)).toEqual([
    [0, 1],
    [1, 0],
  ]);
});
