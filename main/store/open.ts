// Opens a path as a whole project of today's format that this process alone writes, or says in one sentence why not.
import { randomUUID } from 'node:crypto';
import { accessSync, constants, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { BadInput, ReadOnlyPlace } from '../contract/badInput.ts';
import { Db, isOpenHere } from './db.ts';
import { applicationId, hasDamagedHeader } from './header.ts';
import { migrations } from './migrations.ts';
import { checkSchema, damaged, looksLikeOurs } from './schema.ts';
import { disownLogs, Log, setAsideForeignLog } from './writeAheadLog.ts';

/** Reading every page of a larger file would be felt; SQLite still tells damage where it meets it. */
const checkedBytes = 100e6;

/** A format number beyond is none that any Loupe wrote. */
const mostNewer = 1000;

interface OpenOptions {
  readonly create?: boolean;
  readonly formats?: readonly string[];
  /** Receives what a person should know of how the file was found. */
  readonly say?: (sentence: string) => void;
  /** `examineFile` has found it whole just now. */
  readonly examined?: boolean;
}

interface Opened {
  readonly db: Db;
  /** Folds the write-ahead log into the file; closing twice does nothing. */
  close(): void;
}

/** `formats` is for the tests of what a later Loupe will do. */
export function openFile(file: string, options: OpenOptions = {}): Opened {
  const formats = options.formats ?? migrations;
  if (!existsSync(file)) {
    if (!options.create) throw new BadInput(`there is no project ${file}`);
    if (!existsSync(path.dirname(file))) throw new BadInput(`there is no folder ${path.dirname(file)}`);
    create(file, formats);
  }
  checkBeforeOpening(file, options.say);
  const db = new Db(file, { mustExist: true });
  try {
    const log = prepare(db, formats, options);
    return { db, close: () => db.open && log.close() };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** What must be so before SQLite reads the file: it can be written, and the log beside it is its own. */
export function checkBeforeOpening(file: string, say?: (sentence: string) => void): void {
  const info = statSync(file);
  const what = info.isDirectory() ? 'a folder' : 'no ordinary file';
  if (!info.isFile()) throw new BadInput(`${path.basename(file)} is ${what}, not a Loupe project`);
  refuseReadOnly(file);
  refuseForeign(file, say);
}

/**
 * Everything that opening reads. Pages that refer to each other in circles, or a million times to one, are met here: they
 * may be read for ever, so it is done in a process that can be stopped.
 */
export function examineFile(file: string): void {
  const db = new Db(file, { mustExist: true });
  try {
    examine(db, migrations);
    if (!isChecked(db)) walkWhole(db);
  } finally {
    db.close();
  }
}

/** Through every tree of a file that is too large to be checked page by page. */
function walkWhole(db: Db): void {
  const parts = db.all<{ type: string; name: string; of: string }>(
    `SELECT type, name, tbl_name AS "of" FROM sqlite_schema WHERE type IN ('table', 'index')`,
  );
  for (const { type, name, of } of parts)
    db.number(`SELECT count(*) FROM "${of}" ${type === 'index' ? `INDEXED BY "${name}"` : 'NOT INDEXED'}`);
}

/** SQLite would call it an error of the disk, as it cannot make its log beside the file. */
function refuseReadOnly(file: string): void {
  for (const place of [file, path.dirname(file)]) {
    try {
      accessSync(place, constants.R_OK | constants.W_OK);
    } catch (cause) {
      const what = place === file ? 'is read-only' : 'lies in a folder that is read-only';
      throw new ReadOnlyPlace(`${path.basename(file)} ${what}; allow writing to it, or keep the project elsewhere`, {
        cause,
      });
    }
  }
}

const warn = (sentence: string): void => void process.stderr.write(`loupe: ${sentence}\n`);

function refuseForeign(file: string, say: (sentence: string) => void = warn): void {
  const name = path.basename(file);
  if (isOpenHere(file)) throw new BadInput(`${name} is open in another Loupe; close it there first`);
  if (hasDamagedHeader(file)) throw damaged({ file });
  const aside = setAsideForeignLog(file);
  if (aside === null) return;
  say(
    `Beside ${name} lay the last changes of another file that had its name; they were left out and kept as ${aside}.`,
  );
}

function examine(db: Db, formats: readonly string[], examined = false): number {
  // The lock lives in the kernel and ends with the process, so that a dead one leaves none behind.
  db.script('PRAGMA locking_mode = EXCLUSIVE');
  const version = recognised(db, formats);
  checkSchema(db, formats.slice(0, version), formats);
  if (!examined) checkWhole(db);
  return version;
}

function prepare(db: Db, formats: readonly string[], { examined }: OpenOptions): Log {
  const version = examine(db, formats, examined);
  db.formatBefore = version;
  if (version < formats.length) {
    // The file has no log of its own: one that is replayed must begin with the name of its file.
    db.script('PRAGMA journal_mode = DELETE');
    backUp(db, version);
    migrate(db, formats, version);
  }
  db.script('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0');
  db.script('PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000');
  // After a check and a change of mode SQLite folds nothing before a transaction has ended.
  db.script('BEGIN IMMEDIATE; COMMIT');
  return new Log(db);
}

/** The number of the file's format. Of a project reads nothing but its header, and so takes the lock. */
function recognised(db: Db, formats: readonly string[]): number {
  const name = path.basename(db.file);
  const newest = formats.length;
  if (db.number('PRAGMA application_id') !== applicationId) {
    if (looksLikeOurs(db, formats)) throw damaged(db);
    throw new BadInput(`${name} is no Loupe project`);
  }
  const version = db.number('PRAGMA user_version');
  if (version < 1) throw damaged(db);
  if (version <= newest) return version;
  if (version > newest + mostNewer) throw damaged(db);
  throw new BadInput(`${name} was made by a newer Loupe (format ${version}, this one knows ${newest}); update Loupe`);
}

const isChecked = ({ file }: Db): boolean => statSync(file).size <= checkedBytes;

function checkWhole(db: Db): void {
  if (!isChecked(db)) return;
  const found = db.get<{ quick_check: string }>('PRAGMA quick_check(1)')?.quick_check;
  if (found !== 'ok') throw damaged(db);
}

/** Where the copy of a project from before its format changed is kept. */
export const backupPath = (file: string, version: number): string => `${file}.format-${version}`;

function backUp(db: Db, version: number): void {
  copyWhole(db, backupPath(db.file, version));
}

/**
 * The project as it stands, as another file, whole or not there. By SQLite, because a copy by the file system would let
 * go of the lock when it closes the file.
 */
export function copyWhole(db: Db, target: string, change: (copy: Db) => void = () => {}): void {
  const part = partOf(target);
  try {
    db.copyInto(part);
    const copy = new Db(part, { mustExist: true });
    try {
      disownLogs(copy);
      copy.whole(() => change(copy));
    } finally {
      copy.close();
    }
    renameSync(part, target);
  } finally {
    rmSync(part, { force: true });
  }
}

/** Names a file as no other program does. */
const partOf = (file: string): string => `${file}.${randomUUID()}.part`;

function migrate(db: Db, formats: readonly string[], from: number): void {
  db.whole(() => {
    for (const sql of formats.slice(from)) db.script(sql);
    db.script(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${formats.length}`);
    disownLogs(db);
  });
}

/** Makes the file beside its place and then renames it, so that a crash leaves no half of a project. */
function create(file: string, formats: readonly string[]): void {
  const part = partOf(file);
  try {
    const db = new Db(part, { mustExist: false });
    try {
      migrate(db, formats, 0);
    } finally {
      db.close();
    }
    renameSync(part, file);
  } finally {
    rmSync(part, { force: true });
  }
}
