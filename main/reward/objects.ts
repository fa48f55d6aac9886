// Computes LENS's unified reward for answers with any number of objects, and says what such an answer misses.
// LENS counts the first box alone; so that naming everything earns nothing, boxes are paired one to one and surplus ones cost.
import { readAnswer } from '../contract/answer.ts';
import { boxIou } from '../contract/geometry.ts';
import type { Found } from '../contract/project.ts';
import type { Box, Mask } from '../contract/records.ts';
import { maskArea, unionOf } from '../contract/rle.ts';
import { assign } from './assign.ts';
import { listFormat, maskReward, type Reward } from './lens.ts';

/** What an answer comes to on the picture. */
export interface SaidObjects {
  readonly text: string;
  /** Image pixels. */
  readonly boxes: readonly Box[];
  /** All that was drawn, together; null: nothing. */
  readonly mask: Mask | null;
}

/** All that should be found; empty where nothing matches. */
export interface MeantObjects {
  readonly boxes: readonly Box[];
  /** The mask of all objects; null where nothing matches or an outline is not known, and then no mask earns anything. */
  readonly mask: Mask | null;
}

/** All that is meant, as one; null where nothing matches, or an outline is not known. */
export function meantMask({ objects }: { readonly objects: readonly { readonly mask: Mask | null }[] }): Mask | null {
  const outlines = objects.flatMap((object) => object.mask ?? []);
  return outlines.length === objects.length ? unionOf(outlines) : null;
}

/** Each term from 0 to 1, overlaps squared. For one object and one box it is LENS's own. */
export function objectsReward(said: SaidObjects, meant: MeantObjects): Reward {
  const { found } = readAnswer(said.text, 'loupe');
  const format = contradictsItself(said.text) ? 0 : listFormat(said.text);
  const { box, mask } = overlapTerms({ ...said, found }, meant);
  return { format, box, mask, total: format + box + mask };
}

/** The box and the mask term of an answer, however it was written. */
export function overlapTerms(
  { found, boxes, mask }: Pick<SaidObjects, 'boxes' | 'mask'> & { readonly found: Found },
  meant: MeantObjects,
): Pick<Reward, 'box' | 'mask'> {
  return meant.boxes.length === 0
    ? { box: Number(found === 'nothing'), mask: Number(isEmpty(mask)) }
    : { box: pairedOverlap(boxes, meant.boxes), mask: drawnOverlap(mask, meant.mask) };
}

export type RewardTerm = Exclude<keyof Reward, 'total'>;

/** Keeps the terms that are earned; the others become 0. */
export const countedTerms = (reward: Reward, earns: readonly RewardTerm[]): Reward => ({
  ...reward,
  total: earns.reduce((sum, term) => sum + reward[term], 0),
});

const isEmpty = (mask: Mask | null): boolean => mask === null || maskArea(mask) === 0;

const drawnOverlap = (drawn: Mask | null, meant: Mask | null): number =>
  drawn && meant ? maskReward(drawn, meant) : 0;

/** Squared overlaps of the best one-to-one pairing over the longer of both lists. */
function pairedOverlap(said: readonly Box[], meant: readonly Box[]): number {
  if (said.length === 0) return 0;
  const worth = said.map((one) => meant.map((other) => boxIou(one, other) ** 2));
  const pairs = new Map(assign(worth.map((row) => row.map((value) => 1 - value))));
  const sum = worth.flatMap((row, i) => row.filter((_, column) => column === pairs.get(i))).reduce((a, b) => a + b, 0);
  return sum / Math.max(said.length, meant.length);
}

/** "dog 2 [10, 20, 30, 40]": a thing with its number. */
const LISTED = /(\d+) \[(\d+), (\d+), (\d+), (\d+)\]/gu;
/** How a decision ends: "dog 2, 3.", "dog none.". */
const DECIDED = /(?:^|[^\d,])\s*(none|\d+(?:, \d+)*)\.?$/u;
/** A box that is written a second time may be off by a few pixels and still means the same thing. */
const SAME = 0.5;

/**
 * Whether the reasoning numbers things with boxes and decides on some of them, and the answer leaves out what it ends in or
 * boxes what it does not speak of. Reasoning in any other form cannot be held against its answer.
 */
export function contradictsItself(text: string): boolean {
  const { reasoning, found, objects } = readAnswer(text, 'loupe');
  if (found === 'unreadable') return false;
  const listed = new Map(Array.from(reasoning.matchAll(LISTED), ([, number = '', ...box]) => [number, boxFrom(box)]));
  const decision = reasoning.slice(reasoning.lastIndexOf(']') + 1).trim();
  const last = DECIDED.exec(decision)?.[1];
  if (last === undefined || (listed.size === 0 && last !== 'none')) return false;
  const boxesOf = (numbers: readonly string[]) => numbers.flatMap((number) => listed.get(number) ?? []);
  const meant = last === 'none' ? [] : boxesOf(last.split(', '));
  const spokenOf = last === 'none' ? [] : boxesOf(decision.match(/\d+/gu) ?? []);
  const boxed = objects.map(({ box }) => box);
  const isAmong = (box: Box, boxes: readonly Box[]) => boxes.some((other) => boxIou(box, other) >= SAME);
  const decidesOnNothing = meant.length === 0 && last !== 'none';
  return decidesOnNothing || meant.some((box) => !isAmong(box, boxed)) || boxed.some((box) => !isAmong(box, spokenOf));
}

function boxFrom(numbers: readonly string[]): Box {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = numbers.map(Number);
  return { x1, y1, x2, y2 };
}
