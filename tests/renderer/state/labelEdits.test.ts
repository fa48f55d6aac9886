import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applied, type Diff } from '../../../main/contract/diff.ts';
import { Label } from '../../../main/contract/project.ts';
import {
  checkName,
  deletion,
  giveDigit,
  labelList,
  namesInList,
  orderedLabels,
  placeLabel,
  recolour,
  renameLabel,
  ruleAttributes,
} from '../../../renderer/state/labelEdits.ts';

const label = (id: number, name: string, fields: Partial<Label> = {}): Label => ({
  ...{ id, name, colour: '#e69f00', digit: null, attributes: [], place: id },
  ...fields,
});

const car = label(1, 'car', { digit: '1' });
const dog = label(2, 'dog', { digit: '2' });
const tree = label(3, 'tree');
const labels = new Map([car, dog, tree].map((one) => [one.id, one]));

function changedBy(diff: Diff | null): Map<number, Label> {
  const held = new Map(labels);
  for (const change of diff?.changes ?? []) {
    if (change.kind !== 'label') throw new Error('not a label');
    const next = applied(held.get(change.id) ?? null, change);
    if (next) held.set(change.id, Label.parse(next));
    else held.delete(change.id);
  }
  return held;
}

const named = (diff: Diff | null) => orderedLabels(changedBy(diff)).map(({ name }) => name);

describe('a list that was pasted', () => {
  it('is one name a line; blanks, repetitions and names that are there are left out, in any case', () => {
    const text = '  car\r\n\r\nBird\nbird \n  CAR\nbee';
    expect(namesInList(labels, text)).toEqual({ fresh: ['Bird', 'bee'], known: 3 });
    expect(namesInList(labels, ' \n ')).toEqual({ fresh: [], known: 0 });
  });

  it('is refused where it is too long, or a name of it is', () => {
    expect(() => namesInList(labels, Array.from({ length: 2001 }, (_, i) => `n${i}`).join('\n'))).toThrow('2001 names');
    expect(() => namesInList(labels, `ok\n${'x'.repeat(201)}`)).toThrow('at most 200 characters');
  });

  it('becomes labels at the end, with colours of their own and the keys that are free', () => {
    const names = Array.from({ length: 9 }, (_, i) => `n${i}`);
    const diff = labelList(labels, names, [10, 11, 12, 13, 14, 15, 16, 17, 18]);
    const after = orderedLabels(changedBy(diff));
    expect(after.map(({ name }) => name)).toEqual(['car', 'dog', 'tree', ...names]);
    expect(after.slice(3).map(({ digit }) => digit)).toEqual(['3', '4', '5', '6', '7', '8', '9', null, null]);
    expect(new Set(after.slice(3).map(({ colour }) => colour)).size).toBe(9);
    expect(diff?.title).toBe('Add 9 labels');
    expect(labelList(labels, [], [])).toBeNull();
  });

  it('those that nothing has are deleted as one step', () => {
    expect(deletion([car, dog])).toMatchObject({ title: 'Delete 2 unused labels' });
    expect(named(deletion([car, dog]))).toEqual(['tree']);
  });
});

describe('names', () => {
  it('trims, and may change only the case', () => {
    expect(changedBy(renameLabel(labels, car, '  van ')).get(1)?.name).toBe('van');
    expect(changedBy(renameLabel(labels, car, 'Car')).get(1)?.name).toBe('Car');
    expect(renameLabel(labels, car, 'car ')).toBeNull();
  });

  it.each([
    ['', 'A label needs a name.'],
    ['DOG', 'There is a label "dog" already; merge the two instead.'],
    ['x'.repeat(201), 'A name has at most 200 characters.'],
  ])('refuses "%s"', (name, why) => {
    expect(() => renameLabel(labels, car, name)).toThrow(why);
    expect(() => checkName(labels, name, null)).toThrow(why);
  });
});

describe('keys and colours', () => {
  it('takes a key from the label that had it, in the same step', () => {
    const next = changedBy(giveDigit(labels, tree, '1'));
    expect([next.get(1)?.digit, next.get(2)?.digit, next.get(3)?.digit]).toEqual([null, '2', '1']);
    expect(giveDigit(labels, car, '1')).toBeNull();
  });

  it('gives a key up without touching those that have none', () => {
    expect(giveDigit(labels, car, null)?.changes).toHaveLength(1);
  });

  it('never leaves two labels with one key', () => {
    const digit = fc.constantFrom(null, '1', '2', '3');
    fc.assert(
      fc.property(fc.constantFrom(car, dog, tree), digit, (one, wanted) => {
        const held = [...changedBy(giveDigit(labels, one, wanted)).values()].flatMap((next) => next.digit ?? []);
        expect(new Set(held).size).toBe(held.length);
      }),
    );
  });

  it('writes colours in small letters', () => {
    expect(changedBy(recolour(car, '#ABCDEF')).get(1)?.colour).toBe('#abcdef');
    expect(recolour(car, '#E69F00')).toBeNull();
  });
});

describe('order', () => {
  it('moves a label to a place, at most to the end', () => {
    expect(named(placeLabel(labels, 3, 0))).toEqual(['tree', 'car', 'dog']);
    expect(named(placeLabel(labels, 1, 9))).toEqual(['dog', 'tree', 'car']);
    expect(placeLabel(labels, 77, 0)).toBeNull();
  });

  it('has labels at one place in the order of their making', () => {
    const flat = new Map([dog, car].map((one) => [one.id, { ...one, place: 0 }]));
    expect(orderedLabels(flat).map(({ name }) => name)).toEqual(['car', 'dog']);
  });
});

describe('attributes', () => {
  it('keeps trimmed names, and choices only where there is a choice', () => {
    const diff = ruleAttributes(car, [
      { name: ' parked ', kind: 'yes or no', choices: ['left over'] },
      { name: 'side', kind: 'choice', choices: ['left', 'right'] },
    ]);
    expect(changedBy(diff).get(1)?.attributes).toEqual([
      { name: 'parked', kind: 'yes or no' },
      { name: 'side', kind: 'choice', choices: ['left', 'right'] },
    ]);
  });

  it.each([
    [[{ name: ' ', kind: 'text' as const }], 'An attribute needs a name.'],
    [
      [
        { name: 'a', kind: 'text' as const },
        { name: 'A', kind: 'number' as const },
      ],
      'have the same name',
    ],
    [[{ name: 'side', kind: 'choice' as const, choices: [] }], '"side" needs at least one choice.'],
  ])('refuses %j', (rules, why) => expect(() => ruleAttributes(car, rules)).toThrow(why));
});
