import { beforeAll, describe, expect, it } from 'vitest';
import { fromPolygon } from '../../main/contract/polygon.ts';
import type { Box, DecodedImage, Mask } from '../../main/contract/records.ts';
import { fromBitmap, maskArea, maskIou, sharedArea } from '../../main/contract/rle.ts';
import { cutOut } from '../../main/pictures/cutOut.ts';
import { openCvReady } from '../../main/pictures/grabCut.ts';
import { disc } from './disc.ts';

/** An upright ellipse of one shade on a slope of another, at any size. */
function ellipse(width: number, height: number): { image: DecodedImage; truth: Mask; box: Box } {
  const data = new Uint8Array(width * height * 3);
  const bitmap = new Uint8Array(width * height);
  const [cx, cy, rx, ry] = [0.55 * width, 0.5 * height, 0.15 * width, 0.3 * height];
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const inside = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1;
      const grain = (x * 7 + y * 13) % 9;
      if (inside) bitmap[i] = 1;
      data[i * 3] = inside ? 190 + grain : 30 + (60 * x) / width;
      data[i * 3 + 1] = inside ? 60 + grain : 120 + grain;
      data[i * 3 + 2] = inside ? 40 : 90 + (60 * y) / height;
    }
  const box = { x1: cx - 1.1 * rx, y1: cy - 1.06 * ry, x2: cx + 1.1 * rx, y2: cy + 1.06 * ry };
  return { image: { width, height, data }, truth: fromBitmap(bitmap, width, height), box };
}

beforeAll(openCvReady);

describe('cutOut', () => {
  it('finds a small thing at full size', async () => {
    const { image, truth } = disc(14);
    expect(maskIou(await cutOut(image, { x1: 17.5, y1: 8, x2: 56, y2: 50.2 }), truth)).toBeGreaterThan(0.95);
  });

  it('of twelve megapixels is right, smooth and quick', async () => {
    const { image, truth, box } = ellipse(4000, 3000);
    const started = performance.now();
    const mask = await cutOut(image, box);
    const ms = performance.now() - started;
    expect(maskIou(mask, truth)).toBeGreaterThan(0.96);
    expect(ms).toBeLessThan(10_000);
    // One run for each column that the thing crosses: an outline in steps of small pixels has as many, specks have more.
    expect(mask.counts.length).toBeLessThan(2 * 1.1 * 1200 + 40);
  });

  it('gives the box where the thing has the colours of what is around it', async () => {
    const [width, height] = [120, 90];
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => 90 + ((i * 7919) % 61));
    const box = { x1: 30, y1: 20, x2: 90, y2: 70 };
    const mask = await cutOut({ width, height, data }, box);
    expect(maskArea(mask)).toBeGreaterThan(0.2 * 60 * 50);
  });

  it('stays within the box', async () => {
    const { image, truth } = ellipse(900, 700);
    for (const box of [
      { x1: 340, y1: 250.5, x2: 640, y2: 620 },
      { x1: -30, y1: 90, x2: 700, y2: 800 },
    ]) {
      const mask = await cutOut(image, box);
      const { x1, y1, x2, y2 } = box;
      const [left, top, right, bottom] = [Math.floor(x1), Math.floor(y1), Math.ceil(x2), Math.ceil(y2)];
      const outward = fromPolygon([left, top, right, top, right, bottom, left, bottom], 900, 700);
      expect(sharedArea(mask, outward)).toBe(maskArea(mask));
      expect(sharedArea(mask, truth)).toBeGreaterThan(0);
    }
  });

  it('guesses in a box that leaves nothing outside, and answers one of a single pixel', async () => {
    const { image, truth } = disc(14);
    const whole = await cutOut(image, { x1: -5, y1: 0, x2: image.width + 5, y2: image.height });
    expect(maskIou(whole, truth)).toBeGreaterThan(0.9);
    expect(maskArea(await cutOut(image, { x1: 3, y1: 3, x2: 4, y2: 4 }))).toBeLessThanOrEqual(1);
  });

  it('is the same each time, and refuses a box outside the picture', async () => {
    const { image, box } = ellipse(600, 500);
    expect(await cutOut(image, box)).toEqual(await cutOut(image, box));
    const away = { x1: 700, y1: 10, x2: 800, y2: 40 };
    await expect(cutOut(image, away)).rejects.toThrow('the box lies outside the picture (600 x 500 pixels)');
  });
});
