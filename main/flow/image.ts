// Image files to upright 8-bit RGB pixels, and pixels to PNG files; the only importer of sharp.
import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import sharp, { type Metadata, type SharpOptions } from 'sharp';
import { BadInput } from '../contract/badinput.ts';
import { type DecodedImage, MAX_MASK_PIXELS } from '../contract/records.ts';
import { declaredSize, oddity } from './header.ts';

const MEGA = 1e6;
const MAX_BYTES = 1024 ** 3;
const DECODE_SECONDS = 60;
const FORMATS: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'tiff', 'gif', 'heif', 'svg']);
const CORRUPT_HEADER = 'Input buffer has corrupt header: ';
const READABLE = 'JPEG, PNG, WebP, TIFF, GIF, AVIF and SVG are read';

export interface ImageFile extends DecodedImage {
  readonly file: string;
  readonly sha256: string;
}

/** Interleaved pixels, rows from the top: width * height * channels bytes. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly data: Uint8Array;
}

/** The file as a person sees it: EXIF-oriented sRGB, alpha laid on white, 16 bits scaled to 8, first frame of many. */
export async function decodeImage(file: string, options: { maxPixels?: number } = {}): Promise<ImageFile> {
  const bytes = await readBounded(file);
  // No picture is larger than a mask may be; as RGB that is 805 MB.
  const limit = Math.min(options.maxPixels ?? MAX_MASK_PIXELS, MAX_MASK_PIXELS);
  const source: SharpOptions = { failOn: 'error', autoOrient: true, limitInputPixels: limit, pages: 1 };
  refuseDeclared(file, bytes, limit);
  // The header is read without sharp's own limit, so that the refusal can name the size.
  refuseHeader(file, await attempt(file, sharp(bytes, { ...source, limitInputPixels: false }).metadata()), limit);
  const pixels = sharp(bytes, source)
    .timeout({ seconds: DECODE_SECONDS })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { data, info } = await attempt(file, pixels);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { width: info.width, height: info.height, data: threeChannels(file, data, info.channels), file, sha256 };
}

/** An SVG drawing as RGBA pixels (alpha not premultiplied), fitted into a transparent size x size square. */
export async function rasterise(
  svg: string,
  size: number,
): Promise<{ width: number; height: number; data: Uint8Array }> {
  const { data, info } = await sharp(Buffer.from(svg))
    .resize(size, size, { fit: 'contain', background: { r: 0, g: 0, b: 0, alpha: 0 } })
    .ensureAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}

/** Writes pixels as PNG; a single channel stays a single channel. */
export async function writePng(file: string, raster: Raster): Promise<void> {
  const { width, height, channels, data } = raster;
  const image = sharp(data, { raw: { width, height, channels } });
  const encoded = await (channels === 1 ? image.toColourspace('b-w') : image).png().toBuffer();
  await writeFile(file, encoded);
}

async function readBounded(file: string): Promise<Buffer> {
  const info = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new BadInput(`${file}: ${error.code === 'ENOENT' ? 'no such file' : `cannot be read (${error.code})`}`);
  });
  if (info.isDirectory()) throw new BadInput(`${file}: is a folder, not an image file`);
  if (!info.isFile()) throw new BadInput(`${file}: is not a regular file`);
  if (info.size > MAX_BYTES) throw new BadInput(`${file}: is larger than ${MAX_BYTES / 1024 ** 3} GiB`);
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new BadInput(`${file}: cannot be read (${error.code})`);
  });
}

function refuseDeclared(file: string, bytes: Uint8Array, limit: number): void {
  const reason = oddity(bytes);
  if (reason !== null) throw new BadInput(`${file}: ${reason}`);
  const size = declaredSize(bytes);
  if (size !== null) refuseSize(file, size, limit);
}

function refuseHeader(file: string, header: Metadata, limit: number): void {
  if (!FORMATS.has(header.format)) throw new BadInput(`${file}: is a ${header.format} file; ${READABLE}`);
  // libvips would clamp float and signed samples to 0..255 without a word: a wrong read.
  if (header.depth !== 'uchar' && header.depth !== 'ushort') {
    throw new BadInput(`${file}: has ${header.depth} samples; convert it to 8 or 16 bits per channel`);
  }
  refuseSize(file, header, limit);
}

function refuseSize(file: string, size: { width: number; height: number }, limit: number): void {
  const { width, height } = size;
  if (width === 0 || height === 0) throw new BadInput(`${file}: declares an empty picture (${width} x ${height})`);
  if (width * height <= limit) return;
  const most = Math.floor(limit / MEGA);
  throw new BadInput(`${file}: declares ${width} x ${height} pixels, more than the limit of ${most} megapixels`);
}

async function attempt<T>(file: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new BadInput(`${file}: ${reasonOf(error)}`);
  }
}

/** libvips reports one line per decoder call, often repeated: the first one says it. */
function reasonOf(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  const line = said.split('\n')[0] ?? '';
  if (line.includes('unsupported image format')) return `is not an image in a known format; ${READABLE}`;
  if (line.startsWith(CORRUPT_HEADER)) return `has a damaged header (${line.slice(CORRUPT_HEADER.length)})`;
  return `is cut short or damaged (${line})`;
}

function threeChannels(file: string, data: Buffer, channels: number): Uint8Array {
  if (channels !== 3) throw new Error(`${file}: decoded to ${channels} channels instead of 3`);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
