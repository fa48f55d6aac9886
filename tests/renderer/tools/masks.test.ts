// Masks as a whole: holes, specks, smoothness; and outlines that agree with what is filled.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  boxColumns,
  columnsArea,
  joined,
  oneOf,
  sweepColumns,
  toColumns,
  toMask,
} from '../../../main/contract/maskColumns.ts';
import { fromBitmap, maskArea } from '../../../main/contract/rle.ts';
import {
  cornerRings,
  edgeRings,
  ringsColumns,
  withCornerMoved,
  withoutCorner,
  withRings,
} from '../../../renderer/tools/corners.ts';
import { fillHoles, removeSpecks, smooth } from '../../../renderer/tools/maskOperations.ts';
import { straightened } from '../../../renderer/tools/place.ts';

const drawn = (...rows: string[]) =>
  fromBitmap(
    Uint8Array.from(rows.join(''), (mark) => (mark === '#' ? 1 : 0)),
    rows[0]?.length ?? 0,
    rows.length,
  );

const masks = fc
  .tuple(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 16 }))
  .chain(([width, height]) =>
    fc
      .uint8Array({ min: 0, max: 1, minLength: width * height, maxLength: width * height })
      .map((bitmap) => fromBitmap(bitmap, width, height)),
  );

describe('holes and specks', () => {
  test('holes are filled, bays and the outside are not', () => {
    const mask = drawn('#####..', '#...#..', '#.#.#.#', '#...#.#', '#####.#', '.......');
    expect(fillHoles(mask)).toEqual(drawn('#####..', '#####..', '#####.#', '#####.#', '#####.#', '.......'));
  });

  test('a corner is no way out for the outside', () => {
    expect(fillHoles(drawn('.##', '#.#', '##.'))).toEqual(drawn('.##', '###', '##.'));
  });

  test('only holes up to a size, when asked', () => {
    const mask = drawn('#######', '#.#...#', '#######');
    expect(fillHoles(mask, 1)).toEqual(drawn('#######', '###...#', '#######'));
  });

  test('specks go, the largest part stays whatever is asked', () => {
    const mask = drawn('###...#', '###....', '###..##');
    expect(removeSpecks(mask, 2)).toEqual(drawn('###....', '###....', '###..##'));
    expect(removeSpecks(mask, 1000)).toEqual(drawn('###....', '###....', '###....'));
    expect(maskArea(removeSpecks(mask))).toBe(9);
  });

  test('parts that touch at a corner are one part', () => {
    const mask = drawn('##...', '##...', '..#..', '...##');
    expect(removeSpecks(mask, 7)).toEqual(mask);
  });

  test('agree with a flood over the bitmap', () => {
    fc.assert(
      fc.property(masks, (mask) => void expect(fillHoles(mask)).toEqual(flooded(mask))),
      { numRuns: 300 },
    );
  });
});

/** The same by a plain flood from outside. */
function flooded(mask: ReturnType<typeof drawn>) {
  const [height, width] = mask.size;
  const inside = new Set<number>();
  const columns = toColumns(mask);
  const at = (x: number, y: number) => x * 1000 + y;
  for (let i = 0; i + 1 < columns.starts.length; i++) {
    for (let run = columns.starts[i] ?? 0; run < (columns.starts[i + 1] ?? 0); run += 2) {
      for (let y = columns.runs[run] ?? 0; y < (columns.runs[run + 1] ?? 0); y++) inside.add(at(columns.x1 + i, y));
    }
  }
  const outside = new Set<number>();
  const open: [number, number][] = [[-1, -1]];
  for (let place = open.pop(); place; place = open.pop()) {
    const [x, y] = place;
    if (x < -1 || y < -1 || x > width || y > height || outside.has(at(x, y)) || inside.has(at(x, y))) continue;
    outside.add(at(x, y));
    open.push([x + 1, y], [x - 1, y], [x, y + 1], [x, y - 1]);
  }
  return fromBitmap(
    Uint8Array.from({ length: width * height }, (_, i) => (outside.has(at(i % width, Math.floor(i / width))) ? 0 : 1)),
    width,
    height,
  );
}

