// Diffs as values: what they keep, how they turn round, and what they refuse to be applied to.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applied,
  Conflict,
  changed,
  created,
  DiffSchema,
  deleted,
  NewDiff,
  recordSchemas,
  reverse,
} from '../../main/contract/diff.ts';
import { same } from '../../main/contract/equal.ts';
import { type Label, packMask, type Shape, unpackMask } from '../../main/contract/project.ts';
import { fromBitmap } from '../../main/contract/rle.ts';

const label: Label = { id: 3, name: 'car', colour: '#aa0011', digit: '1', attributes: [], place: 1 };
const shape: Shape = {
  id: 9,
  imageId: 4,
  labelId: 3,
  mask: packMask(fromBitmap(Uint8Array.from([0, 1, 1, 0]), 2, 2)),
  box: { x1: 0, y1: 0, x2: 2, y2: 2 },
  attributes: { side: 'left', wheels: 4, parked: true },
  crowd: false,
  hidden: false,
  locked: false,
  place: 1,
  origin: { kind: 'drawn' },
};

describe('changed', () => {
  it('keeps the fields that differ and no others', () => {
    const change = changed('label', label, { name: 'van', colour: '#aa0011', digit: null });
    expect(change).toEqual({
      ...{ kind: 'label', id: 3 },
      ...{ before: { name: 'car', digit: '1' }, after: { name: 'van', digit: null } },
    });
  });

  it('is null where nothing differs, however deep', () => {
    expect(changed('shape', shape, { attributes: { parked: true, side: 'left', wheels: 4 } })).toBeNull();
    expect(changed('shape', shape, { attributes: { side: 'left' } })).not.toBeNull();
  });
});

describe('applied', () => {
  it('creates, changes and deletes', () => {
    expect(applied(null, created('shape', shape))).toEqual(shape);
    expect(applied(shape, { kind: 'shape', id: 9, before: { hidden: false }, after: { hidden: true } })).toEqual({
      ...shape,
      hidden: true,
    });
    expect(applied(shape, deleted('shape', shape))).toBeNull();
  });

  it('changes nothing in place', () => {
    const before = structuredClone(shape);
    applied(shape, { kind: 'shape', id: 9, before: { place: 1 }, after: { place: 7 } });
    expect(shape).toEqual(before);
  });

  it.each([
    ['is there already', label, created('label', label)],
    ['is not there any more', null, deleted('label', label)],
    ['(name)', label, { kind: 'label' as const, id: 3, before: { name: 'van' }, after: { name: 'bus' } }],
  ])('refuses where the record is another: %s', (words, record, change) => {
    expect(() => applied<'label'>(record, change)).toThrow(Conflict);
    expect(() => applied<'label'>(record, change)).toThrow(words);
  });
});

