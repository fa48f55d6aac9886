// What a decision writes down before it chooses: for each thing one number that its box implies and the list does not say.
// A choice between numbers that stand there is a small step; between boxes that must be measured and compared it is several.
import { clockHour, thingAt } from './relations.ts';
import { type Arrangement, frameBox } from './scene.ts';
import { roundedSide } from './sizes.ts';
import { numeral } from './vocabulary.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}

type Measure = (index: number) => number;

/** "1 40, 3 65": each member's number in the list and its measure, in the order of the list. */
const told = (members: readonly number[], measure: Measure): string =>
  members
    .toSorted((a, b) => a - b)
    .map((index) => `${index + 1} ${measure(index)}`)
    .join(', ');

function centre(stage: Arrangement, index: number): Point {
  const { x1, y1, x2, y2 } = frameBox(thingAt(stage, index).box, stage);
  return { x: (x1 + x2) / 2, y: (y1 + y2) / 2 };
}

/** Longer sides. */
export const sizesOf = (stage: Arrangement, members: readonly number[]): string =>
  told(members, (index) => roundedSide(thingAt(stage, index), stage));

/** How far the middles are from the top of the picture. */
export const topsOf = (stage: Arrangement, members: readonly number[]): string =>
  told(members, (index) => numeral(centre(stage, index).y));

/** Directions from the middle of the picture, on the face of a clock. */
export const hoursOf = (stage: Arrangement, members: readonly number[]): string =>
  told(members, (index) => clockHour(stage, index));

/** How far the middles are from a point of the frame. */
const awayFrom = (stage: Arrangement, members: readonly number[], from: Point): string =>
  told(members, (index) => {
    const { x, y } = centre(stage, index);
    return numeral(Math.hypot(x - from.x, y - from.y));
  });

export const awayFromThing = (stage: Arrangement, members: readonly number[], anchor: number): string =>
  awayFrom(stage, members, centre(stage, anchor));

export const awayFromMiddle = (stage: Arrangement, members: readonly number[]): string =>
  awayFrom(stage, members, { x: stage.frame / 2, y: stage.frame / 2 });

export const awayFromCorner = (
  stage: Arrangement,
  members: readonly number[],
  [vertical, horizontal]: readonly [string, string],
): string =>
  awayFrom(stage, members, {
    x: horizontal === 'right' ? stage.frame : 0,
    y: vertical === 'bottom' ? stage.frame : 0,
  });
