import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  attributesOf,
  baseName,
  boxOf,
  isFields,
  numberOf,
  numbersOf,
  numericOf,
  ringOf,
  sideOf,
  slashed,
  stemOf,
  textOf,
  wholeOf,
  yesOf,
} from '../../../main/formats/reading/values.ts';

test('numbers may be text', () => {
  expect(['0.5', ' 20 ', 7.5, '', 'x', null, '1e400'].map(numericOf)).toEqual([0.5, 20, 7.5, null, null, null, null]);
});

describe('numbers', () => {
  test.each([
    [5, 5],
    [-5, -5],
    [5.0, 5],
    ['5', 5],
    [' -12 ', -12],
    ['007', 7],
    [5.5, null],
    ['5.0', null],
    ['1e3', null],
    ['0x10', null],
    ['', null],
    [' ', null],
    [true, null],
    [null, null],
    [undefined, null],
    [[5], null],
    [2 ** 53, null],
    ['9'.repeat(16), null],
    [Number.NaN, null],
    [Number.POSITIVE_INFINITY, null],
  ])('%j as a whole number', (value, whole) => expect(wholeOf(value)).toBe(whole));

  test.each([
    [640, 640],
    ['640', 640],
    [0, null],
    [-1, null],
    ['-640', null],
    [0.5, null],
    ['wide', null],
  ])('%j as a side of a picture', (value, side) => expect(sideOf(value)).toBe(side));

  test('finite ones alone, and never from text', () => {
    expect([1.5, '1.5', Number.NaN, Number.NEGATIVE_INFINITY, null].map(numberOf)).toEqual([
      1.5,
      null,
      null,
      null,
      null,
    ]);
  });

  test('lists of exactly so many', () => {
    expect(numbersOf([1, 2, 3, 4], 4)).toEqual([1, 2, 3, 4]);
    expect([[1, 2, 3], [1, 2, 3, 4, 5], [1, 2, 3, '4'], 'text', null].map((list) => numbersOf(list, 4))).toEqual(
      Array(5).fill(null),
    );
    expect(numbersOf([], 0)).toEqual([]);
  });

  test('points to a ring; one bad point is no ring', () => {
    const points = [
      [1, 2],
      [3, 4],
    ];
    expect(ringOf(points)).toEqual([1, 2, 3, 4]);
    expect(ringOf([])).toEqual([]);
    expect([[...points, [5]], [...points, [5, 'six']], [1, 2], { 0: [1, 2] }].map(ringOf)).toEqual(Array(4).fill(null));
  });
});

describe('words', () => {
  test('are trimmed; blank ones are none', () => {
    expect(['  a cup ', '', ' \n', 7, null].map(textOf)).toEqual(['a cup', null, null, null, null]);
  });

  test.each([1, true, '1', 'true', 'TRUE', 'True'])('%j is yes', (value) => expect(yesOf(value)).toBe(true));
  test.each([0, false, '0', 'no', 'yes', '', null, undefined, 2, [1], {}])('%j is not', (value) =>
    expect(yesOf(value)).toBe(false),
  );

  test.each([
    ['a\\b\\c.jpg', 'a/b/c.jpg', 'c.jpg', 'c'],
    ['C:\\photos\\c.tar.gz', 'C:/photos/c.tar.gz', 'c.tar.gz', 'c.tar'],
    ['plain', 'plain', 'plain', 'plain'],
    ['folder/', 'folder/', '', ''],
    ['.hidden', '.hidden', '.hidden', ''],
    ['', '', '', ''],
  ])('the name %j', (name, forward, base, stem) => {
    expect([slashed(name), baseName(name), stemOf(name)]).toEqual([forward, base, stem]);
  });

  test('a record is neither a list nor nothing', () => {
    expect([{}, { a: 1 }, [], null, 'text', 7, undefined].map(isFields)).toEqual([
      ...[true, true],
      ...Array(5).fill(false),
    ]);
  });
});

describe('boxes', () => {
  const frame = { width: 10, height: 6 };

  test.each([
    ['corners in any order', [7, 5, 2, 1], { x1: 2, y1: 1, x2: 7, y2: 5 }],
    ['cut to the picture', [-3, -3, 20, 4], { x1: 0, y1: 0, x2: 10, y2: 4 }],
    ['fractions stay', [0.25, 0.5, 1.75, 2], { x1: 0.25, y1: 0.5, x2: 1.75, y2: 2 }],
    ['beside the picture', [10, 0, 12, 6], null],
    ['no height', [1, 2, 5, 2], null],
    ['too few numbers', [1, 2, 5], null],
  ])('%s', (_, corners, box) => expect(boxOf(corners, frame)).toEqual(box));

  test('whatever the corners: inside the picture with an area, or none', () => {
    const side = fc.double({ min: -20, max: 20, noNaN: true });
    fc.assert(
      fc.property(fc.array(side, { maxLength: 5 }), (corners) => {
        const box = boxOf(corners, frame);
        if (box === null) return;
        expect(box.x1 >= 0 && box.y1 >= 0 && box.x2 <= 10 && box.y2 <= 6).toBe(true);
        expect((box.x2 - box.x1) * (box.y2 - box.y1)).toBeGreaterThan(0);
      }),
    );
  });
});

describe('attributes', () => {
  test('texts, numbers and yes or no; nothing else', () => {
    const given = { a: 'red', b: 0, c: false, d: '', e: ' ', f: null, g: [1], h: {}, i: Number.NaN, j: undefined };
    expect(attributesOf(given)).toEqual({ a: 'red', b: 0, c: false });
  });

  test('a text beyond measure and a blank name are left out, fifty at most are kept', () => {
    expect(attributesOf({ long: 'x'.repeat(10_001), kept: 'x'.repeat(10_000), ' ': 1 })).toEqual({
      kept: 'x'.repeat(10_000),
    });
    const many = Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`n${i}`, i]));
    const kept = Object.keys(attributesOf(many));
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([50, 'n0', 'n49']);
  });
});