describe('reverse', () => {
  it('turns each change round, the last one first', () => {
    const diff = { title: 'Draw', changes: [created('label', label), created('shape', shape)] };
    expect(reverse(diff)).toEqual({ title: 'Draw', changes: [deleted('shape', shape), deleted('label', label)] });
    expect(reverse(reverse(diff))).toEqual(diff);
  });

  it('takes back what was applied, whatever was changed', () => {
    const fields = fc.record({
      name: fc.string({ minLength: 1, maxLength: 20 }),
      digit: fc.constantFrom('1', '5', null),
      place: fc.double({ noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(fields, { minLength: 1, maxLength: 8 }), (steps) => {
        let now: Label | null = label;
        const changes = steps.flatMap((step) => {
          const change = now && changed('label', now, step);
          if (!change) return [];
          now = applied(now, change);
          return [change];
        });
        for (const change of reverse({ title: 'x', changes }).changes) {
          if (change.kind === 'label') now = applied(now, change);
        }
        expect(now).toEqual(label);
      }),
    );
  });
});

describe('schemas', () => {
  it('read a diff as it travels, patches and whole records alike', () => {
    const diff = {
      title: 'Draw mask',
      changes: [created('shape', shape), { kind: 'label', id: 3, before: { name: 'car' }, after: { name: 'van' } }],
    };
    expect(DiffSchema.parse(JSON.parse(JSON.stringify(diff)))).toEqual(diff);
  });

  it.each([
    ['no title', { title: '', changes: [] }],
    ['a kind that is not', { title: 'x', changes: [{ kind: 'image', id: 1, before: null, after: {} }] }],
    ['an id of 0', { title: 'x', changes: [{ kind: 'label', id: 0, before: null, after: {} }] }],
    [
      'a colour that is none',
      { title: 'x', changes: [{ kind: 'label', id: 1, before: {}, after: { colour: 'red' } }] },
    ],
  ])('refuse %s', (_, diff) => {
    expect(DiffSchema.safeParse(diff).success).toBe(false);
  });

  it('want whole records at their creation', () => {
    expect(recordSchemas.label.safeParse({ name: 'car' }).success).toBe(false);
    expect(recordSchemas.shape.parse(shape)).toEqual(shape);
  });
});

describe('packed masks', () => {
  it('come back as they went, and a text that is none is refused', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 12, maxLength: 12 }), (bits) => {
        const mask = fromBitmap(Uint8Array.from(bits), 4, 3);
        expect(unpackMask(packMask(mask))).toEqual(mask);
      }),
    );
    expect(() => unpackMask({ size: [3, 4], counts: 'zz' })).toThrow('compressed mask');
  });
});

describe('same', () => {
  it('looks into lists and records, and takes undefined for absent', () => {
    expect(same({ a: [1, { b: 2 }], c: undefined }, { a: [1, { b: 2 }] })).toBe(true);
    expect(same({ a: [1, 2] }, { a: [1, 2, 3] })).toBe(false);
    expect(same([], {})).toBe(false);
    expect(same(null, {})).toBe(false);
    expect(same(Number.NaN, Number.NaN)).toBe(true);
  });

  it('agrees with the text of any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => same(value, JSON.parse(JSON.stringify(value)))),
      { numRuns: 50 },
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const [x, y] = [JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b))];
        expect(same(x, y)).toBe(same(y, x));
      }),
    );
  });
});

describe('what is new has limits', () => {
  const box = { x1: 0, y1: 0, x2: 1, y2: 1 };
  const given = (attributes: Record<string, string>) => ({
    title: 'Say',
    changes: [{ kind: 'shape', id: 1, before: { attributes: {} }, after: { attributes, box } }],
  });
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, 'x']));

  it.each([
    ['an attribute', given({ said: 'x'.repeat(10_000) }), given({ said: 'x'.repeat(10_001) })],
    ['the name of an attribute', given({ ['n'.repeat(1000)]: 'x' }), given({ ['n'.repeat(1001)]: 'x' })],
    ['how many there are', given(many(1000)), given(many(1001))],
  ])('%s', (_, good, bad) => {
    expect(NewDiff.safeParse(good).success).toBe(true);
    expect(NewDiff.safeParse(bad).error?.issues[0]?.message).toMatch(/may have \d+/);
  });

  it('what a label asks for, and what it is called', () => {
    const label = (fields: object) => ({
      title: 'Label',
      changes: [
        {
          ...{ kind: 'label', id: 1, before: null },
          after: { ...{ id: 1, name: 'cup', colour: '#112233', digit: null, place: 1 }, attributes: [], ...fields },
        },
      ],
    });
    const asking = (count: number) => label({ attributes: [{ name: 'of', kind: 'choice', choices: choices(count) }] });
    const choices = (count: number) => Array.from({ length: count }, (_, i) => `choice ${i}`);
    expect(NewDiff.safeParse(asking(100)).success).toBe(true);
    expect(NewDiff.safeParse(asking(20_000)).error?.issues[0]?.message).toMatch(/what a label asks for/);
    expect(NewDiff.safeParse(label({ name: 'n'.repeat(1001) })).success).toBe(false);
  });
});
