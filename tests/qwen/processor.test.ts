// Sizes, resized pixels and patches against the published rules.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../main/pictures/image.ts';
import { resizePillow } from '../../models/nn/resample.ts';
import {
  type ImageConfig,
  imageConfigFrom,
  lensImageConfig,
  longestSide,
  patchesOf,
  prepareImage,
  smartResize,
} from '../../models/qwen/processor.ts';
import { golden, goldenJson, haveGolden } from '../golden.ts';
import { largestDifference, openFixture } from '../tensors.ts';

interface Row {
  height: number;
  width: number;
  factor: number;
  min_pixels: number;
  max_pixels: number;
  lens?: [number, number];
  processor?: [number, number];
  tokens?: number;
  error?: string;
}

interface Case {
  name: string;
  png: string;
  size: [number, number];
  min_pixels: number;
  max_pixels: number;
  resized: [number, number];
  image_grid_thw: [number, number, number];
  pixel_values_stored: boolean;
  pixel_mean: number;
  pixel_abs_mean: number;
}

interface Longest {
  rows: { height: number; width: number; out: [number, number]; error?: string }[];
  pictures: {
    png: string;
    longest: [number, number];
    longest_sha256: string;
    then_smart_resize: [number, number];
    then_sha256: string;
  }[];
}

const limits = (row: { min_pixels: number; max_pixels: number }): ImageConfig => ({
  ...lensImageConfig,
  minPixels: row.min_pixels,
  maxPixels: row.max_pixels,
});
const pair = ({ height, width }: { height: number; width: number }) => [height, width];
const mean = (values: ArrayLike<number>, of = (v: number) => v) =>
  Array.from(values, of).reduce((sum, v) => sum + v, 0) / values.length;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(!haveGolden)('smart_resize', () => {
  const { rows } = haveGolden ? goldenJson<{ rows: Row[] }>('qwen-processor', 'smart_resize.json') : { rows: [] };

  it('gives every published size under both rules', () => {
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      const config = { ...limits(row), patch: row.factor / lensImageConfig.merge };
      const label = JSON.stringify(row);
      if (row.error) {
        expect(() => smartResize(row, config, 'lens'), label).toThrow('too narrow');
        continue;
      }
      const sized = smartResize(row, config, 'lens');
      expect(pair(sized), label).toEqual(row.lens);
      expect((sized.height * sized.width) / row.factor ** 2, label).toBe(row.tokens);
      expect(pair(smartResize(row, config, 'processor')), label).toEqual(row.processor ?? row.lens);
    }
  });
});

describe.skipIf(!haveGolden)('longest side', () => {
  it('truncates, refusing what would vanish', () => {
    for (const { height, width, out, error } of goldenJson<Longest>('qwen-processor', 'longest_side.json').rows) {
      const scaled = () => longestSide({ height, width }, 640);
      if (error) expect(scaled, `${height} x ${width}`).toThrow('0 pixels');
      else expect(pair(scaled()), `${height} x ${width}`).toEqual(out);
    }
  });

  it('pictures, and the second resize', async () => {
    for (const wanted of goldenJson<Longest>('qwen-processor', 'longest_side.json').pictures) {
      const image = await decodeImage(golden('qwen-processor', wanted.png));
      const scaled = resizePillow(image, longestSide(image, 640), 'bicubic');
      expect([...pair(scaled), sha256(scaled.data)]).toEqual([...wanted.longest, wanted.longest_sha256]);
      const sized = resizePillow(scaled, smartResize(scaled, lensImageConfig, 'lens'), 'bicubic');
      expect([...pair(sized), sha256(sized.data)]).toEqual([...wanted.then_smart_resize, wanted.then_sha256]);
      const prepared = prepareImage(image, { kind: 'longest', side: 640 });
      expect(prepared).toEqual(patchesOf(sized, lensImageConfig));
    }
  });
});

describe.skipIf(!haveGolden)('patches', () => {
  it('of files equal the published processor', async () => {
    const fixture = await openFixture(golden('qwen-processor', 'resize.safetensors'));
    for (const row of goldenJson<{ cases: Case[] }>('qwen-processor', 'resize.json').cases) {
      const image = await decodeImage(golden('qwen-processor', row.png));
      const { pixelValues, grid } = prepareImage(image, { kind: 'smart' }, limits(row));
      expect([grid.t, grid.h, grid.w], row.name).toEqual(row.image_grid_thw);
      expect(mean(pixelValues), row.name).toBeCloseTo(row.pixel_mean, 5);
      expect(mean(pixelValues, Math.abs), row.name).toBeCloseTo(row.pixel_abs_mean, 5);
      if (!row.pixel_values_stored) continue;
      const wanted = await fixture.floats(`${row.name}.pixel_values`);
      expect(largestDifference(pixelValues, wanted), row.name).toBeLessThan(1e-6);
    }
  });

  it.each(['qwen25vl-tiny', 'qwen2vl-tiny'])('of the pictures of %s', async (model) => {
    const config = imageConfigFrom(goldenJson(model, 'preprocessor_config.json'));
    const fixture = await openFixture(golden(model, 'images.safetensors'));
    type Entry = { png: string; pixel_values: string; image_grid_thw: number[] };
    for (const [name, entry] of Object.entries(goldenJson<Record<string, Entry>>(model, 'images.json'))) {
      const { pixelValues, grid } = prepareImage(
        await decodeImage(golden(model, entry.png)),
        { kind: 'smart' },
        config,
      );
      expect([grid.t, grid.h, grid.w], name).toEqual(entry.image_grid_thw);
      expect(largestDifference(pixelValues, await fixture.floats(entry.pixel_values)), name).toBeLessThan(1e-6);
    }
  });
});

