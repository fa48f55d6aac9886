// A simulated annotator: where it clicks, how far a click may miss, when it stops, and what its clicks are counted as.
import { describe, expect, it } from 'vitest';
import { random } from '../../main/contract/random.ts';
import type { DecodedImage, Mask, Point } from '../../main/contract/records.ts';
import { fromBitmap, toBitmap } from '../../main/contract/rle.ts';
import { type ClickRules, clickedIous, clicksTo } from '../../main/evaluate/clicks.ts';

const [width, height] = [80, 60];
const image: DecodedImage = { width, height, data: new Uint8Array(width * height * 3) };

/** A rectangle of pixels. */
function rectangle(x1: number, y1: number, x2: number, y2: number): Mask {
  const bitmap = new Uint8Array(width * height);
  for (let y = y1; y < y2; y++) bitmap.fill(1, y * width + x1, y * width + x2);
  return fromBitmap(bitmap, width, height);
}

const truth = rectangle(20, 10, 60, 50);
const left = rectangle(20, 10, 40, 50);
const tooMuch = rectangle(20, 10, 80, 50);

/** Draws one mask after the other, whatever it is asked, and keeps what it was asked. */
function drawing(...masks: readonly Mask[]) {
  const asked: (readonly Point[])[] = [];
  const segment = async (_: DecodedImage, { points = [] }: { points?: readonly Point[] }) => {
    asked.push(points);
    const mask = masks[Math.min(asked.length, masks.length) - 1];
    if (!mask) throw new Error('no mask was given');
    return mask;
  };
  return { asked, predictor: { segment } };
}

const calm: ClickRules = { most: 20, content: 0.9, least: 1, jitter: null };

describe('clicks', () => {
  it('go to the middle of what is wrong, on it or off it, and end where the mask is good', async () => {
    const { asked, predictor } = drawing(left, tooMuch, truth);
    expect(await clickedIous(predictor, { image, truth }, calm)).toEqual([0.5, 2 / 3, 1]);
    expect(asked.map((points) => points.length)).toEqual([1, 2, 3]);
    const [first, second, third] = asked[2] ?? [];
    expect(first).toMatchObject({ sign: '+' });
    expect(Math.abs((first?.x ?? 0) - 40)).toBeLessThan(2);
    expect([second?.sign, (second?.x ?? 0) > 40]).toEqual(['+', true]);
    expect([third?.sign, (third?.x ?? 0) > 60]).toEqual(['-', true]);
  });

  it('go on to a least number where figures need them, and never beyond the most', async () => {
    const good = drawing(truth);
    expect(await clickedIous(good.predictor, { image, truth }, { ...calm, least: 3, most: 5 })).toEqual([
      1, 1, 1, 1, 1,
    ]);
    expect(good.asked).toHaveLength(1);
    const bad = drawing(left);
    expect(await clickedIous(bad.predictor, { image, truth }, { ...calm, most: 4 })).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  it('miss by less than half of the way to the border, all over that disc, and alike for one seed', async () => {
    const first = async (seed: number): Promise<Point> => {
      const { asked, predictor } = drawing(truth);
      await clickedIous(predictor, { image, truth }, { ...calm, jitter: random(seed, 1) });
      const point = asked[0]?.[0];
      if (!point) throw new Error('nothing was clicked');
      return point;
    };
    const calmly = drawing(truth);
    await clickedIous(calmly.predictor, { image, truth }, calm);
    const middle = calmly.asked[0]?.[0] ?? { x: 0, y: 0 };
    const points = await Promise.all(Array.from({ length: 60 }, (_, seed) => first(seed)));
    const away = points.map(({ x, y }) => Math.hypot(x - middle.x, y - middle.y));
    expect(Math.max(...away)).toBeLessThan(10);
    expect(Math.max(...away)).toBeGreaterThan(6);
    expect(new Set(points.map(({ x, y }) => `${x > middle.x} ${y > middle.y}`)).size).toBe(4);
    const wanted = toBitmap(truth);
    for (const { x, y } of points) expect(wanted[Math.floor(y) * width + Math.floor(x)]).toBe(1);
    expect(await first(7)).toEqual(await first(7));
  });
});

describe('the number of clicks to an IoU', () => {
  it.each<[number, readonly number[], number]>([
    [0.85, [0.2, 0.9, 0.8], 2],
    [0.85, [0.85], 1],
    [0.9, [0.2, 0.5], 20],
    [0.9, [], 20],
  ])('%f in %j is %i', (content, ious, count) => {
    expect(clicksTo(content, ious, 20)).toBe(count);
  });
});
