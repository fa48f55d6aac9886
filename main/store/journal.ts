// Stores diffs as steps: each is made whole or not at all, and can be undone and redone for as long as the file lives.
import type { Recorded } from '../contract/api.ts';
import { BadInput } from '../contract/badInput.ts';
import type { Change, Diff, Kind, RecordOf } from '../contract/diff.ts';
import { changeWriter, type RecordTables } from './changeWriter.ts';
import type { Db } from './db.ts';
import type { RecordTable } from './recordTable.ts';
import {
  addChange,
  addStep,
  changesBack,
  changesOf,
  countChanges,
  firstUndone,
  lastDone,
  markStep,
  type UndoStep,
} from './steps.ts';

/** How many changes of a step are sent; `more` is set where it has others, and one then reads everything again. */
export const sentChanges = 1000;
/** Characters of masks among them: every window gets them. */
export const sentCharacters = 2 ** 22;

export interface Journal {
  /** Throws `Conflict` where a `before` is not what is there, `BadInput` where a record is no good; then nothing is stored. */
  apply(diff: Diff): Recorded;
  undo(): Recorded | null;
  redo(): Recorded | null;
  /** The step that undo or redo would move, and how many changes it has; null at the journal's end. */
  nextMove(way: Way): NextMove | null;
  /**
   * The same as `undo` and `redo` in pieces: `turn` is awaited after each change, and where it throws all is as before.
   * Meanwhile nothing else can be changed; a crash leaves the step whole, moved or not.
   */
  moveInTurns(way: Way, turn: () => Promise<void> | undefined): Promise<Recorded | null>;
  /** When nothing is moved in pieces. */
  still(): Promise<void>;
  /** One step and one transaction of any number of changes, of which a page at a time is held in memory. */
  applyMany(title: string, changes: Iterable<Change>): Recorded;
  startMany(title: string): StepInPieces;
  record<K extends Kind>(kind: K, id: number): RecordOf[K] | null;
  /** What undo and redo would do. */
  titles(): Titles;
}

/**
 * One step that is made in pieces, so that the host can answer and show progress in between. Each piece is stored when
 * `add` returns; after a crash the step holds the pieces that were. It can be undone once it has ended.
 */
export interface StepInPieces {
  add(changes: Iterable<Change>): void;
  end(): Recorded;
}

type Way = 'undo' | 'redo';

interface NextMove {
  readonly seq: number;
  readonly title: string;
  readonly changes: number;
}

interface Titles {
  undo: string | null;
  redo: string | null;
}

interface Parts {
  readonly tables: RecordTables;
  /** The first id that nobody has yet. */
  next(): number;
  /** Is called for each step that was undone or redone. */
  moved(seq: number, to: 'undone' | 'done'): void;
}

export function journalOf(db: Db, parts: Parts): Journal {
  const state: JournalState = { ...parts, db, unfinished: new Set(), moving: null };
  const { tables } = parts;
  const applyMany = (title: string, changes: Iterable<Change>): Recorded =>
    db.whole(() => {
      const many = startMany(state, title);
      many.add(changes);
      return many.end();
    });
  return {
    apply: ({ title, changes }) => applyMany(title, changes),
    undo: () => move(state, 'undo'),
    redo: () => move(state, 'redo'),
    nextMove(way) {
      const step = stepOf(db, way);
      return step && { ...step, changes: countChanges(db, step.seq) };
    },
    moveInTurns: (way, turn) => moveInTurns(state, way, turn),
    async still() {
      while (state.moving) await state.moving.done;
    },
    applyMany,
    startMany: (title) => startMany(state, title),
    record<K extends Kind>(kind: K, id: number) {
      const table: RecordTable<K> = tables[kind];
      return table.read(id);
    },
    titles: () => titles(db),
  };
}

interface JournalState extends Parts {
  readonly db: Db;
  /** Steps that are still being made, by seq. */
  readonly unfinished: Set<number>;
  /** The step that is moved in pieces. */
  moving: { readonly title: string; readonly done: Promise<void> } | null;
}

const titles = (db: Db): Titles => ({ undo: lastDone(db)?.title ?? null, redo: firstUndone(db)?.title ?? null });

const recorded = (db: Db, { seq, title }: UndoStep, { changes, more }: SentChanges): Recorded => ({
  seq,
  diff: { title, changes },
  ...(more && { more }),
  ...titles(db),
});

const stepOf = (db: Db, way: Way): UndoStep | null => (way === 'undo' ? lastDone(db) : firstUndone(db)) ?? null;

