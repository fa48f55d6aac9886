import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import { maskArea } from '../../../main/contract/rle.ts';
import { decodePng, maskOfValue } from '../../../main/formats/files/png.ts';

const pixels = (count: number) => Uint8Array.from({ length: count }, (_, i) => (i * 37) % 256);
const encoded = (data: Uint8Array, raw: { width: number; height: number; channels: 1 | 2 | 3 | 4 }, options = {}) =>
  sharp(data, { raw }).png(options).toBuffer();

describe('decodePng', () => {
  test.each([
    [3, 0],
    [4, 0],
    [3, 9],
  ] as const)('%i channels, compression %i: R + 256 G + 65536 B', async (channels, compressionLevel) => {
    const data = pixels(7 * 5 * channels);
    const options = { compressionLevel, adaptiveFiltering: true };
    const { width, height, values } = decodePng(
      await encoded(data, { width: 7, height: 5, channels }, options),
      'x.png',
    );
    expect([width, height]).toEqual([7, 5]);
    for (const [i, value] of values.entries()) {
      const [r = 0, g = 0, b = 0] = data.subarray(i * channels);
      expect(value).toBe(r + 256 * g + 65_536 * b);
    }
  });

  test('grey values as they are', async () => {
    const data = pixels(9 * 4);
    const png = await sharp(data, { raw: { width: 9, height: 4, channels: 1 } })
      .toColourspace('b-w')
      .png({ adaptiveFiltering: true })
      .toBuffer();
    expect([...decodePng(png, 'x.png').values]).toEqual([...data]);
  });

  test('palette indices, also of less than a byte', async () => {
    const data = new Uint8Array(6 * 6 * 3).fill(10).fill(200, 0, 54);
    const png = await encoded(data, { width: 6, height: 6, channels: 3 }, { palette: true, colours: 2 });
    const decoded = decodePng(png, 'x.png');
    const [first = 0] = decoded.values;
    expect(new Set(decoded.values).size).toBe(2);
    expect(maskArea(maskOfValue(decoded, first))).toBe(18);
  });

  test('16 bits and interlaced pictures are refused by name', async () => {
    const wide = await sharp(new Uint16Array(12), { raw: { width: 4, height: 3, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expect(() => decodePng(wide, 'wide.png')).toThrow(/wide\.png: is a PNG of 16 bits/);
    const laced = await encoded(pixels(300), { width: 10, height: 10, channels: 3 }, { progressive: true });
    expect(() => decodePng(laced, 'laced.png')).toThrow(/interlaced/);
  });

  test('damaged bytes are read or refused in one sentence', async () => {
    const whole = await encoded(pixels(300), { width: 10, height: 10, channels: 3 });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (at, value, cut) => {
        const bytes = Buffer.from(cut ? whole.subarray(0, at) : whole);
        if (!cut) bytes[at] = value;
        try {
          decodePng(bytes, 'x.png');
        } catch (error) {
          expect(error).toBeInstanceOf(BadInput);
        }
      }),
      { numRuns: 150 },
    );
  });
});
