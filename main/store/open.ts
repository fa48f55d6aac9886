// A path to a database that is a whole project of today's format and this process's alone, or one sentence why not.
import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { BadInput } from '../contract/badinput.ts';
import { Db } from './db.ts';
import { migrations } from './migrations.ts';

/** Marks the file as ours in SQLite's header: "LOUP". */
const applicationId = 0x4c4f5550;

/** Reading every page of a larger file would be felt; SQLite still tells damage where it meets it. */
const checkedBytes = 100e6;

/** `formats` is for the tests of what a later Loupe will do. */
export function openFile(file: string, options: { create?: boolean; formats?: readonly string[] } = {}): Db {
  const formats = options.formats ?? migrations;
  if (!existsSync(file)) {
    if (!options.create) throw new BadInput(`there is no project ${file}`);
    if (!existsSync(path.dirname(file))) throw new BadInput(`there is no folder ${path.dirname(file)}`);
    create(file, formats);
  }
  if (statSync(file).isDirectory()) throw new BadInput(`${path.basename(file)} is a folder, not a Loupe project`);
  const db = new Db(file, { mustExist: true });
  try {
    prepare(db, formats);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepare(db: Db, formats: readonly string[]): void {
  // The lock lives in the kernel and ends with the process, so that a dead one leaves none behind.
  db.script('PRAGMA locking_mode = EXCLUSIVE');
  const version = recognised(db, formats.length);
  checkWhole(db);
  db.script('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  db.script('PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000');
  if (version < formats.length) {
    backUp(db, version);
    migrate(db, formats, version);
  }
}

/** The number of the file's format. Reads nothing but its header, and so takes the lock. */
function recognised(db: Db, newest: number): number {
  const name = path.basename(db.file);
  if (db.number('PRAGMA application_id') !== applicationId) throw new BadInput(`${name} is no Loupe project`);
  const version = db.number('PRAGMA user_version');
  if (version <= newest) return version;
  throw new BadInput(`${name} was made by a newer Loupe (format ${version}, this one knows ${newest}); update Loupe`);
}

function checkWhole(db: Db): void {
  if (statSync(db.file).size > checkedBytes) return;
  const found = db.get<{ quick_check: string }>('PRAGMA quick_check(1)')?.quick_check;
  if (found === 'ok') return;
  throw new BadInput(`${path.basename(db.file)} is damaged; it was left as it is: take a copy of it from before`);
}

/** Where the copy of a project from before its format changed is kept. */
export const backupPath = (file: string, version: number): string => `${file}.format-${version}`;

// VACUUM INTO, because a copy by the file system would let go of the lock when it closes the file.
function backUp(db: Db, version: number): void {
  const kept = backupPath(db.file, version);
  rmSync(`${kept}.part`, { force: true });
  db.run('VACUUM INTO ?', `${kept}.part`);
  renameSync(`${kept}.part`, kept);
}

function migrate(db: Db, formats: readonly string[], from: number): void {
  db.whole(() => {
    for (const sql of formats.slice(from)) db.script(sql);
    db.script(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${formats.length}`);
  });
}

/** Made beside and then renamed, so that a crash leaves no half of a project. */
function create(file: string, formats: readonly string[]): void {
  const part = `${file}.part`;
  rmSync(part, { force: true });
  const db = new Db(part, { mustExist: false });
  try {
    migrate(db, formats, 0);
    db.script('PRAGMA journal_mode = WAL');
  } finally {
    db.close();
  }
  renameSync(part, file);
}
