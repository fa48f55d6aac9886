// B7: a process that is killed in the middle of its edits loses none that it was told is stored, and spoils no file.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { openProject } from '../../main/store/project.ts';
import { dump, reading } from './dump.ts';
import { newFile } from './newProject.ts';
import { height, width } from './records.ts';
import { foretold, type Titles } from './script.ts';

const kills = 100;
const lanes = 2;

/** Starting a process costs most of these tests; the second one finds its code compiled. */
const compiled = mkdtempSync(path.join(tmpdir(), 'loupe-compiled-'));
afterAll(() => rmSync(compiled, { recursive: true, force: true }));

function started(program: string, ...args: string[]): { child: ChildProcess; lines: () => string[] } {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  return { child, lines: () => text.split('\n').slice(0, -1) };
}

async function killed(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

/** The first edit that was not told is stored. */
async function editAndKill(file: string, first: number): Promise<number> {
  const { child, lines } = started('./editor.ts', file, String(first));
  // After none to seven edits, and then at any moment of the next ones: counted, because a busy machine is slow.
  const edits = Math.floor(Math.random() * 8);
  while (lines().length <= edits) await once(child.stdout ?? child, 'data');
  await wait(Math.random() * 10);
  await killed(child);
  return first + lines().length - 1;
}

const titlesOf = ({ done, undone }: Titles) => ({ undo: done.at(-1) ?? null, redo: undone.at(-1) ?? null });

/** Kills one project's editor again and again; each time every edit that it told must be there. */
async function lane(file: string): Promise<number> {
  let titles: Titles = { done: [], undone: [] };
  let next = 0;
  for (let kill = 0; kill < kills / lanes; kill++) {
    const told = await editAndKill(file, next);
    for (; next < told; next++) titles = foretold(titles, next);
    const project = openProject(file);
    const { undo, redo } = project.info();
    project.close();
    const further = foretold(titles, next);
    // One more edit may have been stored and not told.
    expect([titlesOf(titles), titlesOf(further)]).toContainEqual({ undo, redo });
    const isFurther = JSON.stringify(titlesOf(titles)) !== JSON.stringify({ undo, redo });
    if (isFurther) titles = further;
    if (isFurther) next++;
  }
  return next;
}

function newLane(): string {
  const file = newFile();
  const project = openProject(file, { create: true });
  project.addImages([{ path: 'a.png', width, height }]);
  project.close();
  return file;
}

function checkWhole(file: string): void {
  const faults = reading(file, (db) => [
    ...db.all('PRAGMA foreign_key_check'),
    ...db.all<{ integrity_check: string }>('PRAGMA integrity_check').filter((row) => row.integrity_check !== 'ok'),
  ]);
  expect(faults).toEqual([]);
  const project = openProject(file);
  while (project.redo());
  project.close();
  const full = dump(file);
  const again = openProject(file);
  while (again.undo());
  expect(again.info()).toMatchObject({ shapes: 0, images: 1 });
  while (again.redo());
  again.close();
  expect(dump(file)).toEqual(full);
}

test(`kill -9 at ${kills} random moments loses no edit and spoils no project`, async () => {
  const files = Array.from({ length: lanes }, newLane);
  const edits = await Promise.all(files.map(lane));
  expect(Math.min(...edits)).toBeGreaterThan(100);
  for (const file of files) checkWhole(file);
}, 600_000);

test('a project that another process has open is refused, and taken over when that process is dead', async () => {
  const file = newLane();
  const { child, lines } = started('./holder.ts', file);
  while (lines().length === 0) await once(child.stdout ?? child, 'data');
  expect(() => openProject(file)).toThrow('test.loupe is open in another Loupe; close it there first');
  await killed(child);
  const project = openProject(file);
  expect(project.info().images).toBe(1);
  project.close();
});
