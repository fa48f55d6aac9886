// `--log engine` from the shell: where the log is, that it is off by default, and what it refuses.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openProject } from '../../../main/store/project.ts';

const run = promisify(execFile);
let home: string;
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'loupe-logged-'));
  openProject(path.join(home, 'empty.loupe'), { create: true }).close();
});
afterAll(() => rm(home, { recursive: true }));

async function prelabel(words: readonly string[], more: Record<string, string> = {}) {
  const env = { ...process.env, LOUPE_HOME: home, ...more };
  const all = [path.resolve('main/cli.ts'), 'prelabel', path.join(home, 'empty.loupe'), '--prompt', 'dog', ...words];
  return run(process.execPath, all, { env }).then(
    ({ stderr }) => ({ code: 0, stderr }),
    (error: { code: number; stderr: string }) => ({ code: error.code, stderr: error.stderr }),
  );
}

test('is off unless it is asked for, and then says where it is', async () => {
  await prelabel([], { LOUPE_LOG: '' });
  expect(existsSync(path.join(home, 'log'))).toBe(false);
  const { stderr } = await prelabel(['--log', 'engine']);
  const [, file = ''] = /^calls of the engine are written down in (.*)$/mu.exec(stderr) ?? [];
  expect(path.dirname(file)).toBe(path.join(home, 'log'));
  expect(existsSync(file)).toBe(true);
  await prelabel([], { LOUPE_LOG: 'engine' });
  expect(await readdir(path.join(home, 'log'))).toHaveLength(2);
}, 120_000);

test('refuses another log in one line', async () => {
  const { code, stderr } = await prelabel(['--log', 'everything']);
  expect([code, stderr.trimEnd().split('\n').length]).toEqual([2, 1]);
  expect(stderr).toContain('There is a log of "engine" alone.');
}, 60_000);
