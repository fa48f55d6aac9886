import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { benchFolder, folderTable } from '../../../main/commands/bench/folder.ts';

test('a small folder through the whole bench: every time was measured and nothing is left behind', async () => {
  const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('loupe-bench-folder-')).length;
  const before = left();
  const figures = await benchFolder(30, 4, new AbortController().signal);
  expect(figures.images).toBe(30);
  const { firstRows, lastRow, start, list, next, nextWithPicture } = figures;
  for (const ms of [firstRows, start.address, list.p50, next.p50]) expect(ms).toBeGreaterThan(0);
  expect(lastRow).toBeGreaterThanOrEqual(firstRows);
  expect(start.firstRows).toBeGreaterThan(start.address);
  expect(nextWithPicture.p50).toBeGreaterThan(next.p50);
  expect(left()).toBeLessThanOrEqual(before);
});

test('the table says each in words', () => {
  const spread = { p50: 10.4, p95: 99.6 };
  const table = folderTable({
    ...{ images: 100_000, firstRows: 290, lastRow: 7000, nextWhileAdding: spread, list: spread },
    ...{ start: { address: 1200, firstRows: 1500 }, next: spread, nextWithPicture: spread },
  });
  expect(table).toContain('images                        100,000\n');
  expect(table).toContain('first rows of a new project   290 ms\n');
  expect(table).toContain('next image                    10 ms, p95 100 ms\n');
});
