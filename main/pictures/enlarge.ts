// Enlarges values on a coarse grid, above 0 inside, to a run-length mask at the picture's size, without ever making its pixels.
import type { Frame } from '../contract/geometry.ts';
import type { Mask } from '../contract/records.ts';

/** Row-major, height * width values. */
export interface Grid {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
  /** Columns and rows, from the top left, that lie over the picture; the rest is padding. Default: all. */
  readonly filled?: Frame;
}

/** Where a grid lies in the picture, in whole pixels. */
export interface PicturePart extends Frame {
  readonly x: number;
  readonly y: number;
}

/**
 * Bilinear with pixel centres at halves, the border repeated; outside `place` (default: all) nothing is inside. Down a
 * column the value between two grid rows is monotone, so its one change of sign is searched for, not walked to: the cost
 * is picture width * grid height.
 */
export function enlargedMask(grid: Grid, picture: Frame, place: PicturePart = { x: 0, y: 0, ...picture }): Mask {
  const runs = new Runs(picture);
  const across = neighbours(grid.width, place.width, grid.filled?.width);
  const down = neighbours(grid.height, place.height, grid.filled?.height);
  const groups = groupStarts(down.first, grid.height);
  const column = new Float32Array(grid.height);
  for (let x = 0; x < place.width; x++) {
    fillColumn(column, grid, { from: across.first[x] ?? 0, share: across.share[x] ?? 0 });
    const top = (place.x + x) * picture.height + place.y;
    for (let row = 0; row < grid.height; row++) {
      const [start, end] = [groups[row] ?? 0, groups[row + 1] ?? 0];
      if (start === end) continue;
      const upper = column[row] ?? 0;
      const lower = column[Math.min(row + 1, grid.height - 1)] ?? 0;
      // Between two rows of one sign there is no change to look for.
      if (upper > 0 === lower > 0) runs.set(top + start, upper > 0);
      else setTurn(runs, top, { start, end, upper, rise: lower - upper, share: down.share });
    }
    runs.set(top + place.height, false);
  }
  return runs.mask();
}

interface Group {
  /** Picture rows, the last one just outside. */
  readonly start: number;
  readonly end: number;
  readonly upper: number;
  readonly rise: number;
  readonly share: Float64Array;
}

function setTurn(runs: Runs, top: number, { start, end, upper, rise, share }: Group): void {
  const isInside = (y: number) => Math.fround(upper + rise * (share[y] ?? 0)) > 0;
  const [first, last] = [isInside(start), isInside(end - 1)];
  runs.set(top + start, first);
  if (first !== last) runs.set(top + turn(start, end - 1, isInside), last);
}

/** The first position after `low` that is as `high` is. */
function turn(low: number, high: number, isInside: (y: number) => boolean): number {
  const after = isInside(high);
  let [before, there] = [low, high];
  while (there - before > 1) {
    const middle = (before + there) >> 1;
    if (isInside(middle) === after) there = middle;
    else before = middle;
  }
  return there;
}

function fillColumn(column: Float32Array, { width, data }: Grid, at: { from: number; share: number }): void {
  const to = Math.min(at.from + 1, width - 1);
  for (let row = 0, start = 0; row < column.length; row++, start += width) {
    const left = data[start + at.from] ?? 0;
    column[row] = left + ((data[start + to] ?? 0) - left) * at.share;
  }
}

/** Finds for each grid row the first picture row that begins at it, and the end: [rows + 1]. */
function groupStarts(first: Int32Array, rows: number): Int32Array {
  const starts = new Int32Array(rows + 1).fill(first.length);
  for (let y = first.length - 1; y >= 0; y--) starts[first[y] ?? 0] = y;
  for (let row = rows - 1; row >= 0; row--) starts[row] = Math.min(starts[row] ?? 0, starts[row + 1] ?? 0);
  return starts;
}

/** Finds for every output position the nearest input before its centre and the share of the one after it. */
function neighbours(from: number, to: number, filled = from) {
  const centres = Float64Array.from({ length: to }, (_, i) => Math.max(0, ((i + 0.5) * filled) / to - 0.5));
  const first = Int32Array.from(centres, (centre) => Math.min(from - 1, Math.floor(centre)));
  return { first, share: centres.map((centre, i) => centre - (first[i] ?? 0)) };
}

/** Column-major changes, in rising order, to run lengths. */
class Runs {
  private readonly counts: number[] = [];
  private readonly picture: Frame;
  private last = 0;
  private isInside = false;

  constructor(picture: Frame) {
    this.picture = picture;
  }

  set(position: number, isInside: boolean): void {
    if (isInside === this.isInside) return;
    // A change at the foot of one column and back at the head of the next is none.
    if (position === this.last && this.counts.length > 0) this.last -= this.counts.pop() ?? 0;
    else {
      this.counts.push(position - this.last);
      this.last = position;
    }
    this.isInside = isInside;
  }

  mask(): Mask {
    const { height, width } = this.picture;
    const rest = height * width - this.last;
    // A mask that reaches the last pixel ends with its own run, not with an empty one.
    return { size: [height, width], counts: rest > 0 ? [...this.counts, rest] : this.counts };
  }
}
