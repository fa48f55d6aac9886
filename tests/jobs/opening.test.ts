// A project that would be read for ever, or that nobody could read, is refused in its time while the host goes on.
import { closeSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BadInput } from '../../main/contract/badinput.ts';
import { openChecked } from '../../main/jobs/opening.ts';
import { Db } from '../../main/store/db.ts';
import { openProject } from '../../main/store/project.ts';
import { freshFolder } from '../formats/reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function made(): string {
  const file = path.join(folder, `${++count}.loupe`);
  openProject(file, { create: true }).close();
  return file;
}

/** Beyond what is checked page by page. */
const LARGE = 101e6;

/**
 * Turns the empty table of steps into a tree of so many levels in which every page has 200 times the same child: no page is
 * missing or damaged, and to walk through it takes longer than there is time.
 */
function bottomless(file: string, levels: number): void {
  const db = new Db(file, { mustExist: true });
  const pageBytes = db.number('PRAGMA page_size');
  const rootOf = (table: string) => db.number('SELECT rootpage FROM sqlite_schema WHERE name = ?', table);
  const [root, full] = [rootOf('step'), rootOf('sequence')];
  db.close();
  const whole = readFileSync(file);
  // SQLite takes no empty page below another one.
  const leaf = whole.subarray((full - 1) * pageBytes, full * pageBytes);
  const first = whole.length / pageBytes + 1;
  const pages = Array.from({ length: levels }, (_, level) => inner(pageBytes, first + level + 1));
  writeFileSync(file, Buffer.concat([whole, ...pages, leaf]));
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, inner(pageBytes, first), 0, pageBytes, (root - 1) * pageBytes);
  closeSync(descriptor);
  truncateSync(file, Math.ceil(LARGE / pageBytes) * pageBytes);
  // The size in pages, which the file states of itself.
  const pagesNow = Buffer.alloc(4);
  pagesNow.writeUInt32BE(Math.ceil(LARGE / pageBytes));
  const again = openSync(file, 'r+');
  writeSync(again, pagesNow, 0, 4, 28);
  closeSync(again);
}

/** An inner page of a table's tree. */
function inner(pageBytes: number, child: number): Buffer {
  const cells = 200;
  const page = Buffer.alloc(pageBytes);
  page[0] = 0x05;
  page.writeUInt16BE(cells, 3);
  page.writeUInt16BE(pageBytes - cells * 6, 5);
  page.writeUInt32BE(child, 8);
  for (let i = 0; i < cells; i++) {
    const at = pageBytes - (i + 1) * 6;
    page.writeUInt16BE(at, 12 + 2 * i);
    page.writeUInt32BE(child, at);
    // A key of two bytes.
    page[at + 4] = 0x80 | (i >> 7);
    page[at + 5] = i & 127;
  }
  return page;
}

test('one whose pages lead to each other for ever is given up, and left as it is', async () => {
  const file = made();
  bottomless(file, 12);
  const before = readFileSync(file);
  let ticks = 0;
  const clock = setInterval(() => ticks++, 50);
  const started = performance.now();
  const opened = openChecked(file, { ms: 6000 });
  await expect(opened).rejects.toThrow(
    /^\d+\.loupe is damaged, or was made to stop Loupe: it could not be looked through in 6 s; it was left as it is$/,
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
