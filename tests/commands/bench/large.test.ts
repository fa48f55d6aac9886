import { expect, test } from 'vitest';
import { benchLarge, largeTable } from '../../../main/commands/bench/large.ts';

test('a picture just large enough for tiles through the whole bench', async () => {
  const { side, detail, overview, middle, again, peakMB } = await benchLarge(4200);
  expect(side).toBe(4200);
  expect(detail).toBeGreaterThan(0);
  expect(overview).toBeGreaterThan(detail);
  expect(middle).toBeGreaterThan(overview);
  expect(again).toBeGreaterThan(0);
  expect(peakMB ?? 100).toBeGreaterThan(50);
});

test('it stops when it is told to', async () => {
  await expect(benchLarge(4200, AbortSignal.abort())).rejects.toThrow(/abort/iu);
});

test('the table says each in words, also where the memory is not told', () => {
  const figures = { side: 10_000, detail: 400, overview: 2500, middle: 2700, again: 450, peakMB: 567.4 };
  expect(largeTable(figures)).toContain("the host's memory             567 MB\n");
  expect(largeTable({ ...figures, peakMB: null })).toContain('not told here');
  expect(largeTable(figures)).toContain('image                         10000 x 10000\n');
});
