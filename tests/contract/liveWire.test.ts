// A live wire on its way: packed and opened again, its pixels found by places, and what is no wire refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cellOf,
  covers,
  middleOf,
  packWire,
  strongestNear,
  type UnpackedWire,
  unpackWire,
  wayTo,
} from '../../main/contract/liveWire.ts';

/** Every pixel leads to the left, and those of the first column up. */
function comb(columns: number, rows: number): UnpackedWire {
  const cells = Uint8Array.from({ length: columns * rows }, (_, i) => (i === 0 ? 0 : i % columns === 0 ? 7 : 5));
  return { place: { x1: 10, y1: 20, x2: 10 + 2 * columns, y2: 20 + 2 * rows }, columns, rows, root: 0, cells };
}

describe('a wire', () => {
  it('is opened as it was packed, however many bytes it has', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 20_000 }), (cells) => {
        const wire = { ...comb(1, 1), columns: cells.length, cells };
        expect(unpackWire(packWire(wire))).toEqual(wire);
      }),
      { numRuns: 50 },
    );
  });

  it('finds the pixel of a place and its middle, and knows what it covers', () => {
    const wire = comb(7, 5);
    for (let cell = 0; cell < 35; cell++) expect(cellOf(wire, middleOf(wire, cell))).toBe(cell);
    expect(middleOf(wire, 8)).toEqual({ x: 13, y: 23 });
    expect([covers(wire, { x: 10, y: 20 }), covers(wire, { x: 24, y: 20 }), covers(wire, { x: 9, y: 25 })]).toEqual([
      true,
      false,
      false,
    ]);
    expect(cellOf(wire, { x: 900, y: -9 })).toBe(6);
  });

  it('reads the way from its root to a place', () => {
    expect(wayTo(comb(7, 5), { x: 15.2, y: 25 })).toEqual(
      [
        [11, 21],
        [11, 23],
        [11, 25],
        [13, 25],
        [15, 25],
      ].map(([x, y]) => ({ x, y })),
    );
  });

  it('finds an edge within a reach, the stronger and the nearer one, and leaves a place without any', () => {
    const wire = comb(9, 9);
    const put = (column: number, row: number, strength: number) => {
      wire.cells[row * 9 + column] = (wire.cells[row * 9 + column] ?? 0) | (strength << 4);
    };
    const at = middleOf(wire, 4 * 9 + 4);
    expect(strongestNear(wire, at, 6)).toBe(at);
    put(5, 4, 3);
    put(4, 2, 3);
    expect(strongestNear(wire, at, 6)).toEqual(middleOf(wire, 4 * 9 + 5));
    put(2, 4, 3);
    expect(strongestNear(wire, at, 6)).toEqual(middleOf(wire, 4 * 9 + 5));
    put(3, 5, 9);
    expect(strongestNear(wire, at, 6)).toEqual(middleOf(wire, 5 * 9 + 3));
    expect(strongestNear(wire, at, 2)).toEqual(middleOf(wire, 5 * 9 + 3));
  });

  it('that is none is refused by what is wrong with it', () => {
    const packed = packWire(comb(3, 2));
    expect(() => unpackWire({ ...packed, rows: 3 })).toThrow('6 bytes for 3 x 3 pixels');
    const circle = { ...comb(2, 1), cells: Uint8Array.from([1, 5]) };
    expect(() => wayTo(circle, { x: 10, y: 20 })).toThrow('circle');
    expect(() => wayTo({ ...circle, cells: Uint8Array.from([9, 9]) }, { x: 10, y: 20 })).toThrow('no way 9');
    expect(() => wayTo({ ...circle, cells: Uint8Array.from([5, 5]) }, { x: 10, y: 20 })).toThrow('no pixel -1');
  });
});
