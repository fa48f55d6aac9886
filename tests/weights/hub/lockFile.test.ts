// A lock beside a file: one holder at a time, and none that is gone, even where its process id is ours now.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockFile } from '../../../main/weights/hub/lockFile.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-lock-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('is held once, and again after it was let go', async () => {
  const file = path.join(folder, 'x.lock');
  const unlock = await lockFile(file);
  await expect(lockFile(file)).rejects.toThrow(`process id ${process.pid} is at work there already`);
  await unlock();
  await (await lockFile(file))();
  expect(await readdir(folder)).toEqual([]);
});

it('of another program at work is respected', async () => {
  const file = path.join(folder, 'x.lock');
  await writeFile(file, `${process.ppid}`);
  await expect(lockFile(file)).rejects.toThrow('is at work there already');
});

// In a container a program that is started again has the id that the killed one had.
it('that a killed program of our own process id left is taken over', async () => {
  const file = path.join(folder, 'x.lock');
  await writeFile(file, `${process.pid}`);
  await (await lockFile(file))();
  expect(await readdir(folder)).toEqual([]);
});
