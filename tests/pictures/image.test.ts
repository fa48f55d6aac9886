import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import { decodeImage, rasterise, writePng } from '../../main/pictures/image.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'loupe-image-'));
afterAll(() => rmSync(folder, { recursive: true }));

const WIDTH = 12;
const HEIGHT = 8;
type Rgb = [number, number, number];
const CORNERS: Record<'topLeft' | 'topRight' | 'bottomLeft' | 'bottomRight', Rgb> = {
  topLeft: [250, 10, 20],
  topRight: [20, 240, 30],
  bottomLeft: [10, 30, 245],
  bottomRight: [128, 128, 128],
};

/** Four plain quarters, so that a turn, a mirror or a swapped channel shows. */
function quarters(): Buffer {
  const data = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const row = y < HEIGHT / 2 ? 'top' : 'bottom';
      data.set(CORNERS[`${row}${x < WIDTH / 2 ? 'Left' : 'Right'}`], (y * WIDTH + x) * 3);
    }
  }
  return data;
}

const picture = () => sharp(quarters(), { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });

function saved(name: string, bytes: Uint8Array | string): string {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

const pixel = ({ width, data }: { width: number; data: Uint8Array }, x: number, y: number): number[] => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];

async function cornersOf(file: string) {
  const image = await decodeImage(file);
  const [right, bottom] = [image.width - 1, image.height - 1];
  const at = (x: number, y: number) => pixel(image, x, y);
  return {
    size: [image.width, image.height],
    corners: { topLeft: at(0, 0), topRight: at(right, 0), bottomLeft: at(0, bottom), bottomRight: at(right, bottom) },
  };
}

type Corners = Awaited<ReturnType<typeof cornersOf>>;
const cornerOf = ({ corners }: Corners, name: string): number[] =>
  Object.entries(corners).find(([key]) => key === name)?.[1] ?? [];

function expectNear(read: readonly number[], truth: readonly number[], within: number): void {
  expect(read).toHaveLength(truth.length);
  for (const [i, value] of truth.entries())
    expect(Math.abs((read[i] ?? Number.NaN) - value)).toBeLessThanOrEqual(within);
}

