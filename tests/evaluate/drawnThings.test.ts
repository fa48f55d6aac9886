// Drawn scenes as pictures with masks and prompts with answers: the same for the same place, and true of the picture.
import { beforeAll, describe, expect, it } from 'vitest';
import { readAnswer } from '../../main/contract/answer.ts';
import { boxIou } from '../../main/contract/geometry.ts';
import { maskArea, maskBox, sharedArea } from '../../main/contract/rle.ts';
import { type DrawnPicture, drawnPictures, drawnThings } from '../../main/evaluate/drawnThings.ts';

let drawn: Awaited<ReturnType<typeof drawnPictures>>;
let some: DrawnPicture[];
beforeAll(async () => {
  drawn = await drawnPictures();
  some = [0, 1, 2, 3].map((i) => drawn('validation', i));
}, 120_000);

describe('things of drawn pictures', () => {
  it('have masks of the picture’s size in their boxes, and no pixel belongs to two', () => {
    for (const { image, things } of some) {
      expect(things.length).toBeGreaterThan(0);
      for (const { mask, box } of things) {
        expect(mask.size).toEqual([image.height, image.width]);
        expect(maskArea(mask)).toBeGreaterThan(0);
        expect(maskBox(mask)).toEqual(box);
      }
      things.forEach(({ mask }, i) => {
        for (const other of things.slice(i + 1)) expect(sharedArea(mask, other.mask)).toBe(0);
      });
    }
  });
});

describe('prompts of drawn pictures', () => {
  it('mean things that there are, and their answers box just these', () => {
    for (const { image, things, prompts } of some)
      for (const { text, answer, targets } of prompts) {
        expect(text).not.toBe('');
        const { objects, found } = readAnswer(answer, 'loupe');
        expect(found).toBe(targets.length > 0 ? 'objects' : 'nothing');
        expect(objects).toHaveLength(targets.length);
        targets.forEach((target, k) => {
          const [own, said] = [things[target]?.box, objects[k]?.box];
          if (!own || !said) throw new Error(`"${text}" means a thing that is not there`);
          const scale = 224 / image.width;
          const scaled = { x1: own.x1 * scale, y1: own.y1 * scale, x2: own.x2 * scale, y2: own.y2 * scale };
          expect(boxIou(scaled, said)).toBeGreaterThan(0.75);
        });
      }
  });
});

describe('pictures', () => {
  it('are the same for the same split and place, and others elsewhere', () => {
    expect(drawn('validation', 2)).toEqual(some[2]);
    expect(drawn('validation', 2).image.data).not.toEqual(drawn('test', 2).image.data);
    expect(drawn('validation', 2).image.data).not.toEqual(some[3]?.image.data);
  });

  it('are counted from where they are asked for', async () => {
    const two = await drawnThings('validation', 2, 2);
    expect(two).toEqual(some.slice(2));
    expect(await drawnThings('validation', 0, 0)).toEqual([]);
  });
});
