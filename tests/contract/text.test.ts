import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NewDiff } from '../../main/contract/diff.ts';
import { Label, longestNote, Review } from '../../main/contract/project.ts';
import { cut, text, wellFormed } from '../../main/contract/text.ts';

/** Any units of UTF-16, halves of characters among them. */
const units = fc
  .array(fc.oneof(fc.integer({ min: 0xd800, max: 0xdfff }), fc.integer({ min: 0x20, max: 0x2ff })))
  .map((codes) => String.fromCharCode(...codes));

describe('half a character', () => {
  test('is in no text that the contract lets through, and whole ones stay as they are', () => {
    fc.assert(fc.property(units, (given) => text().parse(given).isWellFormed()));
    expect(text().parse('a 🚗 é\ud83d')).toBe('a 🚗 é\ufffd');
    expect(Label.shape.name.parse('x\ud800')).toBe('x\ufffd');
    expect(Review.shape.note.parse('\udc00')).toBe('\ufffd');
  });

  test('is in no part of a value', () => {
    const value = { 'a\ud800': ['b\udc00', 1, null, { c: true }] };
    expect(wellFormed(value)).toEqual({ 'a\ufffd': ['b\ufffd', 1, null, { c: true }] });
  });
});

describe('cutting', () => {
  test('never leaves half a character, and takes at most one unit more than it must', () => {
    const whole = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(whole, fc.nat(30), (given, most) => {
        const end = cut(given, most);
        expect(end.isWellFormed()).toBe(true);
        expect(given.startsWith(end)).toBe(true);
        expect(end.length).toBeLessThanOrEqual(most);
        expect(end.length).toBeGreaterThanOrEqual(Math.min(most, given.length) - 1);
      }),
    );
    expect(cut(`${'a'.repeat(999)}🚗`, 1000)).toBe('a'.repeat(999));
    expect(cut(`${'a'.repeat(998)}🚗`, 1000)).toBe(`${'a'.repeat(998)}🚗`);
  });
});

test('a new note or attribute has an end', () => {
  const noted = (note: string) => ({
    title: 'Note',
    changes: [{ kind: 'review', id: 1, before: { note: '' }, after: { note } }],
  });
  expect(NewDiff.safeParse(noted('x'.repeat(longestNote))).success).toBe(true);
  expect(NewDiff.safeParse(noted('x'.repeat(longestNote + 1))).error?.issues[0]?.message).toBe(
    'a note or attribute may have 10000 characters at most',
  );
  const attributes = { colour: 'x'.repeat(longestNote + 1) };
  const change = { kind: 'shape', id: 1, before: { attributes: {} }, after: { attributes } };
  expect(NewDiff.safeParse({ title: 'Say', changes: [change] }).success).toBe(false);
});
