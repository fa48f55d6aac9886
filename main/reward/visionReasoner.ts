// Rewards a text that names several things by their boxes and points, as VisionReasoner does.
import { z } from 'zod';
import { BLANK, parseJson } from '../contract/answer.ts';
import type { Box } from '../contract/records.ts';
import { assign } from './assign.ts';
import { distance, holds, inclusiveArea, meanDistance, type PixelPair, wholeFormat } from './segZero.ts';

const ANSWER = new RegExp(`<answer>${BLANK}*(.*?)${BLANK}*</answer>`, 's');
const EDGES = new RegExp(`^${BLANK}+|${BLANK}+$`, 'g');
const MOST_OBJECTS = 120;
const NEAR_BOX = 10;
const NEAR_POINT = 30;

/** A thing's box and one point in it, in pixels of the 840 x 840 image. */
export interface PointedBox {
  readonly box: Box;
  readonly point: PixelPair;
}

export interface VisionReasonerReward {
  readonly format: number;
  readonly accuracy: number;
  readonly nonRepeat: number;
  readonly total: number;
}

/** Numpy counts true as 1, so the original does. */
const Coordinate = z.union([z.number(), z.boolean()]).transform(Number);
const Things = z
  .array(
    z.object({
      bbox_2d: z.tuple([Coordinate, Coordinate, Coordinate, Coordinate]),
      point_2d: z.tuple([Coordinate, Coordinate]),
    }),
  )
  .min(1);

/** Gives at most 3 for the form, 3 for the things found, and 1 for not repeating sentences. */
export function visionReasonerReward(text: string, targets: readonly PointedBox[]): VisionReasonerReward {
  const answer = parseJson(ANSWER.exec(text)?.[1] ?? '');
  const format = wholeFormat(text) + formOf(answer);
  const accuracy = accuracyOf(answer, targets);
  const nonRepeat = repeats(text) >= 2 ? 0 : 1;
  return { format, accuracy, nonRepeat, total: format + accuracy + nonRepeat };
}

/** Mean over the items of 1 for a list of four under bbox_2d and 1 for a list of two under point_2d. */
function formOf(answer: unknown): number {
  const items = itemsOf(answer);
  let sum = 0;
  for (const item of items) {
    const score = itemForm(item);
    // The original stops here with an error and keeps what it had.
    if (score === null) break;
    sum += score / items.length;
  }
  return sum;
}

/** What Python's `for` visits: list items, the keys of an object, the characters of a text. */
function itemsOf(answer: unknown): readonly unknown[] {
  if (Array.isArray(answer)) return answer;
  if (typeof answer === 'string') return [...answer];
  return typeof answer === 'object' && answer !== null ? Object.keys(answer) : [];
}

/** Null where Python cannot ask "is this key in the item". A text or list may contain the word yet has no keys. */
function itemForm(item: unknown): number | null {
  if (typeof item === 'string' || Array.isArray(item)) {
    return item.includes('bbox_2d') || item.includes('point_2d') ? null : 0;
  }
  if (typeof item !== 'object' || item === null) return null;
  const { bbox_2d, point_2d }: { bbox_2d?: unknown; point_2d?: unknown } = item;
  return (
    Number(Array.isArray(bbox_2d) && bbox_2d.length === 4) + Number(Array.isArray(point_2d) && point_2d.length === 2)
  );
}

/** The best one-to-one matching's points over the longer of both lists; 0 when any item is malformed. */
function accuracyOf(answer: unknown, all: readonly PointedBox[]): number {
  const parsed = Things.safeParse(answer);
  if (!parsed.success || all.length === 0) return 0;
  const targets = all.slice(0, MOST_OBJECTS);
  const things = parsed.data.slice(0, MOST_OBJECTS).map(({ bbox_2d: [x1, y1, x2, y2], point_2d }) => {
    return { box: { x1, y1, x2, y2 }, point: point_2d };
  });
  const scores = things.map((thing) => targets.map((target) => pairScore(thing, target)));
  const best = new Map(assign(scores.map((row) => row.map((score) => 3 - score))));
  const paired = scores.flatMap((row, i) => row.filter((_, column) => column === best.get(i)));
  const total = paired.reduce((sum, score) => sum + score, 0);
  return total / Math.max(things.length, targets.length);
}

function pairScore(thing: PointedBox, target: PointedBox): number {
  const pointRight = distance(thing.point, target.point) < NEAR_POINT && holds(thing.box, thing.point);
  const boxNear = meanDistance(thing.box, target.box) < NEAR_BOX;
  return Number(inclusiveIou(thing.box, target.box) > 0.5) + Number(boxNear) + Number(pointRight);
}

/** Corners count as pixels of the box, also where boxes touch in one row or column (unlike Seg-Zero's). */
function inclusiveIou(a: Box, b: Box): number {
  const wide = Math.max(0, Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1) + 1);
  const high = Math.max(0, Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1) + 1);
  return (wide * high) / (inclusiveArea(a) + inclusiveArea(b) - wide * high);
}

/** Sentences, split at full stops, that were there before. */
function repeats(text: string): number {
  const sentences = text.split('.').map((part) => part.replace(EDGES, ''));
  const said = sentences.filter((sentence) => sentence !== '');
  return said.length - new Set(said).size;
}
