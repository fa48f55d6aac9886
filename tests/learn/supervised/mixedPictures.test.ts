// New pictures of taught ones: boxes lie around what is to be seen, names stay with their things, the same seed draws the same.
import { describe, expect, it } from 'vitest';
import { packMask } from '../../../main/contract/project.ts';
import { random } from '../../../main/contract/random.ts';
import type { DecodedImage } from '../../../main/contract/records.ts';
import { fromBitmap, maskBox } from '../../../main/contract/rle.ts';
import type { StandingThing } from '../../../main/learn/samples/sample.ts';
import { learntPicture, mixedPicture } from '../../../main/learn/supervised/mixedPictures.ts';

const [width, height] = [120, 80];
const size = 96;
type Rgb = readonly [number, number, number];
const red: Rgb = [250, 0, 0];
const blue: Rgb = [0, 0, 250];

/** Grey with one rectangle in a colour of its own. */
function pictured(name: string, colour: Rgb, at: { x: number; y: number; w: number; h: number }, cut = true) {
  const data = new Uint8Array(width * height * 3).fill(120);
  const bitmap = new Uint8Array(width * height);
  for (let y = at.y; y < at.y + at.h; y++)
    for (let x = at.x; x < at.x + at.w; x++) {
      bitmap[y * width + x] = 1;
      data.set(colour, (y * width + x) * 3);
    }
  const mask = fromBitmap(bitmap, width, height);
  const thing: StandingThing = { name, box: maskBox(mask), mask: cut ? packMask(mask) : null };
  return learntPicture({ width, height, data }, [thing]);
}

const pictures = [
  pictured('cat', red, { x: 40, y: 20, w: 40, h: 40 }),
  pictured('dog', blue, { x: 20, y: 30, w: 60, h: 30 }),
];
const draws = (count: number) => Array.from({ length: count }, (_, i) => random(i, 1));

/** Where a colour is to be seen, x2 and y2 just outside. */
function seenBox({ width: across, data }: DecodedImage, isIt: (r: number, g: number, b: number) => boolean) {
  const box = { x1: across, y1: across, x2: 0, y2: 0 };
  for (let i = 0; i < data.length / 3; i++) {
    if (!isIt(data[3 * i] ?? 0, data[3 * i + 1] ?? 0, data[3 * i + 2] ?? 0)) continue;
    const [x, y] = [i % across, Math.floor(i / across)];
    box.x1 = Math.min(box.x1, x);
    box.y1 = Math.min(box.y1, y);
    box.x2 = Math.max(box.x2, x + 1);
    box.y2 = Math.max(box.y2, y + 1);
  }
  return box;
}

describe('a taught picture', () => {
  it('is a square in which things keep their names, their boxes and whether they have an outline', () => {
    const [thing] = pictures[0]?.things ?? [];
    expect(thing).toMatchObject({ name: 'cat', isCut: true, box: { x1: 96, y1: 72, x2: 192, y2: 216 } });
    const boxed = pictured('cat', red, { x: 40, y: 20, w: 40, h: 40 }, false);
    expect(boxed.things[0]).toMatchObject({ isCut: false, box: { x1: 96, y1: 72, x2: 192, y2: 216 } });
  });
});

describe('a mixed picture', () => {
  it('follows from the seed, and another seed draws another one', () => {
    const mix = (seed: number) => mixedPicture(pictures, { first: 0, size, draw: random(seed, 1) });
    expect(mix(3)).toEqual(mix(3));
    expect(mix(3).image.data).not.toEqual(mix(4).image.data);
  });

  it('has boxes around the things that are to be seen', () => {
    // Nothing can be pasted of a thing that has only a box.
    const alone = [pictured('cat', red, { x: 40, y: 20, w: 40, h: 40 }, false)];
    for (const draw of draws(40)) {
      const { image, things } = mixedPicture(alone, { first: 0, size, draw });
      const seen = seenBox(image, (r, g) => r > g + 60);
      for (const { box } of things)
        for (const edge of ['x1', 'y1', 'x2', 'y2'] as const)
          expect(Math.abs(box[edge] - seen[edge])).toBeLessThanOrEqual(2);
    }
  });

  it('names things from left to right, inside the picture and with some width', () => {
    for (const draw of draws(60)) {
      const { things } = mixedPicture(pictures, { first: 1, size, draw });
      const middles = things.map(({ box }) => box.x1 + box.x2);
      expect(middles).toEqual([...middles].sort((a, b) => a - b));
      for (const { name, box } of things) {
        expect(['cat', 'dog']).toContain(name);
        expect([box.x1 >= 0, box.y1 >= 0, box.x2 <= size, box.y2 <= size]).toEqual([true, true, true, true]);
        expect(Math.min(box.x2 - box.x1, box.y2 - box.y1)).toBeGreaterThanOrEqual(6);
      }
    }
  });

  it('shows things of other pictures as well, and cuts none that has only a box', () => {
    const both = draws(40).flatMap((draw) => mixedPicture(pictures, { first: 0, size, draw }).things);
    expect(both.filter(({ name }) => name === 'dog').length).toBeGreaterThan(5);
    const boxed = [pictures[0], pictured('dog', blue, { x: 20, y: 30, w: 60, h: 30 }, false)].flatMap(
      (one) => one ?? [],
    );
    const names = draws(40).flatMap((draw) => mixedPicture(boxed, { first: 0, size, draw }).things);
    expect(names.filter(({ name }) => name === 'dog')).toEqual([]);
  });

  it('needs no thing at all', () => {
    const bare = [learntPicture({ width, height, data: new Uint8Array(width * height * 3) }, [])];
    expect(mixedPicture(bare, { first: 0, size, draw: random(1, 1) }).things).toEqual([]);
  });
});
