// A sound annotation document to the many ways in which a file can be wrong: fields lost, of another kind, or beyond measure.
import fc from 'fast-check';
import { expect } from 'vitest';
import { maskArea, maskBox } from '../../main/contract/rle.ts';
import type { Outcome } from './reads.ts';

type Path = readonly (string | number)[];

/** What tools and accidents put where something else should stand. */
const strange: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 0.5, 1e9, -1e9, 1e300, 2 ** 53, 255],
  ...['', ' ', 'text', '12', '-3', '1e5', '../../etc/passwd', '__proto__', 'x'.repeat(2000), '\u0000', 'täßt🙂'],
  ...[[], {}, [[]], [[0, 0]], [[null, null]], [1, 2, 3], [[[1, 2]]], { size: [1, 1], counts: '1' }],
];

/** Every place of a document, the inner ones too. */
export function placesIn(value: unknown, here: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [here];
  const below = Object.entries(value).flatMap(([key, inner]) =>
    placesIn(inner, [...here, Array.isArray(value) ? Number(key) : key]),
  );
  return here.length === 0 ? below : [here, ...below];
}

/** A copy with another value at one place; the value `lost` takes the field away. */
export function withValue(document: unknown, place: Path, value: unknown): unknown {
  const [key, ...rest] = place;
  if (key === undefined) return value;
  if (Array.isArray(document)) {
    const next = document.map((each, i) => (i === key ? withValue(each, rest, value) : each));
    return next.filter((each) => each !== lost);
  }
  const kept = Object.entries(typeof document === 'object' && document !== null ? document : {});
  const next = kept.map(([name, each]) => [name, name === key ? withValue(each, rest, value) : each] as const);
  return Object.fromEntries(next.filter(([, each]) => each !== lost));
}

export const lost = Symbol('lost');

/** The document with one to three places spoilt. */
export function spoilt(document: unknown): fc.Arbitrary<unknown> {
  const fault = fc.tuple(fc.constantFrom(...placesIn(document)), fc.constantFrom<unknown>(lost, ...strange));
  return fc
    .array(fault, { minLength: 1, maxLength: 3 })
    .map((faults) => faults.reduce((sofar, [place, value]) => withValue(sofar, place, value), document));
}

/** Bytes of a text cut off, doubled or flipped at any place. */
export const torn = (text: string): fc.Arbitrary<string> =>
  fc.tuple(fc.nat(text.length), fc.nat(20), fc.constantFrom('cut', 'twice', 'other', 'less')).map(([at, many, how]) => {
    const [before, inside, after] = [text.slice(0, at), text.slice(at, at + many), text.slice(at + many)];
    if (how === 'cut') return before;
    if (how === 'twice') return before + inside + inside + after;
    return how === 'less' ? before + after : before + '\u{fffd}<{["&'.slice(0, many) + after;
  });

/** What a project may rely on, whatever the file was. */
export function expectSound({ shapes, images, leftOut }: Outcome): void {
  for (const { image, label, mask, box, attributes } of shapes) {
    expect(images).toContain(image);
    expect(label.trim()).not.toBe('');
    const { width, height } = image;
    expect(box.x1 >= 0 && box.y1 >= 0 && box.x1 < box.x2 && box.y1 < box.y2).toBe(true);
    expect(box.x2 <= Number(width) && box.y2 <= Number(height)).toBe(true);
    for (const value of Object.values(attributes)) expect(['string', 'number', 'boolean']).toContain(typeof value);
    if (mask === null) continue;
    expect(mask.size).toEqual([height, width]);
    expect(maskArea(mask)).toBeGreaterThan(0);
    expect(box).toEqual(maskBox(mask));
  }
  for (const { what, why } of leftOut) {
    expect([what.includes('\n'), why.includes('\n')]).toEqual([false, false]);
    expect(why.length).toBeGreaterThan(5);
  }
}
