// What a run decided once is found by the run that goes on, and never in half.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { decidedOnce } from '../../../main/learn/loop/decidedOnce.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'loupe-decided-once-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('keeps what was decided first', async () => {
  const file = path.join(folder, 'first.json');
  expect(await decidedOnce(file, () => ({ steps: 4 }))).toEqual({ steps: 4 });
  const decidedAgain = () => Promise.reject(new Error('it was decided before'));
  expect(await decidedOnce(file, decidedAgain)).toEqual({ steps: 4 });
});

it('decides again where nothing was decided, or a kill left half a file', async () => {
  const file = path.join(folder, 'half.json');
  await expect(decidedOnce(file, () => Promise.reject(new Error('cancelled')))).rejects.toThrow('cancelled');
  writeFileSync(`${file}.part`, '["ca');
  expect(await decidedOnce(file, async () => ['cat'])).toEqual(['cat']);
  expect(await decidedOnce(file, async () => [])).toEqual(['cat']);
  expect(readdirSync(folder).filter((name) => name.startsWith('half'))).toEqual(['half.json']);
});
