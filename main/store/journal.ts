// Diffs to steps: each is made whole or not at all, and can be taken back and made again for as long as the file lives.
import type { Recorded } from '../contract/api.ts';
import { BadInput } from '../contract/badinput.ts';
import type { Change, Diff, Kind, RecordOf } from '../contract/diff.ts';
import { changeWriter, type RecordTables } from './changeWriter.ts';
import type { Db } from './db.ts';
import type { RecordTable } from './recordTable.ts';
import { addChange, addStep, changesBack, changesOf, firstUndone, lastDone, markStep, type Step } from './steps.ts';

/** How many changes of a step are told; `more` is set where it has others, and one then reads everything again. */
export const toldChanges = 1000;

export interface Journal {
  /** Throws `Conflict` where a `before` is not what is there, `BadInput` where a record is no good; then nothing is stored. */
  apply(diff: Diff): Recorded;
  undo(): Recorded | null;
  redo(): Recorded | null;
  /** One step and one transaction of any number of changes, of which a page at a time is held in memory. */
  applyMany(title: string, changes: Iterable<Change>): Recorded;
  startMany(title: string): Many;
  record<K extends Kind>(kind: K, id: number): RecordOf[K] | null;
  /** What undo and redo would do. */
  titles(): Titles;
}

/**
 * One step that is made in pieces, so that the host can answer and show progress in between. Each piece is stored when
 * `add` returns; after a crash the step holds the pieces that were. It can be undone once it has ended.
 */
export interface Many {
  add(changes: Iterable<Change>): void;
  end(): Recorded;
}

interface Titles {
  undo: string | null;
  redo: string | null;
}

interface Parts {
  readonly tables: RecordTables;
  /** The first id that nobody has yet. */
  next(): number;
  /** Hears of each step that was undone or made again. */
  moved(seq: number, to: 'undone' | 'done'): void;
}

export function journalOf(db: Db, parts: Parts): Journal {
  const office: Office = { ...parts, db, unfinished: new Set() };
  const { tables } = parts;
  const applyMany = (title: string, changes: Iterable<Change>): Recorded =>
    db.whole(() => {
      const many = startMany(office, title);
      many.add(changes);
      return many.end();
    });
  return {
    apply: ({ title, changes }) => applyMany(title, changes),
    undo() {
      const step = lastDone(db);
      return step ? move(office, step, 'undone') : null;
    },
    redo() {
      const step = firstUndone(db);
      return step ? move(office, step, 'done') : null;
    },
    applyMany,
    startMany: (title) => startMany(office, title),
    record<K extends Kind>(kind: K, id: number) {
      const table: RecordTable<K> = tables[kind];
      return table.read(id);
    },
    titles: () => titles(db),
  };
}

interface Office extends Parts {
  readonly db: Db;
  /** Steps that are still being made, by seq. */
  readonly unfinished: Set<number>;
}

const titles = (db: Db): Titles => ({ undo: lastDone(db)?.title ?? null, redo: firstUndone(db)?.title ?? null });

const recorded = (db: Db, { seq, title }: Step, { changes, more }: Told): Recorded => ({
  seq,
  diff: { title, changes },
  ...(more && { more }),
  ...titles(db),
});

/** Makes the changes of a step that is in the journal, from its front or from its back. */
function move({ db, tables, moved, unfinished }: Office, step: Step, to: 'undone' | 'done'): Recorded {
  if (unfinished.has(step.seq)) throw new BadInput(`"${step.title}" is still running; wait for it or cancel it first`);
  return db.whole(() => {
    const writer = changeWriter(db, tables, null);
    const told = new Told();
    const changes = to === 'done' ? changesOf(db, step.seq) : changesBack(db, step.seq);
    for (const change of changes) told.tell(writer.make(change));
    writer.settle();
    markStep(db, step.seq, to === 'undone');
    moved(step.seq, to);
    return recorded(db, step, told);
  });
}

/** The step is there from its first change on: one without any would take back nothing. */
function startMany({ db, tables, next, unfinished }: Office, title: string): Many {
  const told = new Told();
  let step: Step | undefined;
  const write = (changes: Iterable<Change>): void => {
    const writer = changeWriter(db, tables, next);
    const record = (done: Change): void => {
      step ??= addStep(db, title);
      addChange(db, step.seq, told.count, done);
      told.tell(done);
    };
    for (const change of changes) record(writer.make(change));
    for (const change of writer.follow()) record(change);
    writer.settle();
  };
  return {
    add(changes) {
      const before = { step, count: told.count };
      try {
        db.whole(() => write(changes));
      } catch (error) {
        step = before.step;
        told.forget(before.count);
        throw error;
      }
      if (step) unfinished.add(step.seq);
    },
    end() {
      if (step) unfinished.delete(step.seq);
      return recorded(db, step ?? { seq: lastDone(db)?.seq ?? 0, title }, told);
    },
  };
}

/** The changes of a step, as far as they are told. */
class Told {
  readonly changes: Change[] = [];
  count = 0;

  get more(): boolean {
    return this.count > toldChanges;
  }

  tell(change: Change): void {
    this.count++;
    if (!this.more) this.changes.push(change);
  }

  /** Those after the first `count` were not stored after all. */
  forget(count: number): void {
    this.count = count;
    this.changes.length = Math.min(this.changes.length, count);
  }
}