describe('smoothing', () => {
  test('takes off a tooth, fills a nick, keeps a straight side and the border of the image', () => {
    const mask = drawn('......', '####..', '####..', '#####.', '####..', '####..');
    expect(smooth(mask, 1)).toEqual(drawn('......', '###...', '####..', '####..', '####..', '####..'));
  });

  test('of an empty mask is an empty mask', () => {
    expect(maskArea(smooth(drawn('...', '...')))).toBe(0);
  });
});

describe('outlines', () => {
  test('the outline along pixel edges encloses exactly the pixels that are filled, holes and corners included', () => {
    const property = fc.property(masks, (mask) => {
      const columns = toColumns(mask);
      expect(toMask(ringsColumns(edgeRings(columns), columns))).toEqual(mask);
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('of a box runs along its sides, not one pixel inside or outside of them', () => {
    const columns = boxColumns({ x1: 3, y1: 2, x2: 8, y2: 6 }, { width: 12, height: 9 });
    const ring = edgeRings(columns)[0] ?? [];
    expect(Math.min(...ring.filter((_, i) => i % 2 === 0))).toBe(3);
    expect(Math.max(...ring.filter((_, i) => i % 2 === 0))).toBe(8);
    expect(Math.min(...ring.filter((_, i) => i % 2 === 1))).toBe(2);
    expect(Math.max(...ring.filter((_, i) => i % 2 === 1))).toBe(6);
    expect(ring).toHaveLength(8);
  });

  test('a disc has few corners that stay within a pixel of it', () => {
    const disc = sweepColumns(
      { from: { x: 60, y: 60 }, to: { x: 60, y: 60 }, radius: 50 },
      { width: 120, height: 120 },
    );
    const rings = cornerRings(disc);
    expect(rings).toHaveLength(1);
    expect(rings[0]?.length).toBeLessThan(80);
    const off = columnsArea(joined(ringsColumns(rings, disc), disc, oneOf));
    expect(off).toBeLessThan(2 * Math.PI * 50);
  });

  test('a corner that goes nowhere changes nothing', () => {
    const disc = sweepColumns(
      { from: { x: 60, y: 60 }, to: { x: 60, y: 60 }, radius: 50 },
      { width: 120, height: 120 },
    );
    const rings = cornerRings(disc);
    const corner = { ring: 0, at: 3 };
    const [x = 0, y = 0] = rings[0]?.slice(6, 8) ?? [];
    const after = withRings(disc, rings, withCornerMoved(rings, corner, { x, y }), corner);
    expect(columnsArea(joined(after, disc, oneOf))).toBeLessThan(30);
  });

  test('an outline of 20,000 corners can be edited', () => {
    const ring = Array.from({ length: 20_000 }, (_, i) => {
      const turn = (2 * Math.PI * i) / 20_000;
      const away = 1800 + 150 * Math.sin(i / 40);
      return [2000 + away * Math.cos(turn), 2000 + away * Math.sin(turn)];
    }).flat();
    const size = { width: 4000, height: 4000 };
    const columns = ringsColumns([ring], { ...boxColumns({ x1: 0, y1: 0, x2: 0, y2: 0 }, size) });
    const started = performance.now();
    const corner = { ring: 0, at: 500 };
    const after = withRings(columns, [ring], withCornerMoved([ring], corner, { x: 3990, y: 2300 }), corner);
    expect(columnsArea(after)).not.toBe(columnsArea(columns));
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test('a ring of three corners goes as a whole', () => {
    expect(withoutCorner([[0, 0, 5, 0, 5, 5]], { ring: 0, at: 1 })).toEqual([]);
    expect(withoutCorner([[0, 0, 5, 0, 5, 5, 0, 5]], { ring: 0, at: 1 })).toEqual([[0, 0, 5, 5, 0, 5]]);
  });
});

test('directions are held to eight', () => {
  const straight = straightened({ x: 0, y: 0 }, { x: 10, y: 9 });
  expect(straight.x).toBeCloseTo(straight.y, 6);
  expect(straightened({ x: 0, y: 0 }, { x: 1, y: 10 }).x).toBeCloseTo(0, 6);
});
