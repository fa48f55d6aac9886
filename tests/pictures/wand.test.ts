import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecodedImage } from '../../main/contract/records.ts';
import { maskArea, toBitmap } from '../../main/contract/rle.ts';
import { type WandClick, wand } from '../../main/pictures/wand.ts';
import { disc } from './disc.ts';

/** The same, one pixel at a time. */
function slowly({ width, height, data }: DecodedImage, { x, y, tolerance }: WandClick): Uint8Array {
  const [seed, out] = [Math.floor(y) * width + Math.floor(x), new Uint8Array(width * height)];
  const isNear = (i: number) =>
    [0, 1, 2].every((c) => Math.abs((data[i * 3 + c] ?? 0) - (data[seed * 3 + c] ?? 0)) <= tolerance);
  const waiting = [seed];
  for (let i = waiting.pop(); i !== undefined; i = waiting.pop()) {
    if (out[i] === 1 || !isNear(i)) continue;
    out[i] = 1;
    if (i % width > 0) waiting.push(i - 1);
    if (i % width < width - 1) waiting.push(i + 1);
    if (i >= width) waiting.push(i - width);
    if (i + width < out.length) waiting.push(i + width);
  }
  return out;
}

/** Small pictures of three greys: many shapes, and stretches that end at every border. */
const pictures = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
  .chain(([width, height]) =>
    fc
      .array(fc.constantFrom(10, 40, 90), { minLength: width * height, maxLength: width * height })
      .map((greys) => ({ width, height, data: Uint8Array.from(greys.flatMap((grey) => [grey, grey, grey])) })),
  );

describe('wand', () => {
  it('takes what filling pixel by pixel takes', () => {
    const touches = fc.tuple(pictures, fc.double({ min: 0, max: 0.99, noNaN: true }), fc.constantFrom(0, 30, 60, 255));
    fc.assert(
      fc.property(touches, ([image, where, tolerance]) => {
        const touch = { x: where * image.width, y: (1 - where) * 0.99 * image.height, tolerance };
        expect(toBitmap(wand(image, touch))).toEqual(slowly(image, touch));
      }),
      { numRuns: 300 },
    );
  });

  it('finds a thing of its own colour, and a larger tolerance never finds less', () => {
    const { image, truth } = disc(14);
    expect(wand(image, { x: 36.5, y: 28, tolerance: 10 })).toEqual(truth);
    const areas = [0, 2, 6, 10, 40, 255].map((tolerance) => maskArea(wand(image, { x: 36, y: 28, tolerance })));
    expect(areas).toEqual(areas.toSorted((a, b) => a - b));
    expect(areas.at(-1)).toBe(image.width * image.height);
  });

  it('takes all of the colour where it need not be connected, and that is never less', () => {
    const touches = fc.tuple(pictures, fc.double({ min: 0, max: 0.99, noNaN: true }), fc.constantFrom(0, 30, 60, 255));
    fc.assert(
      fc.property(touches, ([image, where, tolerance]) => {
        const touch = { x: where * image.width, y: 0, tolerance };
        const seed = image.data[Math.floor(touch.x) * 3] ?? 0;
        const alike = Array.from({ length: image.width * image.height }, (_, i) =>
          Math.abs((image.data[i * 3] ?? 0) - seed) <= tolerance ? 1 : 0,
        );
        const all = toBitmap(wand(image, { ...touch, contiguous: false }));
        expect(Array.from(all)).toEqual(alike);
        toBitmap(wand(image, touch)).forEach((taken, i) => expect(taken).toBeLessThanOrEqual(all[i] ?? 0));
      }),
    );
  });

  it('holds each channel to the tolerance, not their sum', () => {
    const image = { width: 3, height: 1, data: Uint8Array.of(0, 0, 0, 9, 9, 9, 0, 0, 11) };
    expect(wand(image, { x: 0, y: 0, tolerance: 10 }).counts).toEqual([0, 2, 1]);
  });

  it('refuses a point outside the picture', () => {
    const { image } = disc(14);
    for (const [x, y] of [
      [-1, 3],
      [3, image.height],
      [image.width + 5, 0],
    ] as const)
      expect(() => wand(image, { x, y, tolerance: 3 })).toThrow('lies outside the picture');
  });

  it('fills twelve megapixels well within a person’s patience', () => {
    const image = { width: 4000, height: 3000, data: new Uint8Array(36e6).fill(77) };
    const started = performance.now();
    expect(maskArea(wand(image, { x: 2000, y: 10, tolerance: 0 }))).toBe(12e6);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
