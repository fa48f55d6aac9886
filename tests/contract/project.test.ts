// Records of a project: what may be stored, what may not, and that packing loses nothing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { BadInput } from '../../main/contract/badInput.ts';
import { DiffSchema, recordSchemas } from '../../main/contract/diff.ts';
import {
  Correction,
  Image,
  ImageDetail,
  Label,
  PackedMask,
  packMask,
  Review,
  Shape,
  StoredPrompt,
  StoredProposal,
  unpackMask,
} from '../../main/contract/project.ts';
import { fromBitmap } from '../../main/contract/rle.ts';
import { asked, correction, image, label, maskOf, proposal, review, shape } from './stored.ts';

const whole: readonly (readonly [string, z.ZodType, object])[] = [
  ['a shape', Shape, shape],
  ['a label', Label, label],
  ['a prompt', StoredPrompt, asked],
  ['a review', Review, review],
  ['a proposal', StoredProposal, proposal],
  ['an image', Image, image],
  ['a correction', Correction, correction],
];

describe.each(whole)('%s', (_, schema, record) => {
  it('goes through JSON and stays itself', () => {
    expect(schema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
  });

  it('may lack none of its fields', () => {
    for (const key of Object.keys(record)) {
      const less = Object.fromEntries(Object.entries(record).filter(([one]) => one !== key));
      expect([key, schema.safeParse(less).success]).toEqual([key, false]);
    }
  });

  it('loses what it does not have a field for', () => {
    expect(schema.parse({ ...record, colours: 3 })).toEqual(record);
  });

  it('is nothing else, whatever that is', () => {
    fc.assert(fc.property(fc.anything(), (value) => void expect(schema.safeParse(value).success).toBe(false)));
  });

  it('holds each field to its kind', () => {
    const keys = Object.keys(record);
    // No field of any record takes a symbol, a function or a large integer.
    const strange = fc.constantFrom<unknown>(Symbol('x'), () => {}, 10n, Number.NaN);
    fc.assert(
      fc.property(fc.constantFrom(...keys), strange, (key, value) => {
        expect([key, schema.safeParse({ ...record, [key]: value }).success]).toEqual([key, false]);
      }),
    );
  });
});

describe('fields', () => {
  it.each<[string, z.ZodType, object]>([
    ['an id of nothing', Shape, { ...shape, id: 0 }],
    ['half an id', Shape, { ...shape, labelId: 1.5 }],
    ['an id that a double does not hold', Shape, { ...shape, id: 2 ** 53 }],
    ['a list as the value of an attribute', Shape, { ...shape, attributes: { colours: ['red'] } }],
    ['an attribute without a value', Shape, { ...shape, attributes: { colour: null } }],
    ['a label without a name', Label, { ...label, name: '  ' }],
    ['a name of 1,001 characters', Label, { ...label, name: 'x'.repeat(1001) }],
    ['a short colour', Label, { ...label, colour: '#0f7' }],
    ['a colour in capitals', Label, { ...label, colour: '#00FF7F' }],
    ['a colour with more behind it', Label, { ...label, colour: '#00ff7f\n' }],
    ['the key 0', Label, { ...label, digit: '0' }],
    ['two keys', Label, { ...label, digit: '12' }],
    ['an attribute of no kind', Label, { ...label, attributes: [{ name: 'x', kind: 'date' }] }],
    ['an empty choice', Label, { ...label, attributes: [{ name: 'x', kind: 'choice', choices: [''] }] }],
    ['a prompt of 2,001 characters', StoredPrompt, { ...asked, text: 'x'.repeat(2001) }],
    ['a verdict of nobody', Correction, { ...correction, found: { value: 'nothing', verdict: 'maybe' } }],
    ['an image without a path', Image, { ...image, path: '' }],
    ['an image of no width', Image, { ...image, width: 0 }],
    ['a frame of half a pixel', StoredProposal, { ...proposal, frame: { width: 0.5, height: 1 } }],
  ])('%s is refused', (_, schema, record) => expect(schema.safeParse(record).success).toBe(false));

  it('that people write lose the spaces around them', () => {
    expect(Label.parse({ ...label, name: ' car\t' }).name).toBe('car');
    expect(StoredPrompt.parse({ ...asked, text: '\n the red car ' }).text).toBe('the red car');
    expect(Label.parse({ ...label, attributes: [{ name: ' colour ', kind: 'text' }] }).attributes).toEqual([
      { name: 'colour', kind: 'text' },
    ]);
  });

  it('say where a shape came from, each with what belongs to it', () => {
    expect(Shape.shape.origin.parse({ kind: 'drawn' })).toEqual({ kind: 'drawn' });
    expect(Shape.shape.origin.parse({ kind: 'imported', file: 'a.json' })).toEqual({
      kind: 'imported',
      file: 'a.json',
    });
    expect(Shape.shape.origin.safeParse({ kind: 'imported' }).success).toBe(false);
    expect(Shape.shape.origin.safeParse({ kind: 'proposal', weights: 'nano' }).success).toBe(false);
    expect(Shape.shape.origin.safeParse({ kind: 'found' }).success).toBe(false);
  });

  it('of an image and everything on it are held to their kinds too', () => {
    const detail = { image, review, shapes: [shape], prompts: [asked], proposals: [proposal] };
    expect(ImageDetail.parse(detail)).toEqual(detail);
    expect(ImageDetail.safeParse({ ...detail, shapes: [{ ...shape, place: '1' }] }).success).toBe(false);
    expect(ImageDetail.safeParse({ ...detail, proposals: [asked] }).success).toBe(false);
  });
});

describe('masks on their way', () => {
  const bitmaps = fc
    .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }))
    .chain(([width, height]) =>
      fc
        .uint8Array({ min: 0, max: 1, minLength: width * height, maxLength: width * height })
        .map((bitmap) => fromBitmap(bitmap, width, height)),
    );

  it('are packed and unpacked without loss, through JSON', () => {
    fc.assert(
      fc.property(bitmaps, (mask) => {
        const packed = PackedMask.parse(JSON.parse(JSON.stringify(packMask(mask))));
        expect(unpackMask(packed)).toEqual(mask);
      }),
    );
  });

  it('are not changed by being packed', () => {
    const mask = fromBitmap(Uint8Array.from([0, 1, 1, 0]), 2, 2);
    const before = structuredClone(mask);
    packMask(mask).size[0] = 99;
    expect(mask).toEqual(before);
  });

  it('that are none of their size are refused in one sentence, whatever stands there', () => {
    const size = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 }));
    fc.assert(
      fc.property(size, fc.string(), (sides, counts) => {
        try {
          const { size: made, counts: runs } = unpackMask({ size: sides, counts });
          expect(made).toEqual(sides);
          expect(runs.reduce((sum, run) => sum + run, 0)).toBe(sides[0] * sides[1]);
        } catch (error) {
          expect(error).toBeInstanceOf(BadInput);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('have two sides of a pixel or more', () => {
    for (const size of [[0, 4], [4], [4, 3, 2], [4, 2.5], [-1, 4]]) {
      expect(PackedMask.safeParse({ ...maskOf(4, 3), size }).success).toBe(false);
    }
  });
});

describe('changes', () => {
  it('are about kinds of records that there are', () => {
    for (const [kind, schema] of Object.entries(recordSchemas)) {
      const record = { label, shape, prompt: asked, review }[kind];
      expect(schema.parse(record)).toEqual(record);
      const change = { kind, id: 1, before: null, after: record };
      expect(DiffSchema.parse({ title: 'x', changes: [change] })).toEqual({ title: 'x', changes: [change] });
    }
  });

  it('may hold some fields, but each of its kind', () => {
    const change = (after: unknown) => ({ title: 'x', changes: [{ kind: 'shape', id: 1, before: {}, after }] });
    expect(DiffSchema.safeParse(change({ place: 3 })).success).toBe(true);
    expect(DiffSchema.safeParse(change({})).success).toBe(true);
    expect(DiffSchema.safeParse(change({ place: 'top' })).success).toBe(false);
    expect(DiffSchema.safeParse(change({ mask: { size: [1, 1] } })).success).toBe(false);
  });

  it('have a title that fits into a menu', () => {
    expect(DiffSchema.safeParse({ title: 'x'.repeat(200), changes: [] }).success).toBe(true);
    expect(DiffSchema.safeParse({ title: 'x'.repeat(201), changes: [] }).success).toBe(false);
  });
});
