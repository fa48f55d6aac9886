// Runs against pycocotools' numbers, against plain loops over bitmaps, and against the clock.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compress, decompress, parseRle } from '../../main/contract/cocoMask.ts';
import { boxIou } from '../../main/contract/geometry.ts';
import type { Mask } from '../../main/contract/records.ts';
import {
  difference,
  fromBitmap,
  intersection,
  maskArea,
  maskBox,
  maskIou,
  sharedArea,
  toBitmap,
  union,
} from '../../main/contract/rle.ts';
import { goldenJson, haveGolden } from '../golden.ts';

const bbox = (mask: Mask) => {
  const { x1, y1, x2, y2 } = maskBox(mask);
  return [x1, y1, x2 - x1, y2 - y1];
};

/** A picture of '#' and '.' to a mask. */
const drawn = (...rows: string[]): Mask =>
  fromBitmap(
    Uint8Array.from(rows.join(''), (mark) => (mark === '#' ? 1 : 0)),
    rows[0]?.length ?? 0,
    rows.length,
  );

const bitmaps = fc
  .tuple(fc.integer({ min: 1, max: 17 }), fc.integer({ min: 1, max: 17 }))
  .chain(([width, height]) =>
    fc.tuple(
      fc.constant(width),
      fc.constant(height),
      fc.uint8Array({ min: 0, max: 1, minLength: width * height, maxLength: width * height }),
      fc.uint8Array({ min: 0, max: 1, minLength: width * height, maxLength: width * height }),
    ),
  );

describe('small masks', () => {
  test('runs go down the columns and start outside', () => {
    expect(drawn('.#', '##', '.#')).toEqual({ size: [3, 2], counts: [1, 1, 1, 3] });
    expect(drawn('#.', '..').counts).toEqual([0, 1, 3]);
    expect(drawn('..', '..').counts).toEqual([4]);
    expect(drawn('##', '##').counts).toEqual([0, 4]);
  });

  test('a mask that spans columns is as tall as the image', () => {
    expect(maskBox(drawn('..#.', '.#..', '.#..'))).toEqual({ x1: 1, y1: 0, x2: 3, y2: 3 });
    expect(maskBox(drawn('....', '.##.', '....'))).toEqual({ x1: 1, y1: 1, x2: 3, y2: 2 });
    expect(maskBox(drawn('...', '...'))).toEqual({ x1: 0, y1: 0, x2: 0, y2: 0 });
  });

  test('runs of length zero inside change nothing', () => {
    const mask = { size: [2, 3], counts: [1, 2, 0, 2, 1] } satisfies Mask;
    expect([...toBitmap(mask)]).toEqual([0, 1, 1, 1, 1, 0]);
    expect(maskArea(mask)).toBe(4);
    expect(maskIou(mask, fromBitmap(toBitmap(mask), 3, 2))).toBe(1);
  });

  test('overlap, crowd, union, intersection, difference', () => {
    const [left, right] = [drawn('##..', '##..'), drawn('.##.', '.##.')];
    expect(sharedArea(left, right)).toBe(2);
    expect(maskIou(left, right)).toBeCloseTo(1 / 3, 15);
    expect(maskIou(left, right, { crowd: true })).toBe(0.5);
    expect(union(left, right)).toEqual(drawn('###.', '###.'));
    expect(intersection(left, right)).toEqual(drawn('.#..', '.#..'));
    expect(difference(left, right)).toEqual(drawn('#...', '#...'));
    expect(maskIou(drawn('..'), drawn('..'))).toBe(0);
  });

  test.each([
    ['sizes that differ', () => sharedArea(drawn('##'), drawn('#', '#')), /2 x 1 cannot be compared with one of 1 x 2/],
    ['too few bytes', () => fromBitmap(new Uint8Array(5), 2, 3), /2 x 3 needs 6 bytes, not 5/],
    ['no size', () => fromBitmap(new Uint8Array(0), 0, 3), /whole positive height and width/],
    ['a fraction of a pixel', () => toBitmap({ size: [1.5, 2], counts: [3] }), /whole positive/],
    ['a size that would not fit in memory', () => toBitmap({ size: [1e6, 1e6], counts: [1e12] }), /larger than/],
    ['runs that end early', () => toBitmap({ size: [2, 2], counts: [1, 2] }), /cover 3 pixels instead of 4/],
    ['runs that go on', () => toBitmap({ size: [2, 2], counts: [1, 9] }), /cover 10 pixels instead of 4/],
  ])('%s are refused', (_, act, message) => {
    expect(act).toThrow(message);
  });
});

