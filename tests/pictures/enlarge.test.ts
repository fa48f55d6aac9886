import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Mask } from '../../main/contract/records.ts';
import { fromBitmap, maskBox, toBitmap } from '../../main/contract/rle.ts';
import { enlargedMask } from '../../main/pictures/enlarge.ts';
import { enlargeLogits } from '../../models/sam2/segmenter.ts';

const side = fc.integer({ min: 1, max: 9 });
const length = fc.integer({ min: 1, max: 40 });
const values = (count: number) =>
  fc
    .array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: count, maxLength: count })
    .map((list) => Float32Array.from(list));

/** The same by making every pixel. */
function byPixels(data: Float32Array, picture: { width: number; height: number }): Mask {
  const bitmap = Uint8Array.from(enlargeLogits(data, picture), (value) => (value > 0 ? 1 : 0));
  return fromBitmap(bitmap, picture.width, picture.height);
}

describe('enlargedMask', () => {
  it('is what enlarging every pixel gives, larger or smaller than the grid', () => {
    const square = side.chain((n) => fc.tuple(fc.constant(n), values(n * n), length, length));
    fc.assert(
      fc.property(square, ([n, data, width, height]) => {
        const mask = enlargedMask({ width: n, height: n, data }, { width, height });
        expect(mask).toEqual(byPixels(data, { width, height }));
      }),
      { numRuns: 400 },
    );
  });

  it('puts a grid at its place, and nothing around it', () => {
    const cases = fc.tuple(values(16), fc.nat(7), fc.nat(7), length, length);
    fc.assert(
      fc.property(cases, ([data, x, y, width, height]) => {
        const picture = { width: width + x + 3, height: height + y + (width % 2) };
        const mask = Mask.parse(enlargedMask({ width: 4, height: 4, data }, picture, { x, y, width, height }));
        const alone = toBitmap(byPixels(data, { width, height }));
        const whole = new Uint8Array(picture.width * picture.height);
        for (let row = 0; row < height; row++)
          whole.set(alone.subarray(row * width, (row + 1) * width), (y + row) * picture.width + x);
        expect(toBitmap(mask)).toEqual(whole);
      }),
    );
  });

  it('writes the runs as every other mask of the project does', () => {
    const full = { width: 2, height: 2, data: new Float32Array(4).fill(1) };
    expect(enlargedMask(full, { width: 5, height: 3 }).counts).toEqual([0, 15]);
    const none = { ...full, data: new Float32Array(4) };
    expect(enlargedMask(none, { width: 5, height: 3 }).counts).toEqual([15]);
  });

  it('makes a mask of 100 megapixels without 100 million numbers', () => {
    const data = Float32Array.from({ length: 64 * 64 }, (_, i) => 400 - (((i % 64) - 32) ** 2 + ((i >> 6) - 32) ** 2));
    const before = process.memoryUsage().arrayBuffers;
    const mask = enlargedMask({ width: 64, height: 64, data }, { width: 10_000, height: 10_000 });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20e6);
    const { x1, x2 } = maskBox(mask);
    expect(x2 - x1).toBeGreaterThan(6100);
    expect(x2 - x1).toBeLessThan(6400);
  });
});
