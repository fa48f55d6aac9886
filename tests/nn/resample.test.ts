// Every resizer against the library it imitates, and against what must hold for any picture.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../main/pictures/image.ts';
import { type RgbImage, resizeFloat, resizeOpenCv, resizePillow } from '../../models/nn/resample.ts';
import { golden, goldenJson, haveGolden } from '../golden.ts';
import { largestDifference, openFixture } from '../tensors.ts';

interface Resizes {
  cases: { name: string; png: string; resized: [number, number]; resized_sha256: string }[];
  resizes: { name: string; from: [number, number]; to: [number, number] }[];
}

const sizeOf = ([height = 0, width = 0]: readonly number[]) => ({ height, width });
const sha256 = (image: RgbImage) => createHash('sha256').update(image.data).digest('hex');

function picture(height: number, width: number, seed = 1): RgbImage {
  const data = Uint8Array.from({ length: height * width * 3 }, (_, i) => Math.imul(i + seed, 2654435761) >>> 24);
  return { height, width, data };
}

function flat(height: number, width: number, colour: readonly number[]): RgbImage {
  return { height, width, data: Uint8Array.from({ length: height * width * 3 }, (_, i) => colour[i % 3] ?? 0) };
}

const side = fc.integer({ min: 1, max: 40 });
const sizes = fc.tuple(side, side, side, side);
const filter = fc.constantFrom('bicubic' as const, 'bilinear' as const);

describe.skipIf(!haveGolden)('Pillow, bit for bit', () => {
  it('plain resizes up, down, of one pixel, of one axis', async () => {
    const fixture = await openFixture(golden('qwen-processor', 'resize.safetensors'));
    const { resizes } = goldenJson<Resizes>('qwen-processor', 'resize.json');
    for (const { name, to } of resizes) {
      const input = await fixture.picture(`resize.${name}.input`);
      const cubic = await fixture.picture(`resize.${name}.output`);
      const linear = await fixture.picture(`resize.${name}.bilinear`);
      expect(resizePillow(input, sizeOf(to), 'bicubic'), `${name} bicubic`).toEqual(cubic);
      expect(resizePillow(input, sizeOf(to), 'bilinear'), `${name} bilinear`).toEqual(linear);
    }
    expect(resizes.length).toBeGreaterThan(0);
  });

  it('pictures from files', async () => {
    const fixture = await openFixture(golden('qwen-processor', 'resize.safetensors'));
    for (const { name, png, resized, resized_sha256 } of goldenJson<Resizes>('qwen-processor', 'resize.json').cases) {
      const ours = resizePillow(await decodeImage(golden('qwen-processor', png)), sizeOf(resized), 'bicubic');
      expect(ours, name).toEqual(await fixture.picture(`${name}.resized`));
      expect(sha256(ours), name).toBe(resized_sha256);
    }
  });
});

describe.skipIf(!haveGolden)('bilinear on floats', () => {
  it('equals torch for every size of the fixture', async () => {
    const fixture = await openFixture(golden('sam2-tiny', 'resize.safetensors'));
    const inputs = fixture.names.filter((name) => name.startsWith('bilinear.in.'));
    expect(inputs.length).toBeGreaterThan(0);
    for (const name of inputs) {
      const out = name.replace('.in.', '.out.');
      const planes = { channels: 1, ...sizeOf(fixture.shape(name)), data: await fixture.floats(name) };
      const ours = resizeFloat(planes, sizeOf(fixture.shape(out)), { antialias: false });
      expect(largestDifference(ours.data, await fixture.floats(out)), name).toBeLessThan(2e-6);
    }
  });
});

