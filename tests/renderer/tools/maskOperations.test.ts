// Masks made over as a whole against plain floods and counts over the bitmap.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Mask } from '../../../main/contract/records.ts';
import { difference, fromBitmap, maskArea, toBitmap } from '../../../main/contract/rle.ts';
import { fillHoles, removeSpecks, smooth } from '../../../renderer/tools/maskOperations.ts';

const side = fc.integer({ min: 1, max: 14 });
/** From nearly empty to nearly full. */
const masks = fc.tuple(side, side, fc.integer({ min: 1, max: 9 })).chain(([width, height, share]) =>
  fc.array(fc.nat(9), { minLength: width * height, maxLength: width * height }).map((values) =>
    fromBitmap(
      Uint8Array.from(values, (value) => (value < share ? 1 : 0)),
      width,
      height,
    ),
  ),
);

const everyMask = (check: (mask: Mask) => void) =>
  fc.assert(
    fc.property(masks, (mask) => void check(mask)),
    { numRuns: 250 },
  );
const isWithin = (inner: Mask, outer: Mask) => maskArea(difference(inner, outer)) === 0;

/** Sets of pixels that hang together, corners counted. */
function parts(mask: Mask): Set<number>[] {
  const [height, width] = mask.size;
  const bitmap = toBitmap(mask);
  const found: Set<number>[] = [];
  const seen = new Set<number>();
  for (let start = 0; start < bitmap.length; start++) {
    if (bitmap[start] === 0 || seen.has(start)) continue;
    const part = new Set<number>();
    const open = [start];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (part.has(at)) continue;
      part.add(at);
      seen.add(at);
      const [x, y] = [at % width, Math.floor(at / width)];
      for (const [dx, dy] of eight) {
        const [nx, ny] = [x + dx, y + dy];
        if (nx >= 0 && ny >= 0 && nx < width && ny < height && bitmap[ny * width + nx] === 1)
          open.push(ny * width + nx);
      }
    }
    found.push(part);
  }
  return found;
}

const eight = [-1, 0, 1]
  .flatMap((dx) => [-1, 0, 1].map((dy) => [dx, dy] as const))
  .filter(([x, y]) => x !== 0 || y !== 0);

const ofPixels = (pixels: Iterable<number>, { size: [height, width] }: Mask): Mask => {
  const bitmap = new Uint8Array(width * height);
  for (const pixel of pixels) bitmap[pixel] = 1;
  return fromBitmap(bitmap, width, height);
};

const mirrored = (mask: Mask): Mask => {
  const [height, width] = mask.size;
  const bitmap = toBitmap(mask);
  return fromBitmap(
    bitmap.map((_, i) => bitmap[Math.floor(i / width) * width + width - 1 - (i % width)] ?? 0),
    width,
    height,
  );
};

describe('removing specks', () => {
  test('leaves exactly the parts that are large enough, and always the largest', () => {
    fc.assert(
      fc.property(masks, fc.integer({ min: 1, max: 30 }), (mask, least) => {
        const all = parts(mask);
        const most = Math.max(0, ...all.map(({ size }) => size));
        const kept = all.filter(({ size }) => size >= Math.min(least, most)).flatMap((part) => [...part]);
        expect(removeSpecks(mask, least)).toEqual(ofPixels(kept, mask));
      }),
      { numRuns: 250 },
    );
  });

  test('takes nothing from one part, adds nothing, and does no more the second time', () => {
    everyMask((mask) => {
      const less = removeSpecks(mask, 5);
      expect(isWithin(less, mask)).toBe(true);
      expect(removeSpecks(less, 5)).toEqual(less);
      expect(maskArea(less) > 0).toBe(maskArea(mask) > 0);
      if (parts(mask).length === 1) expect(less).toEqual(mask);
    });
  });

  test('does the same to the mirrored mask', () => {
    everyMask((mask) => expect(removeSpecks(mirrored(mask), 4)).toEqual(mirrored(removeSpecks(mask, 4))));
  });

  test('goes by a share of a large mask', () => {
    const bitmap = new Uint8Array(100 * 60).fill(1, 0, 100 * 50);
    // A part of 90 pixels below 2 % of 5,090, and one of 110 above it.
    bitmap.fill(1, 100 * 55, 100 * 55 + 90);
    expect(maskArea(removeSpecks(fromBitmap(bitmap, 100, 60)))).toBe(5000);
    bitmap.fill(1, 100 * 57, 100 * 58);
    bitmap.fill(1, 100 * 58, 100 * 58 + 10);
    expect(maskArea(removeSpecks(fromBitmap(bitmap, 100, 60)))).toBe(5110);
  });
});