/** Every byte tells where it is: 3 * pixel + channel, on a picture small enough for that to fit. */
const numbered = (height: number, width: number) => ({
  height,
  width,
  data: Uint8Array.from({ length: height * width * 3 }, (_, i) => i),
});
const raw: ImageConfig = { ...lensImageConfig, patch: 2, mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] };

describe('the order of values', () => {
  it('cells of merge x merge patches; channel, frame, row, column inside', () => {
    const { pixelValues, grid } = patchesOf(numbered(4, 8), raw);
    expect(grid).toEqual({ t: 1, h: 2, w: 4 });
    const patch = (n: number) => Array.from(pixelValues.slice(n * 24, n * 24 + 24), Math.round);
    const red = [0, 3, 24, 27];
    const more = (by: number) => red.map((v) => v + by);
    expect(patch(0)).toEqual([...red, ...red, ...more(1), ...more(1), ...more(2), ...more(2)]);
    expect([1, 2, 3, 4].map((n) => patch(n)[0])).toEqual([6, 48, 54, 12]);
  });

  it('repeats the picture as often as the tower wants frames', () => {
    const { pixelValues } = patchesOf(numbered(4, 4), { ...raw, temporal: 3 });
    expect(pixelValues.length).toBe(4 * 3 * 3 * 4);
    expect(pixelValues.slice(0, 4)).toEqual(pixelValues.slice(8, 12));
  });

  it('names a deviation that a channel lacks instead of taking 1', () => {
    expect(() => patchesOf(numbered(4, 4), { ...raw, std: [1, 1] })).toThrow('image_std [1,1] has no entry 2');
  });

  it('refuses a picture that does not divide', () => {
    expect(() => patchesOf(numbered(4, 6), raw)).toThrow('6 x 4 does not divide into cells of 4');
  });
});

describe('framing', () => {
  const image = { height: 60, width: 100, data: new Uint8Array(60 * 100 * 3).fill(90) };

  it('square ignores the aspect', () => {
    const { grid } = prepareImage(image, { kind: 'square', side: 224, filter: 'bicubic' });
    expect(grid).toEqual({ t: 1, h: 16, w: 16 });
  });

  it('smart stays within the limits for any size that is not too narrow', () => {
    const sides = fc.tuple(fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 1, max: 9000 }));
    fc.assert(
      fc.property(sides, ([height, width]) => {
        fc.pre(Math.max(height, width) / Math.min(height, width) <= 200);
        const sized = smartResize({ height, width }, lensImageConfig, 'lens');
        expect(sized.height % 28).toBe(0);
        expect(sized.width % 28).toBe(0);
        expect(Math.min(sized.height, sized.width)).toBeGreaterThanOrEqual(28);
        // A very narrow picture keeps one cell across, which may overshoot.
        if (Math.min(sized.height, sized.width) > 28)
          expect(sized.height * sized.width).toBeLessThanOrEqual(lensImageConfig.maxPixels);
      }),
    );
  });
});

describe('preprocessor_config.json', () => {
  const file = { image_mean: [0, 0, 0], image_std: [1, 1, 1], min_pixels: 5, max_pixels: 6, patch_size: 16 };

  it('old and new names of the limits', () => {
    expect(imageConfigFrom(file)).toMatchObject({ patch: 16, merge: 2, temporal: 2, minPixels: 5, maxPixels: 6 });
    const newer = { ...file, min_pixels: undefined, max_pixels: null, size: { shortest_edge: 7, longest_edge: 8 } };
    expect(imageConfigFrom(newer)).toMatchObject({ minPixels: 7, maxPixels: 8 });
  });

  it('refuses nonsense by name', () => {
    expect(() => imageConfigFrom({ ...file, patch_size: 0 })).toThrow(/preprocessor_config\.json.*patch_size/s);
    expect(() => imageConfigFrom({ image_std: [1, 1, 1] })).toThrow('image_mean');
  });
});
