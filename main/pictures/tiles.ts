// Makes what a page can show of image files (the whole picture, a thumbnail, tiles) once and keeps it in a cache folder.
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Tile, tileSide } from '../contract/addresses.ts';
import { BadInput } from '../contract/badInput.ts';
import type { Frame } from '../contract/geometry.ts';
import type { DecodedImage } from '../contract/records.ts';
import { ConcurrencyLimit } from './concurrency.ts';
import {
  cutTile,
  decodeImage,
  type Header,
  type ImageFile,
  inspectImage,
  measureImage,
  type PixelRegion,
  pngOf,
  thumbnailOf,
  writePyramid,
} from './image.ts';

/** A file and the SHA-256 that its bytes are known to have. */
export interface HashedFile {
  readonly file: string;
  readonly hash: string;
}

/** Pixels as a file on disk, or as bytes that are not on disk yet. */
export type PictureBytes =
  | { readonly file: string; readonly type: string }
  | { readonly bytes: Buffer; readonly type: string };

/** Larger pictures are looked at in the background: they take seconds. */
const AT_ONCE_PIXELS = 24e6;
/** Decoded pictures that are kept, bytes; the newest one always is. */
const KEPT_BYTES = 400e6;
const CACHE_BYTES = 4e9;
const AGAIN_AFTER_MS = 60_000;
const HASH = /^[0-9a-f]{64}$/u;

export class Pictures {
  readonly #folder: string;
  /** The newest goes in first: what was asked for last is what is on screen. */
  readonly #limit = new ConcurrencyLimit(2);
  /** One at a time, because of their memory. Apart from the other gate, whose work may wait for pixels. */
  readonly #decoding = new ConcurrencyLimit(1);
  readonly #decoded = new Map<string, Promise<ImageFile>>();
  readonly #making = new Map<string, Promise<PictureBytes>>();
  /** The pyramid that could not be written last; it is not drawn again for each of its tiles. */
  #noRoom: string | null = null;

  /** `folder` may be emptied at any time. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Reads the file whole; `verified` says that every pixel of it was decoded. */
  async inspect(file: string): Promise<Header & { sha256: string; verified: boolean }> {
    const { thumbnail, ...header } = await inspectImage(file, AT_ONCE_PIXELS);
    const kept = this.#path(header.sha256, 'thumbnail.webp');
    if (thumbnail !== null && !(await isThere(kept))) await keep(kept, thumbnail, 'image/webp');
    return { ...header, verified: thumbnail !== null };
  }

  /** Size from the header alone. */
  measure(file: string): Promise<Header> {
    return measureImage(file);
  }

  /** The upright picture: the file itself where a browser shows it rightly, else a PNG. */
  async whole(source: HashedFile): Promise<PictureBytes> {
    const converted = this.#path(source.hash, 'picture.png');
    if (await isThere(converted)) return { file: converted, type: 'image/png' };
    const { shown } = await this.measure(source.file);
    if (shown !== null) return { file: source.file, type: shown };
    return this.#once(converted, async () => keep(converted, await pngOf(await this.pixels(source)), 'image/png'));
  }

