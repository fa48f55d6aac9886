// Edges of a picture: strong where colours change, and how far a pixel lies from the next one.
import { describe, expect, it } from 'vitest';
import type { DecodedImage } from '../../main/contract/records.ts';
import { edgeDistance, edgeStrength, pictureIn } from '../../main/pictures/edges.ts';

const [width, height] = [40, 30];
/** Dark left of the column, bright from it on; the channels change alike or only the blue one. */
const step = (column: number, channels: readonly number[]): DecodedImage => ({
  ...{ width, height },
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) =>
    Math.floor(i / 3) % width >= column && channels.includes(i % 3) ? 200 : 0,
  ),
});

describe('edgeStrength', () => {
  it('is half the step on either side of it, and 0 away from it', () => {
    const strength = edgeStrength(step(20, [0, 1, 2]));
    expect([strength[5 * width + 18], strength[5 * width + 19], strength[5 * width + 20]]).toEqual([0, 100, 100]);
    expect(strength[5 * width + 22]).toBe(0);
  });

  it('counts the channel that changes most', () => {
    expect(edgeStrength(step(20, [2]))[5 * width + 20]).toBe(100);
  });
});

describe('edgeDistance', () => {
  it('is 0 on an edge and grows away from it; the border of the picture is none', () => {
    const distance = edgeDistance(edgeStrength(step(20, [0, 1, 2])), { width, height });
    const row = 5 * width;
    expect([distance[row + 20], distance[row + 19], distance[row + 21], distance[row]]).toEqual([0, 0, 1, 19]);
  });

  it('of a picture of one colour has no edge anywhere', () => {
    const distance = edgeDistance(edgeStrength(step(99, [0])), { width, height });
    expect(distance.every((value) => value === Number.POSITIVE_INFINITY)).toBe(true);
  });
});

describe('pictureIn', () => {
  it('shows a part of the picture, smaller where it is told so', () => {
    const image = step(20, [0, 1, 2]);
    const place = { x: 10, y: 4, width: 20, height: 10 };
    const part = pictureIn(image, { place, width: 20, height: 10 });
    expect([part.width, part.height, part.data[9 * 3], part.data[10 * 3]]).toEqual([20, 10, 0, 200]);
    const small = pictureIn(image, { place, width: 10, height: 5 });
    expect([small.width, small.height, small.data[0], small.data[9 * 3]]).toEqual([10, 5, 0, 200]);
  });
});
