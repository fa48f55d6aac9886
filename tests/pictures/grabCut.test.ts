import { beforeAll, describe, expect, test } from 'vitest';
import type { Box, DecodedImage } from '../../main/contract/records.ts';
import { fromBitmap, maskArea, maskIou, sharedArea, toBitmap } from '../../main/contract/rle.ts';
import { grabCut, grabCutFrom, guess, openCvReady } from '../../main/pictures/grabCut.ts';
import { disc, fromBox, HEIGHT, WIDTH } from './disc.ts';

/** To whole pixels, none of them lost. */
const outward = ({ x1, y1, x2, y2 }: Box): Box => ({
  x1: Math.floor(x1),
  y1: Math.floor(y1),
  x2: Math.ceil(x2),
  y2: Math.ceil(y2),
});

const LOOSE = { x1: 17.5, y1: 8, x2: 56, y2: 50.2 };

/** The share of all pixels on whose side of the outline both masks agree. */
function rightPixels(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + Number(value === b[i]), 0) / a.length;
}

/** Two shaded squares, one below the other, on a bright slope: less plain than a disc. */
function squares(): { image: DecodedImage; bitmap: Uint8Array } {
  const [width, height] = [160, 120];
  const bitmap = new Uint8Array(width * height);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const inside = x >= 50 && x < 100 && ((y >= 20 && y < 52) || (y >= 60 && y < 100));
    const grain = ((x * 7 + y * 13) % 11) - 5;
    bitmap[i] = Number(inside);
    data.set(inside ? [40 + y / 2 + grain, 110 + grain, 50] : [200 - x / 4 + grain, 190 + grain, 180 + y / 4], i * 3);
  }
  return { image: { width, height, data }, bitmap };
}

beforeAll(openCvReady);

test('being ready twice is being ready', async () => {
  await expect(Promise.all([openCvReady(), openCvReady()])).resolves.toHaveLength(2);
});

describe('grabCut', () => {
  test('finds a plain thing from a loose box, the same way each time', () => {
    const { image, truth } = disc(14);
    const mask = grabCut(image, LOOSE);
    expect(maskIou(mask, truth)).toBeGreaterThan(0.97);
    expect(grabCut(image, LOOSE)).toEqual(mask);
  });

  test('stays within the box, even where the thing does not', () => {
    const { image, truth } = disc(14);
    for (const box of [LOOSE, { x1: 30, y1: 5, x2: 60, y2: 50 }]) {
      const mask = grabCut(image, box);
      expect(sharedArea(mask, fromBox(outward(box)))).toBe(maskArea(mask));
    }
    expect(maskArea(grabCut(image, LOOSE))).toBeGreaterThan(0.9 * maskArea(truth));
  });

  test('takes the whole box where it leaves nothing outside', () => {
    const { image } = disc(14);
    expect(maskArea(grabCut(image, { x1: 0, y1: 0, x2: WIDTH, y2: HEIGHT }))).toBe(WIDTH * HEIGHT);
    expect(maskArea(grabCut(image, { x1: -3, y1: -3, x2: WIDTH + 9, y2: HEIGHT + 9 }))).toBe(WIDTH * HEIGHT);
  });

  test('gets at least 95 % of the pixels right on things of two parts', () => {
    const { image, bitmap } = squares();
    const mask = grabCut(image, { x1: 44, y1: 14, x2: 108, y2: 106 });
    expect(rightPixels(toBitmap(mask), bitmap)).toBeGreaterThanOrEqual(0.95);
    expect(maskIou(mask, fromBitmap(bitmap, image.width, image.height))).toBeGreaterThan(0.9);
  });

  test('a box of one pixel, or half outside the picture, is answered too', () => {
    const { image } = disc(14);
    for (const box of [
      { x1: 3, y1: 3, x2: 4, y2: 4 },
      { x1: -20, y1: 10, x2: 40, y2: 90 },
    ]) {
      const { size, counts } = grabCut(image, box);
      expect(size).toEqual([HEIGHT, WIDTH]);
      expect(counts.reduce((sum, run) => sum + run, 0)).toBe(WIDTH * HEIGHT);
    }
  });

  test('the picture is left as it was', () => {
    const { image } = disc(14);
    const before = Uint8Array.from(image.data);
    grabCut(image, LOOSE);
    expect(image.data).toEqual(before);
  });
});

describe('grabCutFrom', () => {
  /** Surely outside the box; inside it, `middle` in the middle and probably the background elsewhere. */
  function guesses(middle: number): Uint8Array {
    const out = new Uint8Array(WIDTH * HEIGHT).fill(guess.background);
    for (let y = 8; y < 50; y++) out.fill(guess.maybeBackground, y * WIDTH + 18, y * WIDTH + 56);
    for (let y = 22; y < 34; y++) out.fill(middle, y * WIDTH + 30, y * WIDTH + 42);
    return out;
  }

  test('grows a core to the whole thing', () => {
    const { image, truth } = disc(14);
    for (const middle of [guess.thing, guess.maybeThing]) {
      const bitmap = grabCutFrom(image, guesses(middle));
      expect(maskIou(fromBitmap(bitmap, WIDTH, HEIGHT), truth)).toBeGreaterThan(0.97);
    }
  });

  test('keeps a guess that leaves too little to learn from', () => {
    const { image } = disc(14);
    const nowhere = new Uint8Array(WIDTH * HEIGHT);
    expect(grabCutFrom(image, nowhere)).toEqual(nowhere);
    expect(grabCutFrom(image, nowhere.fill(guess.thing))).toEqual(nowhere.fill(1));
  });
});
