// Reads values as annotation files hold them, in the many ways tools write them; null where they are none.
import { clampBox, type Frame } from '../../contract/geometry.ts';
import type { AttributeValue } from '../../contract/project.ts';
import type { Box } from '../../contract/records.ts';

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whole numbers, also as text. */
export function wholeOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^-?\d{1,15}$/u.test(value.trim()) ? Number(value) : value;
  return Number.isSafeInteger(number) ? Number(number) : null;
}

export const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

/** Numbers, also as text. */
export const numericOf = (value: unknown): number | null =>
  numberOf(typeof value === 'string' && value.trim() !== '' ? Number(value) : value);

/** The number at a place that is known to be there. */
export function numberAt(numbers: ArrayLike<number>, place: number): number {
  const number = numbers[place];
  if (number === undefined) throw new RangeError(`there is no number ${place} among ${numbers.length}`);
  return number;
}

/** A side of a picture in pixels; tools write 640, 640.0 and "640". */
export function sideOf(value: unknown): number | null {
  const side = wholeOf(value);
  return side !== null && side > 0 ? side : null;
}

export const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : null;

/** The label as it stands there: blanks at its ends are cut where the label is made, and reported. */
export const labelOf = (value: unknown): string | null =>
  typeof value === 'string' && value.trim() !== '' ? value : typeof value === 'number' ? String(value) : null;

/** 1, true, "1" and "true" are yes. */
export const yesOf = (value: unknown): boolean =>
  value === true || value === 1 || value === '1' || (typeof value === 'string' && value.toLowerCase() === 'true');

/** Names of files with forward slashes, whatever system wrote them. */
export const slashed = (name: string): string => name.replaceAll('\\', '/');

export const baseName = (name: string): string => slashed(name).replace(/^.*\//su, '');

/** The name without folder and ending. */
export const stemOf = (name: string): string => baseName(name).replace(/\.[^.]+$/u, '');

/** Two corners, in any order, cut to the picture; null where nothing is left. */
export function boxOf([xa, ya, xb, yb]: readonly number[], frame: Frame): Box | null {
  if (xa === undefined || ya === undefined || xb === undefined || yb === undefined) return null;
  const box = { x1: Math.min(xa, xb), y1: Math.min(ya, yb), x2: Math.max(xa, xb), y2: Math.max(ya, yb) };
  return clampBox(box, frame);
}

/** Finite numbers, exactly `length` of them. */
export function numbersOf(value: unknown, length: number): number[] | null {
  if (!Array.isArray(value) || value.length !== length) return null;
  const numbers = value.map(numberOf).filter((each) => each !== null);
  return numbers.length === length ? numbers : null;
}

/** Points as pairs ([[x, y], ...]) to a flat ring; null where one is no pair of numbers. */
export function ringOf(points: unknown): number[] | null {
  if (!Array.isArray(points)) return null;
  const pairs = points.map((point) => numbersOf(point, 2));
  return pairs.every((pair) => pair !== null) ? pairs.flat() : null;
}

export const MOST_ATTRIBUTES = 50;
export const LONGEST_ATTRIBUTE = 10_000;

/** Texts, numbers and yes or no; other values are no attributes. */
export function attributesOf(fields: Fields): Record<string, AttributeValue> {
  const taken = Object.entries(fields).filter(([name, value]) => name.trim() !== '' && isAttribute(value));
  return Object.fromEntries(taken.slice(0, MOST_ATTRIBUTES)) as Record<string, AttributeValue>;
}

const isAttribute = (value: unknown): boolean =>
  typeof value === 'boolean' ||
  numberOf(value) !== null ||
  (typeof value === 'string' && value.trim() !== '' && value.length <= LONGEST_ATTRIBUTE);
