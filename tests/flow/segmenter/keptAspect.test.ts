// A native segmenter whose recipe keeps the aspect: it sees the picture with zeros beyond it, and its masks end where the picture does.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecodedImage, Mask } from '../../../main/contract/records.ts';
import { fromBitmap, maskIou, toBitmap } from '../../../main/contract/rle.ts';
import { Segmenter } from '../../../main/flow/segmenter/segmenter.ts';
import type { SegmenterPrompt } from '../../../main/flow/segmenter/zoom.ts';
import { exportNano } from '../../../main/nano/export.ts';
import { openWeights } from '../../../main/weights/open.ts';
import { recipeFrom } from '../../../main/weights/recipe.ts';
import { keptSize, prepareKeptImage, prepareSamImage } from '../../../models/sam2/processor.ts';
import { toyNano } from '../../nano/toy.ts';
import { disc, HEIGHT, WIDTH } from '../../pictures/disc.ts';

const recipe = (aspect: 'keep' | 'squash') =>
  recipeFrom({
    base: 'nano',
    segmenter: { aspect, crop: null, slots: null, promptMap: false, followsEdges: false, choice: 'best' },
  });
const { image, truth } = disc(12);
/** The same picture on a square of the colour that becomes zeros. */
const square: DecodedImage = { width: WIDTH, height: WIDTH, data: new Uint8Array(WIDTH * WIDTH * 3) };
for (let i = 0; i < square.data.length; i++) square.data[i] = [124, 116, 104][i % 3] ?? 0;
square.data.set(image.data);

let folder: string;
let keeping: Segmenter;
let squashing: Segmenter;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-kept-'));
  await exportNano(toyNano({ seed: 6 }), folder);
  const weights = await openWeights(folder);
  keeping = await Segmenter.open({ ...weights, recipe: recipe('keep') }, {});
  squashing = await Segmenter.open({ ...weights, recipe: recipe('squash') }, {});
});
afterAll(async () => {
  await Promise.all([keeping.release(), squashing.release()]);
  await rm(folder, { recursive: true });
});

const asks: Record<string, SegmenterPrompt> = {
  'a box': { box: { x1: 20, y1: 10, x2: 50, y2: 45 } },
  clicks: { points: [{ x: 36, y: 28, sign: '+' }] },
  'a rough mask': { rough: truth },
};
const rows = (mask: Mask, height: number): Mask => fromBitmap(toBitmap(mask).slice(0, WIDTH * height), WIDTH, height);
const grown = (mask: Mask): Mask => {
  const bitmap = new Uint8Array(WIDTH * WIDTH);
  bitmap.set(toBitmap(mask));
  return fromBitmap(bitmap, WIDTH, WIDTH);
};

describe('a segmenter that keeps the aspect', () => {
  it.each(Object.keys(asks))('draws for %s what another draws on the picture made square', async (name) => {
    const ask = asks[name] ?? {};
    const kept = await keeping.segment(image, ask);
    const whole = await squashing.segment(square, { ...ask, ...(ask.rough && { rough: grown(ask.rough) }) });
    expect(kept.size).toEqual([HEIGHT, WIDTH]);
    expect(maskIou(kept, rows(whole, HEIGHT))).toBeGreaterThan(0.97);
    expect(kept).not.toEqual(await squashing.segment(image, ask));
  });

  it('is no other on a square picture', async () => {
    const ask = asks['a box'] ?? {};
    expect(await keeping.segment(square, ask)).toEqual(await squashing.segment(square, ask));
  });
});

it('sizes are rounded as SAM rounds them, and what is beyond the picture is zeros', () => {
  expect(keptSize({ width: 1000, height: 667 }, 1024)).toEqual({ width: 1024, height: 683 });
  expect(keptSize({ width: 3, height: 4000 }, 1024)).toEqual({ width: 1, height: 1024 });
  const kept = prepareKeptImage(image, 64);
  expect(kept.slice(53 * 64, 64 * 64).every((value) => value === 0)).toBe(true);
  expect(kept.slice(0, 53 * 64).some((value) => value === 0)).toBe(false);
  expect(prepareKeptImage(square, 64)).toEqual(prepareSamImage(square, 64));
});
