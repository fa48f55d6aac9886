// A project that nobody can read to its end, for the tests of what opens projects.
import { closeSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { Db } from '../../main/store/db.ts';

/** Beyond what is checked page by page. */
const LARGE = 101e6;

/**
 * Turns the empty table of steps into a tree of so many levels in which every page has 200 times the same child: no page is
 * missing or damaged, and to walk through it takes longer than there is time.
 */
export function bottomless(file: string, levels = 12): void {
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
