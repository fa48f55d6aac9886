import { describe, expect, it } from 'vitest';
import type { AttributeRule, Label } from '../../../../main/contract/project.ts';
import { AttributeRules } from '../../../../renderer/panels/labels/AttributeRules.tsx';
import { LabelPicker } from '../../../../renderer/panels/labels/LabelPicker.tsx';
import { LabelRow } from '../../../../renderer/panels/labels/LabelRow.tsx';
import { LabelsDialog } from '../../../../renderer/panels/labels/LabelsDialog.tsx';
import { wordsOf } from '../../printed.ts';
import { label, labelled } from '../given.ts';
import { laidOpen } from '../laidOpen.ts';
import { control, controlsIn, isDisabled, namesOf } from '../markup.ts';

const car = label(1, 'car', { digit: '1', place: 2 });
const van = label(2, 'van', { place: 0 });
const bus = label(3, 'bus', { place: 1 });

describe('the labels', () => {
  it('say what a label is where there is none yet', () => {
    const markup = laidOpen(LabelsDialog, { dialog: 'labels', ...labelled() });
    expect(wordsOf(markup)).toContain('A label says what a shape is.');
    expect(namesOf(markup, 'textbox')).toEqual(['New label']);
    expect(isDisabled(markup, 'Add')).toBe(true);
  });

  it('stand in their own order, whatever order they were made in', () => {
    const markup = laidOpen(LabelsDialog, { dialog: 'labels', ...labelled(car, van, bus) });
    const fields = namesOf(markup, 'textbox').filter((name) => name.startsWith('Name of'));
    expect(fields).toEqual(['Name of van', 'Name of bus', 'Name of car']);
    expect(isDisabled(markup, 'Move van up')).toBe(true);
    expect(isDisabled(markup, 'Move van down')).toBe(false);
    expect(isDisabled(markup, 'Move bus up')).toBe(false);
    expect(isDisabled(markup, 'Move car down')).toBe(true);
  });
});

describe('the row of a label', () => {
  const row = (one: Label, also: object = {}, shown: { tips?: boolean } = {}) =>
    laidOpen(
      LabelRow,
      {},
      {
        ...{ label: one, ...labelled(car, van, bus), index: 0, last: false, use: { shapes: 1, images: 1 } },
        ...{ edit: () => {}, onDoubt: () => {} },
        ...also,
      },
      shown,
    );

  it('can be merged into every other label, but not into itself', () => {
    expect(wordsOf(row(car))).toMatch(/Delete with its shapes… Merge into van bus$/u);
    expect(wordsOf(row(car, labelled(car)))).toMatch(/Delete with its shapes…$/u);
  });

  it.each([
    [{ shapes: 0, images: 0 }, '0 shapes', 'on 0 images'],
    [{ shapes: 1, images: 1 }, '1 shape', 'on 1 image'],
    [{ shapes: 12345, images: 1200 }, '12,345 shapes', 'on 1,200 images'],
  ])('with %j in use reads "%s", and "%s" in its tooltip', (use, words, where) => {
    expect(wordsOf(row(car, { use }, { tips: true }))).toContain(where);
    expect(wordsOf(row(car, { use }))).toContain(`${words} Attributes`);
  });

  it('shows colour and key', () => {
    expect(namesOf(row(car), 'button')).toContain('Colour of car: #e69f00');
    expect(row(car)).toContain('<option value="1" selected="">1</option>');
    expect(row(van)).toContain('<option value="" selected="">no key</option>');
    expect(row(van)).toContain('<option value="9">9</option>');
  });

  it('counts its attributes', () => {
    const attributes: AttributeRule[] = [{ name: 'wheels', kind: 'number' }];
    expect(namesOf(row({ ...car, attributes }), 'button')).toContain('Attributes (1)');
    expect(namesOf(row(car), 'button')).toContain('Attributes');
  });
});

describe('the attributes of a label', () => {
  const rules = (attributes: AttributeRule[]) =>
    laidOpen(AttributeRules, {}, { label: { ...car, attributes }, edit: () => {} });

  it('say what they are for where there are none', () => {
    expect(wordsOf(rules([]))).toContain('Shapes of “car” say nothing yet.');
    expect(namesOf(rules([]), 'button')).toEqual(['Add attribute', 'Save attributes']);
  });

  it('are named by what they are called', () => {
    const markup = rules([
      { name: 'wheels', kind: 'number' },
      { name: 'colour', kind: 'choice', choices: ['red', 'blue'] },
    ]);
    const fields = controlsIn(markup).filter(({ role }) => role === 'textbox');
    expect(fields.map(({ name }) => name)).toEqual([
      ...['Name of the attribute', 'Kind of wheels'],
      ...['Name of the attribute', 'Kind of colour', 'Choices of colour'],
    ]);
    expect(fields.map(({ attributes }) => attributes.value)).toEqual(['wheels', 'number', 'colour', 'choice', '']);
    expect(wordsOf(markup)).toContain('red');
    expect(namesOf(markup, 'button')).toEqual(expect.arrayContaining(['Remove wheels', 'Remove colour']));
  });

  it('are saved only once something is different', () => {
    expect(isDisabled(rules([{ name: 'wheels', kind: 'number' }]), 'Save attributes')).toBe(true);
  });
});

describe('the label picker', () => {
  const picker = (value: number | null, ...all: Label[]) =>
    laidOpen(LabelPicker, labelled(...all), {
      ...{ name: 'Label of new shapes', value, placeholder: 'New shapes’ label', onPick: () => {} },
    });

  it.each([
    ['the label', 1, 'car'],
    ['nothing where there are several', null, ''],
    ['nothing where the label is gone', 99, ''],
  ])('shows %s', (_title, value, text) => {
    const { attributes } = control(picker(value, car, van), 'Label of new shapes');
    expect(attributes.value).toBe(text);
    expect(attributes.placeholder).toBe('New shapes’ label');
  });

  it('has the colour of the label beside it', () => {
    expect(picker(1, label(1, 'car', { colour: '#112233' }))).toContain('background:#112233');
    expect(picker(null, car)).toContain('background:transparent');
  });
});
