// Makes the diff of what a person does to selected shapes; nothing here changes a record.
import { type Change, changed, created, type Diff, deleted } from '../../main/contract/diff.ts';
import { clampBox } from '../../main/contract/geometry.ts';
import { packMask, type Shape, unpackMask } from '../../main/contract/project.ts';
import type { Mask } from '../../main/contract/records.ts';
import { difference, fromBitmap, intersection, maskArea, maskBox, toBitmap, union } from '../../main/contract/rle.ts';
import type { OpenImage } from './workbench.ts';

/** Null: there is nothing to do. */
type Outcome = Diff | null;

const outcome = (title: string, changes: readonly (Change | null)[]): Outcome => {
  const real = changes.filter((change) => change !== null);
  return real.length === 0 ? null : { title, changes: real };
};

const several = (count: number, one: string, many: string): string => (count === 1 ? one : `${count} ${many}`);

/** The selected shapes in the order of their selection. */
export const chosen = (open: OpenImage, selected: ReadonlySet<number>): Shape[] =>
  [...selected].flatMap((id) => open.shapes.get(id) ?? []);

/** Shapes from the lowest to the one on top. */
export const stacked = (open: OpenImage): Shape[] =>
  [...open.shapes.values()].sort((a, b) => a.place - b.place || a.id - b.id);

const unlocked = (shapes: readonly Shape[]): Shape[] => shapes.filter(({ locked }) => !locked);

/** Locked shapes stay. */
export function deletion(shapes: readonly Shape[]): Outcome {
  const gone = unlocked(shapes);
  return outcome(
    `Delete ${several(gone.length, 'shape', 'shapes')}`,
    gone.map((shape) => deleted('shape', shape)),
  );
}

const words = {
  hidden: ['Hide', 'Show'],
  locked: ['Lock', 'Unlock'],
  crowd: ['Mark as crowd', 'Mark as one object'],
} as const;

/** Turns the flag on for all where it is off for one, else off for all. */
export function toggle(shapes: readonly Shape[], flag: keyof typeof words): Outcome {
  const on = shapes.some((shape) => !shape[flag]);
  return outcome(
    words[flag][on ? 0 : 1],
    shapes.map((shape) => changed('shape', shape, { [flag]: on })),
  );
}

export const showAll = (open: OpenImage): Outcome =>
  outcome(
    'Show all shapes',
    [...open.shapes.values()].map((shape) => changed('shape', shape, { hidden: false })),
  );

export const relabel = (shapes: readonly Shape[], labelId: number): Outcome =>
  outcome(
    'Change label',
    unlocked(shapes).map((shape) => changed('shape', shape, { labelId })),
  );

/** Each shape changes places with its neighbour above or below; those already there stay. */
export function restack(open: OpenImage, selected: ReadonlySet<number>, by: 1 | -1): Outcome {
  const order = stacked(open);
  if (by === 1) order.reverse();
  for (let i = 1; i < order.length; i++) {
    const [neighbour, shape] = [order[i - 1], order[i]];
    if (!neighbour || !shape || !selected.has(shape.id) || selected.has(neighbour.id)) continue;
    [order[i - 1], order[i]] = [shape, neighbour];
  }
  if (by === 1) order.reverse();
  const places = distinctPlaces(stacked(open).map(({ place }) => place));
  return outcome(
    by === 1 ? 'Bring forward' : 'Send backward',
    order.map((shape, i) => changed('shape', shape, { place: places[i] ?? i })),
  );
}

/** Keeps the places where they differ; imported shapes may all lie at one. */
const distinctPlaces = (sorted: readonly number[]): number[] => {
  const strictly = sorted.every((place, i) => i === 0 || place > (sorted[i - 1] ?? place));
  return strictly ? [...sorted] : sorted.map((_, i) => i);
};

export interface Paste {
  readonly shapes: readonly Shape[];
  /** One for each shape, from the host. */
  readonly ids: readonly number[];
  readonly imageId: number;
  readonly width: number;
  readonly height: number;
  /** The first of their places. */
  readonly place: number;
}