/** The picture as a camera held in that way stores it: where the stored row and column lie in the upright picture. */
function storedAs(orientation: number): Sharp {
  const [left, top] = [[1, 4, 5, 8].includes(orientation), [1, 2, 5, 6].includes(orientation)];
  const turned = orientation >= 5;
  const [width, height] = turned ? [HEIGHT, WIDTH] : [WIDTH, HEIGHT];
  const [upright, data] = [quarters(), Buffer.alloc(WIDTH * HEIGHT * 3)];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [across, down] = turned ? [row, column] : [column, row];
      const x = left ? across : WIDTH - 1 - across;
      const y = top ? down : HEIGHT - 1 - down;
      upright.copy(data, (row * width + column) * 3, (y * WIDTH + x) * 3, (y * WIDTH + x) * 3 + 3);
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

const refusal = async (file: string, options?: { maxPixels: number }): Promise<string> => {
  const failure = await decodeImage(file, options).then(
    () => 'was read',
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(BadInput);
  const { message } = failure as BadInput;
  expect(message.startsWith(`${file}: `), message).toBe(true);
  expect(message).not.toContain('\n');
  return message.slice(file.length + 2);
};

describe('a right read', () => {
  const exact = { size: [WIDTH, HEIGHT], corners: CORNERS };

  test.each([
    ['png', () => picture().png()],
    ['tiff', () => picture().tiff({ compression: 'lzw' })],
    ['webp', () => picture().webp({ lossless: true })],
    ['palette.png', () => picture().png({ palette: true, colours: 8, dither: 0 })],
    ['16.png', () => picture().toColourspace('rgb16').png()],
    ['16.tiff', () => picture().toColourspace('rgb16').tiff({ compression: 'lzw' })],
  ])('%s without loss', async (name, make) => {
    expect(await cornersOf(saved(`exact.${name}`, await make().toBuffer()))).toEqual(exact);
  });

  test('the 16-bit files really hold 16 bits', async () => {
    for (const name of ['exact.16.png', 'exact.16.tiff']) {
      const file = saved(
        name,
        await (name.endsWith('png')
          ? picture().toColourspace('rgb16').png()
          : picture().toColourspace('rgb16').tiff({ compression: 'lzw' })
        ).toBuffer(),
      );
      expect((await sharp(file).metadata()).depth).toBe('ushort');
    }
  });

  test('16-bit grey is scaled over its whole range', async () => {
    const ramp = Uint16Array.from({ length: 256 }, (_, i) => i * 257);
    const source = sharp(ramp, { raw: { width: 256, height: 1, channels: 1 } }).toColourspace('grey16');
    for (const [name, image] of [
      ['grey16.png', source.clone().png()],
      ['grey16.tiff', source.clone().tiff({ compression: 'lzw' })],
    ] as const) {
      const { data } = await decodeImage(saved(name, await image.toBuffer()));
      expect([...data]).toEqual([...ramp].flatMap((_, i) => [i, i, i]));
    }
  });

  test('8-bit grey has three equal channels', async () => {
    const grey = sharp(Buffer.from([0, 99, 255, 7]), { raw: { width: 2, height: 2, channels: 1 } });
    const { data } = await decodeImage(saved('grey.png', await grey.toColourspace('b-w').png().toBuffer()));
    expect([...data]).toEqual([0, 0, 0, 99, 99, 99, 255, 255, 255, 7, 7, 7]);
  });

  test('alpha is laid on white, at 8 and at 16 bits, in colour and in grey', async () => {
    const rgba = Buffer.from([200, 0, 0, 255, 200, 0, 0, 0, 0, 0, 0, 128]);
    const source = sharp(rgba, { raw: { width: 3, height: 1, channels: 4 } });
    const expected = [200, 0, 0, 255, 255, 255, 127, 127, 127];
    for (const [name, image] of [
      ['a8.png', source.clone().png()],
      ['a8.webp', source.clone().webp({ lossless: true, exact: true })],
      ['a8.tiff', source.clone().tiff({ compression: 'lzw' })],
      ['a16.png', source.clone().toColourspace('rgb16').png()],
    ] as const) {
      const { data } = await decodeImage(saved(name, await image.toBuffer()));
      for (const [i, value] of expected.entries())
        expect(Math.abs((data[i] ?? -9) - value), `${name} ${i}`).toBeLessThan(2);
    }
    const grey = sharp(Buffer.from([0, 0, 40, 255]), { raw: { width: 2, height: 1, channels: 2 } });
    const { data } = await decodeImage(saved('ga.png', await grey.toColourspace('b-w').png().toBuffer()));
    expect([...data]).toEqual([255, 255, 255, 40, 40, 40]);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %i stands upright', async (orientation) => {
    const stored = storedAs(orientation);
    const tagged = await stored.withMetadata({ orientation }).tiff({ compression: 'lzw' }).toBuffer();
    const file = saved(`exif${orientation}.tiff`, tagged);
    expect((await sharp(file).metadata()).width).toBe(orientation < 5 ? WIDTH : HEIGHT);
    const upright = await cornersOf(file);
    expect(upright.size).toEqual(exact.size);
    for (const [name, colour] of Object.entries(CORNERS)) expectNear(cornerOf(upright, name), colour, 2);
  });

  test('JPEG is near the truth, CMYK as near as ink comes', async () => {
    const large = () => picture().resize(WIDTH * 16, HEIGHT * 16, { kernel: 'nearest' });
    const plain = await cornersOf(saved('near.jpg', await large().jpeg({ quality: 95 }).toBuffer()));
    for (const [name, colour] of Object.entries(CORNERS)) expectNear(cornerOf(plain, name), colour, 16);
    const ink = await large().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer();
    expect((await sharp(ink).metadata()).space).toBe('cmyk');
    const printed = await cornersOf(saved('ink.jpg', ink));
    expectNear(cornerOf(printed, 'bottomRight'), CORNERS.bottomRight, 16);
    for (const name of ['topLeft', 'topRight', 'bottomLeft'] as const) {
      const strongest = (colour: readonly number[]) => colour.indexOf(Math.max(...colour));
      expect(strongest(cornerOf(printed, name)), name).toBe(strongest(CORNERS[name]));
    }
  });

  test('the first frame of an animation', async () => {
    const frames = await Promise.all(
      ['#ff0000', '#0000ff'].map((background) =>
        sharp({ create: { width: 4, height: 4, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    );
    const animated = sharp(frames, { join: { animated: true } });
    for (const [name, image] of [
      ['two.gif', animated.clone().gif()],
      ['two.webp', animated.clone().webp({ lossless: true })],
    ] as const) {
      expect(await cornersOf(saved(name, await image.toBuffer()))).toMatchObject({
        size: [4, 4],
        corners: { topLeft: [255, 0, 0] },
      });
    }
  });

  test('says which file it was, with its SHA-256', async () => {
    const file = saved('hashed.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="2" height="1"/>');
    const image = await decodeImage(file);
    expect(image).toMatchObject({ file, width: 2, height: 1 });
    expect(image.sha256).toMatch(/^[0-9a-f]{64}$/u);
    expect([...image.data]).toEqual([255, 255, 255, 255, 255, 255]);
  });

  test('a name that libvips would take for options', async () => {
    const file = saved('odd[page=7].png', await picture().png().toBuffer());
    expect(await cornersOf(file)).toEqual(exact);
  });
});

describe('a refusal of one line', () => {
  test('a missing file, a folder, an empty file', async () => {
    expect(await refusal(path.join(folder, 'nowhere.png'))).toBe('no such file');
    expect(await refusal(folder)).toContain('is a folder');
    expect(await refusal(saved('empty.jpg', ''))).toBe('is empty');
    expect(await refusal('/dev/zero')).toBe('is not a regular file');
  });

  test('text, a Git LFS pointer, a BMP and a PDF behind picture names', async () => {
    expect(await refusal(saved('text.png', 'no picture at all\n'))).toContain('not an image in a known format');
    expect(
      await refusal(saved('lfs.png', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n')),
    ).toContain('git lfs pull');
    expect(await refusal(saved('b.png', `BM${'\0'.repeat(60)}`))).toContain('BMP');
    expect(await refusal(saved('p.png', '%PDF-1.7\n%%EOF'))).toContain('not an image');
  });

  test('pictures cut short anywhere', async () => {
    const noise = Buffer.from(Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251));
    const source = () => sharp(noise, { raw: { width: 64, height: 64, channels: 3 } });
    const files = {
      png: source().png(),
      jpg: source().jpeg(),
      webp: source().webp({ lossless: true }),
      tiff: source().tiff({ compression: 'deflate' }),
      gif: source().gif(),
    };
    for (const [kind, image] of Object.entries(files)) {
      const whole = await image.toBuffer();
      for (const share of [0.05, 0.5, 0.9]) {
        const name = `cut${share}.${kind}`;
        const reason = await refusal(saved(name, whole.subarray(0, Math.floor(whole.length * share))));
        expect(reason, name).toMatch(/cut short|damaged|not an image/u);
      }
    }
  });

  test('float samples, which would come out black', async () => {
    const float = sharp(new Float32Array([0.5, 1]), { raw: { width: 2, height: 1, channels: 1 } });
    const bytes = await float.toColourspace('scrgb').tiff({ compression: 'lzw' }).toBuffer();
    expect((await sharp(bytes).metadata()).depth).toBe('float');
    expect(await refusal(saved('float.tiff', bytes))).toContain('float samples');
  });

  test('bombs before they are decoded, whatever the decoder', async () => {
    const header = (width: number, height: number) => {
      const png = Buffer.alloc(33);
      png.write('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1');
      png.writeUInt32BE(width, 16);
      png.writeUInt32BE(height, 20);
      return png;
    };
    expect(await refusal(saved('bomb.png', header(100_000, 100_000)))).toContain('100000 x 100000');
    expect(await refusal(saved('flat.png', header(0, 9)))).toContain('empty picture (0 x 9)');
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="20000"/>';
    expect(await refusal(saved('bomb.svg', svg))).toContain('30000 x 20000');
    const webp = await sharp({ create: { width: 300, height: 200, channels: 3, background: 'red' } })
      .webp()
      .toBuffer();
    const file = saved('over.webp', webp);
    expect(await refusal(file, { maxPixels: 59_999 })).toContain('300 x 200');
    expect(await decodeImage(file, { maxPixels: 60_000 })).toMatchObject({ width: 300, height: 200 });
  });
});

describe('rasterise', () => {
  test('fits the drawing into a square, transparent around it', async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><rect width="20" height="10" fill="#00f"/></svg>';
    const { width, height, data } = await rasterise(svg, 40);
    expect([width, height, data.length]).toEqual([40, 40, 40 * 40 * 4]);
    const at = (x: number, y: number) => [...data.subarray((y * 40 + x) * 4, (y * 40 + x) * 4 + 4)];
    expect(at(20, 20)).toEqual([0, 0, 255, 255]);
    expect(at(20, 2)[3]).toBe(0);
  });

  test('colour is not multiplied with alpha, and drawings are drawn at size instead of blown up', async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><path d="M0 0h2v4h-2z" fill="red" fill-opacity=".5"/></svg>';
    const { data } = await rasterise(svg, 64);
    const row = Array.from({ length: 64 }, (_, x) => [...data.subarray((32 * 64 + x) * 4, (32 * 64 + x) * 4 + 4)]);
    expect(row[10]?.slice(0, 3)).toEqual([255, 0, 0]);
    expect(Math.abs((row[10]?.[3] ?? 0) - 128)).toBeLessThan(2);
    expect(row[31]?.[3]).toBe(row[0]?.[3]);
    expect(row[32]?.[3]).toBe(0);
  });
});

describe('writePng', () => {
  test.each([1, 3, 4] as const)('%i channels come back as they went', async (channels) => {
    const data = Uint8Array.from({ length: 6 * channels }, (_, i) => (i * 37) % 256);
    const file = path.join(folder, `written${channels}.png`);
    await writePng(file, { width: 3, height: 2, channels, data });
    const back = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    const header = await sharp(file).metadata();
    expect([header.format, header.width, header.height, header.channels]).toEqual(['png', 3, 2, channels]);
    const read = channels === 1 ? back.data.filter((_, i) => i % back.info.channels === 0) : back.data;
    expect([...read]).toEqual([...data]);
  });
});
