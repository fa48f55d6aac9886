// The figures of the canvas bench: middles, shares, ratios and the table; the frames themselves are measured by hand.
import { describe, expect, test } from 'vitest';
import { type CanvasBench, canvasTable, pairOf, timing } from '../../../main/commands/bench/canvas.ts';

describe('timing', () => {
  test('the middle one and the one that one in twenty exceeds', () => {
    const times = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(timing(times)).toEqual({ median: 51, p95: 96, cpu: null });
    expect(timing(times, 500).cpu).toBe(5);
    expect(timing([])).toEqual({ median: 0, p95: 0, cpu: null });
  });

  test('the ratio is of the processor where it is known, else of the clock', () => {
    const bare = { median: 10, p95: 20, cpu: 4 };
    expect(pairOf(bare, { median: 30, p95: 40, cpu: 5 }).ratio).toBe(1.25);
    expect(pairOf(bare, { median: 30, p95: 40, cpu: null }).ratio).toBe(3);
  });
});

test('the table has a row for every measurement', () => {
  const pair = pairOf({ median: 10, p95: 20, cpu: 4 }, { median: 11, p95: 21, cpu: 5 });
  const bench: CanvasBench = {
    frames: { '1000': pair, '5000': pair },
    select: { median: 12, p95: 30, cpu: null },
    stroke: { ...pair, cost: 1 },
  };
  const lines = canvasTable(bench).trimEnd().split('\n');
  expect(lines).toHaveLength(8);
  expect(lines[2]).toMatch(/^1000 shapes +11\.0 ms +21\.0 ms +5\.0 ms +1\.25 x the bare image$/);
  expect(lines.at(-1)).toMatch(/1\.0 ms over the bare image$/);
});
