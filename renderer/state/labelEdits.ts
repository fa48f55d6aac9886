// Makes the diff of what a person does to the list of labels.
import { colourPicker } from '../../main/contract/colours.ts';
import { type Change, changed, created, type Diff, deleted } from '../../main/contract/diff.ts';
import type { AttributeRule, Label } from '../../main/contract/project.ts';
import { cut } from '../../main/contract/text.ts';
import { Refused } from './shapeEdits.ts';

type Labels = ReadonlyMap<number, Label>;

const outcome = (title: string, changes: readonly (Change | null)[]): Diff | null => {
  const real = changes.filter((change) => change !== null);
  return real.length === 0 ? null : { title, changes: real };
};

/** Labels as they stand in lists. */
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

/** Lines of one list; who has more brings them as a file. */
const longestList = 2000;

/** The names of a list that was pasted, one a line, apart from those that labels have already. Throws `Refused`. */
export function namesInList(labels: Labels, text: string): { fresh: string[]; known: number } {
  const lines = text.split(/\r?\n/u).flatMap((line) => line.trim() || []);
  if (lines.length > longestList)
    throw new Refused(`The list has ${lines.length} names; paste ${longestList} at most.`);
  const long = lines.find((line) => line.length > longestTyped);
  if (long) throw new Refused(`“${cut(long, 40)}…” is too long; a name has at most ${longestTyped} characters.`);
  const taken = new Set(Array.from(labels.values(), ({ name }) => name.toLowerCase()));
  const fresh = lines.filter((line) => {
    const key = line.toLowerCase();
    const isFresh = !taken.has(key);
    taken.add(key);
    return isFresh;
  });
  return { fresh, known: lines.length - fresh.length };
}

/** Labels of these names at the end of the list, with the first colours and keys that are free; as many ids as names. */
export function labelList(labels: Labels, names: readonly string[], ids: readonly number[]): Diff | null {
  const all = orderedLabels(labels);
  const colour = colourPicker(all.map((label) => label.colour));
  const used = new Set(all.map(({ digit }) => digit));
  const free = digits.filter((digit) => !used.has(digit));
  const above = Math.max(0, ...all.map(({ place }) => place)) + 1;
  const made = names.map((name, i) => {
    const id = ids[i];
    if (id === undefined) throw new Error('more labels were made than ids were fetched');
    const [digit, place] = [free[i] ?? null, above + i];
    return created('label', { id, name, colour: colour(), digit, attributes: [], place });
  });
  return outcome(`Add ${made.length === 1 ? 'a label' : `${made.length} labels`}`, made);
}

export const deletion = (labels: readonly Label[]): Diff => ({
  title: `Delete ${labels.length === 1 ? 'an unused label' : `${labels.length} unused labels`}`,
  changes: labels.map((label) => deleted('label', label)),
});

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