describe('any bitmap', () => {
  test('survives runs, text and the way back', () => {
    const property = fc.property(bitmaps, ([width, height, bitmap]) => {
      const mask = fromBitmap(bitmap, width, height);
      const text = compress(mask);
      const back = decompress(text, [height, width]);
      expect(back).toEqual(mask);
      expect(toBitmap(back)).toEqual(bitmap);
      expect(parseRle({ size: [height, width], counts: text })).toEqual(mask);
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('is measured as a loop over its pixels measures it', () => {
    const property = fc.property(bitmaps, ([width, height, a, b]) => {
      const [first, second] = [fromBitmap(a, width, height), fromBitmap(b, width, height)];
      const pixels = (rule: (inA: number, inB: number) => unknown) => a.map((inA, i) => (rule(inA, b[i] ?? 0) ? 1 : 0));
      expect(toBitmap(union(first, second))).toEqual(pixels((inA, inB) => inA || inB));
      expect(toBitmap(intersection(first, second))).toEqual(pixels((inA, inB) => inA && inB));
      expect(toBitmap(difference(first, second))).toEqual(pixels((inA, inB) => inA && !inB));
      expect(maskArea(first)).toBe(a.reduce((sum, value) => sum + value, 0));
      expect(bbox(first)).toEqual(scannedBox(a, width));
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('runs are canonical: only the first may be zero', () => {
    const property = fc.property(bitmaps, ([width, height, a, b]) => {
      const mask = union(fromBitmap(a, width, height), fromBitmap(b, width, height));
      expect(mask.counts.slice(1).every((run) => run > 0)).toBe(true);
    });
    fc.assert(property);
  });
});

function scannedBox(bitmap: Uint8Array, width: number): number[] {
  const inside = [...bitmap.keys()].filter((i) => bitmap[i] === 1);
  if (inside.length === 0) return [0, 0, 0, 0];
  const xs = inside.map((i) => i % width);
  const ys = inside.map((i) => Math.floor(i / width));
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return [x, y, Math.max(...xs) - x + 1, Math.max(...ys) - y + 1];
}

test('sixteen megapixels become runs and text in less than 100 ms of processor time', () => {
  const [width, height] = [4096, 4096];
  const bitmap = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const half = 1500 * Math.sqrt(Math.max(0, 1 - ((y - 2048) / 1800) ** 2)) + 40 * Math.sin(y / 3);
    bitmap.fill(1, y * width + Math.ceil(2048 - half), y * width + Math.floor(2048 + half));
  }
  const times = [0, 1, 2].map(() => {
    const before = process.cpuUsage();
    compress(fromBitmap(bitmap, width, height));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  expect(Math.min(...times)).toBeLessThan(100);
});

interface RleCase {
  name: string;
  size: [number, number];
  uncompressed: number[];
  compressed: string;
  area: number;
  bbox: number[];
}

interface LargeCase {
  name: string;
  size: [number, number];
  rule: string;
  area: number;
  bbox: number[];
  compressed_length: number;
  compressed_sha256: string;
  compressed_start: string;
  mask_sha256_column_major: string;
}

/** "25*(x-1900)^2 + 36*(y-1400)^2 <= 36000000" and the like, as the fixture writes them. */
function fromRule(rule: string): (x: number, y: number) => boolean {
  const script = rule.replaceAll('^', '**').replaceAll(/\bmod\b/g, '%');
  if (!/^[\dxy+\-*%()<=. ]+$/.test(script)) throw new Error(`unexpected rule ${rule}`);
  return new Function('x', 'y', `return ${script};`) as (x: number, y: number) => boolean;
}

describe.skipIf(!haveGolden)('golden metrics/coco-rle.json', () => {
  const { cases, large } = haveGolden
    ? goldenJson<{ cases: RleCase[]; large: LargeCase[] }>('metrics', 'coco-rle.json')
    : { cases: [], large: [] };

  test.each(cases)('$name', ({ size, uncompressed, compressed, area, bbox: box }) => {
    const mask = decompress(compressed, size);
    expect(mask.counts).toEqual(uncompressed);
    expect(compress(parseRle({ size, counts: uncompressed }))).toBe(compressed);
    expect(maskArea(mask)).toBe(area);
    expect(bbox(mask)).toEqual(box);
    expect(fromBitmap(toBitmap(mask), size[1], size[0])).toEqual(mask);
  });

  test.each(large)('$name', (expected) => {
    const [height, width] = expected.size;
    const rule = fromRule(expected.rule);
    const bitmap = new Uint8Array(width * height);
    const columns = new Uint8Array(width * height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (rule(x, y)) {
          bitmap[y * width + x] = 1;
          columns[x * height + y] = 1;
        }
      }
    }
    const mask = fromBitmap(bitmap, width, height);
    const text = compress(mask);
    const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
    expect(sha256(columns)).toBe(expected.mask_sha256_column_major);
    expect(text.startsWith(expected.compressed_start)).toBe(true);
    expect([text.length, sha256(text)]).toEqual([expected.compressed_length, expected.compressed_sha256]);
    expect([maskArea(mask), bbox(mask)]).toEqual([expected.area, expected.bbox]);
    expect(Buffer.compare(toBitmap(decompress(text, [height, width])), bitmap)).toBe(0);
  });
});

interface IouCase {
  kind: 'rle' | 'bbox';
  size?: [number, number];
  dt: (string | number[])[];
  gt: (string | number[])[];
  iscrowd: number[];
  iou: number[][];
  iou_no_crowd: number[][];
}

describe.skipIf(!haveGolden)('golden metrics/coco-iou.json', () => {
  const { cases, merges, tolerance } = haveGolden
    ? goldenJson<{
        cases: IouCase[];
        merges: { size: [number, number]; inputs: string[]; union: string; intersection: string }[];
        tolerance: number;
      }>('metrics', 'coco-iou.json')
    : { cases: [], merges: [], tolerance: 0 };

  const pairwise = ({ kind, size = [0, 0], dt, gt }: IouCase, crowd: (column: number) => boolean) => {
    const boxOf = ([x = 0, y = 0, w = 0, h = 0]: number[]) => ({ x1: x, y1: y, x2: x + w, y2: y + h });
    const overlap = (a: string | number[], b: string | number[], options: { crowd: boolean }) =>
      typeof a === 'string' && typeof b === 'string'
        ? maskIou(decompress(a, size), decompress(b, size), options)
        : boxIou(boxOf(a as number[]), boxOf(b as number[]), options);
    expect(dt.concat(gt).every((each) => (typeof each === 'string') === (kind === 'rle'))).toBe(true);
    return dt.map((a) => gt.map((b, column) => overlap(a, b, { crowd: crowd(column) })));
  };

  test.each(cases.map((each, i) => ({ ...each, i })))('case $i: $kind', (each) => {
    const check = (actual: number[][], expected: number[][]) => {
      expect(actual.length).toBe(expected.length);
      actual.flat().forEach((value, i) => {
        expect(Math.abs(value - (expected.flat()[i] ?? Number.NaN))).toBeLessThanOrEqual(tolerance);
      });
    };
    check(
      pairwise(each, (column) => each.iscrowd[column] === 1),
      each.iou,
    );
    check(
      pairwise(each, () => false),
      each.iou_no_crowd,
    );
  });

  test.each(merges.map((each, i) => ({ ...each, i })))('merge $i', ({ size, inputs, ...expected }) => {
    const [first, ...rest] = inputs.map((text) => decompress(text, size));
    if (first === undefined) throw new Error('a merge without masks');
    expect(compress(union(first, ...rest))).toBe(expected.union);
    expect(compress(intersection(first, ...rest))).toBe(expected.intersection);
  });
});
