// A project that would be read for ever, or that nobody could read, is refused in its time while the host goes on.
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import { openChecked } from '../../../main/jobs/opening/opening.ts';
import { openProject } from '../../../main/store/project.ts';
import { freshFolder } from '../../formats/reads.ts';
import { bottomless } from '../bottomless.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function made(): string {
  const file = path.join(folder, `${++count}.loupe`);
  openProject(file, { create: true }).close();
  return file;
}

test('one whose pages lead to each other for ever is given up, and left as it is', async () => {
  const file = made();
  bottomless(file);
  const before = readFileSync(file);
  let ticks = 0;
  const clock = setInterval(() => ticks++, 50);
  const started = performance.now();
  const opened = openChecked(file, { ms: 3000 });
  await expect(opened).rejects.toThrow(
    /^\d+\.loupe is damaged, or was made to stop Loupe: it could not be checked in 3 s; it was left as it is$/,
  );
  clearInterval(clock);
  await expect(opened).rejects.toBeInstanceOf(BadInput);
  expect(performance.now() - started).toBeLessThan(60_000);
  expect(ticks).toBeGreaterThan(20);
  expect(readFileSync(file).equals(before)).toBe(true);
});

test('a whole one opens, and a new one is made', async () => {
  const file = path.join(folder, 'new.loupe');
  (await openChecked(file, { create: true })).close();
  const project = await openChecked(file);
  expect(project.info()).toMatchObject({ name: 'new', images: 0 });
  await expect(openChecked(file)).rejects.toThrow('is open in another Loupe');
  project.close();
  await expect(openChecked(path.join(folder, 'none.loupe'))).rejects.toThrow('there is no project');
  await expect(openChecked(folder)).rejects.toThrow('is a folder, not a Loupe project');
});

test('what is refused at once says the same as ever', async () => {
  const file = made();
  truncateSync(file, 30_000);
  await expect(openChecked(file)).rejects.toThrow(/is damaged; it was left as it is/);
  const text = path.join(folder, 'text.loupe');
  writeFileSync(text, 'this is a letter, and no project at all, however it is called; '.repeat(20));
  await expect(openChecked(text)).rejects.toThrow(/is no Loupe project/);
});
