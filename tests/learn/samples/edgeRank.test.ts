// How well a mask lies on the edges of its picture: true masks, the same ones moved, flipped and of noise, and what cannot be told.
import { describe, expect, it } from 'vitest';
import { unpackMask } from '../../../main/contract/project.ts';
import { random } from '../../../main/contract/random.ts';
import type { DecodedImage, Mask } from '../../../main/contract/records.ts';
import { fromBitmap, toBitmap } from '../../../main/contract/rle.ts';
import { edgeRank } from '../../../main/learn/samples/edgeRank.ts';
import { side, teachingImages } from '../teaching.ts';

interface Labelled {
  readonly image: DecodedImage;
  readonly mask: Mask;
}

async function labelled(count: number): Promise<Labelled[]> {
  return Promise.all(
    teachingImages(count).map(async ({ read, things }) => {
      const mask = things[0]?.mask;
      if (!mask) throw new Error('the picture has no mask');
      return { image: await read(), mask: unpackMask(mask) };
    }),
  );
}

async function meanRank(changed: (mask: Mask, i: number) => Mask): Promise<number> {
  const ranks = (await labelled(24)).flatMap(({ image, mask }, i) => edgeRank(image, changed(mask, i)) ?? []);
  expect(ranks.length).toBeGreaterThan(20);
  return ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length;
}

const mapped = (mask: Mask, value: (bitmap: Uint8Array, i: number) => number) => {
  const bitmap = toBitmap(mask);
  return fromBitmap(
    Uint8Array.from(bitmap, (_, i) => value(bitmap, i)),
    side,
    side,
  );
};

describe('masks', () => {
  it('of what is seen lie on stronger edges than nearly all of their neighbours', async () => {
    expect(await meanRank((mask) => mask)).toBeGreaterThan(0.9);
  });

  it.each<[string, (mask: Mask, i: number) => Mask]>([
    ['moved to the right', (mask) => mapped(mask, (bits, i) => (i % side >= 20 ? (bits[i - 20] ?? 0) : 0))],
    ['moved down', (mask) => mapped(mask, (bits, i) => bits[i - 20 * side] ?? 0)],
    [
      'of noise',
      (mask, i) => {
        const draw = random(i, 4);
        return mapped(mask, () => draw.int(0, 1));
      },
    ],
  ])('%s lie no better than elsewhere', async (_, change) => {
    expect(await meanRank(change)).toBeLessThan(0.62);
  });

  it('that are a little too large still follow their picture better than they would elsewhere', async () => {
    const grown = (mask: Mask) =>
      mapped(mask, (bits, i) => Math.max(...[0, 1, -1, side, -side].map((off) => bits[i + off] ?? 0)));
    expect(await meanRank(grown)).toBeGreaterThan(0.62);
  });
});

describe('nothing is told', () => {
  const flat: DecodedImage = { width: side, height: side, data: new Uint8Array(side * side * 3).fill(90) };
  const square = (from: number, to: number) =>
    fromBitmap(
      Uint8Array.from({ length: side * side }, (_, i) => {
        const [x, y] = [i % side, Math.floor(i / side)];
        return x >= from && x < to && y >= from && y < to ? 1 : 0;
      }),
      side,
      side,
    );

  it.each([
    ['of a picture of one colour', flat, square(20, 40)],
    ['of a mask of a few pixels', flat, square(20, 22)],
    ['of a mask without pixels', flat, square(20, 20)],
    ['of a mask that is the whole picture', flat, square(0, side)],
  ])('%s', (_, image, mask) => {
    expect(edgeRank(image, mask)).toBeNull();
  });

  it('but of a square of another colour all is', () => {
    const mask = square(20, 40);
    const data = flat.data.slice();
    toBitmap(mask).forEach((inside, i) => {
      if (inside) data.fill(200, 3 * i, 3 * i + 3);
    });
    expect(edgeRank({ ...flat, data }, mask)).toBe(1);
  });

  it('by chance: the same mask and picture always have the same rank', async () => {
    const [one] = await labelled(1);
    if (one) expect(edgeRank(one.image, one.mask)).toBe(edgeRank(one.image, one.mask));
  });
});
