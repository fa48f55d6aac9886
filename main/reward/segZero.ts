// The rewards of Seg-Zero's single-object model for a text, a box and two points, each 0 or 1.

import { BLANK, parseJson } from '../contract/answer.ts';
import type { Box } from '../contract/records.ts';

const WHOLE = new RegExp(`^<think>.*?</think>${BLANK}*<answer>.*?</answer>$`, 's');
const INTEGER = new RegExp(`^${BLANK}*[+-]?\\d+(?:_\\d+)*${BLANK}*$`);
/** Mean distance of the four coordinates, and of the two points, in pixels of the 840 x 840 image. */
const NEAR_BOX = 10;
const NEAR_POINTS = 100;

export type PixelPair = readonly [number, number];

/** In pixels of the 840 x 840 image that Seg-Zero sees. */
export interface SegZeroTarget {
  readonly box: Box;
  readonly points: readonly [PixelPair, PixelPair];
}

export interface SegZeroReward {
  readonly think: number;
  readonly format: number;
  readonly iou: number;
  readonly boxL1: number;
  readonly points: number;
  readonly total: number;
}

type Thing = Readonly<Record<string, unknown>>;

/** `strict` wants the keys bbox, points_1, points_2; otherwise any key that contains bbox or point will do. */
export function segZeroReward(text: string, target: SegZeroTarget, options: { strict: boolean }): SegZeroReward {
  const thing = firstObject(text);
  const boxKey = options.strict ? 'bbox' : Object.keys(thing).find(contains('bbox'));
  const pointKeys = options.strict ? ['points_1', 'points_2'] : Object.keys(thing).filter(contains('points'));
  const box = fourNumbers(boxKey === undefined ? undefined : thing[boxKey]);
  const [first, second] = pointKeys.map((key) => wholePair(thing[key]));
  const think = wholeFormat(text);
  const format = Number(options.strict ? strictFormat(thing) : softFormat(thing));
  const iou = Number(box !== null && inclusiveIou(box, target.box) > 0.5);
  const boxL1 = Number(box !== null && meanDistance(box, target.box) < NEAR_BOX);
  const points = Number(box !== null && !!first && !!second && pointsAgree([first, second], box, target.points));
  return { think, format, iou, boxL1, points, total: think + format + iou + boxL1 + points };
}

/** 1 when the whole text, not just its start, is <think>..</think><answer>..</answer>. */
export const wholeFormat = (text: string): number => (WHOLE.test(text) ? 1 : 0);

/** The first braces with something between them, wherever they stand. */
function firstObject(text: string): Thing {
  const parsed = parseJson(/\{[^}]+\}/.exec(text)?.[0] ?? '');
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : {};
}

const contains = (part: string) => (key: string) => key.toLowerCase().includes(part);

const isList = (value: unknown, length: number): boolean => Array.isArray(value) && value.length === length;

const strictFormat = (thing: Thing): boolean =>
  isList(thing.bbox, 4) && isList(thing.points_1, 2) && isList(thing.points_2, 2);

/** A text counts as its characters here: the original asks for a length and nothing more. */
function softFormat(thing: Thing): boolean {
  const boxKey = Object.keys(thing).find(contains('bbox'));
  if (boxKey === undefined || parts(thing[boxKey]).length !== 4) return false;
  const pointKeys = Object.keys(thing).filter((key) => key !== boxKey && contains('point')(key));
  return pointKeys.length >= 2 && pointKeys.slice(0, 2).every((key) => parts(thing[key]).length === 2);
}

function parts(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return [...value];
  return Array.isArray(value) ? value : [];
}

function fourNumbers(value: unknown): Box | null {
  const numbers = parts(value).map((part) => (typeof part === 'boolean' ? Number(part) : part));
  const [x1, y1, x2, y2] = numbers;
  if (numbers.length !== 4 || typeof x1 !== 'number' || typeof y1 !== 'number') return null;
  return typeof x2 === 'number' && typeof y2 === 'number' ? { x1, y1, x2, y2 } : null;
}

/** The first two parts as Python's int() reads them: numbers are cut, texts must be whole numbers. */
function wholePair(value: unknown): PixelPair | null {
  const [x, y] = parts(value).map(whole);
  return typeof x === 'number' && typeof y === 'number' ? [x, y] : null;
}

function whole(part: unknown): number | null {
  if (typeof part === 'number') return Math.trunc(part);
  if (typeof part === 'boolean') return Number(part);
  return typeof part === 'string' && INTEGER.test(part) ? Number(part.replaceAll('_', '')) : null;
}

/** Corners count as pixels that belong to the box; boxes that share a single row or column do not overlap. */
function inclusiveIou(a: Box, b: Box): number {
  const [left, right] = [Math.max(a.x1, b.x1), Math.min(a.x2, b.x2)];
  const [top, bottom] = [Math.max(a.y1, b.y1), Math.min(a.y2, b.y2)];
  const shared = left < right && top < bottom ? (right - left + 1) * (bottom - top + 1) : 0;
  const union = inclusiveArea(a) + inclusiveArea(b) - shared;
  return union === 0 ? 0 : shared / union;
}

/** Width times height, both ends counted. */
export const inclusiveArea = (box: Box): number => (box.x2 - box.x1 + 1) * (box.y2 - box.y1 + 1);

export const meanDistance = (a: Box, b: Box): number =>
  (Math.abs(a.x1 - b.x1) + Math.abs(a.y1 - b.y1) + Math.abs(a.x2 - b.x2) + Math.abs(a.y2 - b.y2)) / 4;

/** Whether a point lies in the box or on its edge. */
export const holds = (box: Box, [x, y]: PixelPair): boolean => box.x1 <= x && x <= box.x2 && box.y1 <= y && y <= box.y2;

export const distance = (a: PixelPair, b: PixelPair): number => Math.sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2);

function pointsAgree(
  [first, second]: readonly [PixelPair, PixelPair],
  box: Box,
  [one, two]: readonly [PixelPair, PixelPair],
): boolean {
  if (!holds(box, first) || !holds(box, second)) return false;
  const straight = distance(first, one) + distance(second, two);
  const crossed = distance(first, two) + distance(second, one);
  return Math.min(straight, crossed) / 2 < NEAR_POINTS;
}
