// Changes whole masks: joins them, fills holes, removes specks, smooths outlines.

import { entry, underKey } from '../../main/contract/lookup.ts';
import {
  boxColumns,
  type Columns,
  columnsBox,
  eachRun,
  either,
  filtered,
  fromRegion,
  joined,
  type Region,
  regionBitmap,
  toColumns,
  toMask,
  without,
} from '../../main/contract/maskColumns.ts';
import type { Mask } from '../../main/contract/records.ts';
import { maskArea } from '../../main/contract/rle.ts';

interface ColumnRun {
  readonly x: number;
  readonly from: number;
  readonly to: number;
}

interface Components {
  /** For each run, by its number, the run that stands for all that are connected with it. */
  readonly of: (run: number) => number;
  /** Pixels by the run that stands for them. */
  readonly areas: ReadonlyMap<number, number>;
}

/** Runs that hang together, by a number for each run; `diagonal`: those that touch at a corner do too. */
function components(columns: Columns, diagonal: boolean): Components {
  const parents: number[] = [];
  const areas = new Map<number, number>();
  const runs: ColumnRun[] = [];
  const root = (run: number): number => {
    let at = run;
    while (parents[at] !== at) {
      const above = entry(parents, at, 'parents');
      at = parents[at] = entry(parents, above, 'parents');
    }
    return at;
  };
  let left = 0;
  let column = 0;
  const reach = diagonal ? 1 : 0;
  eachRun(columns, (x, from, to) => {
    const last = runs.at(-1);
    if (last && last.x !== x) {
      left = column;
      column = runs.length;
    }
    const here = parents.push(runs.length) - 1;
    runs.push({ x, from, to });
    // Runs of the column before that end above this one end above all that follow.
    const isPast = (run: ColumnRun) => run.to + reach <= from || run.x < x - 1;
    while (left < column && isPast(entry(runs, left, 'runs'))) left++;
    for (let i = left; i < column && entry(runs, i, 'runs').from < to + reach; i++) parents[root(i)] = root(here);
  });
  runs.forEach(({ from, to }, run) => areas.set(root(run), (areas.get(root(run)) ?? 0) + to - from));
  return { of: root, areas };
}

/** Outside parts that the mask encloses become part of it; those of more than `largest` pixels stay. */
export function fillHoles(mask: Mask, largest = Number.POSITIVE_INFINITY): Mask {
  const columns = toColumns(mask);
  const box = columnsBox(columns);
  if (box === null) return mask;
  const outside = joined(boxColumns(box, columns), columns, without);
  const { of, areas } = components(outside, false);
  const open = new Set<number>();
  let run = 0;
  eachRun(outside, (x, from, to) => {
    const touches = x === box.x1 || x === box.x2 - 1 || from === box.y1 || to === box.y2;
    if (touches) open.add(of(run));
    run++;
  });
  const isHole = (at: number) => !open.has(of(at)) && underKey(areas, of(at), 'areas') <= largest;
  return toMask(joined(columns, filtered(outside, isHole), either));
}

/** Parts below this share of the mask are specks, and so is anything of less than four pixels. */
const SPECK = 1 / 50;

/** Parts of fewer pixels than `least` go; the largest part always stays. */
export function removeSpecks(mask: Mask, least = Math.max(4, maskArea(mask) * SPECK)): Mask {
  const columns = toColumns(mask);
  const { of, areas } = components(columns, true);
  const limit = Math.min(least, Math.max(...areas.values()));
  return toMask(filtered(columns, (run) => underKey(areas, of(run), 'areas') >= limit));
}

/** Each pixel becomes what most pixels of the square around it are; pixels outside the image do not vote. */
export function smooth(mask: Mask, radius = 2): Mask {
  const columns = toColumns(mask);
  const box = columnsBox(columns);
  if (box === null) return mask;
  const [x, y] = [Math.max(0, box.x1 - radius), Math.max(0, box.y1 - radius)];
  const region: Region = {
    x,
    y,
    width: Math.min(columns.width, box.x2 + radius) - x,
    height: Math.min(columns.height, box.y2 + radius) - y,
    step: 1,
  };
  const across = windowSums(regionBitmap(columns, region), region, radius);
  return toMask(fromRegion(majority(across, region, { radius, columns }), region, columns));
}

/** Sums over 2 * radius + 1 samples along each row. */
function windowSums(bitmap: Uint8Array, { width, height }: Region, radius: number): Uint16Array {
  const sums = new Uint16Array(bitmap.length);
  for (let row = 0; row < height; row++) {
    const start = row * width;
    let sum = 0;
    for (let i = -radius; i < width; i++) {
      sum += i + radius < width ? (bitmap[start + i + radius] ?? 0) : 0;
      if (i - radius - 1 >= 0) sum -= bitmap[start + i - radius - 1] ?? 0;
      if (i >= 0) sums[start + i] = sum;
    }
  }
  return sums;
}

/** Does the same down the columns, against half of the pixels that are there. */
function majority(sums: Uint16Array, region: Region, { radius, columns }: { radius: number; columns: Columns }) {
  const { x, y, width, height } = region;
  const result = new Uint8Array(sums.length);
  const votes = (at: number, side: number) => Math.min(side - 1, at + radius) - Math.max(0, at - radius) + 1;
  for (let i = 0; i < width; i++) {
    const across = votes(x + i, columns.width);
    let sum = 0;
    for (let j = -radius; j < height; j++) {
      sum += j + radius < height ? (sums[(j + radius) * width + i] ?? 0) : 0;
      if (j - radius - 1 >= 0) sum -= sums[(j - radius - 1) * width + i] ?? 0;
      if (j >= 0 && 2 * sum > across * votes(y + j, columns.height)) result[j * width + i] = 1;
    }
  }
  return result;
}
