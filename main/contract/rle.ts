// Makes run-length masks from bitmaps and back, with their area, box, overlap, union and intersection.
import { BadInput } from './badInput.ts';
import { type Box, MAX_MASK_PIXELS, type Mask } from './records.ts';

/**
 * Row-major bitmap (width * height bytes, 0 outside) to runs. A run ends where the value changes, as in pycocotools,
 * so a bitmap holds one value besides 0.
 */
export function fromBitmap(bitmap: Uint8Array, width: number, height: number): Mask {
  checkSize(height, width);
  if (bitmap.length !== width * height) {
    throw new BadInput(`a mask of ${width} x ${height} needs ${width * height} bytes, not ${bitmap.length}`);
  }
  const changes = changesByColumn(bitmap, width, height);
  const counts: number[] = new Array(changes.length + 1);
  let from = 0;
  changes.forEach((at, i) => {
    counts[i] = at - from;
    from = at;
  });
  counts[changes.length] = width * height - from;
  return { size: [height, width], counts };
}

/** Column-major positions where the value differs from the one before. Reads rows, which is what caches like. */
function changesByColumn(bitmap: Uint8Array, width: number, height: number): Uint32Array {
  const { found, perColumn } = changesByRow(bitmap, width, height);
  const next = new Uint32Array(width);
  for (let x = 1; x < width; x++) next[x] = (next[x - 1] ?? 0) + (perColumn[x - 1] ?? 0);
  const sorted = new Uint32Array(found.length);
  for (const index of found) {
    const x = index % width;
    const slot = next[x] ?? 0;
    sorted[slot] = x * height + (index - x) / width;
    next[x] = slot + 1;
  }
  return sorted;
}

/** Row-major indices of the pixels that differ from the one above (the top row: from the foot of the column before). */
function changesByRow(bitmap: Uint8Array, width: number, height: number) {
  let found = new Uint32Array(4096);
  let count = 0;
  const perColumn = new Uint32Array(width);
  const note = (index: number) => {
    if (count === found.length) found = grown(found);
    found[count++] = index;
    perColumn[index % width] = (perColumn[index % width] ?? 0) + 1;
  };
  const foot = (height - 1) * width - 1;
  for (let x = 0; x < width; x++) if (bitmap[x] !== (x > 0 ? bitmap[foot + x] : 0)) note(x);
  // Four pixels at a time, because nearly all of them equal those above.
  const words = new DataView(bitmap.buffer, bitmap.byteOffset, bitmap.length);
  for (let i = width; i < bitmap.length; i += 4) {
    const end = Math.min(i + 4, bitmap.length);
    if (end - i === 4 && words.getInt32(i) === words.getInt32(i - width)) continue;
    for (let j = i; j < end; j++) if (bitmap[j] !== bitmap[j - width]) note(j);
  }
  return { found: found.subarray(0, count), perColumn };
}

function grown(from: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(from.length * 2);
  to.set(from);
  return to;
}

/** Runs to a row-major bitmap of 0 and 1. Only the changes are written down the columns; one pass then fills rows. */
export function toBitmap(mask: Mask): Uint8Array {
  const [height, width] = checkedSize(mask);
  const bitmap = new Uint8Array(width * height);
  const flip = (at: number) => {
    const y = at % height;
    const index = y * width + (at - y) / height;
    bitmap[index] = (bitmap[index] ?? 0) ^ 1;
  };
  for (const [start, end] of insideRuns(mask)) {
    flip(start);
    for (let top = start - (start % height) + height; top < end; top += height) flip(top);
    if (end % height !== 0) flip(end);
  }
  for (let i = width; i < bitmap.length; i++) bitmap[i] = (bitmap[i] ?? 0) ^ (bitmap[i - width] ?? 0);
  return bitmap;
}

/** The inside runs as [start, end) positions. */
function* insideRuns(mask: Mask): Generator<[number, number]> {
  let start = 0;
  for (let i = 0; i + 1 < mask.counts.length; i += 2) {
    start += mask.counts[i] ?? 0;
    const end = start + (mask.counts[i + 1] ?? 0);
    if (end > start) yield [start, end];
    start = end;
  }
}

export function maskArea(mask: Mask): number {
  return mask.counts.reduce((sum, run, i) => (i % 2 === 1 ? sum + run : sum), 0);
}

