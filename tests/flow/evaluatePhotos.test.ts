import { beforeAll, describe, expect, test } from 'vitest';
import { fromBox } from '../../main/contract/polygon.ts';
import type { DecodedImage, Mask } from '../../main/contract/records.ts';
import { fromBitmap, maskArea, maskBox, maskIou } from '../../main/contract/rle.ts';
import { evaluatePhotos } from '../../main/flow/evaluatePhotos.ts';
import { grabCut, openCvReady } from '../../main/flow/grabCut.ts';

const WIDTH = 72;
const HEIGHT = 60;

/** A red disc on speckled blue, and the disc's mask. */
function disc(radius: number): { image: DecodedImage; truth: Mask } {
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

/** Everything in the box: the plainest way from box to mask. */
const boxes = {
  segment: async ({ width, height }: DecodedImage, { box }: { box?: Parameters<typeof fromBox>[0] }) =>
    fromBox(box ?? { x1: 0, y1: 0, x2: width, y2: height }, width, height),
};

beforeAll(openCvReady);

describe('grabCut', () => {
  test('finds a plain thing from a loose box, the same way each time', () => {
    const { image, truth } = disc(14);
    const mask = grabCut(image, { x1: 17.5, y1: 8, x2: 56, y2: 50.2 });
    expect(maskIou(mask, truth)).toBeGreaterThan(0.97);
    expect(grabCut(image, { x1: 17.5, y1: 8, x2: 56, y2: 50.2 })).toEqual(mask);
  });

  test('stays within the box', () => {
    const { image } = disc(20);
    const { x1, y1, x2, y2 } = maskBox(grabCut(image, { x1: 20, y1: 10, x2: 40, y2: 40 }));
    expect(x1).toBeGreaterThanOrEqual(20);
    expect(y1).toBeGreaterThanOrEqual(10);
    expect(x2).toBeLessThanOrEqual(40);
    expect(y2).toBeLessThanOrEqual(40);
  });

  test('takes the whole box where it leaves nothing outside', () => {
    const { image } = disc(14);
    expect(maskArea(grabCut(image, { x1: 0, y1: 0, x2: WIDTH, y2: HEIGHT }))).toBe(WIDTH * HEIGHT);
    expect(maskArea(grabCut(image, { x1: -3, y1: -3, x2: WIDTH + 9, y2: HEIGHT + 9 }))).toBe(WIDTH * HEIGHT);
  });
});

describe('evaluatePhotos', () => {
  test('both methods on the same things, small ones left out', async () => {
    const { image, truth } = disc(14);
    const speck = fromBox({ x1: 1, y1: 1, x2: 9, y2: 9 }, WIDTH, HEIGHT);
    const seen: number[] = [];
    const photos = [
      { image, masks: [truth, speck] },
      { image, masks: [] },
    ];
    const figures = await evaluatePhotos(boxes, photos, { progress: (things) => seen.push(things) });
    expect(figures).toMatchObject({ photos: 2, things: 1 });
    expect(seen).toEqual([1]);
    expect(figures.segmenter.gIoU).toBeCloseTo(maskIou(fromBox(maskBox(truth), WIDTH, HEIGHT), truth), 4);
    expect(figures.grabCut.gIoU).toBeGreaterThan(0.95);
    expect(figures.grabCut.medianMs).toBeGreaterThan(0);
  });

  test('stops between things when cancelled', async () => {
    const { image, truth } = disc(14);
    const controller = new AbortController();
    const photos = [{ image, masks: [truth, truth, truth] }];
    const run = evaluatePhotos(boxes, photos, { signal: controller.signal, progress: () => controller.abort() });
    await expect(run).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});
