// The table of a training step: what was measured stands beside what was foreseen, and its error is told with its sign.
import { describe, expect, it } from 'vitest';
import { stepTable } from '../../../main/commands/bench/step.ts';
import type { StepFigures } from '../../../main/learn/adapter/stepBench.ts';

const step: StepFigures = {
  ...{ seconds: 12.34, gflops: 5.6, trained: 29_933_568 },
  ...{ forecastMB: 1500, privateMB: 1000, residentMB: 2000 },
};

const rowsOf = (figures: Parameters<typeof stepTable>[0]): string[] => stepTable(figures).trimEnd().split('\n');

describe('the table', () => {
  it('has a row for each part that was measured, updates first', () => {
    const rows = rowsOf({ decoder: step, updates: step });
    expect(rows).toHaveLength(3);
    expect(rows[1]).toMatch(/^low-rank updates, 4-bit base/u);
    expect(rows[2]).toMatch(/^mask decoder and context module/u);
    expect(rowsOf({})).toHaveLength(1);
  });

  it('has numbers in millions, seconds, and MB', () => {
    const [, row = ''] = rowsOf({ updates: step });
    for (const cell of ['29.9 million', '12.3 s', '6 GFLOP/s', '1000 MB', '1500 MB', '2000 MB'])
      expect(row).toContain(cell);
  });

  it.each([
    [1500, '50 %'],
    [1000, '0 %'],
    [750, '-25 %'],
  ])('tells a forecast of %i MB for 1000 MB as an error of %s', (forecastMB, error) => {
    const [, row = ''] = rowsOf({ updates: { ...step, forecastMB } });
    expect(row.split(/\s{2,}/u)).toContain(error);
  });
});
