// Selects what has the colour of a point on a picture: connected to it, or anywhere.
import { BadInput } from '../contract/badInput.ts';
import type { DecodedImage, Mask } from '../contract/records.ts';
import { fromBitmap } from '../contract/rle.ts';

export interface WandClick {
  /** Image pixels. */
  readonly x: number;
  readonly y: number;
  /** The most that any channel may differ from the touched pixel, 0 to 255. */
  readonly tolerance: number;
  /** False: all of the picture that has the colour, connected or not. */
  readonly contiguous?: boolean;
}

/** Four neighbours; filled in stretches of a row, so that a picture of 12 megapixels takes a fraction of a second. */
export function wand(image: DecodedImage, { x, y, tolerance, contiguous = true }: WandClick): Mask {
  const { width, height } = image;
  const [column, row] = [Math.floor(x), Math.floor(y)];
  if (column < 0 || row < 0 || column >= width || row >= height) {
    throw new BadInput(`the point ${column},${row} lies outside the picture (${width} x ${height} pixels)`);
  }
  const alike = likeness(image, row * width + column, tolerance);
  if (!contiguous) return fromBitmap(alike, width, height);
  const bitmap = new Uint8Array(width * height);
  const waiting = [row * width + column];
  for (let seed = waiting.pop(); seed !== undefined; seed = waiting.pop()) {
    if (bitmap[seed] === 1) continue;
    const start = seed - (seed % width);
    const [left, right] = stretch(alike, seed, { from: start, to: start + width });
    bitmap.fill(1, left, right);
    for (const step of [-width, width]) collect({ alike, bitmap, waiting }, left + step, right + step);
  }
  return fromBitmap(bitmap, width, height);
}

/** 1 where every channel is near enough to that of the pixel `seed`. */
function likeness({ data, width, height }: DecodedImage, seed: number, tolerance: number): Uint8Array {
  const out = new Uint8Array(width * height);
  const [red = 0, green = 0, blue = 0] = data.subarray(seed * 3, seed * 3 + 3);
  for (let i = 0, at = 0; i < out.length; i++, at += 3) {
    const isNear =
      Math.abs((data[at] ?? 0) - red) <= tolerance &&
      Math.abs((data[at + 1] ?? 0) - green) <= tolerance &&
      Math.abs((data[at + 2] ?? 0) - blue) <= tolerance;
    out[i] = isNear ? 1 : 0;
  }
  return out;
}

function stretch(alike: Uint8Array, seed: number, row: { from: number; to: number }): [number, number] {
  let [left, right] = [seed, seed + 1];
  while (left > row.from && alike[left - 1] === 1) left--;
  while (right < row.to && alike[right] === 1) right++;
  return [left, right];
}

interface Fill {
  readonly alike: Uint8Array;
  readonly bitmap: Uint8Array;
  readonly waiting: number[];
}

/** One seed for each stretch of [from, to) that is to be filled; above the top and below the foot nothing is alike. */
function collect({ alike, bitmap, waiting }: Fill, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const isOpen = alike[i] === 1 && bitmap[i] === 0;
    const isFirst = i === from || alike[i - 1] !== 1 || bitmap[i - 1] === 1;
    if (isOpen && isFirst) waiting.push(i);
  }
}