/** The tight box in whole pixels; four zeros for an empty mask. */
export function maskBox(mask: Mask): Box {
  const [height] = mask.size;
  const box = { x1: Number.POSITIVE_INFINITY, y1: Number.POSITIVE_INFINITY, x2: 0, y2: 0 };
  for (const [start, end] of insideRuns(mask)) {
    const left = Math.floor(start / height);
    const right = Math.floor((end - 1) / height);
    const tall = right > left;
    box.x1 = Math.min(box.x1, left);
    box.x2 = Math.max(box.x2, right + 1);
    box.y1 = Math.min(box.y1, tall ? 0 : start % height);
    box.y2 = Math.max(box.y2, tall ? height : ((end - 1) % height) + 1);
  }
  return box.x2 > 0 ? box : { x1: 0, y1: 0, x2: 0, y2: 0 };
}

export function sharedArea(a: Mask, b: Mask): number {
  let shared = 0;
  sweep(a, b, (length, inA, inB) => {
    if (inA && inB) shared += length;
  });
  return shared;
}

/** Intersection over union; over `a` alone when `b` is a crowd; 0 when both are empty. */
export function maskIou(a: Mask, b: Mask, options: { crowd?: boolean } = {}): number {
  const shared = sharedArea(a, b);
  const whole = options.crowd ? maskArea(a) : maskArea(a) + maskArea(b) - shared;
  return whole > 0 ? shared / whole : 0;
}

/** What lies in any of the masks. */
export const union = (first: Mask, ...rest: Mask[]): Mask =>
  rest.reduce((a, b) => combined(a, b, (inA, inB) => inA || inB), first);

/** The union of a list; null where the list is empty. */
export const unionOf = ([first, ...rest]: readonly Mask[]): Mask | null => (first ? union(first, ...rest) : null);

/** What lies in all of the masks. */
export const intersection = (first: Mask, ...rest: Mask[]): Mask =>
  rest.reduce((a, b) => combined(a, b, (inA, inB) => inA && inB), first);

/** What lies in the first mask and not in the second. */
export const difference = (a: Mask, b: Mask): Mask => combined(a, b, (inA, inB) => inA && !inB);

function combined(a: Mask, b: Mask, rule: (inA: boolean, inB: boolean) => boolean): Mask {
  const counts: number[] = [0];
  sweep(a, b, (length, inA, inB) => {
    const inside = rule(inA, inB) ? 1 : 0;
    const last = counts.length - 1;
    if (last % 2 === inside) counts[last] = (counts[last] ?? 0) + length;
    else counts.push(length);
  });
  return { size: [...a.size], counts };
}

/** Walks both masks at once and visits each longest stretch on which neither changes. */
function sweep(a: Mask, b: Mask, visit: (length: number, inA: boolean, inB: boolean) => void): void {
  checkSameSize(a, b);
  let [i, j] = [0, 0];
  let [left, right] = [a.counts[0] ?? 0, b.counts[0] ?? 0];
  while (i < a.counts.length && j < b.counts.length) {
    const length = Math.min(left, right);
    if (length > 0) visit(length, i % 2 === 1, j % 2 === 1);
    left -= length;
    right -= length;
    if (left === 0) left = a.counts[++i] ?? 0;
    if (right === 0) right = b.counts[++j] ?? 0;
  }
}

function checkSameSize(a: Mask, b: Mask): void {
  const [[ha, wa], [hb, wb]] = [a.size, b.size];
  if (ha !== hb || wa !== wb)
    throw new BadInput(`a mask of ${wa} x ${ha} cannot be compared with one of ${wb} x ${hb}`);
}

function checkedSize(mask: Mask): [number, number] {
  const [height, width] = mask.size;
  checkSize(height, width);
  const covered = mask.counts.reduce((sum, run) => sum + run, 0);
  if (covered === height * width) return [height, width];
  throw new BadInput(`the runs of a ${width} x ${height} mask cover ${covered} pixels instead of ${height * width}`);
}

/** Refuses a size before anything is allocated for it. */
export function checkSize(height: number, width: number): void {
  const whole = Number.isInteger(height) && Number.isInteger(width) && height > 0 && width > 0;
  if (!whole) throw new BadInput(`a mask needs a whole positive height and width, not [${height}, ${width}]`);
  if (height * width > MAX_MASK_PIXELS) {
    throw new BadInput(`a mask of ${width} x ${height} is larger than ${MAX_MASK_PIXELS} pixels`);
  }
}
