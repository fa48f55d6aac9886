// Opens a SQLite file: typed rows by prepared SQL, whole transactions, and SQLite's failures as one sentence each.
import { statSync } from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { BadInput, FileGone, ProjectClosed, ReadOnlyPlace } from '../contract/badInput.ts';

export type SqlValue = string | number | null;

/** How long to wait for a file that another process holds: long enough for one that is just closing it. */
const waitMs = 300;

/** What SQLite reports, by the beginning of its code, as the end of a sentence about the file. */
const sentences: readonly (readonly [string, string])[] = [
  ['SQLITE_BUSY', 'is open in another Loupe; close it there first'],
  ['SQLITE_LOCKED', 'is open in another Loupe; close it there first'],
  ['SQLITE_NOTADB', 'is no Loupe project'],
  ['SQLITE_CORRUPT', 'is damaged; it was left as it is: take a copy of it from before'],
  ['SQLITE_CONSTRAINT_FOREIGNKEY', 'would hold a shape or prompt without its image or label; nothing was changed'],
  ['SQLITE_FULL', 'cannot take the change, because the disk is full; nothing of it was stored'],
  ['SQLITE_READONLY', 'is read-only, or its folder is; allow writing to both, or keep the project elsewhere'],
  ['SQLITE_PERM', 'cannot be opened; you have no right to read or write it'],
  ['SQLITE_CANTOPEN', 'cannot be opened; its folder cannot be written; keep the project elsewhere'],
  ['SQLITE_IOERR', 'cannot be read or written; the disk reports an error'],
];

/** Failures that another place for the file helps against. */
const elsewhere = new Set(['SQLITE_READONLY', 'SQLITE_PERM', 'SQLITE_CANTOPEN']);

/** What this process has open, by device and number: a path may be given to another file meanwhile. */
const openHere = new Set<string>();

/** Null where there is no such file. */
export const identityOf = (file: string): string | null => {
  const info = statSync(file, { bigint: true, throwIfNoEntry: false });
  return info === undefined ? null : `${info.dev} ${info.ino}`;
};

export const isOpenHere = (file: string): boolean => openHere.has(identityOf(file) ?? '');

const goneSentence =
  'was moved, deleted or replaced while it was open, so nothing more is stored; save a copy of the project';

export class Db {
  readonly file: string;
  /** The number of the format that the file had before it was brought up to today's. */
  formatBefore = 0;
  /** Called when a transaction was taken back, outside of it. */
  afterTakingBack: () => void = () => {};
  /** Called before a transaction begins and when it was stored, outside of it. */
  beforeWriting: () => void = () => {};
  afterStoring: () => void = () => {};
  readonly #sqlite: Sqlite.Database;
  readonly #statements = new Map<string, Sqlite.Statement<SqlValue[]>>();
  readonly #identity: string;
  /** Whether a transaction of several turns is open. */
  #inTurns = false;

  constructor(file: string, options: { mustExist: boolean }) {
    this.file = file;
    this.#sqlite = this.#told(() => new Sqlite(file, { fileMustExist: options.mustExist, timeout: waitMs }));
    this.#identity = identityOf(file) ?? '';
    if (this.#identity !== '') openHere.add(this.#identity);
    // A file's own triggers and views may call only the plainest functions.
    this.script('PRAGMA trusted_schema = OFF');
  }

  get open(): boolean {
    return this.#sqlite.open;
  }

  /** Whether the path still leads to the file that is open, and not to none or another one. */
  get inPlace(): boolean {
    return identityOf(this.file) === this.#identity;
  }

  /** How many rows were changed. What is written outside of a transaction is one by itself. */
  run(sql: string, ...values: SqlValue[]): number {
    if (!this.#sqlite.inTransaction) this.#prepareWriting();
    return this.#told(() => this.#statement(sql).run(...values).changes);
  }

  /** All of it into a new file, also where the path leads to it no more. */
  copyInto(file: string): void {
    this.#told(() => this.#statement('VACUUM INTO ?').run(file));
  }

  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#told(() => this.#statement(sql).get(...values) as Row | undefined);
  }

  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    return this.#told(() => this.#statement(sql).all(...values) as Row[]);
  }

