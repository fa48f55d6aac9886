import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applied, type Diff, reverse } from '../../../main/contract/diff.ts';
import { packMask, type Shape, unpackMask } from '../../../main/contract/project.ts';
import { maskArea, maskBox, union } from '../../../main/contract/rle.ts';
import {
  chosen,
  combine,
  deletion,
  paste,
  Refused,
  relabel,
  remake,
  restack,
  showAll,
  stacked,
  toggle,
} from '../../../renderer/state/shapeEdits.ts';
import type { OpenImage } from '../../../renderer/state/workbench.ts';
import { block } from '../block.ts';

const shape = (id: number, fields: Partial<Shape> = {}): Shape => {
  const box = { x1: id, y1: 2, x2: id + 10, y2: 12 };
  return {
    ...{ id, imageId: 1, labelId: 1, mask: packMask(block(box)), box, attributes: {}, crowd: false },
    ...{ hidden: false, locked: false, place: id, origin: { kind: 'drawn' }, ...fields },
  };
};

const image = (...shapes: Shape[]): OpenImage => ({
  image: { id: 1, path: 'a.png', hash: 'x', width: 40, height: 30, state: 'present', problem: null },
  review: { id: 1, status: 'unreviewed', note: '' },
  shapes: new Map(shapes.map((one) => [one.id, one])),
  prompts: new Map(),
  proposals: new Map(),
});

/** The shapes after the diff, as the store would have them. */
function changedBy(shapes: readonly Shape[], diff: Diff | null): Map<number, Shape> {
  const held = new Map(shapes.map((one) => [one.id, one]));
  for (const change of diff?.changes ?? []) {
    if (change.kind !== 'shape') throw new Error('not a shape');
    const next = applied(held.get(change.id) ?? null, change);
    if (next) held.set(change.id, next);
    else held.delete(change.id);
  }
  return held;
}

const order = (shapes: Iterable<Shape>) => stacked(image(...shapes)).map(({ id }) => id);

describe('flags', () => {
  it('hides all where one is shown, and shows all where none is', () => {
    const mixed = [shape(1), shape(2, { hidden: true })];
    expect(toggle(mixed, 'hidden')).toMatchObject({ title: 'Hide', changes: [{ id: 1, after: { hidden: true } }] });
    const hidden = mixed.map((one) => ({ ...one, hidden: true }));
    expect([...changedBy(hidden, toggle(hidden, 'hidden')).values()].every((one) => !one.hidden)).toBe(true);
  });

  it('does nothing without shapes, and shows all that are hidden', () => {
    expect(toggle([], 'locked')).toBeNull();
    expect(showAll(image(shape(1)))).toBeNull();
    expect(showAll(image(shape(1), shape(2, { hidden: true })))?.changes).toHaveLength(1);
  });

  it('leaves locked shapes as they are', () => {
    const locked = [shape(1, { locked: true }), shape(2)];
    expect(deletion(locked)).toMatchObject({ title: 'Delete shape', changes: [{ id: 2, after: null }] });
    expect(relabel(locked, 7)?.changes).toEqual([
      { kind: 'shape', id: 2, before: { labelId: 1 }, after: { labelId: 7 } },
    ]);
    expect(relabel([shape(1)], 1)).toBeNull();
  });
});

describe('stacking', () => {
  const three = [shape(1), shape(2), shape(3)];

  it('moves one up and down, and stops at the ends', () => {
    expect(order(changedBy(three, restack(image(...three), new Set([1]), 1)).values())).toEqual([2, 1, 3]);
    expect(order(changedBy(three, restack(image(...three), new Set([3]), -1)).values())).toEqual([1, 3, 2]);
    expect(restack(image(...three), new Set([3]), 1)).toBeNull();
  });

  it('moves several together', () => {
    expect(order(changedBy(three, restack(image(...three), new Set([1, 2]), 1)).values())).toEqual([3, 1, 2]);
    expect(restack(image(...three), new Set([2, 3]), 1)).toBeNull();
  });

  it('tells apart shapes that lie at one place', () => {
    const flat = three.map((one) => ({ ...one, place: 0 }));
    expect(order(changedBy(flat, restack(image(...flat), new Set([1]), 1)).values())).toEqual([2, 1, 3]);
  });

  it('keeps every shape, whatever is moved', () => {
    const places = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(places, fc.infiniteStream(fc.boolean()), fc.constantFrom<1 | -1>(1, -1), (all, picks, by) => {
        const shapes = all.map((place, i) => shape(i + 1, { place }));
        const selected = new Set(shapes.filter(() => picks.next().value).map(({ id }) => id));
        const moved = changedBy(shapes, restack(image(...shapes), selected, by));
        expect(new Set(order(moved.values()))).toEqual(new Set(shapes.map(({ id }) => id)));
      }),
    );
  });
});

