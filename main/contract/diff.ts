// Defines a person's change as a value, {id, before, after}: a diff is a list of them, and its reverse undoes it.
import { z } from 'zod';
import { same } from './equal.ts';
import { Id, Label, longestName, longestNote, Review, Shape, StoredPrompt } from './project.ts';
import { text } from './text.ts';

export interface RecordOf {
  label: Label;
  shape: Shape;
  prompt: StoredPrompt;
  review: Review;
}
export type Kind = keyof RecordOf;

/** Creation: `before` is null and `after` whole; deletion: the reverse; else both hold the changed fields alone. */
export interface ChangeOf<K extends Kind> {
  kind: K;
  id: number;
  before: Partial<RecordOf[K]> | null;
  after: Partial<RecordOf[K]> | null;
}
export type Change = { [K in Kind]: ChangeOf<K> }[Kind];

/** `title` is what the undo menu says: "Draw mask", "Rename label". */
export interface Diff {
  title: string;
  changes: Change[];
}

const change = <K extends Kind, S extends z.ZodObject>(kind: K, record: S) =>
  z.object({
    kind: z.literal(kind),
    id: Id,
    before: record.partial().nullable(),
    after: record.partial().nullable(),
  });

const ChangeSchema = z.discriminatedUnion('kind', [
  change('label', Label),
  change('shape', Shape),
  change('prompt', StoredPrompt),
  change('review', Review),
]);

/** Characters. */
export const longestTitle = 200;
/** Most characters of all attributes that a label asks for, with their choices. */
const longestRules = 100_000;
const mostAttributes = 1000;

export const DiffSchema: z.ZodType<Diff> = z.object({
  title: text().min(1).max(longestTitle),
  changes: z.array(ChangeSchema),
});

/** A change that is new: what was stored before there were these limits can still be taken back. */
export const NewDiff: z.ZodType<Diff> = DiffSchema.superRefine(({ changes }, context) => {
  for (const { kind, after } of changes) {
    const written = kind === 'review' ? [after?.note] : kind === 'shape' ? Object.values(after?.attributes ?? {}) : [];
    const tooLong = written.some((one) => typeof one === 'string' && one.length > longestNote);
    if (tooLong) context.addIssue(`a note or attribute may have ${longestNote} characters at most`);
    const names = kind === 'shape' ? Object.keys(after?.attributes ?? {}) : [];
    if (names.length > mostAttributes || names.some((name) => name.length > longestName))
      context.addIssue(
        `a shape may have ${mostAttributes} attributes at most, with names of ${longestName} characters`,
      );
    const rules = kind === 'label' ? JSON.stringify(after?.attributes ?? []).length : 0;
    if (rules > longestRules) context.addIssue(`what a label asks for may have ${longestRules} characters at most`);
  }
});

/** The whole records, for the moment of creation. */
export const recordSchemas: { readonly [K in Kind]: z.ZodType<RecordOf[K]> } = {
  label: Label,
  shape: Shape,
  prompt: StoredPrompt,
  review: Review,
};

export const created = <K extends Kind>(kind: K, record: RecordOf[K]): ChangeOf<K> => ({
  kind,
  id: record.id,
  before: null,
  after: record,
});

export const deleted = <K extends Kind>(kind: K, record: RecordOf[K]): ChangeOf<K> => ({
  kind,
  id: record.id,
  before: record,
  after: null,
});

/** Only the fields of `fields` that differ are kept; null when none does. */
export function changed<K extends Kind>(
  kind: K,
  record: RecordOf[K],
  fields: Partial<RecordOf[K]>,
): ChangeOf<K> | null {
  const before: Partial<RecordOf[K]> = {};
  const after: Partial<RecordOf[K]> = {};
  for (const key in fields) {
    if (same(record[key], fields[key])) continue;
    before[key] = record[key];
    after[key] = fields[key];
  }
  return Object.keys(after).length > 0 ? { kind, id: record.id, before, after } : null;
}

/** What takes the diff back: the last change first, each turned round. */
export const reverse = ({ title, changes }: Diff): Diff => ({
  title,
  changes: changes.toReversed().map(turned),
});

const turned = <C extends Change>(one: C): C => ({ ...one, before: one.after, after: one.before });

/** The record that a change was made to is not the one that is there. */
export class Conflict extends Error {
  override readonly name = 'Conflict';
}

/** `record` with the change made to it; null stands for none. Throws `Conflict` where `before` is not what is there. */
export function applied<K extends Kind>(record: RecordOf[K] | null, change: ChangeOf<K>): RecordOf[K] | null {
  const { kind, id, before, after } = change;
  const clash = (why: string) => new Conflict(`${kind} ${id} ${why}`);
  if (before === null) {
    if (record !== null) throw clash('is there already');
    return after as RecordOf[K];
  }
  if (record === null) throw clash('is not there any more');
  for (const key in before) {
    if (!same(record[key], before[key])) throw clash(`was changed by somebody else (${key})`);
  }
  return after === null ? null : { ...record, ...after };
}
