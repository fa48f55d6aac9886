// What two pictures have in common: parts of any size and place are found, other pictures are not, nor what shows next to nothing.
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import type { DecodedImage } from '../../../main/contract/records.ts';
import { likeness, middleOf, searchedIn, thumbnailOf } from '../../../main/learn/samples/sceneParts.ts';
import { discs, partOf } from '../scenes.ts';

const like = (whole: DecodedImage, part: DecodedImage) =>
  likeness(searchedIn(thumbnailOf(whole)), middleOf(thumbnailOf(part)));

const plain = (width: number, height: number): DecodedImage => ({
  ...{ width, height, data: new Uint8Array(width * height * 3).fill(200) },
});

describe('thumbnails', () => {
  it('have a shorter side of 96 pixels and a longer one of at most four times as many', () => {
    const sizes = [discs(1), discs(1, { width: 64, height: 64 }), plain(3000, 20)].map(thumbnailOf);
    expect(sizes.map(({ width, height }) => [width, height])).toEqual([
      [128, 96],
      [96, 96],
      [384, 96],
    ]);
    for (const { width, height, grey } of sizes) expect(grey).toHaveLength(width * height);
  });
});

describe('a part of a picture', () => {
  it.each([
    ['three tenths of it', 0.3],
    ['four tenths', 0.4],
    ['half', 0.5],
    ['seven tenths', 0.7],
    ['nearly all', 0.95],
  ])('is found: %s', (_, scale) => {
    const whole = discs(3);
    const draw = random(5, Math.round(100 * scale));
    for (let i = 0; i < 3; i++) {
      const [width, height] = [Math.round(320 * scale), Math.round(240 * scale)];
      const [x1, y1] = [draw.int(0, 320 - width), draw.int(0, 240 - height)];
      const part = partOf(whole, { x1, y1, x2: x1 + width, y2: y1 + height }, draw.between(0.6, 1.6));
      expect(like(whole, part)).toBeGreaterThan(0.88);
    }
  });

  it('is found in another shape than the picture has', () => {
    const whole = discs(4);
    expect(like(whole, partOf(whole, { x1: 20, y1: 30, x2: 300, y2: 130 }))).toBeGreaterThan(0.88);
    expect(like(whole, partOf(whole, { x1: 40, y1: 10, x2: 140, y2: 230 }))).toBeGreaterThan(0.88);
  });

  it('is nothing that the picture is found in', () => {
    const whole = discs(3);
    expect(like(partOf(whole, { x1: 10, y1: 10, x2: 110, y2: 90 }), whole)).toBeLessThan(0.5);
  });
});

describe('what is not in a picture', () => {
  it('is not found: other pictures of the same kind', () => {
    const all = Array.from({ length: 6 }, (_, i) => discs(20 + i));
    for (const [i, one] of all.entries())
      for (const [k, other] of all.entries()) if (i !== k) expect(like(one, other)).toBeLessThan(0.5);
  });

  it('is not found: a picture of one colour, in itself or in another', () => {
    expect(like(plain(80, 60), plain(80, 60))).toBeLessThanOrEqual(0);
    expect(like(discs(3), plain(80, 60))).toBeLessThanOrEqual(0);
  });

  it('is not found: one small thing on white, which is like any other', () => {
    const dotted = (seed: number) => {
      const image = plain(200, 200);
      const draw = random(seed, 1);
      for (let y = 96; y < 104; y++)
        for (let x = 92; x < 108; x++) image.data.fill(draw.int(0, 60), (y * 200 + x) * 3, (y * 200 + x) * 3 + 3);
      return image;
    };
    expect(like(dotted(1), dotted(2))).toBeLessThanOrEqual(0);
  });
});
