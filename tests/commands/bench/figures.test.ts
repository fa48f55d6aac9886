import { expect, test } from 'vitest';
import { columned, spreadOf, timed } from '../../../main/commands/bench/figures.ts';

test('the spread is that of the times in any order', () => {
  const times = Array.from({ length: 100 }, (_, i) => ((i * 37) % 100) + 1);
  expect(spreadOf(times)).toEqual({ p50: 50, p95: 95 });
  expect(spreadOf([7])).toEqual({ p50: 7, p95: 7 });
  expect(spreadOf([])).toEqual({ p50: 0, p95: 0 });
});

test('work is timed to its end and its result is passed on; a failure is the caller’s', async () => {
  const [ms, result] = await timed(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return 'done';
  });
  expect(result).toBe('done');
  expect(ms).toBeGreaterThan(15);
  await expect(timed(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
});

test('columns hold their widest cell, and lines end where their text does', () => {
  const table = [
    ['a', 'bb'],
    ['long name', ''],
  ];
  expect(columned(table, 0)).toBe('a          bb\nlong name\n');
  expect(columned(table)).toBe('a             bb\nlong name\n');
});
