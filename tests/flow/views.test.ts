// Features of parts of pictures: encoded once while in use, dropped when many others came, and never kept when they failed.
import { describe, expect, it } from 'vitest';
import type { DecodedImage } from '../../main/contract/records.ts';
import { type Features, Views, wholeOf } from '../../main/flow/views.ts';

const image: DecodedImage = { width: 60, height: 40, data: new Uint8Array(60 * 40 * 3) };
const place = (x: number) => ({ x, y: 0, width: 10, height: 10 });
const features: Features = { embed: new Float32Array(1), s0: new Float32Array(1), s1: new Float32Array(1) };

function counting() {
  const seen: string[] = [];
  const views = new Views(async ({ width, height }) => {
    seen.push(`${width} x ${height}`);
    return features;
  });
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

  it('cuts large parts of large pictures from a smaller copy, small ones from the picture', async () => {
    const { seen, views } = counting();
    const large: DecodedImage = { width: 3072, height: 1024, data: new Uint8Array(3072 * 1024 * 3) };
    await views.see(large, wholeOf(large));
    await views.see(large, { x: 1000, y: 0, width: 1024, height: 1024 });
    await views.see(large, { x: 1000, y: 0, width: 200, height: 200 });
    expect(seen).toEqual(['1536 x 512', '512 x 512', '200 x 200']);
  });

  it('tries again after a failure', async () => {
    let times = 0;
    const views = new Views(async () => {
      times++;
      if (times === 1) throw new Error('no memory');
      return features;
    });
    await expect(views.see(image, place(0))).rejects.toThrow('no memory');
    await expect(views.see(image, place(0))).resolves.toBe(features);
  });
});
