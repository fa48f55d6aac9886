// Compressed text and COCO objects, good and broken.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkCompressed, compress, decompress, parseRle } from '../../main/contract/cocoMask.ts';

describe('compressed text', () => {
  test('five bits a character, differences from the fourth run on', () => {
    expect(compress({ size: [1, 4], counts: [0, 4] })).toBe('04');
    expect(compress({ size: [10, 10], counts: [22, 3, 7, 3, 65] })).toBe('f0370j1');
  });

  test('any run that a mask may have survives', () => {
    const run = fc.integer({ min: 1, max: 2 ** 22 });
    const property = fc.property(fc.array(run, { minLength: 1, maxLength: 30 }), (counts) => {
      const size: [number, number] = [1, counts.reduce((sum, each) => sum + each, 0)];
      expect(decompress(compress({ size, counts }), size)).toEqual({ size, counts });
    });
    fc.assert(property);
  });

  test('is checked without being unpacked', () => {
    expect(checkCompressed('f0370j1', [10, 10])).toBeUndefined();
    expect(() => checkCompressed('f0370j1', [10, 11])).toThrow(/cover 100 of 110/);
  });

  test('the longest possible run', () => {
    const size: [number, number] = [2 ** 14, 2 ** 14];
    const counts = [0, 1, 1, 2 ** 28 - 3, 1];
    expect(decompress(compress({ size, counts }), size).counts).toEqual(counts);
  });

  test('any text gives a mask or one line', () => {
    const property = fc.property(fc.string({ maxLength: 40 }), (text) => {
      try {
        expect(decompress(text, [7, 9]).counts.reduce((sum, run) => sum + run, 0)).toBe(63);
      } catch (error) {
        expect(error).toMatchObject({ name: 'BadInput', message: expect.stringMatching(/^compressed mask: [^\n]+$/) });
      }
    });
    fc.assert(property, { numRuns: 500 });
  });

  test.each([
    ['', /its runs cover 0 of 100 pixels/],
    ['R1', /cover 34 of 100/],
    ['05Q5', /cover more than 10 x 10/],
    ['R', /ends inside a number/],
    ['0 4', /character 2 is none/],
    ['\u00e91', /character 1 is none/],
    ['ppp', /character 1 is none/],
    ['ooooooooo', /number at character 1 is too long/],
    ['O', /run 1 is negative/],
    ['111K', /run 4 is negative/],
  ])('%j: refused', (text, message) => {
    expect(() => decompress(text, [10, 10])).toThrow(message);
    expect(() => checkCompressed(text, [10, 10])).toThrow(message);
  });
});

describe('COCO objects', () => {
  test('both ways to write the counts', () => {
    expect(parseRle({ size: [2, 3], counts: [1, 5] })).toEqual({ size: [2, 3], counts: [1, 5] });
    expect(parseRle({ size: [2, 3], counts: '15' })).toEqual({ size: [2, 3], counts: [1, 5] });
  });

  test.each([
    ['no size', { counts: '23' }],
    ['no counts', { size: [2, 2] }],
    ['one side', { size: [4], counts: [4] }],
    ['counts that are a number', { size: [2, 2], counts: 5 }],
    ['a negative run', { size: [2, 2], counts: [-1, 5] }],
    ['half a pixel', { size: [2, 2], counts: [1.7, 2.3] }],
    ['NaN', { size: [2, 2], counts: [Number.NaN, 4] }],
    ['too few', { size: [2, 2], counts: [3] }],
    ['too many', { size: [2, 2], counts: [2, 30] }],
    ['a size beyond memory', { size: [2 ** 20, 2 ** 20], counts: [2 ** 28] }],
    ['a size beyond memory, compressed', { size: [2 ** 20, 2 ** 20], counts: '0' }],
    ['a text', 'abc'],
    ['null', null],
    ['a list', [1, 2]],
  ])('%s: refused in one line', (_, value) => {
    expect(() => parseRle(value)).toThrow(/^[^\n]+$/);
    expect(() => parseRle(value)).toThrow(expect.objectContaining({ name: 'BadInput' }));
  });
});
