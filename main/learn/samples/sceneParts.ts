// Finds the middle of one picture in another, at another place and size: crops of one scene and frames of one film have it in common.
// Normalised correlation of grey cells over places and sizes (Lewis 1995); where it is best, of the fine detail alone.
import { resizePillow } from '../../../models/nn/resample.ts';
import type { DecodedImage } from '../../contract/records.ts';

/** Grey bytes of a small copy, [height, width]. */
export interface Thumbnail {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array;
}

/** Pixels of the shorter side; of the longer one at most four times as many. */
const SHORT = 96;
const LONGEST = 4 * SHORT;
/** Squares that are looked at: from a little below 0.3 of the shorter side on, each size so much larger, moved by so much of it. */
const sizes = { least: 0.28, ratio: 1.12, stride: 1 / 8 } as const;
/** Cells of a square's side while places are searched, while the best ones are moved, and while detail is compared. */
const sides = { search: 6, move: 12, detail: 24 } as const;
/** Places that correlate less are not looked at more closely, and of the others only the best. */
const SEARCHED = 0.85;
const MOST_PLACES = 2;
/** Standard deviation of grey, and of its detail, below which a square shows nothing. */
const flat = { grey: 4, detail: 1 } as const;
/** Detail of fewer cells is alike by chance: a screw on white paper is like any other. */
const FEWEST_CELLS = 15;

export function thumbnailOf(image: DecodedImage): Thumbnail {
  const scale = SHORT / Math.min(image.width, image.height);
  const sized = (side: number) => Math.min(LONGEST, Math.max(SHORT, Math.round(side * scale)));
  const [width, height] = [sized(image.width), sized(image.height)];
  const { data } = resizePillow(image, { width, height }, 'bilinear');
  const grey = Uint8Array.from({ length: width * height }, (_, i) =>
    Math.round(0.299 * (data[3 * i] ?? 0) + 0.587 * (data[3 * i + 1] ?? 0) + 0.114 * (data[3 * i + 2] ?? 0)),
  );
  return { width, height, grey };
}

/** The middle of a picture as others are searched for it; each normalised, cells by rows. */
export interface Middle {
  readonly search: Float32Array;
  readonly move: Float32Array;
  readonly detail: Float32Array;
}

export function middleOf(thumbnail: Thumbnail): Middle {
  const { width, height } = thumbnail;
  const side = Math.min(width, height);
  const square = { x: (width - side) / 2, y: (height - side) / 2, side };
  const table = tableOf(thumbnail);
  return {
    search: greyOf(table, square, sides.search),
    move: greyOf(table, square, sides.move),
    detail: detailOf(table, square),
  };
}

/** A picture in which middles are searched for. */
export interface Searched {
  readonly table: Table;
  readonly squares: readonly Square[];
  /** [squares, 6 * 6], normalised. */
  readonly cells: Float32Array;
}

export function searchedIn(thumbnail: Thumbnail): Searched {
  const table = tableOf(thumbnail);
  const squares = [...squaresOf(thumbnail)];
  const cells = new Float32Array(squares.length * sides.search ** 2);
  for (const [i, square] of squares.entries()) cells.set(greyOf(table, square, sides.search), i * sides.search ** 2);
  return { table, squares, cells };
}

/** Correlation of fine detail, from -1 to 1, where the middle lies best in the picture; -1: it lies nowhere. */
export function likeness(picture: Searched, middle: Middle): number {
  const places = bestSquares(picture, middle.search).map((square) => movedOnto(picture.table, square, middle.move));
  return Math.max(-1, ...places.map((square) => product(detailOf(picture.table, square), middle.detail)));
}

/** Sums of grey above and to the left of each corner, [height + 1, width + 1]: a mean over any rectangle takes four reads. */
interface Table {
  readonly width: number;
  readonly height: number;
  readonly sums: Float64Array;
}

