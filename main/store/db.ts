// A SQLite file to typed rows: prepared SQL, whole transactions, and SQLite's failures as one sentence each.
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { BadInput } from '../contract/badinput.ts';

export type Value = string | number | null;

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
  ['SQLITE_READONLY', 'cannot be written; allow writing to it and its folder, or copy it elsewhere'],
  ['SQLITE_PERM', 'cannot be opened; you have no right to read or write it'],
  ['SQLITE_CANTOPEN', 'cannot be opened; is its folder there, and may you write to it?'],
  ['SQLITE_IOERR', 'cannot be read or written; the disk reports an error'],
];

export class Db {
  readonly file: string;
  /** Called when a transaction was taken back, outside of it. */
  afterTakingBack: () => void = () => {};
  readonly #sqlite: Sqlite.Database;
  readonly #statements = new Map<string, Sqlite.Statement<Value[]>>();

  constructor(file: string, options: { mustExist: boolean }) {
    this.file = file;
    this.#sqlite = this.#told(() => new Sqlite(file, { fileMustExist: options.mustExist, timeout: waitMs }));
  }

  get open(): boolean {
    return this.#sqlite.open;
  }

  /** How many rows were changed. */
  run(sql: string, ...values: Value[]): number {
    return this.#told(() => this.#statement(sql).run(...values).changes);
  }

  get<Row>(sql: string, ...values: Value[]): Row | undefined {
    return this.#told(() => this.#statement(sql).get(...values) as Row | undefined);
  }

  all<Row>(sql: string, ...values: Value[]): Row[] {
    return this.#told(() => this.#statement(sql).all(...values) as Row[]);
  }

  /** The only column of the only row; for counts and flags. */
  number(sql: string, ...values: Value[]): number {
    const row = this.get<Record<string, number | null>>(sql, ...values);
    return (row && Object.values(row)[0]) ?? 0;
  }

  /** The first column of every row, as numbers. */
  numbers(sql: string, ...values: Value[]): number[] {
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

  /** All that `work` writes or nothing of it; inside another one it is a part of that. */
  whole<T>(work: () => T): T {
    if (this.#sqlite.inTransaction) return work();
    this.run('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.run('COMMIT');
      return result;
    } catch (error) {
      // SQLite itself has taken it back after some failures, a full disk among them.
      if (this.#sqlite.inTransaction) this.run('ROLLBACK');
      this.afterTakingBack();
      throw error;
    }
  }

  close(): void {
    this.#sqlite.close();
  }

  #statement(sql: string): Sqlite.Statement<Value[]> {
    const ready = this.#statements.get(sql);
    if (ready) return ready;
    const statement = this.#sqlite.prepare<Value[]>(sql);
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
      const name = path.basename(this.file).replace(/\.part$/u, '');
      throw known ? new BadInput(`${name} ${known[1]}`, { cause: error }) : error;
    }
  }
}
