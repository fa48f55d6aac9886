import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '../../../../main/contract/records.ts';
import { BoxFields, readBox } from '../../../../renderer/panels/answer/BoxFields.tsx';
import { wordsOf } from '../../printed.ts';
import { picture } from '../given.ts';
import { laidOpen } from '../laidOpen.ts';
import { controlsIn } from '../markup.ts';

const fields = (box: Box | null) => laidOpen(BoxFields, {}, { box, image: picture() });
const whole = { width: 640, height: 480 };
const edge = fc.double({ min: -2000, max: 2000, noNaN: true });
const typed = (x1: number, y1: number, x2: number, y2: number) => ({
  ...{ x1: String(x1), y1: String(y1), x2: String(x2), y2: String(y2) },
});

describe('the fields of a box', () => {
  it('say that there is none', () => {
    expect(wordsOf(fields(null))).toBe('No box');
    expect(controlsIn(fields(null))).toEqual([]);
  });

  it.each([
    [{ x1: 2, y1: 3, x2: 12, y2: 13 }, ['2', '3', '12', '13']],
    [{ x1: 2.04, y1: 3.25, x2: 12.96, y2: 13.999 }, ['2', '3.3', '13', '14']],
    [{ x1: 0, y1: 0, x2: 40, y2: 30 }, ['0', '0', '40', '30']],
  ])('%j are four named numbers with at most one place', (box, expected) => {
    const all = controlsIn(fields(box));
    expect(all.map(({ name }) => name)).toEqual(['Left edge', 'Upper edge', 'Right edge', 'Lower edge']);
    expect(all.map(({ attributes }) => attributes.value)).toEqual(expected);
    // Phones bring up digits, and no field begins with a fault.
    expect(all.every(({ attributes }) => attributes.inputMode ?? attributes.inputmode === 'decimal')).toBe(true);
    expect(all.some(({ attributes }) => attributes['aria-invalid'] === 'true')).toBe(false);
  });
});

describe('a box that is typed', () => {
  it('never reaches beyond the image, and always holds something', () => {
    fc.assert(
      fc.property(edge, edge, edge, edge, (x1, y1, x2, y2) => {
        const box = readBox(typed(x1, y1, x2, y2), whole);
        if (box === null) return;
        expect(box.x1).toBeGreaterThanOrEqual(0);
        expect(box.y1).toBeGreaterThanOrEqual(0);
        expect(box.x2).toBeLessThanOrEqual(640);
        expect(box.y2).toBeLessThanOrEqual(480);
        expect(box.x2).toBeGreaterThan(box.x1);
        expect(box.y2).toBeGreaterThan(box.y1);
      }),
    );
  });

  it('within the image is taken as it is typed, blanks around the numbers or not', () => {
    const inside = fc.tuple(fc.nat(639), fc.nat(479), fc.nat(639), fc.nat(479));
    fc.assert(
      fc.property(inside, fc.constantFrom('', ' ', '\t'), ([x1, y1, dx, dy], blank) => {
        const box = { x1, y1, x2: Math.min(640, x1 + dx + 1), y2: Math.min(480, y1 + dy + 1) };
        const padded = { x1: `${blank}${box.x1}`, y1: `${box.y1}${blank}`, x2: `${box.x2}`, y2: `${blank}${box.y2}` };
        expect(readBox(padded, whole)).toEqual(box);
      }),
    );
  });

  it.each(['', '  ', 'left', '1,5', '12px', 'NaN', 'Infinity', '--3', '1 2'])('with %j in any field is none', (bad) => {
    for (const key of ['x1', 'y1', 'x2', 'y2'] as const) {
      expect(readBox({ ...typed(1, 2, 30, 40), [key]: bad }, whole)).toBeNull();
    }
  });

  it.each([
    ['a line', typed(5, 5, 5, 20)],
    ['inside out', typed(20, 5, 5, 20)],
    ['beyond the right edge', typed(700, 5, 900, 20)],
    ['above the image', typed(5, -40, 20, -5)],
  ])('that is %s is none', (_title, box) => expect(readBox(box, whole)).toBeNull());

  it('knows no right edge while the size of the image is not known', () => {
    const box = { x1: 1, y1: 2, x2: 5000, y2: 6000 };
    expect(readBox(typed(1, 2, 5000, 6000), { width: null, height: null })).toEqual(box);
  });
});