function refuseWhileMoving({ moving }: JournalState): void {
  if (moving) throw new BadInput(`"${moving.title}" is still being undone or redone; wait for it or cancel it first`);
}

/** Makes the changes of a step that is in the journal, from its front or from its back; null at the journal's end. */
function move(state: JournalState, way: Way): Recorded | null {
  const step = movable(state, way);
  if (step === null) return null;
  return state.db.whole(() => {
    const moves = moving(state, step, way);
    for (let one = moves.next(); ; one = moves.next()) if (one.done) return one.value;
  });
}

async function moveInTurns(
  state: JournalState,
  way: Way,
  turn: () => Promise<void> | undefined,
): Promise<Recorded | null> {
  const step = movable(state, way);
  if (step === null) return null;
  const [unfinished] = state.unfinished;
  if (unfinished !== undefined) throw new BadInput(`another job changes the project; wait for it or cancel it first`);
  const over = Promise.withResolvers<void>();
  state.moving = { title: step.title, done: over.promise };
  try {
    return await state.db.wholeInTurns(async () => {
      const moves = moving(state, step, way);
      for (let one = moves.next(); ; one = moves.next()) {
        if (one.done) return one.value;
        await turn();
      }
    });
  } finally {
    state.moving = null;
    over.resolve();
  }
}

function movable(state: JournalState, way: Way): UndoStep | null {
  refuseWhileMoving(state);
  const step = stepOf(state.db, way);
  if (step && state.unfinished.has(step.seq)) {
    throw new BadInput(`"${step.title}" is still running; wait for it or cancel it first`);
  }
  return step;
}

/** Yields after each change, and after each image that is brought up to date. */
function* moving({ db, tables, moved }: JournalState, step: UndoStep, way: Way): Generator<void, Recorded> {
  const writer = changeWriter(db, tables, null);
  const sent = new SentChanges();
  for (const change of way === 'redo' ? changesOf(db, step.seq) : changesBack(db, step.seq)) {
    yield sent.add(writer.make(change));
  }
  yield* writer.settling();
  markStep(db, step.seq, way === 'undo');
  moved(step.seq, way === 'undo' ? 'undone' : 'done');
  const [imageId, ...others] = writer.touched();
  const where = imageId === undefined ? {} : { where: { imageId, images: others.length + 1 } };
  return { ...recorded(db, step, sent), ...where };
}

/** The step is there from its first change on: one without any would take back nothing. */
function startMany(state: JournalState, title: string): StepInPieces {
  const { db, tables, next, unfinished } = state;
  const sent = new SentChanges();
  let step: UndoStep | undefined;
  const write = (changes: Iterable<Change>): void => {
    const writer = changeWriter(db, tables, next);
    const record = (done: Change): void => {
      step ??= addStep(db, title);
      addChange(db, step.seq, sent.count, done);
      sent.add(done);
    };
    for (const change of changes) record(writer.make(change));
    for (const change of writer.follow()) record(change);
    writer.settle();
  };
  return {
    add(changes) {
      refuseWhileMoving(state);
      const before = { step, count: sent.count };
      try {
        db.whole(() => write(changes));
      } catch (error) {
        step = before.step;
        sent.forget(before.count);
        throw error;
      }
      if (step) unfinished.add(step.seq);
    },
    end() {
      if (step) unfinished.delete(step.seq);
      return recorded(db, step ?? { seq: lastDone(db)?.seq ?? 0, title }, sent);
    },
  };
}

/** The changes of a step that every window is sent, and how many there are. */
class SentChanges {
  readonly changes: Change[] = [];
  count = 0;
  #characters = 0;

  get more(): boolean {
    return this.count > this.changes.length;
  }

  add(change: Change): void {
    const isWhole = !this.more;
    this.count++;
    if (!isWhole || this.changes.length >= sentChanges) return;
    this.#characters += charactersOf(change);
    if (this.#characters <= sentCharacters) this.changes.push(change);
  }

  /** Changes after the first `count` were not stored after all. */
  forget(count: number): void {
    this.count = count;
    this.changes.length = Math.min(this.changes.length, count);
    this.#characters = this.changes.reduce((sum, change) => sum + charactersOf(change), 0);
  }
}

function charactersOf({ kind, before, after }: Change): number {
  if (kind !== 'shape') return 0;
  return [before?.mask, after?.mask].reduce((sum, mask) => sum + (mask?.counts.length ?? 0), 0);
}
