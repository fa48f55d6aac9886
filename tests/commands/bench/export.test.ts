import { expect, test } from 'vitest';
import { benchExport, exportTable } from '../../../main/commands/bench/export.ts';

test('exports a small project in a process of its own and tells time and memory', async () => {
  const said: string[] = [];
  const [row] = await benchExport([60], (line) => said.push(line));
  expect(row).toMatchObject({ shapes: 60, annotations: 60 });
  expect(row?.seconds).toBeGreaterThan(0);
  expect(row?.peakMB).toBeGreaterThan(20);
  expect(row?.fileMB).toBeGreaterThan(0.005);
  expect(said[0]).toBe('making a project of 60 shapes');
});

test('the table has a line for each project', () => {
  const row = { shapes: 200_000, annotations: 199_999, seconds: 30.04, cpuSeconds: 28, peakMB: 250.4, fileMB: 91 };
  expect(exportTable([row]).split('\n')).toEqual([
    'shapes        written       time          of processor  peak memory   file',
    '200000        199999        30.0 s        28.0 s        250 MB        91 MB',
    '',
  ]);
});
