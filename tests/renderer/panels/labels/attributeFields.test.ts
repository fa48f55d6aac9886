import { describe, expect, it } from 'vitest';
import type { AttributeRule, AttributeValue } from '../../../../main/contract/project.ts';
import { AttributeFields, sharedValue } from '../../../../renderer/panels/labels/AttributeFields.tsx';
import type { Workbench } from '../../../../renderer/state/workbench.ts';
import { onImage } from '../../printed.ts';
import { label, labelled, shape } from '../given.ts';
import { laidOpen } from '../laidOpen.ts';
import { control, controlsIn, namesOf } from '../markup.ts';

const rules: AttributeRule[] = [
  { name: 'colour', kind: 'choice', choices: ['red', 'blue'] },
  { name: 'parked', kind: 'yes or no' },
  { name: 'wheels', kind: 'number' },
  { name: 'plate', kind: 'text' },
];

/** Shapes 1, 2 … with these attributes, all of them selected. */
function fields(all: readonly Record<string, AttributeValue>[], also: Partial<Workbench> = {}): string {
  const shapes = all.map((attributes, i) => shape(i + 1, { attributes }));
  const selected = new Set(shapes.map(({ id }) => id));
  const labels = labelled(label(5, 'car', { attributes: rules }), label(6, 'van'));
  return laidOpen(AttributeFields, { ...onImage({ shapes }), ...labels, selected, ...also });
}

const valueIn = (markup: string, name: string) => control(markup, name).attributes.value;
const isTicked = (markup: string) => 'checked' in control(markup, 'parked').attributes;

describe('the attributes of the selected shapes', () => {
  it('are one named field each, in the order of the rules', () => {
    const all = controlsIn(fields([{}])).filter(({ role }) => role !== 'option' && role !== 'button');
    expect(all.map(({ name, role }) => [name, role])).toEqual([
      ['colour', 'textbox'],
      ['parked', 'checkbox'],
      ['wheels', 'textbox'],
      ['plate', 'textbox'],
    ]);
  });

  it('offer what the rule lets one choose', () => {
    expect(namesOf(fields([{}]), 'option')).toEqual(['red', 'blue']);
  });

  it('show what the shape says', () => {
    const markup = fields([{ colour: 'red', parked: true, wheels: 4, plate: 'AB 1' }]);
    expect(['colour', 'wheels', 'plate'].map((name) => valueIn(markup, name))).toEqual(['red', '4', 'AB 1']);
    expect(isTicked(markup)).toBe(true);
    expect(namesOf(markup, 'button')).toContain('Clear colour');
  });

  it('are empty where the shape says nothing', () => {
    const markup = fields([{}]);
    expect(['colour', 'wheels', 'plate'].map((name) => valueIn(markup, name))).toEqual(['', '', '']);
    expect(isTicked(markup)).toBe(false);
  });

  it('tell zero and no from nothing', () => {
    expect(valueIn(fields([{ wheels: 0 }]), 'wheels')).toBe('0');
    expect(control(fields([{ parked: false }]), 'parked').attributes['data-indeterminate']).toBeUndefined();
  });

  it.each([
    ['agree', [{ wheels: 4 }, { wheels: 4 }], '4'],
    ['differ', [{ wheels: 4 }, { wheels: 3 }], ''],
    ['say it only in part', [{ wheels: 4 }, {}], ''],
  ])('of shapes that %s', (_title, all, value) => expect(valueIn(fields(all), 'wheels')).toBe(value));

  it('are not ticked where only one of the shapes is parked, nor unticked either', () => {
    const mixed = fields([{ parked: true }, { parked: false }]);
    expect(isTicked(mixed)).toBe(false);
    expect(mixed).not.toBe(fields([{ parked: false }, { parked: false }]));
  });

  it.each<[string, Partial<Workbench>]>([
    ['nothing is selected', { selected: new Set() }],
    ['what is selected is gone', { selected: new Set([99]) }],
    ['the label has no rules', labelled(label(5, 'car'))],
    ['the label is gone', labelled()],
    ['no image is open', { open: null }],
  ])('are not there where %s', (_title, also) => expect(controlsIn(fields([{}], also))).toEqual([]));

  it('are not there for shapes of two labels', () => {
    const shapes = [shape(1), shape(2, { labelId: 6 })];
    const labels = labelled(label(5, 'car', { attributes: rules }), label(6, 'van', { attributes: rules }));
    const state = { ...onImage({ shapes }), ...labels };
    expect(controlsIn(laidOpen(AttributeFields, { ...state, selected: new Set([1, 2]) }))).toEqual([]);
    expect(controlsIn(laidOpen(AttributeFields, { ...state, selected: new Set([2]) }))).not.toEqual([]);
  });
});

describe('the value that shapes share', () => {
  it.each([
    ['no shape', [], undefined],
    ['text and number of the same look', ['4', 4], undefined],
    ['no, twice', [false, false], false],
    ['empty text, twice', ['', ''], ''],
  ])('of %s', (_title, values, expected) => {
    const shapes = values.map((n, i) => shape(i + 1, { attributes: { n } }));
    expect(sharedValue(shapes, 'n')).toBe(expected);
  });
});
