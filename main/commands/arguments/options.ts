// Checks the words of the command line and gives their values; a bad one is refused in commander's own way.
import path from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { Box, Point } from '../../contract/records.ts';

/** Photographs and annotations for measuring, where a checkout has them beside it. */
export const material = path.resolve(import.meta.dirname, '../../../../shared/material');

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu;

/** "x1,y1,x2,y2" in image pixels; whether it lies inside the image is known later. */
export function parseBox(text: string): Box {
  const [x1, y1, x2, y2, ...rest] = text.split(',').map(finite);
  if (x1 === undefined || y1 === undefined || x2 === undefined || y2 === undefined || rest.length > 0) {
    throw new InvalidArgumentError('It takes four numbers: x1,y1,x2,y2.');
  }
  if (x2 <= x1 || y2 <= y1) throw new InvalidArgumentError('x1 must be less than x2, and y1 less than y2.');
  return { x1, y1, x2, y2 };
}

/** "x,y" or "x,y,+" on the thing, "x,y,-" off it; may be repeated. */
export function parsePoint(text: string, earlier: readonly Point[] = []): Point[] {
  const [x, y, sign = '+', ...rest] = text.split(',').map((part) => part.trim());
  if (x === undefined || y === undefined || (sign !== '+' && sign !== '-') || rest.length > 0) {
    throw new InvalidArgumentError('It takes x,y and then, if wanted, + or -.');
  }
  return [...earlier, { x: finite(x), y: finite(y), sign }];
}

/** A parser for whole numbers between two bounds, both allowed. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/u.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`);
  };
}

/** A parser for numbers between two bounds, both allowed. */
export function numberBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = finite(text);
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It takes a number from ${least} to ${most}.`);
  };
}

/** Seeds are 32-bit, as the generators want them. */
export const parseSeed = wholeNumber(0, 2 ** 32 - 1);

function finite(text: string): number {
  const value = NUMBER.test(text.trim()) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw new InvalidArgumentError(`"${text}" is not a number.`);
}
