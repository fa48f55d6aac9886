// Holds masks by their columns: in this form a region is read, a stroke is added and two masks are joined without any bitmap.

import type { Box, Mask } from './records.ts';
import { checkSize } from './rle.ts';

/** An image's extent in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Inside runs [from, to) of column x1 + i are runs[starts[i]] to runs[starts[i + 1] - 1]: sorted, apart, in pairs. */
export interface Columns extends Size {
  readonly x1: number;
  /** One more than there are columns. */
  readonly starts: Uint32Array;
  readonly runs: Uint32Array;
}

export const emptyColumns = ({ width, height }: Size): Columns => ({
  width,
  height,
  x1: 0,
  starts: new Uint32Array(1),
  runs: new Uint32Array(0),
});

/** Gathers columns from left to right; runs of one column come from the top. */
class Builder {
  readonly #starts: number[] = [];
  readonly #runs: number[] = [];
  readonly #size: Size;
  #x1 = 0;

  constructor(size: Size) {
    this.#size = size;
  }

  /** The runs that follow belong to column x. */
  column(x: number): void {
    if (this.#starts.length === 0) this.#x1 = x;
    while (this.#starts.length <= x - this.#x1) this.#starts.push(this.#runs.length);
  }

  /** Joins the run before where the two touch. */
  run(from: number, to: number): void {
    if (to <= from) return;
    const runs = this.#runs;
    if (runs.length > (this.#starts.at(-1) ?? 0) && runs.at(-1) === from) runs[runs.length - 1] = to;
    else runs.push(from, to);
  }

  done(): Columns {
    if (this.#runs.length === 0) return emptyColumns(this.#size);
    const starts = Uint32Array.from([...this.#starts, this.#runs.length]);
    return trimmed({ ...this.#size, x1: this.#x1, starts, runs: Uint32Array.from(this.#runs) });
  }
}

/** Drops empty columns at either end. */
function trimmed(columns: Columns): Columns {
  const { starts, runs } = columns;
  let [first, last] = [0, starts.length - 1];
  while (first < last && starts[first + 1] === 0) first++;
  while (last > first && starts[last - 1] === runs.length) last--;
  if (first === 0 && last === starts.length - 1) return columns;
  return { ...columns, x1: columns.x1 + first, starts: starts.slice(first, last + 1) };
}

/** Runs down the whole image to runs by column. */
export function toColumns(mask: Mask): Columns {
  const [height, width] = mask.size;
  checkSize(height, width);
  const builder = new Builder({ width, height });
  let start = 0;
  for (let i = 0; i + 1 < mask.counts.length; i += 2) {
    start += mask.counts[i] ?? 0;
    const end = start + (mask.counts[i + 1] ?? 0);
    for (let at = start; at < end; ) {
      const x = Math.floor(at / height);
      const foot = Math.min(end, (x + 1) * height);
      builder.column(x);
      builder.run(at - x * height, foot - x * height);
      at = foot;
    }
    start = end;
  }
  return builder.done();
}

/** Runs by column to runs down the whole image, in the one way that pycocotools writes them. */
export function toMask({ width, height, x1, starts, runs }: Columns): Mask {
  checkSize(height, width);
  const counts: number[] = [];
  let covered = 0;
  for (let i = 0; i + 1 < starts.length; i++) {
    const base = (x1 + i) * height;
    for (let at = starts[i] ?? 0; at < (starts[i + 1] ?? 0); at += 2) {
      const [from, to] = [base + (runs[at] ?? 0), base + (runs[at + 1] ?? 0)];
      // A run from the foot of one column goes on at the head of the next.
      if (from === covered && counts.length > 0) counts.push((counts.pop() ?? 0) + to - from);
      else counts.push(from - covered, to - from);
      covered = to;
    }
  }
  if (covered < width * height) counts.push(width * height - covered);
  return { size: [height, width], counts };
}

/** Where the runs of column x begin and end in `runs`. */
function spanOf({ x1, starts }: Columns, x: number): [number, number] {
  const i = x - x1;
  return i < 0 || i + 1 >= starts.length ? [0, 0] : [starts[i] ?? 0, starts[i + 1] ?? 0];
}

const endOf = ({ x1, starts }: Columns): number => x1 + starts.length - 1;

export const isEmpty = ({ runs }: Columns): boolean => runs.length === 0;

/** Calls back with every inside run, column by column. */
export function eachRun({ x1, starts, runs }: Columns, visit: (x: number, from: number, to: number) => void): void {
  for (let i = 0; i + 1 < starts.length; i++) {
    for (let at = starts[i] ?? 0; at < (starts[i + 1] ?? 0); at += 2) visit(x1 + i, runs[at] ?? 0, runs[at + 1] ?? 0);
  }
}

export function columnsArea(columns: Columns): number {
  let area = 0;
  for (let i = 0; i < columns.runs.length; i += 2) area += (columns.runs[i + 1] ?? 0) - (columns.runs[i] ?? 0);
  return area;
}

/** The tight box in whole pixels; null where nothing is inside. Unlike a mask's, it is tight for every mask. */
export function columnsBox(columns: Columns): Box | null {
  if (isEmpty(columns)) return null;
  let [y1, y2] = [columns.height, 0];
  for (let i = 0; i < columns.runs.length; i += 2) {
    y1 = Math.min(y1, columns.runs[i] ?? 0);
    y2 = Math.max(y2, columns.runs[i + 1] ?? 0);
  }
  return { x1: columns.x1, y1, x2: endOf(columns), y2 };
}

/** Whether the pixel that holds the point is inside. */
export function holds(columns: Columns, x: number, y: number): boolean {
  const row = Math.floor(y);
  let [low, high] = spanOf(columns, Math.floor(x));
  const first = low;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((columns.runs[middle] ?? 0) <= row) low = middle + 1;
    else high = middle;
  }
  return (low - first) % 2 === 1;
}

/** What each pixel of the result is, from what it is in either. Where both are outside, the result is. */
export type Rule = (inA: boolean, inB: boolean) => boolean;
export const either: Rule = (inA, inB) => inA || inB;
export const both: Rule = (inA, inB) => inA && inB;
export const without: Rule = (inA, inB) => inA && !inB;
export const oneOf: Rule = (inA, inB) => inA !== inB;

export function joined(a: Columns, b: Columns, rule: Rule): Columns {
  const builder = new Builder(a);
  const filled = [a, b].filter((one) => !isEmpty(one));
  const end = Math.max(...filled.map(endOf));
  for (let x = Math.min(...filled.map(({ x1 }) => x1)); x < end; x++) {
    builder.column(x);
    joinColumn({ a: a.runs, b: b.runs, spanA: spanOf(a, x), spanB: spanOf(b, x) }, rule, builder);
  }
  return builder.done();
}

interface Pair {
  readonly a: Uint32Array;
  readonly b: Uint32Array;
  readonly spanA: readonly [number, number];
  readonly spanB: readonly [number, number];
}

/** Walks the borders of both columns from the top; between two borders neither changes. */
function joinColumn({ a, b, spanA, spanB }: Pair, rule: Rule, builder: Builder): void {
  let [i, j] = [spanA[0], spanB[0]];
  let since = -1;
  while (i < spanA[1] || j < spanB[1]) {
    const nextA = i < spanA[1] ? (a[i] ?? 0) : Number.POSITIVE_INFINITY;
    const nextB = j < spanB[1] ? (b[j] ?? 0) : Number.POSITIVE_INFINITY;
    const at = Math.min(nextA, nextB);
    if (nextA === at) i++;
    if (nextB === at) j++;
    const inside = rule((i - spanA[0]) % 2 === 1, (j - spanB[0]) % 2 === 1);
    if (inside && since < 0) since = at;
    else if (!inside && since >= 0) {
      builder.run(since, at);
      since = -1;
    }
  }
}

/** Keeps the runs for which `keep` says so; it gets the number of the run, in order, from 0. */
export function filtered(columns: Columns, keep: (run: number) => boolean): Columns {
  const builder = new Builder(columns);
  let run = 0;
  eachRun(columns, (x, from, to) => {
    if (!keep(run++)) return;
    builder.column(x);
    builder.run(from, to);
  });
  return builder.done();
}

/** Moves the mask by whole pixels; what leaves the image is cut off. */
export function moved(columns: Columns, dx: number, dy: number): Columns {
  const builder = new Builder(columns);
  const { width, height } = columns;
  eachRun(columns, (x, from, to) => {
    if (x + dx < 0 || x + dx >= width) return;
    builder.column(x + dx);
    builder.run(Math.max(0, from + dy), Math.min(height, to + dy));
  });
  return builder.done();
}

/** The pixels whose centres lie in a box, within the image. */
export function boxColumns(box: Box, size: Size): Columns {
  const builder = new Builder(size);
  const [from, to] = [Math.max(0, Math.ceil(box.y1 - 0.5)), Math.min(size.height, Math.ceil(box.y2 - 0.5))];
  const end = Math.min(size.width, Math.ceil(box.x2 - 0.5));
  for (let x = Math.max(0, Math.ceil(box.x1 - 0.5)); x < end; x++) {
    builder.column(x);
    builder.run(from, to);
  }
  return builder.done();
}

/** A round brush drawn from one point to another; one point twice is a disc. */
export interface Sweep {
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };
  readonly radius: number;
}

/** The pixels whose centres the brush covers; at least the one that it stands on. A sweep is convex: one run a column. */
export function sweepColumns(sweep: Sweep, size: Size): Columns {
  const { from, to, radius } = sweep;
  const builder = new Builder(size);
  const end = Math.min(size.width - 1, Math.floor(Math.max(from.x, to.x) + radius));
  for (let x = Math.max(0, Math.floor(Math.min(from.x, to.x) - radius)); x <= end; x++) {
    const chord = sweepChord(sweep, x + 0.5);
    if (chord === null) continue;
    builder.column(x);
    builder.run(Math.max(0, Math.ceil(chord[0] - 0.5)), Math.min(size.height, Math.floor(chord[1] - 0.5) + 1));
  }
  const swept = builder.done();
  if (!isEmpty(swept)) return swept;
  const [x, y] = [Math.floor(to.x), Math.floor(to.y)];
  return boxColumns({ x1: x, y1: y, x2: x + 1, y2: y + 1 }, size);
}

/** Where a vertical line enters and leaves the sweep: on an end's circle or on one of the two long sides. */
function sweepChord({ from, to, radius }: Sweep, x: number): [number, number] | null {
  const ends: number[] = [];
  for (const centre of [from, to]) {
    const half = radius ** 2 - (x - centre.x) ** 2;
    if (half >= 0) ends.push(centre.y - Math.sqrt(half), centre.y + Math.sqrt(half));
  }
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  for (const side of length > 0 && dx !== 0 ? [radius, -radius] : []) {
    const along = (x - (from.x - (side * dy) / length)) / dx;
    if (along >= 0 && along <= 1) ends.push(from.y + (side * dx) / length + along * dy);
  }
  return ends.length > 0 ? [Math.min(...ends), Math.max(...ends)] : null;
}

/** A rectangle of whole pixels, and how many of them one sample stands for in either direction. */
export interface Region {
  readonly x: number;
  readonly y: number;
  /** Samples a row and a column. */
  readonly width: number;
  readonly height: number;
  readonly step: number;
}

/** Row-major samples of the region, 1 inside; each is the pixel in the middle of its square. `into` saves a new array. */
export function regionBitmap(columns: Columns, region: Region, into?: Uint8Array): Uint8Array {
  const { width, height, step } = region;
  const bitmap = into ?? new Uint8Array(width * height);
  const half = step >> 1;
  const left = Math.max(0, Math.ceil((columns.x1 - half - region.x) / step));
  const right = Math.min(width, Math.ceil((endOf(columns) - half - region.x) / step));
  for (let i = left; i < right; i++) {
    const [begin, end] = spanOf(columns, region.x + i * step + half);
    for (let at = begin; at < end; at += 2) {
      const from = Math.max(0, Math.ceil(((columns.runs[at] ?? 0) - half - region.y) / step));
      const to = Math.min(height, Math.ceil(((columns.runs[at + 1] ?? 0) - half - region.y) / step));
      for (let index = from * width + i; index < to * width; index += width) bitmap[index] = 1;
    }
  }
  return bitmap;
}

/** A bitmap that covers the region pixel by pixel (step 1) back to columns; what lies outside the image is left out. */
export function fromRegion(bitmap: Uint8Array, { x, y, width, height }: Region, size: Size): Columns {
  const builder = new Builder(size);
  const bottom = Math.min(height, size.height - y);
  for (let i = Math.max(0, -x); i < Math.min(width, size.width - x); i++) {
    builder.column(x + i);
    let since = -1;
    for (let j = Math.max(0, -y); j <= bottom; j++) {
      const inside = j < bottom && bitmap[j * width + i] !== 0;
      if (inside && since < 0) since = j;
      if (inside || since < 0) continue;
      builder.run(y + since, y + j);
      since = -1;
    }
  }
  return builder.done();
}
