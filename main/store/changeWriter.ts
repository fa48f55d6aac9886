// Writes the changes of a step to the stored records, one after the other, and then what follows from all of them together.
import { BadInput } from '../contract/badInput.ts';
import { type Standing, verdictChanges } from '../contract/correction.ts';
import { applied, type Change, type ChangeOf, type Kind, type RecordOf, recordSchemas } from '../contract/diff.ts';
import { checkPacked, type PackedMask } from '../contract/project.ts';
import type { Db } from './db.ts';
import { updateImageCounts } from './imageCounts.ts';
import { checkLabel } from './labels.ts';
import { promptsWhere } from './prompts.ts';
import { proposalsWhere } from './proposals.ts';
import type { RecordTable } from './recordTable.ts';
import { shapesWhere } from './shapes.ts';

export type RecordTables = { readonly [K in Kind]: RecordTable<K> };

/** Serves one transaction: `make` any number of changes, then `follow` them where they are new, and `settle` once. */
export interface ChangeWriter {
  /** The change as it was made: a deletion with all that is gone, a change with exactly the fields that it set. */
  make(change: Change): Change;
  /** Turns the verdicts that do not agree any more with what stands; whoever made the changes, they are part of the step. */
  follow(): Change[];
  settle(): void;
  /** Does the same, one image at each step. */
  settling(): Generator<void>;
  /** Images whose records or reviews were changed, in that order. */
  touched(): readonly number[];
}

/** `next`: the first id that nobody has yet; null where the changes were made before and are known to be right. */
export function changeWriter(db: Db, tables: RecordTables, next: (() => number) | null): ChangeWriter {
  const images = new Map<number, PackedMask['size'] | null>();
  const labels = new Set<number>();
  const reviewed = new Set<number>();
  /** Images where a judged prompt, or a shape that verdicts may be about, is another one now. */
  const judged = new Set<number>();
  const sizeOf = (imageId: number): PackedMask['size'] | null => {
    if (!images.has(imageId)) images.set(imageId, imageSize(db, imageId));
    return images.get(imageId) ?? null;
  };
  const check = (change: Change): void => {
    if (change.before === null && next && change.id >= next()) {
      throw new BadInput(`${change.kind} ${change.id} has a number that was not reserved`);
    }
    if (change.kind !== 'shape' || !change.after?.mask) return;
    const imageId = change.after.imageId ?? tables.shape.read(change.id)?.imageId;
    checkMask(change.id, change.after.mask, imageId === undefined ? null : sizeOf(imageId));
  };
  const make = (change: Change): Change => {
    if (next) check(change);
    if (change.kind === 'label') labels.add(change.id);
    if (change.kind === 'review') reviewed.add(change.id);
    const mayTurn = change.kind === 'prompt' || (change.kind === 'shape' && change.before !== null);
    const touch = (imageId: number): void => {
      sizeOf(imageId);
      if (mayTurn) judged.add(imageId);
    };
    return made<Kind>(tables, change, touch) as Change;
  };
  const checkLabels = (): void => {
    for (const id of labels) checkLabel(db, id, tables.label.read(id));
  };
  return {
    make,
    follow: () => [...judged].flatMap((imageId) => verdictsOn(db, imageId).map(make)),
    settle() {
      checkLabels();
      updateImageCounts(db, images.keys());
    },
    touched: () => [...new Set([...images.keys(), ...reviewed])],
    *settling() {
      checkLabels();
      for (const id of images.keys()) yield updateImageCounts(db, [id]);
    },
  };
}

/** The verdicts on an image that must turn. */
export const verdictsOn = (db: Db, imageId: number): Change[] =>
  verdictChanges(promptsWhere(db, 'image_id = ? AND correction IS NOT NULL ORDER BY id', imageId), standingIn(db));

const standingIn = (db: Db): Standing => ({
  shape: (id) => shapesWhere(db, 'id = ?', id)[0] ?? null,
  proposal: (id) => proposalsWhere(db, 'id = ?', id)[0] ?? null,
});

/** Tells `touch` of every image whose counts may be others now. */
function made<K extends Kind>(
  tables: RecordTables,
  change: ChangeOf<K>,
  touch: (imageId: number) => void,
): ChangeOf<K> {
  const { kind, id } = change;
  const table: RecordTable<K> = tables[kind];
  const record = table.read(id);
  const wanted = applied(record, change);
  const next = wanted && whole(change, wanted);
  if (next) table.write(next, record);
  else table.remove(id);
  for (const one of [record, next]) if (one && 'imageId' in one) touch(one.imageId);
  if (!record || !next) return { kind, id, before: record, after: next };
  const fields = Object.keys(change.after ?? {}) as (keyof RecordOf[K])[];
  return { kind, id, before: picked(record, fields), after: picked(next, fields) };
}

function whole<K extends Kind>({ kind, id }: ChangeOf<K>, wanted: RecordOf[K]): RecordOf[K] {
  const parsed = recordSchemas[kind].safeParse(wanted);
  if (parsed.success && parsed.data.id === id) return parsed.data;
  const issue = parsed.error?.issues[0];
  const why = issue ? `${issue.path.join('.') || 'the record'}: ${issue.message}` : 'its id cannot be changed';
  throw new BadInput(`${kind} ${id} cannot be stored, ${why}`);
}

function picked<T extends object>(record: T, fields: readonly (keyof T)[]): Partial<T> {
  const part: Partial<T> = {};
  for (const field of fields) part[field] = record[field];
  return part;
}

/** The size as a mask has it, [height, width]; null where the file was not read yet. */
function imageSize(db: Db, id: number): PackedMask['size'] | null {
  const row = db.get<{ width: number | null; height: number | null }>(
    'SELECT width, height FROM image WHERE id = ?',
    id,
  );
  if (!row) throw new BadInput(`there is no image ${id} in the project`);
  return row.height === null || row.width === null ? null : [row.height, row.width];
}

function checkMask(id: number, mask: PackedMask, size: PackedMask['size'] | null): void {
  checkPacked(mask);
  const [height, width] = mask.size;
  if (!size || (size[0] === height && size[1] === width)) return;
  throw new BadInput(`shape ${id} has a mask of ${width} x ${height}, but its image is ${size[1]} x ${size[0]}`);
}
