import { InvalidArgumentError } from 'commander';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  numberBetween,
  parseBox,
  parsePoint,
  parseSeed,
  wholeNumber,
} from '../../../main/commands/arguments/options.ts';

const refused = (parse: (text: string) => unknown, ...texts: string[]): void => {
  for (const text of texts) expect(() => parse(text), text).toThrow(InvalidArgumentError);
};

describe('parseBox', () => {
  test('four numbers, with blanks and fractions', () => {
    expect(parseBox('1,2,30,40')).toEqual({ x1: 1, y1: 2, x2: 30, y2: 40 });
    expect(parseBox(' 0.5, -2 ,3e1,+4.')).toEqual({ x1: 0.5, y1: -2, x2: 30, y2: 4 });
  });

  test('any box that is written comes back', () => {
    const side = fc.integer({ min: 0, max: 5000 });
    const length = fc.integer({ min: 1, max: 5000 });
    fc.assert(
      fc.property(side, side, length, length, (x1, y1, width, height) => {
        const box = { x1, y1, x2: x1 + width, y2: y1 + height };
        expect(parseBox(Object.values(box).join(','))).toEqual(box);
      }),
    );
  });

  test('refuses too few, too many, words, and corners out of order', () => {
    refused(
      parseBox,
      '',
      '1',
      '1,2,3',
      '1,2,3,4,5',
      '1,2,3,',
      'a,b,c,d',
      '1;2;3;4',
      '0x1,2,3,4',
      'NaN,0,1,1',
      '0,0,Infinity,1',
    );
    refused(parseBox, '5,5,5,9', '5,5,9,5', '9,5,5,9', '0,0,1e999,1');
  });
});

describe('parsePoint', () => {
  test('on the thing unless told otherwise', () => {
    expect(parsePoint('3,4')).toEqual([{ x: 3, y: 4, sign: '+' }]);
    expect(parsePoint('3,4,+')).toEqual([{ x: 3, y: 4, sign: '+' }]);
    expect(parsePoint('3.5, 4 , -')).toEqual([{ x: 3.5, y: 4, sign: '-' }]);
  });

  test('repeats add up in order and leave the earlier list alone', () => {
    const first = parsePoint('1,2');
    const both = parsePoint('3,4,-', first);
    expect(both).toEqual([...first, { x: 3, y: 4, sign: '-' }]);
    expect(first).toHaveLength(1);
  });

  test('refuses anything else', () => {
    refused(parsePoint, '', '3', '3,', ',4', '3,4,*', '3,4,', '3,4,+,5', 'x,y', '3,4,+-');
  });
});

describe('numbers', () => {
  test('whole numbers within their bounds', () => {
    const parse = wholeNumber(1, 64);
    expect([parse('1'), parse('64'), parse('007')]).toEqual([1, 64, 7]);
    refused(parse, '', '0', '65', '1.5', '-1', '+1', '1e1', ' 1', 'ten', '99999999999999999999');
  });

  test('numbers within their bounds', () => {
    const parse = numberBetween(0, 10);
    expect([parse('0'), parse('10'), parse('.7'), parse('1e-3')]).toEqual([0, 10, 0.7, 0.001]);
    refused(parse, '', '-0.1', '10.01', 'warm', '1,5', 'NaN', 'Infinity');
  });

  test('seeds are 32-bit', () => {
    expect(parseSeed('4294967295')).toBe(2 ** 32 - 1);
    refused(parseSeed, '4294967296', '-1', '1.0');
  });
});
