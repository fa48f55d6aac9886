// Keeps what encoders made of pictures in files of a cache folder, so that a picture that was seen once opens without its encoder.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { ShapedValue } from '../../../models/runtime/session.ts';
import type { DecodedImage } from '../../contract/records.ts';
import type { PicturePart } from '../../pictures/enlarge.ts';

export type FeatureMaps = Readonly<Record<string, ShapedValue>>;

/** All files together, bytes: some 240 pictures of a square of 1024 pixels. */
const CACHE_BYTES = 4e9;
/** No encoder's maps come near this. */
const MOST_BYTES = 512e6;
const DIGEST_BYTES = 32;
const LENGTH_BYTES = 4;
/** Changes when the same key would mean other maps: other pixels made of a picture, or another layout of the file. */
const VERSION = 1;

const Described = z.array(z.strictObject({ name: z.string(), shape: z.array(z.int().min(0)) }));
type Described = z.infer<typeof Described>;

/** Smaller squares are encoded in a moment (docs/decisions/features-on-disk.md). */
export const leastSide = 512;

export class FeatureFiles {
  private readonly folder: string;
  private readonly limit: number;

  /** `folder` may be emptied at any time; `limit`: bytes of all files. */
  constructor(folder: string, limit = CACHE_BYTES) {
    this.folder = folder;
    this.limit = limit;
  }

  /** The maps of this key (hexadecimal digits), which are made where no whole file of them is there. */
  async of(key: string, make: () => Promise<FeatureMaps>): Promise<FeatureMaps> {
    const file = path.join(this.folder, key);
    const found = await this.read(file, key);
    if (found) return found;
    const maps = await make();
    const bytes = packed(key, maps);
    if (bytes) await this.put(file, bytes);
    return maps;
  }

  /** Null for whatever is not what was written under this key. */
  private async read(file: string, key: string): Promise<FeatureMaps | null> {
    try {
      const info = await stat(file);
      if (!info.isFile() || info.size > MOST_BYTES) return null;
      const maps = unpacked(key, await readFile(file));
      const now = new Date();
      // Used last, removed last.
      if (maps) await utimes(file, now, now).catch(() => {});
      return maps;
    } catch {
      // No file, one that cannot be read, or one whose digest holds and whose words do not: the encoder has them all.
      return null;
    }
  }

  /** Written beside and renamed, so that no reader sees half of it. A cache must not stop any work, whatever ails the disk. */
  private async put(file: string, bytes: readonly Uint8Array[]): Promise<void> {
    const beside = `${file}.${process.pid}.part`;
    try {
      await mkdir(this.folder, { recursive: true });
      await writeFile(beside, bytes);
      await rename(beside, file);
      await this.tidy();
    } catch (error) {
      await rm(beside, { force: true }).catch(() => {});
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }

  /** Removes what was not used for longest until the rest fits; another program may do so at the same time. */
  private async tidy(): Promise<void> {
    const files = (await readdir(this.folder)).map((name) => path.join(this.folder, name));
    const entries = await Promise.all(files.map(async (file) => ({ file, info: await stat(file).catch(() => null) })));
    entries.sort((a, b) => (b.info?.mtimeMs ?? 0) - (a.info?.mtimeMs ?? 0));
    let total = 0;
    for (const { file, info } of entries) {
      total += info?.size ?? 0;
      if (total > this.limit) await rm(file, { force: true });
    }
  }
}

/** Values, then what they are, then a digest of key and all. Null: of a type of numbers that is not kept. */
function packed(key: string, maps: FeatureMaps): Uint8Array[] | null {
  const parts: Uint8Array[] = [];
  const described: Described = [];
  for (const [name, { data, shape }] of Object.entries(maps)) {
    if (!(data instanceof Float32Array)) return null;
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    described.push({ name, shape: [...shape] });
  }
  const header = Buffer.from(JSON.stringify(described));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(header.length);
  parts.push(header, length);
  return [...parts, digestOf(key, parts)];
}

function unpacked(key: string, bytes: Buffer): FeatureMaps | null {
  const end = bytes.length - DIGEST_BYTES;
  if (end < LENGTH_BYTES || !digestOf(key, [bytes.subarray(0, end)]).equals(bytes.subarray(end))) return null;
  const headerEnd = end - LENGTH_BYTES;
  const start = headerEnd - bytes.readUInt32LE(headerEnd);
  const described = Described.parse(JSON.parse(bytes.toString('utf8', start, headerEnd)));
  let at = 0;
  const maps = described.map(({ name, shape }) => {
    const from = at;
    at += 4 * shape.reduce((product, n) => product * n, 1);
    // A copy, whose values lie where a Float32Array may begin.
    return [name, { data: new Float32Array(Uint8Array.from(bytes.subarray(from, at)).buffer), shape }] as const;
  });
  return at === start ? Object.fromEntries(maps) : null;
}

function digestOf(key: string, parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256').update(key);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The files of one encoder as it is set up. */
export class EncoderFiles {
  private readonly files: FeatureFiles;
  private readonly setup: Promise<readonly unknown[]>;

  /** `setup`: all that decides what the encoder makes of pixels, its weights' digest among it. */
  constructor(files: FeatureFiles, setup: Promise<readonly unknown[]>) {
    this.files = files;
    this.setup = setup;
    // It is told where a picture is looked up.
    setup.catch(() => {});
  }

  /** What `make` makes of this part of the picture. Only pictures whose file's digest is known are kept. */
  async of(image: DecodedImage, place: PicturePart, make: () => Promise<FeatureMaps>): Promise<FeatureMaps> {
    if (!('sha256' in image) || typeof image.sha256 !== 'string') return make();
    const { x, y, width, height } = place;
    const key = JSON.stringify([VERSION, image.sha256, [x, y, width, height], await this.setup]);
    return this.files.of(createHash('sha256').update(key).digest('hex'), make);
  }
}