interface Square {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

function tableOf({ width, height, grey }: Thumbnail): Table {
  const row = width + 1;
  const sums = new Float64Array(row * (height + 1));
  for (let y = 0; y < height; y++) {
    let left = 0;
    for (let x = 0; x < width; x++) {
      left += grey[y * width + x] ?? 0;
      sums[(y + 1) * row + x + 1] = left + (sums[y * row + x + 1] ?? 0);
    }
  }
  return { width, height, sums };
}

function* squaresOf({ width, height }: Thumbnail): Iterable<Square> {
  const short = Math.min(width, height);
  for (let side = short; side >= sizes.least * short; side /= sizes.ratio) {
    const across = Math.ceil((width - side) / (side * sizes.stride));
    const down = Math.ceil((height - side) / (side * sizes.stride));
    for (let i = 0; i <= down; i++)
      for (let k = 0; k <= across; k++)
        yield { x: ((width - side) * k) / Math.max(1, across), y: ((height - side) * i) / Math.max(1, down), side };
  }
}

function bestSquares({ squares, cells }: Searched, wanted: Float32Array): Square[] {
  const size = wanted.length;
  const found: { square: Square; score: number }[] = [];
  for (const [i, square] of squares.entries()) {
    let score = 0;
    for (let k = 0; k < size; k++) score += (cells[i * size + k] ?? 0) * (wanted[k] ?? 0);
    if (score >= SEARCHED) found.push({ square, score });
  }
  found.sort((a, b) => b.score - a.score);
  return found.slice(0, MOST_PLACES).map(({ square }) => square);
}

/** The square moved and sized as long as that brings it nearer to what is wanted. */
function movedOnto(table: Table, from: Square, wanted: Float32Array): Square {
  const scored = (square: Square) => ({ square, score: product(greyOf(table, square, sides.move), wanted) });
  let best = scored(from);
  for (let step = 1 / 16; step >= 1 / 64; ) {
    const before = best;
    for (const square of neighbours(best.square, step)) {
      const moved = isInside(square, table) ? scored(square) : best;
      if (moved.score > best.score) best = moved;
    }
    if (best === before) step /= 2;
  }
  return best.square;
}

function neighbours({ x, y, side }: Square, step: number): Square[] {
  const d = side * step;
  return [
    { x: x - d, y, side },
    { x: x + d, y, side },
    { x, y: y - d, side },
    { x, y: y + d, side },
    { x: x - d / 2, y: y - d / 2, side: side + d },
    { x: x + d / 2, y: y + d / 2, side: side - d },
  ];
}

const isInside = ({ x, y, side }: Square, { width, height }: Table): boolean =>
  x >= 0 && y >= 0 && x + side <= width && y + side <= height;

const greyOf = (table: Table, square: Square, count: number): Float32Array =>
  normalised(cellsOf(table, square, count), flat.grey);

/** What differs from the 5 x 5 cells around, without what is alike in most pictures: light above, dark below. */
function detailOf(table: Table, square: Square): Float32Array {
  const count = sides.detail;
  const grey = cellsOf(table, square, count);
  const values = normalised(
    grey.map((value, i) => value - meanAround(grey, i % count, Math.floor(i / count))),
    flat.detail,
  );
  const fourths = values.reduce((sum, value) => sum + value ** 4, 0);
  return fourths * FEWEST_CELLS > 1 ? new Float32Array(values.length) : values;
}

/** Over the 5 x 5 cells of which (x, y) is the middle, as far as they lie in the square. */
function meanAround(grey: Float32Array, x: number, y: number): number {
  const last = sides.detail - 1;
  const [left, right] = [Math.max(0, x - 2), Math.min(last, x + 2)];
  const [top, bottom] = [Math.max(0, y - 2), Math.min(last, y + 2)];
  let sum = 0;
  for (let j = top; j <= bottom; j++) for (let i = left; i <= right; i++) sum += grey[j * sides.detail + i] ?? 0;
  return sum / ((right - left + 1) * (bottom - top + 1));
}

/** Mean grey of count x count cells of a square, by rows. */
function cellsOf(table: Table, { x, y, side }: Square, count: number): Float32Array {
  const row = count + 1;
  const corners = new Float64Array(row * row);
  for (let j = 0; j < row; j++)
    for (let i = 0; i < row; i++) corners[j * row + i] = sumAt(table, x + (side * i) / count, y + (side * j) / count);
  const cells = new Float32Array(count * count);
  const area = (side / count) ** 2;
  for (let j = 0; j < count; j++)
    for (let i = 0; i < count; i++) {
      const at = j * row + i;
      const upper = (corners[at + 1] ?? 0) - (corners[at] ?? 0);
      cells[j * count + i] = ((corners[at + row + 1] ?? 0) - (corners[at + row] ?? 0) - upper) / area;
    }
  return cells;
}

/** Sum of all grey above and to the left of a place between pixels. */
function sumAt({ width, height, sums }: Table, x: number, y: number): number {
  const left = Math.min(width - 1, Math.floor(x));
  const top = Math.min(height - 1, Math.floor(y));
  const at = top * (width + 1) + left;
  const below = at + width + 1;
  const upper = (sums[at] ?? 0) + ((sums[at + 1] ?? 0) - (sums[at] ?? 0)) * (x - left);
  const lower = (sums[below] ?? 0) + ((sums[below + 1] ?? 0) - (sums[below] ?? 0)) * (x - left);
  return upper + (lower - upper) * (y - top);
}

/** Mean 0 and length 1; all 0 where hardly anything is to be seen. */
function normalised(values: Float32Array, least: number): Float32Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  if (Math.sqrt(squares / values.length) < least) return new Float32Array(values.length);
  return values.map((value) => (value - mean) / Math.sqrt(squares));
}

function product(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