// A copy is the person's, wherever the shape came from.
const drawn: Shape['origin'] = { kind: 'drawn' };

/** Shapes keep their place in the picture; what lies outside a smaller image is cut off. */
export function paste({ shapes, ids, imageId, width, height, place }: Paste): Outcome {
  const placed = shapes.flatMap((shape, i) => {
    const id = ids[i];
    const shown = id === undefined ? null : fitted(shape, width, height);
    if (shown === null || id === undefined) return [];
    return [created('shape', { ...shape, ...shown, id, imageId, place: place + i, origin: drawn, hidden: false })];
  });
  return outcome(`Paste ${several(placed.length, 'shape', 'shapes')}`, placed);
}

type Extent = Pick<Shape, 'mask' | 'box'>;

function fitted({ mask, box }: Shape, width: number, height: number): Extent | null {
  if (mask === null) {
    const within = clampBox(box, { width, height });
    return within && { mask: null, box: within };
  }
  if (mask.size[0] === height && mask.size[1] === width) return { mask, box };
  return extentOf(cropped(unpackMask(mask), width, height));
}

/** The mask on a larger or smaller sheet with the same upper left corner. */
function cropped(mask: Mask, width: number, height: number): Mask {
  const [oldHeight, oldWidth] = mask.size;
  const [from, to] = [toBitmap(mask), new Uint8Array(width * height)];
  const columns = Math.min(width, oldWidth);
  for (let y = 0; y < Math.min(height, oldHeight); y++) {
    to.set(from.subarray(y * oldWidth, y * oldWidth + columns), y * width);
  }
  return fromBitmap(to, width, height);
}

const extentOf = (mask: Mask): Extent | null =>
  maskArea(mask) === 0 ? null : { mask: packMask(mask), box: maskBox(mask) };

export type Combination = 'union' | 'subtract' | 'intersect';

const combinations: Readonly<Record<Combination, { title: string; of: (first: Mask, rest: Mask[]) => Mask }>> = {
  union: { title: 'Unite masks', of: (first, rest) => union(first, ...rest) },
  subtract: { title: 'Subtract masks', of: (first, rest) => rest.reduce(difference, first) },
  intersect: { title: 'Intersect masks', of: (first, rest) => intersection(first, ...rest) },
};

/**
 * Makes the first shape of all of them; the others go, but those that were subtracted stay. Throws `Refused` where
 * nothing would be left or a mask is missing.
 */
export function combine(shapes: readonly Shape[], how: Combination): Outcome {
  const [first, ...rest] = masked(shapes);
  if (first === undefined || rest.length === 0) throw new Refused('Select two shapes with masks that are not locked.');
  const { title, of } = combinations[how];
  const result = extentOf(
    of(
      first.mask,
      rest.map(({ mask }) => mask),
    ),
  );
  if (result === null) throw new Refused('Nothing would be left of the mask.');
  const spent = how === 'subtract' ? [] : rest.map(({ shape }) => deleted('shape', shape));
  return outcome(title, [changed('shape', first.shape, result), ...spent]);
}

/** Makes every selected mask anew by `work`, as fill holes does. */
export function remake(shapes: readonly Shape[], title: string, work: (mask: Mask) => Mask): Outcome {
  const made = masked(shapes);
  if (made.length === 0) throw new Refused('Select a shape with a mask that is not locked.');
  return outcome(
    title,
    made.map(({ shape, mask }) => {
      const result = extentOf(work(mask));
      return result === null ? null : changed('shape', shape, result);
    }),
  );
}

const masked = (shapes: readonly Shape[]): { shape: Shape; mask: Mask }[] =>
  unlocked(shapes).flatMap((shape) => (shape.mask === null ? [] : [{ shape, mask: unpackMask(shape.mask) }]));

/** What cannot be done with these shapes, in one sentence. */
export class Refused extends Error {
  override readonly name = 'Refused';
}
