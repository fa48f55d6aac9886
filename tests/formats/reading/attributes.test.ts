// What a file says beside place and label: kept, kept as JSON, or named; never gone in silence.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeAttributes, mergeFields, readAttributes } from '../../../main/formats/reading/attributes.ts';
import { Notes } from '../../../main/formats/reading/reading.ts';

function said(fields: Record<string, unknown>) {
  const notes = new Notes();
  return { attributes: readAttributes(fields, { what: 'shape 1 of a.jpg', notes }), leftOut: notes.leftOut };
}

describe('what is said', () => {
  test.each([
    [
      'texts, numbers, yes and no',
      { a: 'red', b: 0.87, c: true, d: false, e: 0 },
      { a: 'red', b: 0.87, c: true, d: false, e: 0 },
    ],
    ['lists and nested values, as JSON', { a: [1, 'x'], b: { c: [true] } }, { a: '[1,"x"]', b: '{"c":[true]}' }],
    ['blanks at the ends of a text', { a: ' x ' }, { a: ' x ' }],
    ['nothing', { a: null, b: '', c: [], d: {}, e: ' ', f: undefined }, {}],
  ])('%s', (_, fields, attributes) => expect(said(fields)).toEqual({ attributes, leftOut: [] }));

  test('what is too long, too much or without a name is named', () => {
    expect(said({ note: 'x'.repeat(10_001) }).leftOut).toEqual([
      { what: '"note" of shape 1 of a.jpg', why: 'it is longer than 10000 characters' },
    ]);
    const many = Object.fromEntries(Array.from({ length: 52 }, (_, i) => [`a${i}`, i]));
    const { attributes, leftOut } = said(many);
    expect(Object.keys(attributes)).toHaveLength(50);
    expect(leftOut.map(({ what }) => what)).toEqual(['"a50" of shape 1 of a.jpg', '"a51" of shape 1 of a.jpg']);
    expect(said({ ' ': 1 }).leftOut[0]?.why).toBe('an attribute needs a name');
  });

  test('any JSON is kept or named', () => {
    const check = (fields: Record<string, unknown>) => {
      const { attributes, leftOut } = said(fields);
      const saying = Object.entries(fields).filter(([, value]) => {
        const text = JSON.stringify(value);
        return !['null', '[]', '{}'].includes(text) && !(typeof value === 'string' && value.trim() === '');
      });
      expect(Object.keys(attributes).length + leftOut.length).toBe(saying.length);
    };
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 60 }), check), { numRuns: 200 });
  });
});

test('one name in two places: what differs is kept under its place', () => {
  const places = mergeFields(['shape', { a: 1, b: '', c: 3 }], ['flags', { a: 2, b: 'x', c: 3 }]);
  expect(places).toEqual({ a: 1, 'flags.a': 2, b: 'x', c: 3 });
});

test('parts that disagree are told', () => {
  const notes = new Notes();
  const of = { what: 'shape 2 of a.jpg', notes };
  expect(mergeAttributes({ score: 0.5, a: 1 }, { score: 0.6, a: 1, b: 2 }, of)).toEqual({ score: 0.5, a: 1, b: 2 });
  expect(notes.said).toEqual(['shape 2 of a.jpg: its parts disagree about "score"; 0.5 was taken']);
});
