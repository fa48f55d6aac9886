// Decodes image files to upright 8-bit RGB pixels, and encodes pixels as picture files; the only importer of sharp.
import { createHash } from 'node:crypto';
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp, { type JpegOptions, type Metadata, type Sharp } from 'sharp';
import { BadInput } from '../contract/badInput.ts';
import type { Frame } from '../contract/geometry.ts';
import { type DecodedImage, MAX_MASK_PIXELS } from '../contract/records.ts';
import { declaredSize, whyNoPicture } from './header.ts';
import { whySlowSvg } from './svg.ts';
import { type DrawnSvg, mayBeSvg, type SvgTask, svgApart } from './svgApart.ts';

const MEGA = 1e6;
const MAX_BYTES = 1024 ** 3;
const DECODE_SECONDS = 60;
const HEAD_BYTES = 4096;
const THUMBNAIL_SIDE = 256;
const TILE = { quality: 90 };
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

/** What a file is, without its pixels. */
export interface Header {
  /** Upright. */
  readonly width: number;
  readonly height: number;
  /** Media type of the file where a browser shows it as `decodeImage` reads it, else null. */
  readonly shown: string | null;
}

// Files are read where they lie and may be replaced there: libvips must not remember them by name.
sharp.cache({ files: 0 });

/** The file as a person sees it: EXIF-oriented sRGB, alpha laid on white, 16 bits scaled to 8, first frame of many. */
export async function decodeImage(file: string, options: { maxPixels?: number } = {}): Promise<ImageFile> {
  // No picture is larger than a mask may be; as RGB that is 805 MB.
  const limit = Math.min(options.maxPixels ?? MAX_MASK_PIXELS, MAX_MASK_PIXELS);
  const { bytes, sha256 } = await drawable(file, limit);
  await headerOf(file, bytes, limit);
  const pixels = upright(bytes, limit).raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const { data, info } = await attempt(file, pixels);
  return { width: info.width, height: info.height, data: threeChannels(file, data, info.channels), file, sha256 };
}

/** Size and kind from the header alone: a file that is cut short further on passes. */
export async function measureImage(file: string): Promise<Header> {
  // libvips would take brackets in a name for options.
  if (file.includes('[')) return measureBytes(file, await readBounded(file));
  const first = await firstBytes(file);
  refuseDeclared(file, first, MAX_MASK_PIXELS);
  if (mayBeSvg(first)) return measureBytes(file, await readBounded(file));
  return asHeader(await readableHeader(file, sharp(file, { limitInputPixels: false, pages: 1 }), MAX_MASK_PIXELS));
}

async function measureBytes(file: string, bytes: Uint8Array): Promise<Header> {
  const task = { file, bytes, limit: MAX_MASK_PIXELS, draw: false };
  const drawn = mayBeSvg(bytes) ? await svgApart(task) : null;
  if (drawn) return { width: drawn.width, height: drawn.height, shown: null };
  return asHeader(await headerOf(file, bytes, MAX_MASK_PIXELS));
}

/** The file's bytes, or those of the PNG that a process of its own drew of them; with the hash of the file in any case. */
async function drawable(file: string, limit: number) {
  const bytes = await readBounded(file);
  const drawn = mayBeSvg(bytes) ? await svgApart({ file, bytes, limit, draw: true }) : null;
  return { bytes: drawn?.png ?? bytes, sha256: sha256Of(bytes), isDrawn: drawn !== null };
}

/** What that process does; null: these bytes are no SVG. */
export async function drawHere({ file, bytes, limit, draw }: SvgTask): Promise<DrawnSvg | null> {
  const { format, width, height } = await headerOf(file, bytes, limit);
  if (format !== 'svg') return null;
  const reason = whySlowSvg(bytes, width * height);
  if (reason !== null) throw new BadInput(`${file}: ${reason}`);
  if (!draw) return { width, height, png: null };
  const pixels = sharp(bytes, { failOn: 'error', limitInputPixels: limit, pages: 1 }).toColourspace('srgb');
  return { width, height, png: await attempt(file, pixels.png({ compressionLevel: 2 }).toBuffer()) };
}

export interface Inspected extends Header {
  readonly sha256: string;
  /** WebP; null where the picture has more than `thumbnailLimit` pixels, which are then not looked at. */
  readonly thumbnail: Buffer | null;
}

/** The file read once, and every pixel of it decoded where that is soon done. */
export async function inspectImage(file: string, thumbnailLimit: number = MAX_MASK_PIXELS): Promise<Inspected> {
  const { bytes, sha256, isDrawn } = await drawable(file, MAX_MASK_PIXELS);
  const header = asHeader(await headerOf(file, bytes, MAX_MASK_PIXELS));
  const small = header.width * header.height <= thumbnailLimit;
  const thumbnail = small ? await attempt(file, toThumbnail(upright(bytes, MAX_MASK_PIXELS))) : null;
  return { ...header, ...(isDrawn && { shown: null }), sha256, thumbnail };
}

