// Reads PNG bytes as one number a pixel: palette index, grey value, or R + 256 G + 65536 B; for pictures that hold masks.
import { inflateSync } from 'node:zlib';
import { BadInput } from '../../contract/badInput.ts';
import { MAX_MASK_PIXELS, type Mask } from '../../contract/records.ts';
import { fromBitmap } from '../../contract/rle.ts';

export interface IndexPicture {
  readonly width: number;
  readonly height: number;
  /** Rows from the top. */
  readonly values: Uint32Array;
}

const SIGNATURE = '\x89PNG\r\n\x1a\n';
/** Colour type to samples per pixel; alpha and grey-alpha are counted but not looked at. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
}

/** `name` is what a refusal calls it. */
export function decodePng(bytes: Buffer, name: string): IndexPicture {
  const { header, data } = chunksOf(bytes, name);
  const { width, height, depth, colour } = header;
  const bits = (CHANNELS[colour] ?? 0) * depth;
  const rowBytes = Math.ceil((width * bits) / 8);
  const rows = inflated(data, (rowBytes + 1) * height, name);
  unfilter(rows, { rowBytes, height, step: Math.max(1, bits >> 3) }, name);
  const values = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = rows.subarray(y * (rowBytes + 1) + 1, (y + 1) * (rowBytes + 1));
    for (let x = 0; x < width; x++) values[y * width + x] = valueAt(row, x, header);
  }
  return { width, height, values };
}

/** The pixels of one value. */
export function maskOfValue({ width, height, values }: IndexPicture, value: number): Mask {
  const bitmap = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) if (values[i] === value) bitmap[i] = 1;
  return fromBitmap(bitmap, width, height);
}

function valueAt(row: Uint8Array, x: number, { depth, colour }: Header): number {
  if (depth < 8) {
    const bit = x * depth;
    return ((row[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
  }
  const channels = CHANNELS[colour] ?? 1;
  const at = x * channels;
  const first = row[at] ?? 0;
  return channels < 3 ? first : first + 256 * (row[at + 1] ?? 0) + 65_536 * (row[at + 2] ?? 0);
}

function chunksOf(bytes: Buffer, name: string): { header: Header; data: Buffer } {
  if (bytes.toString('latin1', 0, 8) !== SIGNATURE) throw new BadInput(`${name}: is no PNG picture`);
  const data: Buffer[] = [];
  let header: Header | null = null;
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const kind = bytes.toString('latin1', at + 4, at + 8);
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (body.length < length) break;
    if (kind === 'IHDR' && length >= 13) header = headerOf(body, name);
    if (kind === 'IDAT') data.push(body);
    if (kind === 'IEND') break;
    at += 12 + length;
  }
  if (header === null) throw new BadInput(`${name}: is cut short`);
  return { header, data: Buffer.concat(data) };
}

function headerOf(body: Buffer, name: string): Header {
  const [width, height] = [body.readUInt32BE(0), body.readUInt32BE(4)];
  const [depth = 0, colour = 0, , , interlaced] = body.subarray(8, 13);
  if (width * height === 0 || width * height > MAX_MASK_PIXELS)
    throw new BadInput(`${name}: declares ${width} x ${height} pixels`);
  const read =
    CHANNELS[colour] !== undefined && [1, 2, 4, 8].includes(depth) && (depth === 8 || CHANNELS[colour] === 1);
  if (!read) throw new BadInput(`${name}: is a PNG of ${depth} bits of kind ${colour}; 8 bits a channel are read`);
  if (interlaced !== 0) throw new BadInput(`${name}: is an interlaced PNG; save it without interlacing`);
  return { width, height, depth, colour };
}

function inflated(data: Buffer, length: number, name: string): Uint8Array {
  try {
    const rows = inflateSync(data, { maxOutputLength: length });
    if (rows.length === length) return rows;
  } catch {
    // The error below tells this, too.
  }
  throw new BadInput(`${name}: is cut short or damaged`);
}

/** Undoes the row filters of PNG in place. `step`: bytes of a pixel. */
function unfilter(
  rows: Uint8Array,
  { rowBytes, height, step }: { rowBytes: number; height: number; step: number },
  name: string,
) {
  for (let y = 0; y < height; y++) {
    const start = y * (rowBytes + 1);
    const filter = rows[start] ?? 0;
    if (filter > 4) throw new BadInput(`${name}: is cut short or damaged`);
    for (let i = 0; filter > 0 && i < rowBytes; i++) {
      const at = start + 1 + i;
      const left = i >= step ? (rows[at - step] ?? 0) : 0;
      const up = y > 0 ? (rows[at - rowBytes - 1] ?? 0) : 0;
      const upLeft = i >= step && y > 0 ? (rows[at - rowBytes - 1 - step] ?? 0) : 0;
      rows[at] = (rows[at] ?? 0) + predicted(filter, { left, up, upLeft });
    }
  }
}

function predicted(filter: number, { left, up, upLeft }: { left: number; up: number; upLeft: number }): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  const guess = left + up - upLeft;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - upLeft)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : upLeft;
}