describe('filling holes', () => {
  test('takes nothing away, and does no more the second time', () => {
    everyMask((mask) => {
      const filled = fillHoles(mask);
      expect(isWithin(mask, filled)).toBe(true);
      expect(fillHoles(filled)).toEqual(filled);
    });
  });

  test('leaves no pixel from which the border cannot be reached by its sides', () => {
    everyMask((mask) => {
      const [height, width] = mask.size;
      const outside = toBitmap(fillHoles(mask)).map((inside) => 1 - inside);
      const reached = new Set<number>();
      const open = Array.from(outside.keys()).filter((i) => {
        const [x, y] = [i % width, Math.floor(i / width)];
        return outside[i] === 1 && (x === 0 || y === 0 || x === width - 1 || y === height - 1);
      });
      for (let at = open.pop(); at !== undefined; at = open.pop()) {
        if (reached.has(at)) continue;
        reached.add(at);
        const x = at % width;
        const beside = [at - width, at + width, ...(x > 0 ? [at - 1] : []), ...(x < width - 1 ? [at + 1] : [])];
        open.push(...beside.filter((next) => outside[next] === 1));
      }
      expect(reached.size).toBe(outside.reduce((sum, value) => sum + value, 0));
    });
  });

  test('up to a size fills no more than without, and all of it up to any size', () => {
    fc.assert(
      fc.property(masks, fc.nat(12), (mask, largest) => {
        const some = fillHoles(mask, largest);
        expect(isWithin(mask, some)).toBe(true);
        expect(isWithin(some, fillHoles(mask))).toBe(true);
        expect(isWithin(some, fillHoles(mask, largest + 1))).toBe(true);
        if (largest === 0) expect(some).toEqual(mask);
      }),
      { numRuns: 250 },
    );
  });

  test('does the same to the mirrored mask', () => {
    everyMask((mask) => expect(fillHoles(mirrored(mask), 3)).toEqual(mirrored(fillHoles(mask, 3))));
  });
});

describe('smoothing', () => {
  /** More than half of the pixels of the square that are on the image, counted one by one. */
  function counted(mask: Mask, radius: number): Mask {
    const [height, width] = mask.size;
    const bitmap = toBitmap(mask);
    const result = bitmap.map((_, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      let [inside, all] = [0, 0];
      for (let ny = Math.max(0, y - radius); ny <= Math.min(height - 1, y + radius); ny++) {
        for (let nx = Math.max(0, x - radius); nx <= Math.min(width - 1, x + radius); nx++) {
          all++;
          inside += bitmap[ny * width + nx] ?? 0;
        }
      }
      return 2 * inside > all ? 1 : 0;
    });
    return fromBitmap(result, width, height);
  }

  test('makes each pixel what most around it are', () => {
    fc.assert(
      fc.property(masks, fc.integer({ min: 1, max: 4 }), (mask, radius) => {
        expect(smooth(mask, radius)).toEqual(counted(mask, radius));
      }),
      { numRuns: 250 },
    );
  });

  test('leaves a full image full, an empty one empty, and a large block but for its corners', () => {
    const full = fromBitmap(new Uint8Array(120).fill(1), 12, 10);
    expect(smooth(full)).toEqual(full);
    const empty = fromBitmap(new Uint8Array(120), 12, 10);
    expect(smooth(empty)).toEqual(empty);
    const bitmap = new Uint8Array(900);
    for (let y = 5; y < 25; y++) bitmap.fill(1, y * 30 + 5, y * 30 + 25);
    const block = fromBitmap(bitmap, 30, 30);
    const lost = maskArea(difference(block, smooth(block)));
    expect(lost).toBeGreaterThan(0);
    expect(lost % 4).toBe(0);
    expect(isWithin(smooth(block), block)).toBe(true);
  });

  test('does the same to the mirrored mask', () => {
    everyMask((mask) => expect(smooth(mirrored(mask))).toEqual(mirrored(smooth(mask))));
  });
});

describe('large masks', () => {
  test('of 4,000 x 4,000 pixels are made over in seconds', () => {
    const side4 = 4000;
    const bitmap = new Uint8Array(side4 * side4);
    for (let y = 0; y < side4; y++) {
      const half = Math.sqrt(Math.max(0, 1900 ** 2 - (y - 2000) ** 2));
      bitmap.fill(1, Math.round(y * side4 + 2000 - half), Math.round(y * side4 + 2000 + half));
      if (y % 40 === 0) bitmap[y * side4 + 2000] = 0;
    }
    const mask = fromBitmap(bitmap, side4, side4);
    const started = performance.now();
    expect(maskArea(fillHoles(mask))).toBeGreaterThan(maskArea(mask));
    expect(maskArea(removeSpecks(mask))).toBe(maskArea(mask));
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
