// Small things by a SAM 2 of toy size: seen in a part of the picture, encoded once more at most; all else as it was.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DecodedImage, Mask } from '../../../main/contract/records.ts';
import { fromBitmap, maskArea, maskBox, toBitmap } from '../../../main/contract/rle.ts';
import { type ClickSegmenter, openClickSegmenter } from '../../../main/flow/clickSegmenter.ts';
import { SmallThings } from '../../../main/flow/segmenter/smallThings.ts';
import { croppedTo } from '../../../main/pictures/crop.ts';
import { writeToySam } from '../../weights/toyCheckpoint.ts';

const [width, height] = [200, 160];
const noise = (): DecodedImage => {
  const data = Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => 128 + 90 * Math.sin(i * 0.7) * Math.cos(i / 97),
  );
  return { width, height, data };
};
const small = { x1: 100, y1: 60, x2: 120, y2: 90 };
const place = { x: 80, y: 45, width: 60, height: 60 };

let root: string;
let segmenter: ClickSegmenter;
let things: SmallThings;
let image: DecodedImage;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-small-'));
  segmenter = await openClickSegmenter(await writeToySam(path.join(root, 'sam')));
});
afterAll(async () => {
  await segmenter.release();
  await rm(root, { recursive: true });
});
beforeEach(() => {
  image = noise();
  things = new SmallThings(segmenter);
});

/** A mask of the part, put into the picture pixel by pixel. */
function put(part: Mask): Mask {
  const [bitmap, whole] = [toBitmap(part), new Uint8Array(width * height)];
  bitmap.forEach((value, i) => {
    whole[(place.y + Math.floor(i / place.width)) * width + place.x + (i % place.width)] = value;
  });
  return fromBitmap(whole, width, height);
}

const inBox = (x: number, y: number): boolean => x >= small.x1 && x < small.x2 && y >= small.y1 && y < small.y2;

describe('a small thing', () => {
  it('is drawn as the part around it alone is, at its place in the picture', async () => {
    const points = [{ x: 110, y: 70, sign: '+' as const }];
    const part = await segmenter.segment(croppedTo(image, place), {
      box: { x1: 20, y1: 15, x2: 40, y2: 45 },
      points: [{ x: 30, y: 25, sign: '+' }],
    });
    const mask = await things.segment(image, { box: small, points });
    expect(maskArea(part)).toBeGreaterThan(0);
    expect(mask).toEqual(put(part));
    expect(mask).not.toEqual(await segmenter.segment(image, { box: small, points }));
  });

  it('is encoded once, however often it is refined by clicks, box and mask', async () => {
    const first = await things.segment(image, { box: small });
    const before = segmenter.encodings;
    const points = [
      { x: 112, y: 72, sign: '+' as const },
      { x: 90, y: 50, sign: '-' as const },
    ];
    for (const box of [small, { ...small, x2: 124 }, { ...small, y1: 64 }])
      await things.segment(image, { box, points });
    expect(segmenter.encodings).toBe(before);
    const rough = fromBitmap(
      Uint8Array.from({ length: width * height }, (_, i) => Number(inBox(i % width, Math.floor(i / width)))),
      width,
      height,
    );
    const refined = await things.segment(image, { rough });
    expect([refined.size, segmenter.encodings]).toEqual([[height, width], before]);
    expect(refined).not.toEqual(first);
  });

  it('at the edge of a narrow picture is a mask of that picture', async () => {
    const narrow = { width: 4, height: 900, data: new Uint8Array(4 * 900 * 3).map((_, i) => (i * 37) % 256) };
    for (const box of [
      { x1: 0, y1: 0, x2: 0.9, y2: 9 },
      { x1: 3.2, y1: 880, x2: 4, y2: 900 },
    ]) {
      const { size, counts } = await things.segment(narrow, { box });
      expect([size, counts.reduce((sum, run) => sum + run, 0)]).toEqual([[900, 4], 3600]);
    }
  });
});

describe('what is no small thing', () => {
  it('a large box and one that is drawn by a segmenter that looks at parts itself is left to the segmenter', async () => {
    const box = { x1: 20, y1: 20, x2: 120, y2: 90 };
    expect(await things.segment(image, { box })).toEqual(await segmenter.segment(image, { box }));
    const own = new SmallThings({ wantsParts: false, segment: (...ask) => segmenter.segment(...ask) });
    expect(await own.segment(image, { box: small })).toEqual(await segmenter.segment(image, { box: small }));
  });

  it('a picture of one pixel, and clicks on what turns out to be large', async () => {
    const pixel = { width: 1, height: 1, data: new Uint8Array([9, 9, 9]) };
    const ask = { points: [{ x: 0.5, y: 0.5, sign: '+' as const }] };
    expect((await things.segment(pixel, ask)).size).toEqual([1, 1]);
    const clicked = { points: [{ x: 110, y: 70, sign: '+' as const }] };
    const whole = await segmenter.segment(image, clicked);
    const { x1, x2, y1, y2 } = maskBox(whole);
    const isLarge = x2 - x1 >= width / 4 || y2 - y1 >= height / 4;
    expect(isLarge).toBe(true);
    expect(await things.segment(image, clicked)).toEqual(whole);
  });
});
