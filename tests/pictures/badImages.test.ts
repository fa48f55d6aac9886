import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import { decodeImage } from '../../main/pictures/image.ts';
import { haveMaterial, material } from '../golden.ts';

const folder = material('badinput/images');

/** Width and height of a right read with one pixel that proves it, or what the refusal must say. */
type Expected = readonly [number, number] | readonly [number, number, Pixel] | RegExp;
type Pixel = readonly [x: number, y: number, rgb: readonly [number, number, number]];

const expected: Readonly<Record<string, Expected>> = {
  // Transparent where white is wanted, black dots elsewhere.
  '1_trns.png': [64, 64, [32, 32, [255, 255, 255]]],
  'apng_chunk_no_fdat.png': [128, 64, [5, 5, [0, 255, 0]]],
  'avif_hopper.avif': [128, 128],
  'bmp_b_badwidth.bmp': /BMP/u,
  'broken_data_stream.png': /cut short or damaged/u,
  'decompression_bomb.gif': /damaged header/u,
  'exif_orientation_document.jpeg': [1080, 1349, [0, 0, [254, 241, 2]]],
  'exif_typeerror.jpg': [800, 531],
  'frozenpond.mpo': [640, 480],
  'grey_terrain2.png': [1024, 682],
  'hopper.webp': [128, 128],
  'hopper_gray.jpg': [128, 128, [0, 0, [26, 26, 26]]],
  'hopper_orientation_3.jpg': [128, 128],
  'hopper_orientation_6.jpg': [128, 128],
  'hopper_orientation_8.jpg': [128, 128],
  'icc_profile.png': [57, 57],
  'imageops_pad_h_0.jpg': [512, 256],
  'invalid-exif.jpg': [200, 200, [0, 0, [182, 182, 182]]],
  'iss634.apng': [245, 245],
  'iss634.gif': [245, 245],
  'junk_jpeg_header.jpg': [1024, 768],
  'lab.tif': /damaged header.*labq/u,
  'no_palette.gif': [1, 1],
  'p_16.png': [128, 128],
  'pil_sample_cmyk.jpg': [100, 100],
  'tiff_16bit_RGB.tiff': [100, 40],
  'transparent.webp': [200, 150, [0, 0, [255, 255, 255]]],
  'truncated_image.png': /cut short or damaged/u,
  'truncated_jpeg.jpg': /cut short or damaged.*premature end/u,
  'vips_17000x17000.avif': /17000 x 17000 pixels/u,
  'vips_1bit.tif': [256, 4, [0, 0, [0, 0, 0]]],
  'vips_cd1.1.jpg': [531, 373],
  'vips_indexed.png': [290, 442],
  'vips_logo.svg': [736, 552, [0, 0, [255, 255, 255]]],
  'vips_rgba.png': [128, 128, [0, 0, [255, 255, 255]]],
  'vips_rotation_1.jpg': [308, 410],
  'vips_rotation_3.jpg': [308, 410],
  'vips_rotation_6.jpg': [231, 308],
  'vips_rotation_8.jpg': [231, 308],
  'vips_sample-xyb.jpg': [290, 442],
  'vips_truncated.gif': /damaged header/u,
  'zero_width.gif': /empty picture \(0 x 32\)/u,
};

/** Mean absolute difference of two pictures of one size, levels. */
async function distance(a: string, b: string): Promise<number> {
  const [left, right] = await Promise.all([a, b].map((name) => decodeImage(`${folder}/${name}`)));
  expect([left?.width, left?.height]).toEqual([right?.width, right?.height]);
  const data = left?.data ?? new Uint8Array();
  return data.reduce((sum, value, i) => sum + Math.abs(value - (right?.data[i] ?? 0)), 0) / data.length;
}

describe.skipIf(!haveMaterial)('odd pictures of the world', () => {
  test('the table names every file that is there', () => {
    expect(Object.keys(expected)).toEqual(expect.arrayContaining(readdirSync(folder)));
  });

  test.each(Object.entries(expected))('%s', async (name, outcome) => {
    const file = `${folder}/${name}`;
    if (outcome instanceof RegExp) {
      const failure = await decodeImage(file).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(BadInput);
      expect(String(failure)).toMatch(outcome);
      expect(String(failure)).toContain(`${file}: `);
      expect(String(failure)).not.toContain('\n');
      return;
    }
    const [width, height, pixel] = outcome;
    const image = await decodeImage(file);
    expect([image.width, image.height, image.data.length]).toEqual([width, height, width * height * 3]);
    if (pixel === undefined) return;
    const [x, y, rgb] = pixel;
    const at = (y * width + x) * 3;
    for (const [c, value] of rgb.entries()) expect(Math.abs((image.data[at + c] ?? -9) - value)).toBeLessThan(3);
  });

  test('the same scene reads alike whichever way the file lies', async () => {
    expect(await distance('vips_rotation_1.jpg', 'vips_rotation_3.jpg')).toBeLessThan(25);
    expect(await distance('vips_rotation_6.jpg', 'vips_rotation_8.jpg')).toBeLessThan(25);
    expect(await distance('hopper_orientation_3.jpg', 'hopper_orientation_6.jpg')).toBeLessThan(6);
    expect(await distance('hopper_orientation_8.jpg', 'hopper.webp')).toBeLessThan(9);
    expect(await distance('avif_hopper.avif', 'hopper.webp')).toBeLessThan(9);
  });

  test('an unusual colour profile and a palette end in the same colours', async () => {
    expect(await distance('vips_sample-xyb.jpg', 'vips_indexed.png')).toBeLessThan(10);
    expect(await distance('iss634.apng', 'iss634.gif')).toBeLessThan(10);
  });
});

describe.skipIf(!haveMaterial)('model files with picture names or none', () => {
  test.each(readdirSyncOrNone(material('badinput/models')))('%s', async (name) => {
    const failure = await decodeImage(material('badinput/models', name)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BadInput);
    expect(String(failure)).toMatch(name.endsWith('.png') ? /Git LFS pointer/u : /not an image in a known format/u);
  });
});

function readdirSyncOrNone(path: string): string[] {
  return haveMaterial ? readdirSync(path) : [];
}