describe('pasting', () => {
  const target = { imageId: 2, width: 40, height: 30, place: 9 };

  it("makes new shapes that are the person's own", () => {
    const origin: Shape['origin'] = { kind: 'proposal', proposalId: 5, weights: 'nano' };
    const copied = shape(1, { origin, hidden: true });
    const made = changedBy([], paste({ shapes: [copied], ids: [70], ...target })).get(70);
    expect(made).toEqual({ ...copied, id: 70, imageId: 2, place: 9, origin: { kind: 'drawn' }, hidden: false });
  });

  it('cuts off what lies outside of a smaller image', () => {
    const diff = paste({ shapes: [shape(8)], ids: [70], imageId: 2, width: 12, height: 8, place: 0 });
    const made = changedBy([], diff).get(70);
    expect(made?.box).toEqual({ x1: 8, y1: 2, x2: 12, y2: 8 });
    expect(made?.mask?.size).toEqual([8, 12]);
    expect(made?.mask && maskArea(unpackMask(made.mask))).toBe(4 * 6);
  });

  it('leaves out what lies outside altogether', () => {
    expect(paste({ shapes: [shape(20)], ids: [70], imageId: 2, width: 12, height: 8, place: 0 })).toBeNull();
    const box = shape(20, { mask: null });
    expect(paste({ shapes: [box], ids: [70], imageId: 2, width: 12, height: 8, place: 0 })).toBeNull();
  });

  it('clamps a bare box', () => {
    const diff = paste({ shapes: [shape(5, { mask: null })], ids: [70], imageId: 2, width: 12, height: 8, place: 0 });
    expect(changedBy([], diff).get(70)).toMatchObject({ mask: null, box: { x1: 5, y1: 2, x2: 12, y2: 8 } });
  });
});

describe('masks of several shapes', () => {
  const two = [shape(1), shape(4)];
  const areaOf = (one: Shape | undefined) => (one?.mask ? maskArea(unpackMask(one.mask)) : 0);

  it('unites into the first that was selected, with its tight box', () => {
    const left = changedBy(two, combine(two, 'union'));
    expect([...left.keys()]).toEqual([1]);
    expect(left.get(1)?.box).toEqual({ x1: 1, y1: 2, x2: 14, y2: 12 });
    expect(areaOf(left.get(1))).toBe(130);
  });

  it('subtracts and keeps what was subtracted', () => {
    const left = changedBy(two, combine(two, 'subtract'));
    expect([areaOf(left.get(1)), areaOf(left.get(4))]).toEqual([30, 100]);
  });

  it('intersects', () => {
    expect(areaOf(changedBy(two, combine(two, 'intersect')).get(1))).toBe(70);
  });

  it('takes back in one step', () => {
    const diff = combine(two, 'union');
    const back = changedBy([...changedBy(two, diff).values()], diff && reverse(diff));
    expect([...back.values()].toSorted((a, b) => a.id - b.id)).toEqual(two);
  });

  it('refuses where nothing would be left, one is locked or has no mask', () => {
    expect(() => combine([shape(1), shape(20)], 'intersect')).toThrow('Nothing would be left of the mask.');
    expect(() => combine([shape(1), shape(2, { locked: true })], 'union')).toThrow(Refused);
    expect(() => combine([shape(1), shape(2, { mask: null })], 'union')).toThrow(Refused);
  });

  it('makes over each and follows with the box', () => {
    const wider = block({ x1: 0, y1: 0, x2: 40, y2: 3 });
    const left = changedBy(
      two,
      remake(two, 'Wider', (mask) => union(mask, wider)),
    );
    for (const one of left.values()) expect(one.mask && maskBox(unpackMask(one.mask))).toEqual(one.box);
    expect(remake(two, 'Same', (mask) => mask)).toBeNull();
    expect(() => remake([shape(1, { mask: null })], 'Fill holes', (mask) => mask)).toThrow(
      'Select a shape with a mask',
    );
  });
});

it('takes shapes in the order of their selection', () => {
  expect(chosen(image(shape(1), shape(2)), new Set([2, 9, 1])).map(({ id }) => id)).toEqual([2, 1]);
});
