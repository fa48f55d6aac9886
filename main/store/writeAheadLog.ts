// Checks that a project file and the write-ahead log beside it belong together, so that no log is replayed on another file.
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import { type Db, identityOf } from './db.ts';

/**
 * Each log begins with one transaction of its own: it gives `sequence` a new `log_id` and keeps the one from before as
 * `log_before`. A log whose beginning names neither what stands in the file nor what stood there before is another file's:
 * the file was replaced, restored from a copy, or made anew after a host was killed. SQLite itself cannot tell.
 */
interface LogIds {
  readonly id: string | null;
  readonly before: string | null;
}

/** A log of so many bytes is folded into the file, where SQLite would do it by itself: the next log must name the file. */
const foldedBytes = 4e6;

const logOf = (file: string): string => `${file}-wal`;

/** The log of an open file, which this process alone writes. */
export class Log {
  readonly #db: Db;
  readonly #identity: string | null;
  #begun = false;

  /** What an earlier process left in it goes into the file. */
  constructor(db: Db) {
    this.#db = db;
    db.beforeWriting = () => this.#begin();
    db.afterStoring = () => this.#foldLong();
    this.#fold();
    this.#identity = identityOf(logOf(db.file));
  }

  /** SQLite deletes the log by its name on closing; where another file's log has that name by now, the file stays open. */
  close(): void {
    const { file } = this.#db;
    this.#db.script('PRAGMA wal_checkpoint(TRUNCATE)');
    if ([null, this.#identity].includes(identityOf(logOf(file)))) this.#db.close();
  }

  #fold(): void {
    this.#db.script('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#begun = false;
    this.#begin();
  }

  /** The first transaction of a new log. Older formats have no place for it. */
  #begin(): void {
    if (this.#begun || !hasLogIds(this.#db)) return;
    this.#begun = true;
    try {
      this.#db.run('UPDATE sequence SET log_before = log_id, log_id = ?', randomUUID());
    } catch (error) {
      this.#begun = false;
      throw error;
    }
  }

  /** What was stored is stored, also where there is no room to fold it; the next change tries again. */
  #foldLong(): void {
    if (sizeOf(logOf(this.#db.file)) <= foldedBytes) return;
    try {
      this.#fold();
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      this.#begun &&= sizeOf(logOf(this.#db.file)) > 0;
    }
  }
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** Says that no log belongs to the file from now on: for new files and copies. */
export function disownLogs(db: Db): void {
  if (hasLogIds(db)) db.run('UPDATE sequence SET log_before = NULL, log_id = ?', randomUUID());
}

const hasLogIds = (db: Db): boolean =>
  db.number(`SELECT count(*) FROM pragma_table_info('sequence') WHERE name = 'log_id'`) > 0;

/**
 * Renames a log that is not the file's, before SQLite opens the file; the name that it has now, or null. Nobody of this
 * process may have the file open: to close it here would let go of their lock.
 */
export function setAsideForeignLog(file: string): string | null {
  const log = logOf(file);
  if (!existsSync(log)) return null;
  for (;;) {
    const before = beginningOfLog(log);
    if (before === null) return null;
    const own = idsInFile(file);
    // An open host may begin a new log in between; then what was read is of two moments.
    if (!before.header.equals(beginningOfLog(log)?.header ?? Buffer.alloc(0))) continue;
    if (belongs(own, before.ids)) return null;
    const aside = `${log}.of-another-file-${new Date().toISOString().replace(/[:.]/gu, '-')}`;
    renameSync(log, aside);
    return path.basename(aside);
  }
}

/** A file without ids and a log without them are both of a Loupe from before there were any. */
function belongs(file: LogIds | null, log: LogIds | null): boolean {
  if (file === null || file.id === null) return log === null;
  return log !== null && (log.id === file.id || log.before === file.id);
}

const headerBytes = 32;
const frameBytes = 24;
/** The table that every project has had first. */
const sequencePage = 2;

/** Reads the beginning of a log in SQLite's format; null where nothing whole is in it, which SQLite would leave out as well. */
function beginningOfLog(log: string): { readonly header: Buffer; readonly ids: LogIds | null } | null {
  const start = readPart(log, 0, headerBytes + frameBytes + 65_536);
  if (start.length < headerBytes + frameBytes) return null;
  const pageBytes = start.readUInt32BE(8);
  const frame = start.subarray(headerBytes);
  const page = frame.subarray(frameBytes, frameBytes + pageBytes);
  if (page.length < pageBytes) return null;
  const isAlone = frame.readUInt32BE(0) === sequencePage && frame.readUInt32BE(4) !== 0;
  return { header: Buffer.from(start.subarray(0, headerBytes)), ids: isAlone ? idsOfPage(page) : null };
}

function idsInFile(file: string): LogIds | null {
  const head = readPart(file, 0, 100);
  if (head.length < 100) return null;
  const stated = head.readUInt16BE(16);
  const pageBytes = stated === 1 ? 65_536 : stated;
  return idsOfPage(readPart(file, (sequencePage - 1) * pageBytes, pageBytes));
}

/** A leaf page of one row (next, log_id, log_before); null where it is none, or a row from before there were ids. */
function idsOfPage(page: Buffer): LogIds | null {
  if (page.length < 16 || page[0] !== 0x0d || page.readUInt16BE(3) !== 1) return null;
  const cell = page.subarray(page.readUInt16BE(8));
  // Length of the row, its number, length of its header, and one type a column: all of one byte, as small as they are.
  const [length = 0, , header = 0, next = 0, id = 0, before = 0] = cell;
  if (header !== 4 || length > cell.length - 2 || next > 9) return null;
  const from = 2 + header + (integerBytes[next] ?? 0);
  const text = (at: number, type: number): string | null =>
    type >= 13 && type % 2 === 1 ? cell.toString('latin1', at, at + (type - 13) / 2) : null;
  const first = text(from, id);
  return { id: first, before: text(from + (first?.length ?? 0), before) };
}

/** Bytes of an integer by the type that stands in a row's header; 8 and 9 stand for 0 and 1. */
const integerBytes = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

function readPart(file: string, at: number, bytes: number): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const part = Buffer.alloc(bytes);
    return part.subarray(0, readSync(descriptor, part, 0, bytes, at));
  } finally {
    closeSync(descriptor);
  }
}
