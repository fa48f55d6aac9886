import { expect, test } from 'vitest';
import type { Mask } from '../../../main/contract/records.ts';
import { ImportBudget } from '../../../main/jobs/importing/importBudget.ts';

const maskOf = (runs: number): Mask => ({ size: [1, runs], counts: Array.from({ length: runs }, () => 1) });

test('ordinary masks cost nothing that is noticed', () => {
  const budget = new ImportBudget();
  for (let i = 0; i < 1000; i++) expect(budget.take(maskOf(100))).toBeNull();
  expect([budget.take(null), budget.spent, budget.full]).toEqual([null, false, false]);
});

test('one mask that is too dense is refused alone', () => {
  const budget = new ImportBudget();
  expect(budget.take(maskOf(2 ** 21 + 1))).toBe(
    'its mask changes between inside and outside 2097153 times; at most 2097152 are taken',
  );
  expect([budget.take(maskOf(10)), budget.spent]).toEqual([null, false]);
});

test('all masks together have an end, which is told', () => {
  const budget = new ImportBudget(1000);
  expect([budget.take(maskOf(900)), budget.spent]).toEqual([null, false]);
  expect(budget.take(maskOf(900))).toBe(
    'the masks of the file change between inside and outside more than 1000 times; divide the file',
  );
  expect(budget.spent).toBe(true);
});

test('what waits is stored before it is large', () => {
  const budget = new ImportBudget();
  budget.take(maskOf(2 ** 20 + 1));
  expect(budget.full).toBe(true);
  budget.stored();
  expect(budget.full).toBe(false);
});