describe('any picture', () => {
  it('of one colour keeps it, in every way of resizing', () => {
    const colour = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(sizes, colour, filter, ([h, w, height, width], rgb, kind) => {
        const wanted = flat(height, width, rgb);
        expect(resizePillow(flat(h, w, rgb), { height, width }, kind)).toEqual(wanted);
        expect(largestDifference(resizeOpenCv(flat(h, w, rgb), { height, width }).data, wanted.data)).toBeLessThan(2);
      }),
    );
  });

  it('mirrored and resized is resized and mirrored', () => {
    const mirror = ({ height, width, data }: RgbImage): RgbImage => {
      const at = (i: number) => Math.floor(i / (width * 3)) * width + width - 1 - (Math.floor(i / 3) % width);
      return { height, width, data: data.map((_, i) => data[at(i) * 3 + (i % 3)] ?? 0) };
    };
    fc.assert(
      fc.property(sizes, filter, fc.nat(), ([h, w, height, width], kind, seed) => {
        const image = picture(h, w, seed);
        const one = resizePillow(mirror(image), { height, width }, kind);
        expect(largestDifference(one.data, mirror(resizePillow(image, { height, width }, kind)).data)).toBeLessThan(2);
      }),
    );
  });

  it('keeps its size untouched when nothing is to be done', () => {
    const image = picture(9, 7);
    expect(resizePillow(image, image, 'bicubic').data).toEqual(image.data);
    expect(resizeOpenCv(image, image).data).toEqual(image.data);
  });

  it('resized in bytes is within a grey level of the same resize in floats', () => {
    fc.assert(
      fc.property(sizes, ([h, w, height, width]) => {
        const image = picture(h, w);
        const red = Float32Array.from({ length: h * w }, (_, i) => image.data[i * 3] ?? 0);
        const planes = { channels: 1, height: h, width: w, data: red };
        const reds = (out: RgbImage) => out.data.filter((_, i) => i % 3 === 0);
        const exact = (antialias: boolean) => resizeFloat(planes, { height, width }, { antialias }).data;
        const pillow = reds(resizePillow(image, { height, width }, 'bilinear'));
        const openCv = reds(resizeOpenCv(image, { height, width }));
        expect(largestDifference(pillow, exact(true))).toBeLessThanOrEqual(1.01);
        expect(largestDifference(openCv, exact(false))).toBeLessThanOrEqual(1.01);
      }),
    );
  });

  it('treats planes apart', () => {
    const data = Float32Array.from({ length: 2 * 5 * 4 }, (_, i) => Math.sin(i * 1.7));
    const size = { height: 3, width: 9 };
    const both = resizeFloat({ channels: 2, height: 5, width: 4, data }, size, { antialias: true });
    const second = resizeFloat({ channels: 1, height: 5, width: 4, data: data.slice(20) }, size, { antialias: true });
    expect(both.data.slice(27)).toEqual(second.data);
  });
});

describe('by hand', () => {
  const step = { height: 1, width: 2, data: Uint8Array.from([0, 0, 0, 255, 255, 255]) };
  const reds = (image: RgbImage) => [...image.data].filter((_, i) => i % 3 === 0);

  it('a step from black to white, twice as wide', () => {
    const wide = { height: 1, width: 4 };
    expect(reds(resizePillow(step, wide, 'bilinear'))).toEqual([0, 64, 191, 255]);
    // Weights 0.867 and 0.227, cut off at the border and brought back to a sum of 1.
    expect(reds(resizePillow(step, wide, 'bicubic'))).toEqual([0, 53, 202, 255]);
    expect(reds(resizeOpenCv(step, wide))).toEqual([0, 64, 191, 255]);
  });

  it('shrinking averages with Pillow and picks with OpenCV', () => {
    const bars = { height: 1, width: 8, data: Uint8Array.from({ length: 24 }, (_, i) => (i < 3 ? 240 : 0)) };
    const narrow = { height: 1, width: 2 };
    // The triangle weighs the first six bars 2.5 3.5 3.5 2.5 1.5 0.5; what lies beyond the border is left out.
    expect(reds(resizePillow(bars, narrow, 'bilinear'))).toEqual([Math.round((240 * 2.5) / 14), 0]);
    expect(reds(resizeOpenCv(bars, narrow))).toEqual([0, 0]);
  });
});

describe('refusals', () => {
  it('name the size', () => {
    expect(() => resizePillow(picture(2, 3), { height: 0, width: 5 }, 'bicubic')).toThrow('5 x 0 is no picture size');
    expect(() => resizeOpenCv(picture(2, 3), { height: 1.5, width: 5 })).toThrow('5 x 1.5 is no picture size');
    const torn = { height: 2, width: 2, data: new Uint8Array(11) };
    expect(() => resizePillow(torn, { height: 1, width: 1 }, 'bilinear')).toThrow('need 12 bytes, there are 11');
  });
});
