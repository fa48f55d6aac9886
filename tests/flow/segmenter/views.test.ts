// Features of parts of pictures: encoded once while in use, dropped when many others came, and never kept when they failed.
import { describe, expect, it } from 'vitest';
import type { DecodedImage } from '../../../main/contract/records.ts';
import { type Features, Views, wholeOf } from '../../../main/flow/segmenter/views.ts';

const image: DecodedImage = { width: 60, height: 40, data: new Uint8Array(60 * 40 * 3) };
const place = (x: number) => ({ x, y: 0, width: 10, height: 10 });
const features: Features = { embed: new Float32Array(1), s0: new Float32Array(1), s1: new Float32Array(1) };

function counting() {
  const seen: string[] = [];
  const views = new Views(async ({ width, height }) => {
    seen.push(`${width} x ${height}`);
    return features;
  }, 192);
  return { seen, views };
}

describe('Views', () => {
  it('encodes each part once, and the whole as it is', async () => {
    const { seen, views } = counting();
    for (let i = 0; i < 3; i++) await Promise.all([views.see(image, wholeOf(image)), views.see(image, place(5))]);
    expect(seen).toEqual(['60 x 40', '10 x 10']);
    await views.see({ ...image }, place(5));
    expect(seen).toHaveLength(3);
  });

  it('keeps the whole and the few parts that were used last', async () => {
    const { seen, views } = counting();
    await views.see(image, wholeOf(image));
    for (const x of [0, 1, 2, 3, 0, 4]) await views.see(image, place(x));
    expect(seen).toHaveLength(6);
    await views.see(image, wholeOf(image));
    await views.see(image, place(0));
    expect(seen).toHaveLength(6);
    await views.see(image, place(1));
    expect(seen).toHaveLength(7);
  });

  it('cuts a large part from a copy of two to four times the pixels that the encoder sees, a small one from the picture', async () => {
    const { seen, views } = counting();
    const large: DecodedImage = { width: 3072, height: 1024, data: new Uint8Array(3072 * 1024 * 3) };
    await views.see(large, wholeOf(large));
    await views.see(large, { x: 1000, y: 0, width: 1024, height: 1024 });
    await views.see(large, { x: 1000, y: 0, width: 700, height: 1000 });
    await views.see(large, { x: 1000, y: 0, width: 200, height: 200 });
    expect(seen).toEqual(['384 x 128', '512 x 512', '350 x 500', '200 x 200']);
  });

  it('shows on a copy what the picture shows there', async () => {
    // Left half black, right half white, at an odd size: the part around the border must have it in its middle.
    const [width, height] = [1601, 1201];
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (Math.floor(i / 3) % width < 800 ? 0 : 255));
    const shown: DecodedImage[] = [];
    const views = new Views(async (part) => {
      shown.push(part);
      return features;
    }, 100);
    await views.see({ width, height, data }, { x: 400, y: 200, width: 800, height: 800 });
    const [part] = shown;
    // Whole pixels of the copy, so it may be one wider than a quarter of the part.
    expect(part).toMatchObject({ width: 201, height: 201 });
    const row = Array.from({ length: 201 }, (_, x) => part?.data[(100 * 201 + x) * 3] ?? 0);
    expect(row.slice(0, 98)).toEqual(new Array(98).fill(0));
    expect(row.slice(103)).toEqual(new Array(98).fill(255));
  });

  it('tries again after a failure', async () => {
    let times = 0;
    const views = new Views(async () => {
      times++;
      if (times === 1) throw new Error('no memory');
      return features;
    }, 192);
    await expect(views.see(image, place(0))).rejects.toThrow('no memory');
    await expect(views.see(image, place(0))).resolves.toBe(features);
  });
});
