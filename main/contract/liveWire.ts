// Defines a live wire as it is sent: for every pixel of a window the step back to the wire's beginning, and the edge's strength.
import { z } from 'zod';
import { Box, type Point } from './records.ts';

export const LiveWire = z.object({
  /** The part of the picture that it covers, in whole image pixels. */
  place: Box,
  /** Pixels of the window: as many as the picture has there, or fewer of a large part. */
  columns: z.int().min(1),
  rows: z.int().min(1),
  /** Where it begins: the number of that pixel, along the rows. */
  root: z.int().min(0),
  /** [rows * columns] bytes in base64: 1 + the step back in `ways` or 0 at the root, and 16 * the edge's strength from 0 to 15. */
  cells: z.string(),
});
export type LiveWire = z.infer<typeof LiveWire>;

/** Steps to the eight neighbours, clockwise from the right. */
export const ways = [
  { x: 1, y: 0 },
  { x: 1, y: 1 },
  { x: 0, y: 1 },
  { x: -1, y: 1 },
  { x: -1, y: 0 },
  { x: -1, y: -1 },
  { x: 0, y: -1 },
  { x: 1, y: -1 },
] as const;

type Place = Pick<Point, 'x' | 'y'>;

export interface UnpackedWire extends Omit<LiveWire, 'cells'> {
  readonly cells: Uint8Array;
}

export function packWire({ cells, ...rest }: UnpackedWire): LiveWire {
  let text = '';
  // Pieces: a call takes only so many arguments.
  for (let at = 0; at < cells.length; at += 8192) text += String.fromCharCode(...cells.subarray(at, at + 8192));
  return { ...rest, cells: btoa(text) };
}

/** Throws where the bytes are not as many as the window has pixels. */
export function unpackWire({ cells, ...rest }: LiveWire): UnpackedWire {
  const text = atob(cells);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  if (bytes.length !== rest.rows * rest.columns)
    throw new Error(`the wire has ${bytes.length} bytes for ${rest.columns} x ${rest.rows} pixels`);
  return { ...rest, cells: bytes };
}

export const covers = ({ place }: Pick<LiveWire, 'place'>, { x, y }: Place): boolean =>
  x >= place.x1 && x < place.x2 && y >= place.y1 && y < place.y2;

/** The pixel of the window that a place of the picture lies in, or is nearest to. */
export function cellOf({ place, columns, rows }: Omit<UnpackedWire, 'cells' | 'root'>, { x, y }: Place): number {
  const along = (value: number, from: number, to: number, count: number) =>
    Math.min(count - 1, Math.max(0, Math.floor(((value - from) / (to - from)) * count)));
  return along(y, place.y1, place.y2, rows) * columns + along(x, place.x1, place.x2, columns);
}

/** The middle of a pixel of the window, in image pixels. */
export const middleOf = ({ place, columns, rows }: Omit<UnpackedWire, 'cells' | 'root'>, cell: number): Place => ({
  x: place.x1 + (((cell % columns) + 0.5) / columns) * (place.x2 - place.x1),
  y: place.y1 + ((Math.floor(cell / columns) + 0.5) / rows) * (place.y2 - place.y1),
});

const byteAt = (cells: Uint8Array, cell: number): number => {
  const byte = cells[cell];
  if (byte === undefined) throw new Error(`the wire has no pixel ${cell}`);
  return byte;
};

/** Follows the wire from its beginning to the pixel of the place; gives each pixel's middle. */
export function wayTo(wire: UnpackedWire, to: Place): Place[] {
  const found: Place[] = [];
  let cell = cellOf(wire, to);
  for (let back = byteAt(wire.cells, cell) & 15; back !== 0; back = byteAt(wire.cells, cell) & 15) {
    if (found.length > wire.cells.length) throw new Error('the wire goes in a circle');
    found.push(middleOf(wire, cell));
    const step = ways[back - 1];
    if (step === undefined) throw new Error(`the wire has no way ${back}`);
    cell += step.y * wire.columns + step.x;
  }
  return [...found, middleOf(wire, cell)].reverse();
}

/** Part of an edge's strength that does not count at the end of the reach: a fainter edge under the pointer is what was meant. */
const FAR = 0.7;

/** The edge within so many image pixels that is strong and near; where there is none, the place itself. */
export function strongestNear(wire: UnpackedWire, at: Place, reach: number): Place {
  const { columns, rows, place, cells } = wire;
  const cell = cellOf(wire, at);
  const span = Math.min(12, Math.ceil((reach / (place.x2 - place.x1)) * columns));
  let best = { cell, worth: 0 };
  for (let y = -span; y <= span; y++) {
    for (let x = -span; x <= span; x++) {
      const [column, row] = [(cell % columns) + x, Math.floor(cell / columns) + y];
      const far = Math.hypot(x, y) / (span + 1);
      if (column < 0 || row < 0 || column >= columns || row >= rows || far >= 1) continue;
      const there = row * columns + column;
      const worth = (byteAt(cells, there) >> 4) * (1 - FAR * far);
      if (worth > best.worth) best = { cell: there, worth };
    }
  }
  return best.worth === 0 ? at : middleOf(wire, best.cell);
}
