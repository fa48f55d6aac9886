// Makes the steps that change a label with all of its shapes: merging it into another label, and deleting it.
import type { Recorded } from '../contract/api.ts';
import { BadInput } from '../contract/badInput.ts';
import { type Change, changed, deleted, longestTitle } from '../contract/diff.ts';
import type { Label, Shape } from '../contract/project.ts';
import { cut } from '../contract/text.ts';
import type { Db } from './db.ts';
import { shapesWhere } from './shapes.ts';

export interface LabelSteps {
  /** Rules for attributes that only `from` has go over to `into`, with what was said by them. */
  mergeLabels(from: number, into: number): Recorded;
  deleteLabel(id: number): Recorded;
}

interface Parts {
  read(id: number): Label | null;
  applyMany(title: string, changes: Iterable<Change>): Recorded;
}

const page = 1000;

export function labelStepsOf(db: Db, { read, applyMany }: Parts): LabelSteps {
  const present = (id: number): Label => {
    const label = read(id);
    if (!label) throw new BadInput('the label is not there any more');
    return label;
  };
  return {
    mergeLabels(fromId, intoId) {
      const [from, into] = [present(fromId), present(intoId)];
      if (fromId === intoId) throw new BadInput(`"${from.name}" cannot be merged with itself`);
      return applyMany(titled(`Merge "${from.name}" into "${into.name}"`), mergeChanges(db, from, into));
    },
    deleteLabel(id) {
      const label = present(id);
      return applyMany(titled(`Delete label "${label.name}"`), deleteChanges(db, label));
    },
  };
}

const titled = (title: string): string => cut(title, longestTitle);

function* mergeChanges(db: Db, from: Label, into: Label): Generator<Change> {
  const known = new Set(into.attributes.map(({ name }) => name));
  const more = from.attributes.filter(({ name }) => !known.has(name));
  const wider = changed('label', into, { attributes: [...into.attributes, ...more] });
  if (wider) yield wider;
  for (const { id } of shapesWithLabel(db, from.id)) {
    yield { kind: 'shape', id, before: { labelId: from.id }, after: { labelId: into.id } };
  }
  yield deleted('label', from);
}

function* deleteChanges(db: Db, label: Label): Generator<Change> {
  for (const shape of shapesWithLabel(db, label.id)) yield deleted('shape', shape);
  yield deleted('label', label);
}

function* shapesWithLabel(db: Db, labelId: number): Generator<Shape> {
  for (let last = 0; ; ) {
    const shapes = shapesWhere(db, `label_id = ? AND id > ? ORDER BY id LIMIT ${page}`, labelId, last);
    yield* shapes;
    const end = shapes.at(-1);
    if (!end) return;
    last = end.id;
  }
}
