// The squashed and normalised picture against Pillow, OpenCV and torchvision.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../main/pictures/image.ts';
import { resizeOpenCv, resizePillow } from '../../models/nn/resample.ts';
import { prepareSamImage, type Squash } from '../../models/sam2/processor.ts';
import { golden, goldenJson, haveGolden } from '../golden.ts';
import { largestDifference, openFixture } from '../tensors.ts';

interface Sam {
  mean: number[];
  std: number[];
  cases: {
    name: string;
    png: string;
    target: number;
    ways: Record<string, { mean: number[]; std: number[]; u8_sha256?: string }>;
  }[];
}

const squashes: Record<string, { squash: Squash; tolerance: number }> = {
  pil_bilinear: { squash: 'pillow', tolerance: 1e-6 },
  opencv_linear: { squash: 'opencv', tolerance: 0.0175 },
  float_antialias: { squash: 'float', tolerance: 2e-5 },
  float_plain: { squash: 'floatPlain', tolerance: 2e-5 },
};

const statistics = (plane: Float32Array) => {
  const mean = plane.reduce((sum, v) => sum + v, 0) / plane.length;
  return { mean, std: Math.sqrt(plane.reduce((sum, v) => sum + (v - mean) ** 2, 0) / plane.length) };
};

/** Rows and columns 8, 24, 40, ... of [3, side, side]. */
function every16(data: Float32Array, side: number): Float32Array {
  const cells = side / 16;
  const at = (i: number) => {
    const [c, y, x] = [Math.floor(i / cells ** 2), Math.floor(i / cells) % cells, i % cells];
    return (c * side + y * 16 + 8) * side + x * 16 + 8;
  };
  return Float32Array.from({ length: 3 * cells ** 2 }, (_, i) => data[at(i)] ?? Number.NaN);
}

describe.skipIf(!haveGolden)('squashed photos', () => {
  it.each(Object.entries(squashes))('%s', async (way, { squash, tolerance }) => {
    const fixture = await openFixture(golden('qwen-processor', 'sam.safetensors'));
    for (const { name, png, target, ways } of goldenJson<Sam>('qwen-processor', 'sam.json').cases) {
      const published = ways[way];
      if (!published) continue;
      const image = await decodeImage(golden('qwen-processor', png));
      const ours = prepareSamImage(image, target, squash);
      const key = `${name}.${target}.${way}`;
      if (fixture.names.includes(`${key}.full`))
        expect(largestDifference(ours, await fixture.floats(`${key}.full`)), key).toBeLessThanOrEqual(tolerance);
      if (fixture.names.includes(`${key}.grid`))
        expect(largestDifference(every16(ours, target), await fixture.floats(`${key}.grid`)), key).toBeLessThanOrEqual(
          tolerance,
        );
      for (const c of [0, 1, 2]) {
        const { mean, std } = statistics(ours.subarray(c * target ** 2, (c + 1) * target ** 2));
        expect(Math.abs(mean - (published.mean[c] ?? 0)), `${key} mean`).toBeLessThan(tolerance + 1e-5);
        expect(Math.abs(std - (published.std[c] ?? 0)), `${key} std`).toBeLessThan(tolerance + 1e-5);
      }
    }
  });

  it('bytes before normalising', async () => {
    const fixture = await openFixture(golden('qwen-processor', 'sam.safetensors'));
    for (const { name, png, target, ways } of goldenJson<Sam>('qwen-processor', 'sam.json').cases) {
      const image = await decodeImage(golden('qwen-processor', png));
      const size = { height: target, width: target };
      const pillow = createHash('sha256')
        .update(resizePillow(image, size, 'bilinear').data)
        .digest('hex');
      expect(pillow, `${name} ${target}`).toBe(ways.pil_bilinear?.u8_sha256);
      const stored = `${name}.${target}.opencv_linear.u8`;
      if (!fixture.names.includes(stored)) continue;
      const openCv = resizeOpenCv(image, size).data;
      expect(largestDifference(openCv, (await fixture.picture(stored)).data), stored).toBeLessThanOrEqual(1);
    }
  });
});

describe.skipIf(!haveGolden)('small pictures', () => {
  const open = () => openFixture(golden('sam2-tiny', 'preprocess.safetensors'));

  it('as bytes and as floats', async () => {
    const fixture = await open();
    const undo = denormalise(goldenJson<Statistics>('sam2-tiny', 'config.json'));
    const names = fixture.names.filter((name) => name.startsWith('image.'));
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const n = name.slice('image.'.length);
      const image = await fixture.picture(name);
      const [side = 0] = fixture.shape(`pil_bilinear.${n}`);
      const size = { height: side, width: side };
      expect(resizePillow(image, size, 'bilinear'), name).toEqual(await fixture.picture(`pil_bilinear.${n}`));
      const openCv = await fixture.picture(`cv2_linear.${n}`);
      expect(largestDifference(resizeOpenCv(image, size).data, openCv.data), name).toBeLessThanOrEqual(1);
      for (const way of ['float_antialias', 'float_plain']) {
        const ours = undo(prepareSamImage(image, side, squashes[way]?.squash), side);
        expect(largestDifference(ours, await fixture.floats(`${way}.${n}`)), `${name} ${way}`).toBeLessThan(2e-6);
      }
    }
  });

  it('normalised', async () => {
    const fixture = await open();
    const names = fixture.names.filter((name) => name.startsWith('normalised_from_pil.'));
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const [, side = 0] = fixture.shape(name);
      const ours = prepareSamImage(await fixture.picture(`image.${name.split('.')[1]}`), side);
      expect(largestDifference(ours, await fixture.floats(name)), name).toBeLessThan(1e-6);
    }
  });
});

interface Statistics {
  pixel_mean: number[];
  pixel_std: number[];
}

/** The fixture's floats are on the scale 0..1, before normalising; its statistics may be on either scale. */
function denormalise({ pixel_mean, pixel_std }: Statistics) {
  const scale = Math.max(...pixel_std) < 2 ? 1 : 1 / 255;
  return (data: Float32Array, side: number) =>
    data.map((v, i) => {
      const c = Math.floor(i / side ** 2);
      return (v * (pixel_std[c] ?? 1) + (pixel_mean[c] ?? 0)) * scale;
    });
}

describe('any picture', () => {
  it('black is minus mean over deviation, whatever the way', () => {
    const black = { height: 5, width: 8, data: new Uint8Array(5 * 8 * 3) };
    for (const squash of ['pillow', 'opencv', 'float', 'floatPlain'] as const) {
      const out = prepareSamImage(black, 4, squash);
      expect(out.length).toBe(3 * 16);
      for (const [c, value] of [-2.117904, -2.035714, -1.804444].entries())
        for (let i = 0; i < 16; i++) expect(out[c * 16 + i]).toBeCloseTo(value, 5);
    }
  });

  it('keeps the channels apart and squashes both axes', () => {
    const data = Uint8Array.from({ length: 2 * 4 * 3 }, (_, i) => (i % 3 === 1 && i >= 12 ? 255 : 0));
    const out = prepareSamImage({ height: 2, width: 4, data }, 2, 'floatPlain');
    const low = -2.035714;
    const high = (255 - 116.28) / 57.12;
    expect([...out.slice(4, 8)].map((v) => Math.round(v * 1e4))).toEqual(
      [low, low, high, high].map((v) => Math.round(v * 1e4)),
    );
    expect(new Set(out.slice(0, 4)).size).toBe(1);
  });
});
