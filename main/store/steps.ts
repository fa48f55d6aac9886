// Stores the journal: its steps in the order in which they were made, and the changes of each.
import type { Change } from '../contract/diff.ts';
import type { Db } from './db.ts';
import { jsonOrNull, parsed } from './jsonColumns.ts';

export interface UndoStep {
  seq: number;
  title: string;
}

interface ChangeRow {
  position: number;
  kind: string;
  id: number;
  before: string | null;
  after: string | null;
}

const page = 1000;

const changeOf = ({ kind, id, before, after }: ChangeRow): Change =>
  ({ kind, id, before: parsed(before ?? 'null'), after: parsed(after ?? 'null') }) as Change;

/** The step that undo would take back. */
export const lastDone = (db: Db): UndoStep | undefined =>
  db.get<UndoStep>('SELECT seq, title FROM step WHERE undone = 0 ORDER BY seq DESC LIMIT 1');

/** The step that redo would make again. */
export const firstUndone = (db: Db): UndoStep | undefined =>
  db.get<UndoStep>('SELECT seq, title FROM step WHERE undone = 1 ORDER BY seq LIMIT 1');

/** A new step on top; what was undone before it cannot be made again. */
export function addStep(db: Db, title: string): UndoStep {
  db.run('DELETE FROM step WHERE undone = 1');
  const step = db.get<{ seq: number }>(
    'INSERT INTO step (title, made) VALUES (?, ?) RETURNING seq',
    title,
    new Date().toISOString(),
  );
  if (step === undefined) throw new Error(`the step "${title}" got no number`);
  return { seq: step.seq, title };
}

export const markStep = (db: Db, seq: number, undone: boolean): void =>
  void db.run('UPDATE step SET undone = ? WHERE seq = ?', Number(undone), seq);

export const addChange = (db: Db, seq: number, position: number, change: Change): void =>
  void db.run(
    'INSERT INTO change (seq, position, kind, id, before, after) VALUES (?, ?, ?, ?, ?, ?)',
    ...[seq, position, change.kind, change.id, jsonOrNull(change.before), jsonOrNull(change.after)],
  );

export const countChanges = (db: Db, seq: number): number =>
  db.number('SELECT count(*) FROM change WHERE seq = ?', seq);

/** Gives changes in the order in which they were made, a page at a time, so that writing may go on in between. */
export function* changesOf(db: Db, seq: number): Generator<Change> {
  const sql = 'SELECT * FROM change WHERE seq = ? AND position > ? ORDER BY position LIMIT ?';
  for (let last = -1; ; ) {
    const rows = db.all<ChangeRow>(sql, seq, last, page);
    yield* rows.map(changeOf);
    const end = rows.at(-1);
    if (!end) return;
    last = end.position;
  }
}

/** The last change first, each turned round. */
export function* changesBack(db: Db, seq: number): Generator<Change> {
  const sql = 'SELECT * FROM change WHERE seq = ? AND position < ? ORDER BY position DESC LIMIT ?';
  for (let last = Number.MAX_SAFE_INTEGER; ; ) {
    const rows = db.all<ChangeRow>(sql, seq, last, page);
    yield* rows.map((row) => changeOf({ ...row, before: row.after, after: row.before }));
    const end = rows.at(-1);
    if (!end) return;
    last = end.position;
  }
}