  /** The only column of the only row; for counts and flags. */
  number(sql: string, ...values: SqlValue[]): number {
    const row = this.get<Record<string, number | null>>(sql, ...values);
    return (row && Object.values(row)[0]) ?? 0;
  }

  /** The first column of every row, as numbers. */
  numbers(sql: string, ...values: SqlValue[]): number[] {
    return this.#told(
      () =>
        this.#statement(`${sql} -- numbers`)
          .pluck()
          .all(...values) as number[],
    );
  }

  /** Grows with every row that is written. */
  get writes(): number {
    return this.number('SELECT total_changes()');
  }

  /** Several statements without values. */
  script(sql: string): void {
    this.#told(() => this.#sqlite.exec(sql));
  }

  /** Stores all that `work` writes or nothing of it; within another call it is part of that one. */
  whole<T>(work: () => T): T {
    if (this.#sqlite.inTransaction) return this.#inTurns ? this.#part(work) : work();
    this.run('BEGIN IMMEDIATE');
    let result: T;
    try {
      result = work();
      this.#commit();
    } catch (error) {
      this.#takeBack();
      throw error;
    }
    this.afterStoring();
    return result;
  }

  /**
   * The same for work of several turns, between which the host does other things: they read what was made so far, and
   * what they write is stored or taken back together with it.
   */
  async wholeInTurns<T>(work: () => Promise<T>): Promise<T> {
    this.run('BEGIN IMMEDIATE');
    this.#inTurns = true;
    let result: T;
    try {
      result = await work();
      this.#commit();
    } catch (error) {
      this.#takeBack();
      throw error;
    } finally {
      this.#inTurns = false;
    }
    this.afterStoring();
    return result;
  }

  close(): void {
    if (this.open) openHere.delete(this.#identity);
    this.#sqlite.close();
  }

  #commit(): void {
    // Otherwise a change would be reported as stored that nobody finds again.
    this.#checkPlace();
    this.run('COMMIT');
  }

  #takeBack(): void {
    // SQLite itself has taken it back after some failures, a full disk among them.
    if (this.#sqlite.inTransaction) this.run('ROLLBACK');
    this.afterTakingBack();
  }

  /** A write of somebody else between two turns fails alone. */
  #part<T>(work: () => T): T {
    this.run('SAVEPOINT part');
    try {
      const result = work();
      this.run('RELEASE part');
      return result;
    } catch (error) {
      if (this.#sqlite.inTransaction) this.script('ROLLBACK TO part; RELEASE part');
      throw error;
    }
  }

  #prepareWriting(): void {
    this.#checkPlace();
    this.beforeWriting();
  }

  #checkPlace(): void {
    if (!this.inPlace) throw new FileGone(`${path.basename(this.file)} ${goneSentence}`);
  }

  #statement(sql: string): Sqlite.Statement<SqlValue[]> {
    if (!this.open) throw new ProjectClosed(`${path.basename(this.file)} was closed meanwhile`);
    const ready = this.#statements.get(sql);
    if (ready) return ready;
    const statement = this.#sqlite.prepare<SqlValue[]>(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #told<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      const code = error instanceof Sqlite.SqliteError ? error.code : '';
      const known = sentences.find(([beginning]) => code.startsWith(beginning));
      // A new file is made under another name first.
      const name = path.basename(this.file).replace(/\.[\da-f-]{36}\.part$/u, '');
      if (known === undefined) throw error;
      const Failure = elsewhere.has(known[0]) ? ReadOnlyPlace : BadInput;
      throw new Failure(`${name} ${known[1]}`, { cause: error });
    }
  }
}