  /** WebP, at most 256 px a side. `signal`: nobody waits for it any more. */
  async thumbnail(source: HashedFile, signal?: AbortSignal): Promise<PictureBytes> {
    const kept = this.#path(source.hash, 'thumbnail.webp');
    if (await isThere(kept)) return { file: kept, type: 'image/webp' };
    const make = async () => keep(kept, await this.#drawThumbnail(source), 'image/webp');
    return this.#once(kept, () => this.#limit.pass(make, signal));
  }

  /** Null where the picture has no such tile. Until the pyramid is on disk, tiles are cut from the decoded picture. */
  async tile(source: HashedFile, tile: Tile): Promise<PictureBytes | null> {
    const pyramid = this.#path(source.hash, 'pyramid');
    if (await isThere(pyramid)) return keptTile(pyramid, tile);
    const image = await this.pixels(source);
    if (this.#noRoom !== pyramid)
      this.#once(pyramid, () => drawPyramid(image, pyramid)).catch(() => this.#failed(pyramid));
    const cut = regionOf(image, tile);
    return cut && { bytes: await this.#limit.pass(() => cutTile(image, cut.region, cut.size)), type: 'image/jpeg' };
  }

  /** Upright RGB; the last few are kept. */
  pixels({ file, hash }: HashedFile): Promise<ImageFile> {
    const known = this.#decoded.get(hash);
    this.#decoded.delete(hash);
    const image = known ?? this.#decoding.pass(() => decodeImage(file));
    this.#decoded.set(hash, image);
    if (known === undefined) {
      image.then(
        () => this.#forgetPixels(),
        () => this.#decoded.delete(hash),
      );
    }
    return image;
  }

  /** Removes what was not used for longest until the rest fits. */
  async tidy({ limit = CACHE_BYTES, signal }: { limit?: number; signal?: AbortSignal } = {}): Promise<void> {
    const entries = await entriesOf(path.join(this.#folder, 'images'), signal);
    entries.sort((a, b) => b.used - a.used);
    let total = 0;
    for (const { folder, bytes } of entries) {
      total += bytes;
      if (total > limit) await rm(folder, { recursive: true, force: true });
    }
  }

  async #drawThumbnail(source: HashedFile): Promise<Buffer> {
    const decoded = await this.#decoded.get(source.hash);
    if (decoded) return thumbnailOf(decoded);
    const { thumbnail } = await inspectImage(source.file);
    if (thumbnail === null) throw new BadInput(`${source.file}: has no thumbnail`);
    return thumbnail;
  }

  async #forgetPixels(): Promise<void> {
    let bytes = 0;
    for (const [hash, image] of [...this.#decoded].toReversed()) {
      const newest = bytes === 0;
      bytes += await image.then(
        ({ data }) => data.length,
        () => 0,
      );
      if (bytes > KEPT_BYTES && !newest) this.#decoded.delete(hash);
    }
  }

  /** The same thing is made once, however many ask for it at a time. */
  #once(file: string, make: () => Promise<PictureBytes>): Promise<PictureBytes> {
    const going = this.#making.get(file);
    if (going) return going;
    const made = make().finally(() => this.#making.delete(file));
    this.#making.set(file, made);
    return made;
  }

  #failed(pyramid: string): void {
    this.#noRoom = pyramid;
    setTimeout(() => {
      this.#noRoom = null;
    }, AGAIN_AFTER_MS).unref();
  }

  /** Names come from hashes alone, so that no request reaches another file. */
  #path(hash: string, name: string): string {
    if (!HASH.test(hash)) throw new BadInput(`"${hash.slice(0, 80)}" is not the SHA-256 of a file`);
    return path.join(this.#folder, 'images', hash.slice(0, 2), hash, name);
  }
}

const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

/** The bytes as a file of the cache, or as they are where the disk takes none, whatever ails it: a cache must not stop any work. */
async function keep(file: string, bytes: Buffer, type: string): Promise<PictureBytes> {
  try {
    await put(file, bytes);
    return { file, type };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return { bytes, type };
  }
}

/** Writes beside the place and renames, so that no reader sees half of it. */
async function put(file: string, bytes: Uint8Array): Promise<void> {
  const beside = `${file}.${randomUUID()}`;
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await writeFile(beside, bytes);
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw error;
  }
}

async function drawPyramid(image: DecodedImage, folder: string): Promise<PictureBytes> {
  const beside = `${folder}.${randomUUID()}`;
  await mkdir(beside, { recursive: true });
  try {
    await writePyramid(image, beside, tileSide);
    await rename(beside, folder);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
  return { file: folder, type: 'folder' };
}

/** DeepZoom counts levels from one pixel up; ours count from the whole picture down. */
async function keptTile(pyramid: string, { level, column, row }: Tile): Promise<PictureBytes | null> {
  const files = path.join(pyramid, 'pyramid_files');
  // libvips puts a note of its own beside the levels.
  const top = (await readdir(files)).filter((name) => /^\d+$/u.test(name)).length - 1;
  const file = path.join(files, `${top - level}`, `${column}_${row}.jpeg`);
  return (await isThere(file)) ? { file, type: 'image/jpeg' } : null;
}

/** What of the picture a tile shows, in its pixels, and how large the tile is. */
export function regionOf(image: Frame, { level, column, row }: Tile): { region: PixelRegion; size: Frame } | null {
  const scale = 2 ** level;
  const [left, top] = [column * tileSide * scale, row * tileSide * scale];
  // Above the level of one pixel there is nothing.
  if (left >= image.width || top >= image.height || scale >= 2 * Math.max(image.width, image.height)) return null;
  const width = Math.min(tileSide * scale, image.width - left);
  const height = Math.min(tileSide * scale, image.height - top);
  const size = { width: Math.ceil(width / scale), height: Math.ceil(height / scale) };
  return { region: { left, top, width, height }, size };
}

interface Entry {
  readonly folder: string;
  readonly bytes: number;
  readonly used: number;
}

async function entriesOf(root: string, signal?: AbortSignal): Promise<Entry[]> {
  const listed = async (folder: string) =>
    (await readdir(folder).catch(() => [])).map((name) => path.join(folder, name));
  const folders = (await Promise.all((await listed(root)).map(listed))).flat();
  const entries: Entry[] = [];
  for (const folder of folders) {
    signal?.throwIfAborted();
    entries.push(await entryOf(folder));
  }
  return entries;
}

async function entryOf(folder: string): Promise<Entry> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  let [bytes, used] = [0, 0];
  for (const name of names) {
    const info = await stat(path.join(folder, name)).catch(() => null);
    bytes += info?.size ?? 0;
    used = Math.max(used, info?.mtimeMs ?? 0);
  }
  return { folder, bytes, used };
}
