import { describe, expect, it } from 'vitest';
import { Conflict, changed, created, type Diff, deleted, reverse } from '../../../main/contract/diff.ts';
import type { Label, Shape, StoredPrompt } from '../../../main/contract/project.ts';
import {
  concerns,
  holds,
  imageOf,
  type OpenRecords,
  openedImage,
  withDiff,
  withRecorded,
} from '../../../renderer/state/records.ts';

const shape: Shape = {
  ...{ id: 10, imageId: 1, labelId: 5, mask: null, box: { x1: 0, y1: 0, x2: 4, y2: 4 }, attributes: {}, crowd: false },
  ...{ hidden: false, locked: false, place: 1, origin: { kind: 'drawn' } },
};
const label: Label = { id: 5, name: 'car', colour: '#e69f00', digit: null, attributes: [], place: 1 };
const prompt: StoredPrompt = { id: 20, imageId: 1, text: 'the car', points: [], box: null, correction: null };
const image = { id: 1, path: 'a.png', hash: null, width: 40, height: 30, state: 'present', problem: null } as const;
const review = { id: 1, status: 'unreviewed', note: '' } as const;

const held: OpenRecords = {
  labels: new Map(),
  open: openedImage({ image, review, shapes: [], prompts: [], proposals: [] }),
};
const whole: Diff = {
  title: 'All at once',
  changes: [
    created('label', label),
    created('shape', shape),
    created('prompt', prompt),
    { kind: 'review', id: 1, before: { status: 'unreviewed' }, after: { status: 'accepted' } },
  ],
};

const open = (state: OpenRecords) => {
  if (!state.open) throw new Error('nothing is open');
  return state.open;
};

describe('a diff', () => {
  it('made and taken back leaves everything as it was', () => {
    const made = withDiff(held, whole);
    expect(open(made).shapes.get(10)).toEqual(shape);
    expect(open(made).prompts.get(20)).toEqual(prompt);
    expect(open(made).review.status).toBe('accepted');
    expect(made.labels.get(5)).toEqual(label);
    expect(withDiff(made, reverse(whole))).toEqual(held);
  });

  it('leaves what was there untouched, and other images alone', () => {
    const made = withDiff(held, whole);
    expect(open(held).shapes.size).toBe(0);
    const elsewhere = { title: 'Draw', changes: [created('shape', { ...shape, id: 11, imageId: 2 })] };
    expect(withDiff(made, elsewhere)).toEqual(made);
    expect(withDiff({ labels: new Map(), open: null }, elsewhere).open).toBeNull();
  });

  it('of the person is refused where the records are others', () => {
    const move = {
      title: 'Move',
      changes: [{ kind: 'shape' as const, id: 10, before: { place: 9 }, after: { place: 2 } }],
    };
    expect(() => withDiff(withDiff(held, whole), move)).toThrow(Conflict);
    expect(() => withDiff(withDiff(held, whole), whole)).toThrow('is there already');
  });

  it('of the host holds whatever was there, and may come twice', () => {
    const move = {
      title: 'Move',
      changes: [{ kind: 'shape' as const, id: 10, before: { place: 9 }, after: { place: 2 } }],
    };
    const made = withRecorded(withDiff(held, whole), move);
    expect(open(made).shapes.get(10)?.place).toBe(2);
    expect(withRecorded(made, move)).toEqual(made);
    expect(withRecorded(withRecorded(made, whole), whole).labels.size).toBe(1);
    const gone = { title: 'Delete', changes: [deleted('shape', shape)] };
    expect(open(withRecorded(withRecorded(made, gone), gone)).shapes.size).toBe(0);
    expect(withRecorded(held, move)).toEqual(held);
  });

  it('is held or not', () => {
    const made = withDiff(held, whole);
    expect(holds(made, whole)).toBe(true);
    expect(holds(held, whole)).toBe(false);
    expect(holds(made, reverse(whole))).toBe(false);
    expect(holds(held, reverse(whole))).toBe(true);
    const move = changed('shape', shape, { place: 3 });
    expect(holds(made, { title: 'Move', changes: move ? [move] : [] })).toBe(false);
  });
});

describe('where a change belongs', () => {
  it('is known from the record, or from what is open', () => {
    const made = open(withDiff(held, whole));
    const move = changed('shape', shape, { place: 3 });
    if (!move) throw new Error('it moves');
    expect(concerns(made, move)).toBe(true);
    expect(concerns(open(held), move)).toBe(false);
    expect(concerns(open(held), created('shape', shape))).toBe(true);
    expect(concerns(open(held), created('label', label))).toBe(false);
  });

  it('is told of a diff that says it', () => {
    expect(imageOf(whole)).toBe(1);
    expect(imageOf({ title: 'Label', changes: [created('label', label)] })).toBeNull();
    expect(imageOf({ title: 'Review', changes: [{ kind: 'review', id: 3, before: {}, after: {} }] })).toBe(3);
  });
});
