// What a person does to the list of labels, each as the diff that says it.
import { type Change, changed, type Diff } from '../../main/contract/diff.ts';
import type { AttributeRule, Label } from '../../main/contract/project.ts';
import { Refused } from './shapeEdits.ts';

type Labels = ReadonlyMap<number, Label>;

const outcome = (title: string, changes: readonly (Change | null)[]): Diff | null => {
  const real = changes.filter((change) => change !== null);
  return real.length === 0 ? null : { title, changes: real };
};

/** As they stand in lists. */
export const orderedLabels = (labels: Labels): Label[] =>
  [...labels.values()].sort((a, b) => a.place - b.place || a.id - b.id);

export const digits = ['1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;
export type LabelDigit = (typeof digits)[number];

/** A label of that name, in any case. */
export const labelNamed = (labels: Labels, name: string): Label | undefined =>
  [...labels.values()].find((label) => label.name.toLowerCase() === name.trim().toLowerCase());

/** Characters that a person may give a label's name; imported ones may have more. */
export const longestTyped = 200;

/** The trimmed name, where a label may be called so; throws `Refused`. */
export function checkName(labels: Labels, name: string, own: number | null): string {
  const trimmed = name.trim();
  if (trimmed === '') throw new Refused('A label needs a name.');
  if (trimmed.length > longestTyped) throw new Refused(`A name has at most ${longestTyped} characters.`);
  const other = labelNamed(labels, trimmed);
  if (other && other.id !== own) throw new Refused(`There is a label "${other.name}" already; merge the two instead.`);
  return trimmed;
}

export const renameLabel = (labels: Labels, label: Label, name: string): Diff | null =>
  outcome('Rename label', [changed('label', label, { name: checkName(labels, name, label.id) })]);

export const recolour = (label: Label, colour: string): Diff | null =>
  outcome('Change colour of label', [changed('label', label, { colour: colour.toLowerCase() })]);

/** The digit is taken from the label that had it. */
export function giveDigit(labels: Labels, label: Label, digit: string | null): Diff | null {
  const holders = [...labels.values()].filter((other) => digit !== null && other.digit === digit && other !== label);
  return outcome('Change key of label', [
    ...holders.map((other) => changed('label', other, { digit: null })),
    changed('label', label, { digit }),
  ]);
}

/** Puts the label at an index of the list, 0 first. */
export function placeLabel(labels: Labels, id: number, index: number): Diff | null {
  const order = orderedLabels(labels);
  const from = order.findIndex((label) => label.id === id);
  const [moved] = order.splice(from, 1);
  if (from < 0 || !moved) return null;
  order.splice(Math.max(0, Math.min(index, order.length)), 0, moved);
  return outcome(
    'Reorder labels',
    order.map((label, place) => changed('label', label, { place })),
  );
}

/** What shapes of the label may say. Throws `Refused` where two rules have one name or a choice has nothing to choose. */
export function ruleAttributes(label: Label, rules: readonly AttributeRule[]): Diff | null {
  const names = rules.map(({ name }) => name.trim().toLowerCase());
  if (names.includes('')) throw new Refused('An attribute needs a name.');
  if (new Set(names).size < names.length) throw new Refused('Two attributes have the same name.');
  const bare = rules.find(({ kind, choices }) => kind === 'choice' && (choices ?? []).length === 0);
  if (bare) throw new Refused(`"${bare.name}" needs at least one choice.`);
  const attributes = rules.map(({ name, kind, choices }) => ({
    name: name.trim(),
    kind,
    ...(kind === 'choice' ? { choices } : {}),
  }));
  return outcome('Change attributes of label', [changed('label', label, { attributes })]);
}
