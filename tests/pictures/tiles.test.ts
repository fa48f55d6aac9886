import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { tileSide } from '../../main/contract/addresses.ts';
import { BadInput } from '../../main/contract/badInput.ts';
import { decodeImage, measureImage } from '../../main/pictures/image.ts';
import { type HashedFile, type PictureBytes, Pictures, regionOf } from '../../main/pictures/tiles.ts';
import { haveMaterial, material } from '../golden.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'loupe-pictures-'));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
const fresh = () => new Pictures(path.join(folder, `cache ${++count}`));
const last = () => path.join(folder, `cache ${count}`);

/** A ramp in two directions, so that every place has its own colour. */
function ramp(width: number, height: number): Sharp {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set([(x * 255) / width, (y * 255) / height, 90], (y * width + x) * 3);
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

async function saved(name: string, image: Sharp): Promise<string> {
  const file = path.join(folder, name);
  await image.toFile(file);
  return file;
}

async function sourceOf(pictures: Pictures, file: string): Promise<HashedFile> {
  return { file, hash: (await pictures.inspect(file)).sha256 };
}

async function pixelsOf(picture: PictureBytes | null) {
  if (picture === null) throw new Error('there is no picture');
  const image = sharp('bytes' in picture ? picture.bytes : readFileSync(picture.file), { autoOrient: true });
  const { data, info } = await image.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** The largest difference of two pictures of one size. */
function difference(a: Uint8Array, b: Uint8Array): number {
  let most = a.length === b.length ? 0 : 255;
  for (const [i, value] of a.entries()) most = Math.max(most, Math.abs(value - (b[i] ?? 0)));
  return most;
}

describe('inspecting', () => {
  test('size, hash and a thumbnail, from one reading', async () => {
    const pictures = fresh();
    const file = await saved('plain.png', ramp(600, 300));
    const found = await pictures.inspect(file);
    expect(found).toMatchObject({ width: 600, height: 300, shown: 'image/png', verified: true });
    expect(found.sha256).toBe((await decodeImage(file)).sha256);
    expect(
      readdirSync(last(), { recursive: true }).filter((name) => String(name).endsWith('thumbnail.webp')),
    ).toHaveLength(1);
  });

  test('upright sizes', async () => {
    const file = await saved('turned.jpg', ramp(60, 30).withMetadata({ orientation: 6 }));
    expect(await fresh().inspect(file)).toMatchObject({ width: 30, height: 60, shown: 'image/jpeg' });
    expect(await measureImage(file)).toMatchObject({ width: 30, height: 60 });
  });

  test('a header is read without the rest, also where the name holds brackets', async () => {
    const whole = await ramp(64, 64).png({ compressionLevel: 0 }).toBuffer();
    for (const name of ['cut.png', 'cut[0].png']) {
      writeFileSync(path.join(folder, name), whole.subarray(0, 9000));
      expect(await measureImage(path.join(folder, name))).toMatchObject({ width: 64, height: 64 });
      await expect(fresh().inspect(path.join(folder, name))).rejects.toThrow('cut short or damaged');
    }
  });

  test.each([
    ['text.png', 'no picture', 'not an image in a known format'],
    ['empty.png', '', 'is empty'],
    ['b.bmp', 'BM', 'BMP'],
  ])('%s is refused by its header', async (name, text, reason) => {
    writeFileSync(path.join(folder, name), text);
    await expect(measureImage(path.join(folder, name))).rejects.toThrow(reason);
    await expect(measureImage(path.join(folder, name))).rejects.toThrow(BadInput);
  });

  test('a file that is replaced is measured anew', async () => {
    const file = await saved('again.png', ramp(20, 10));
    expect((await measureImage(file)).width).toBe(20);
    await saved('again.png', ramp(30, 10));
    expect((await measureImage(file)).width).toBe(30);
  });
});

describe('the whole picture', () => {
  test.each([
    ['as.jpg', () => ramp(30, 20)],
    ['as.png', () => ramp(30, 20)],
    ['as.webp', () => ramp(30, 20)],
    ['grey.jpg', () => ramp(30, 20).toColourspace('b-w')],
    ['as-turned.jpg', () => ramp(30, 20).withMetadata({ orientation: 8 })],
  ])('%s is sent as it is', async (name, make) => {
    const pictures = fresh();
    const file = await saved(name, make());
    expect(await pictures.whole(await sourceOf(pictures, file))).toMatchObject({ file });
  });

  test.each([
    ['no.tiff', () => ramp(30, 20).tiff({ compression: 'lzw' })],
    ['no-16.png', () => ramp(30, 20).toColourspace('rgb16')],
    ['no-ink.jpg', () => ramp(30, 20).toColourspace('cmyk')],
    ['no-alpha.png', () => ramp(30, 20).ensureAlpha(0.5)],
    ['no-turned.png', () => ramp(30, 20).withMetadata({ orientation: 6 })],
    ['no.avif', () => ramp(30, 20)],
  ])('%s becomes a PNG of exactly the pixels that the model sees, once', async (name, make) => {
    const pictures = fresh();
    const file = await saved(name, make());
    const source = await sourceOf(pictures, file);
    const picture = await pictures.whole(source);
    expect(picture).toMatchObject({ type: 'image/png', file: expect.stringContaining(source.hash) });
    const [shown, seen] = [await pixelsOf(picture), await decodeImage(file)];
    expect([shown.width, shown.height]).toEqual([seen.width, seen.height]);
    expect(difference(shown.data, seen.data)).toBe(0);
    rmSync(file);
    expect(await pictures.whole(source)).toEqual(picture);
  });

  test('many who ask at a time cost one conversion', async () => {
    const pictures = fresh();
    const source = await sourceOf(pictures, await saved('many.tiff', ramp(300, 200)));
    const all = await Promise.all(Array.from({ length: 10 }, () => pictures.whole(source)));
    expect(new Set(all.map((one) => ('file' in one ? one.file : ''))).size).toBe(1);
    expect(readdirSync(path.join(last(), 'images', source.hash.slice(0, 2), source.hash)).sort()).toEqual([
      ...['picture.png', 'thumbnail.webp'],
    ]);
  });

  test('only a hash names a place in the cache', async () => {
    for (const hash of ['../../etc', '', 'A'.repeat(64), `${'a'.repeat(63)}/`]) {
      await expect(fresh().whole({ file: 'x', hash })).rejects.toThrow(BadInput);
      await expect(fresh().thumbnail({ file: 'x', hash })).rejects.toThrow(BadInput);
      await expect(fresh().tile({ file: 'x', hash }, { level: 0, column: 0, row: 0 })).rejects.toThrow(BadInput);
    }
  });
});

describe('thumbnails', () => {
  test('fit into 256 px and are never enlarged', async () => {
    const pictures = fresh();
    const sizes: number[][] = [];
    for (const [width, height] of [
      [1000, 500],
      [100, 400],
      [20, 10],
    ] as const) {
      const source = await sourceOf(pictures, await saved(`t${width}.png`, ramp(width, height)));
      const { width: w, height: h } = await pixelsOf(await pictures.thumbnail(source));
      sizes.push([w, h]);
    }
    expect(sizes).toEqual([
      [256, 128],
      [64, 256],
      [20, 10],
    ]);
  });

  test('are made again when the cache was emptied', async () => {
    const pictures = fresh();
    const source = await sourceOf(pictures, await saved('emptied.png', ramp(500, 500)));
    rmSync(last(), { recursive: true });
    expect((await pixelsOf(await pictures.thumbnail(source))).width).toBe(256);
  });

  test('nobody who left is waited for', async () => {
    const pictures = fresh();
    const source = await sourceOf(pictures, await saved('left.png', ramp(500, 500)));
    rmSync(last(), { recursive: true });
    await expect(pictures.thumbnail(source, AbortSignal.abort())).rejects.toThrow(/abort/u);
  });
});

describe('tiles', () => {
  const [width, height] = [1300, 900];
  const levels = [0, 1, 2, 3];

  /** The tile as the mean colours of the picture would have it. */
  async function expectTile(picture: PictureBytes | null, tile: { level: number; column: number; row: number }) {
    const { data, width: w, height: h } = await pixelsOf(picture);
    const scale = 2 ** tile.level;
    const cut = regionOf({ width, height }, tile);
    expect([w, h]).toEqual([cut?.size.width, cut?.size.height]);
    for (const [x, y] of [
      [0, 0],
      [w - 1, 0],
      [0, h - 1],
      [w - 1, h - 1],
      [w >> 1, h >> 1],
    ] as const) {
      const truth = [
        ((tile.column * tileSide * scale + (x + 0.5) * scale) * 255) / width,
        ((tile.row * tileSide * scale + (y + 0.5) * scale) * 255) / height,
      ];
      for (const [channel, value] of truth.entries()) {
        expect(Math.abs((data[(y * w + x) * 3 + channel] ?? -99) - Math.min(255, value))).toBeLessThan(8);
      }
    }
  }

  test('cut from the decoded picture at first, read from the pyramid later: both show the same', async () => {
    const pictures = fresh();
    const source = await sourceOf(pictures, await saved('tiles.png', ramp(width, height)));
    const tiles = levels.flatMap((level) => [
      { level, column: 0, row: 0 },
      {
        level,
        column: Math.ceil(width / 2 ** level / tileSide) - 1,
        row: Math.ceil(height / 2 ** level / tileSide) - 1,
      },
    ]);
    const first = await pictures.tile(source, { level: 0, column: 0, row: 0 });
    expect(first).toHaveProperty('bytes');
    for (const tile of tiles) await expectTile(await pictures.tile(source, tile), tile);
    const kept = path.join(last(), 'images', source.hash.slice(0, 2), source.hash);
    await expect.poll(() => readdirSync(kept)).toContain('pyramid');
    for (const tile of tiles) {
      const picture = await pictures.tile(source, tile);
      expect(picture).toHaveProperty('file');
      await expectTile(picture, tile);
    }
    rmSync(source.file);
    expect(await new Pictures(last()).tile(source, { level: 1, column: 0, row: 0 })).toHaveProperty('file');
  });

  test('what lies outside is none, before and after', async () => {
    const pictures = fresh();
    const source = await sourceOf(pictures, await saved('outside.png', ramp(width, height)));
    const outside = [
      ...[
        { level: 0, column: 3, row: 0 },
        { level: 0, column: 0, row: 2 },
        { level: 1, column: 2, row: 0 },
      ],
      ...[
        { level: 12, column: 0, row: 0 },
        { level: 60, column: 0, row: 0 },
      ],
    ];
    for (const tile of outside) expect(await pictures.tile(source, tile)).toBeNull();
    const kept = path.join(last(), 'images', source.hash.slice(0, 2), source.hash);
    await expect.poll(() => readdirSync(kept)).toContain('pyramid');
    for (const tile of outside) expect(await pictures.tile(source, tile)).toBeNull();
  });

  test('a tile shows whole pixels of the picture, each level half of the one below', () => {
    const frame = { width: 10_000, height: 7001 };
    expect(regionOf(frame, { level: 0, column: 19, row: 13 })).toEqual({
      ...{ region: { left: 9728, top: 6656, width: 272, height: 345 }, size: { width: 272, height: 345 } },
    });
    expect(regionOf(frame, { level: 4, column: 1, row: 0 })).toEqual({
      ...{ region: { left: 8192, top: 0, width: 1808, height: 7001 }, size: { width: 113, height: 438 } },
    });
    expect(regionOf(frame, { level: 14, column: 0, row: 0 })?.size).toEqual({ width: 1, height: 1 });
    expect(regionOf(frame, { level: 15, column: 0, row: 0 })).toBeNull();
  });
});

describe('what is kept', () => {
  test('a decoded picture is decoded once', async () => {
    const pictures = fresh();
    const source = await sourceOf(pictures, await saved('decoded.png', ramp(300, 200)));
    const [a, b] = await Promise.all([pictures.pixels(source), pictures.pixels(source)]);
    expect(a).toBe(b);
    expect(await pictures.pixels(source)).toBe(a);
  });

  test('a failure is not kept', async () => {
    const pictures = fresh();
    const source = await sourceOf(pictures, await saved('later.png', ramp(30, 20)));
    const file = path.join(folder, 'not yet.png');
    await expect(pictures.pixels({ ...source, file })).rejects.toThrow('no such file');
    await saved('not yet.png', ramp(30, 20));
    expect(await pictures.pixels({ ...source, file })).toMatchObject({ width: 30 });
  });

  test('the cache is tidied to a size, the oldest first', async () => {
    const pictures = fresh();
    const sources: HashedFile[] = [];
    for (const name of ['old.png', 'middle.png', 'new.png']) {
      sources.push(await sourceOf(pictures, await saved(name, ramp(300 + sources.length, 200))));
    }
    const places = sources.map(({ hash }) => path.join(last(), 'images', hash.slice(0, 2), hash));
    for (const [i, place] of places.entries()) utimesSync(path.join(place, 'thumbnail.webp'), 1000 + i, 1000 + i);
    const size = (place = '') => readFileSync(path.join(place, 'thumbnail.webp')).length;
    await pictures.tidy({ limit: size(places[1]) + size(places[2]) });
    expect(places.map((place) => readdirSync(path.dirname(place)).includes(path.basename(place)))).toEqual([
      ...[false, true, true],
    ]);
    await pictures.tidy();
    await expect(pictures.tidy({ limit: 0, signal: AbortSignal.abort() })).rejects.toThrow(/abort/u);
    expect(size(places[2])).toBeGreaterThan(0);
    await new Pictures(path.join(folder, 'never')).tidy();
  });

  test('an empty folder where a picture was begun is no picture', async () => {
    const pictures = fresh();
    const source = await sourceOf(pictures, await saved('begun.tiff', ramp(30, 20)));
    mkdirSync(path.join(last(), 'images', 'zz', 'broken'), { recursive: true });
    expect(await pictures.whole(source)).toMatchObject({ type: 'image/png' });
    await pictures.tidy();
  });
});

describe('a cache that cannot be written', () => {
  const places: [string, (place: string) => void][] = [
    ['a file in the way', (place) => writeFileSync(place, '')],
    // As a disk that fails, it is none of what a person can mend.
    ['a link to itself', (place) => symlinkSync(place, place)],
  ];

  test.each(places)('%s stops no work: everything is served as it is made', async (name, make) => {
    const place = path.join(folder, name);
    make(place);
    const pictures = new Pictures(place);
    const file = await saved(`uncached by ${name}.tiff`, ramp(600, 300));
    const source = await sourceOf(pictures, file);
    const bytesOf = (picture: PictureBytes | null) =>
      picture !== null && 'bytes' in picture ? picture.bytes : Buffer.alloc(0);
    for (let i = 0; i < 2; i++) {
      expect((await sharp(bytesOf(await pictures.whole(source))).metadata()).width).toBe(600);
      expect((await sharp(bytesOf(await pictures.thumbnail(source))).metadata()).width).toBe(256);
      expect(
        (await sharp(bytesOf(await pictures.tile(source, { level: 0, column: 0, row: 0 }))).metadata()).format,
      ).toBe('jpeg');
    }
  });
});

describe.skipIf(!haveMaterial)('pictures of the world', () => {
  test('what the model cannot read is refused in one sentence, and nothing else is', async () => {
    const pictures = fresh();
    for (const name of readdirSync(material('badinput/images'))) {
      const file = material('badinput/images', name);
      const [found, seen] = await Promise.all([
        pictures.inspect(file).catch((error: unknown) => error),
        decodeImage(file, { maxPixels: 4e6 }).catch((error: unknown) => error),
      ]);
      if (seen instanceof Error && seen.message.includes('limit of')) continue;
      expect([name, found instanceof Error]).toEqual([name, seen instanceof Error]);
      if (!(found instanceof Error)) continue;
      expect(found).toBeInstanceOf(BadInput);
      expect([found.message.startsWith(`${file}: `), found.message.split('\n').length]).toEqual([true, 1]);
    }
  });
});
