// Distances inside bitmaps, the deepest pixel, and the next click of an annotator.
import { describe, expect, it } from 'vitest';
import { deepest, insideDistance, nextClick } from '../../main/pictures/distance.ts';

const bitmap = (...rows: string[]): Uint8Array => Uint8Array.from(rows.join(''), (c) => (c === '#' ? 1 : 0));
const frame = { width: 7, height: 5 };
const block = bitmap('.......', '.#####.', '.#####.', '.#####.', '.......');

describe('insideDistance', () => {
  it('counts pixels to the nearest outside, along edges and corners', () => {
    const found = insideDistance(block, frame);
    expect([...found.subarray(7, 14)]).toEqual([0, 1, 1, 1, 1, 1, 0]);
    expect([...found.subarray(14, 21)]).toEqual([0, 1, 2, 2, 2, 1, 0]);
    expect(found.subarray(0, 7).every((value) => value === 0)).toBe(true);
  });

  it('takes all beyond the border for outside', () => {
    const found = insideDistance(new Uint8Array(35).fill(1), frame);
    expect([found[0], found[2 * 7 + 3]]).toEqual([1, 3]);
  });

  it('takes what is beyond the border for nothing where it is told so', () => {
    const found = insideDistance(
      block.map((value) => 1 - value),
      frame,
      'nothing',
    );
    expect([found[0], found[8]]).toEqual([Math.fround(Math.SQRT2), 0]);
    const full = insideDistance(new Uint8Array(35).fill(1), frame, 'nothing');
    expect(full.every((value) => value === Number.POSITIVE_INFINITY)).toBe(true);
  });
});

describe('deepest', () => {
  it('is the first pixel that lies farthest inside', () => {
    expect(deepest(block, frame)).toEqual({ x: 2, y: 2, distance: 2 });
    expect(deepest(new Uint8Array(35), frame)).toBeNull();
  });
});

describe('nextClick', () => {
  it('goes to the largest error, and says whether something is missing or too much', () => {
    expect(nextClick(new Uint8Array(35), block, frame)).toMatchObject({ x: 2, y: 2, inside: true });
    expect(nextClick(new Uint8Array(35).fill(1), new Uint8Array(35), frame)).toMatchObject({ inside: false });
    const part = bitmap('.......', '.##....', '.##....', '.##....', '.......');
    expect(nextClick(part, block, frame)).toMatchObject({ x: 4, y: 2, inside: true });
    expect(nextClick(block, part, frame)).toMatchObject({ x: 4, y: 2, inside: false });
  });

  it('is none where the mask is right', () => {
    expect(nextClick(block, block, frame)).toBeNull();
  });
});