export const thumbnailOf = (image: DecodedImage): Promise<Buffer> => toThumbnail(fromPixels(image));

/** The PNG loses nothing and is written quickly, so it is not small. */
export const pngOf = (image: DecodedImage): Promise<Buffer> =>
  fromPixels(image).png({ compressionLevel: 2, adaptiveFiltering: false }).toBuffer();

/** A part of an image: whole pixels inside it. */
export interface PixelRegion {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A part of the image as JPEG, made as large as `size`. */
export const cutTile = (image: DecodedImage, region: PixelRegion, size: Frame): Promise<Buffer> =>
  fromPixels(image)
    .extract(region)
    .resize(size.width, size.height, { fit: 'fill', kernel: 'mitchell' })
    .jpeg(TILE)
    .toBuffer();

/** All tiles of all levels as `folder`/NAME_files/LEVEL/COLUMN_ROW.jpeg; level 0 is one pixel (DeepZoom's order). */
export async function writePyramid(image: DecodedImage, folder: string, side: number): Promise<void> {
  const layout = { size: side, overlap: 0, layout: 'dz' } as const;
  await fromPixels(image).jpeg(TILE).tile(layout).toFile(path.join(folder, 'pyramid.dz'));
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
  const part = `${file}.${process.pid}.part`;
  try {
    await writeFile(part, encoded);
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** `decodeImage`'s pixels as a stage that more can be hung on. */
const upright = (bytes: Uint8Array, limit: number): Sharp =>
  sharp(bytes, { failOn: 'error', autoOrient: true, limitInputPixels: limit, pages: 1 })
    .timeout({ seconds: DECODE_SECONDS })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb');

const fromPixels = ({ width, height, data }: DecodedImage): Sharp =>
  sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false });

const toThumbnail = (image: Sharp): Promise<Buffer> =>
  image
    .resize(THUMBNAIL_SIDE, THUMBNAIL_SIDE, { fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 75, effort: 1 })
    .toBuffer();

/** Refuses what cannot be read. sharp's own limit is off, so that the refusal can name the size. */
async function headerOf(file: string, bytes: Uint8Array, limit: number): Promise<Metadata> {
  refuseDeclared(file, bytes, limit);
  return readableHeader(file, sharp(bytes, { limitInputPixels: false, pages: 1 }), limit);
}

async function readableHeader(file: string, image: Sharp, limit: number): Promise<Metadata> {
  const header = await attempt(file, image.metadata());
  refuseHeader(file, header, limit);
  return header;
}

function asHeader(header: Metadata): Header {
  const { width, height } = header.autoOrient;
  return { width, height, shown: shownAs(header) };
}

/** Browsers turn JPEGs upright, no others, and would show what lies behind transparent pixels. */
function shownAs({ format, space, depth, hasAlpha, orientation = 1, pages = 1 }: Metadata): string | null {
  if (depth !== 'uchar' || hasAlpha || pages > 1 || (space !== 'srgb' && space !== 'b-w')) return null;
  if (format === 'jpeg') return 'image/jpeg';
  if (orientation > 1) return null;
  return format === 'png' || format === 'webp' || format === 'gif' ? `image/${format}` : null;
}

/** Writes pixels as JPEG, as cameras do. */
export async function writeJpeg(file: string, image: DecodedImage, options: JpegOptions = TILE): Promise<void> {
  await writeFile(file, await fromPixels(image).jpeg(options).toBuffer());
}

async function readBounded(file: string): Promise<Buffer> {
  await refuseKind(file);
  return reading(file, readFile(file));
}

/** Reads as many bytes as `refuseDeclared` looks at. */
async function firstBytes(file: string): Promise<Uint8Array> {
  await refuseKind(file);
  const handle = await reading(file, open(file));
  try {
    const { buffer, bytesRead } = await reading(file, handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0));
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function refuseKind(file: string): Promise<void> {
  const info = await reading(file, stat(file));
  if (info.isDirectory()) throw new BadInput(`${file}: is a folder, not an image file`);
  if (!info.isFile()) throw new BadInput(`${file}: is not a regular file`);
  if (info.size > MAX_BYTES) throw new BadInput(`${file}: is larger than ${MAX_BYTES / 1024 ** 3} GiB`);
}

async function reading<T>(file: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    throw new BadInput(`${file}: ${code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`}`);
  }
}

function refuseDeclared(file: string, bytes: Uint8Array, limit: number): void {
  const reason = whyNoPicture(bytes);
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
