// Which images are only measured on: enough of them, by groups, and the same ones for good.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  foldsOf,
  heldOut,
  isEnough,
  learntCopies,
  type Splittable,
  sideOf,
} from '../../../main/learn/samples/split.ts';

const none = { held: new Set<number>(), taught: new Set<number>() };
const images = (count: number, group = (i: number) => i, prompts = 1): Splittable[] =>
  Array.from({ length: count }, (_, i) => ({ imageId: i + 1, group: group(i), prompts }));

describe('the split', () => {
  it('holds out at least a quarter and at least five images', () => {
    expect(heldOut(images(12), { ...none, seed: 1 }).size).toBe(5);
    expect(heldOut(images(40), { ...none, seed: 1 }).size).toBe(10);
  });

  it('takes twenty prompts for five images', () => {
    expect(heldOut(images(8, undefined, 12), { ...none, seed: 1 }).size).toBe(2);
  });

  it('never parts images that are nearly the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 40 }),
        fc.nat(),
        (groups, seed) => {
          const some = groups.map((group, i) => ({ imageId: i + 1, group, prompts: 1 }));
          const held = heldOut(some, { ...none, seed });
          const of = (isHeld: boolean) =>
            new Set(some.filter(({ imageId }) => held.has(imageId) === isHeld).map((s) => s.group));
          for (const group of of(true)) expect(of(false).has(group)).toBe(false);
        },
      ),
    );
  });

  it('is frozen: what was held stays held, with new copies of it, and new images teach', () => {
    const first = heldOut(images(20), { ...none, seed: 1 });
    const copied = [...first][0] ?? 0;
    const more = [...images(60), { imageId: 99, group: copied - 1, prompts: 1 }];
    expect(heldOut(more, { held: first, taught: new Set(), seed: 2 })).toEqual(new Set([...first, 99]));
  });

  it('names what was learnt and shows what is held, and nothing else', () => {
    const some = images(9, (i) => Math.floor(i / 3));
    const parts = { held: new Set([1, 2]), taught: new Set([2, 3, 4, 5]) };
    expect(learntCopies(some, parts).map(({ imageId }) => imageId)).toEqual([3]);
    expect(learntCopies(some, { ...parts, held: new Set() })).toEqual([]);
  });

  it('holds nothing that was learnt before', () => {
    const taught = new Set([1, 2, 3, 4, 5, 6]);
    for (const id of heldOut(images(12), { held: new Set(), taught, seed: 3 })) expect(taught.has(id)).toBe(false);
  });

  it('follows from the seed', () => {
    expect(heldOut(images(30), { ...none, seed: 4 })).toEqual(heldOut(images(30), { ...none, seed: 4 }));
    expect(heldOut(images(30), { ...none, seed: 4 })).not.toEqual(heldOut(images(30), { ...none, seed: 5 }));
  });

  it('counts groups, not copies', () => {
    expect(sideOf(images(9, () => 0))).toEqual({ images: 1, prompts: 9 });
    expect([
      isEnough({ images: 4, prompts: 19 }),
      isEnough({ images: 5, prompts: 5 }),
      isEnough({ images: 1, prompts: 20 }),
    ]).toEqual([false, true, true]);
  });
});

describe('folds', () => {
  it('hold every image once, groups whole, and as many groups as each other or one more', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 2, max: 7 }),
        fc.nat(),
        (groups, folds, seed) => {
          const some = groups.map((group, i) => ({ imageId: i + 1, group, prompts: 1 }));
          const parts = foldsOf(some, { folds, seed });
          expect(parts).toHaveLength(Math.min(folds, new Set(groups).size));
          expect(parts.flatMap((part) => [...part]).toSorted((a, b) => a - b)).toEqual(some.map((s) => s.imageId));
          const of = (part: ReadonlySet<number>) =>
            new Set(some.filter(({ imageId }) => part.has(imageId)).map(({ group }) => group));
          const sizes = parts.map((part) => of(part).size);
          expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(new Set(groups).size);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(2);
        },
      ),
    );
  });
});
