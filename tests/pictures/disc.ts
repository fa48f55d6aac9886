// A picture whose one thing any method should find, for the tests of the flow.
import { fromPolygon } from '../../main/contract/polygon.ts';
import type { Box, DecodedImage, Mask } from '../../main/contract/records.ts';
import { fromBitmap } from '../../main/contract/rle.ts';

export const WIDTH = 72;
export const HEIGHT = 60;

/** A red disc on speckled blue, and the disc's mask. */
export function disc(radius: number): { image: DecodedImage; truth: Mask } {
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  const bitmap = new Uint8Array(WIDTH * HEIGHT);
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
    const inside = (x - 36) ** 2 + (y - 28) ** 2 < radius ** 2;
    if (inside) bitmap[i] = 1;
    data.set(inside ? [200 + (x % 7), 30, 20 + (y % 5)] : [20, 90 + ((x * y) % 9), 160 + (x % 6)], i * 3);
  }
  return { image: { width: WIDTH, height: HEIGHT, data }, truth: fromBitmap(bitmap, WIDTH, HEIGHT) };
}

/** All of a box, in whole pixels, as a mask of the picture's size. */
export const fromBox = ({ x1, y1, x2, y2 }: Box): Mask => fromPolygon([x1, y1, x2, y1, x2, y2, x1, y2], WIDTH, HEIGHT);
