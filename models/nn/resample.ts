// Resizes pixels: Pillow's and OpenCV's integer resizes, and exact bilinear on floats.

export interface PixelSize {
  readonly height: number;
  readonly width: number;
}

/** Interleaved 8-bit RGB, rows from the top: height * width * 3 bytes. */
export interface RgbImage extends PixelSize {
  readonly data: Uint8Array;
}

/** Float channels one after the other: [channels, height, width]. */
export interface Planes extends PixelSize {
  readonly channels: number;
  readonly data: Float32Array<ArrayBuffer>;
}

export type Filter = 'bicubic' | 'bilinear';

/** For every output position: where its first input position is, how many it takes, and `width` weights of which those are used. */
interface Taps<W> {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: W;
  readonly width: number;
}

const kernels: Record<Filter, { support: number; weight: (x: number) => number }> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: (x) => keys(Math.abs(x), -0.5) },
};

/** Keys' cubic convolution (1981), 0 from 2 on. */
function keys(x: number, a: number): number {
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

const pillowBits = 22;
const pillowHalf = 1 << (pillowBits - 1);
const openCvBits = 11;

/** Pillow's `Image.resize` bit for bit: anti-aliased, columns first, each pass rounded to 8 bits. */
export function resizePillow(image: RgbImage, size: PixelSize, filter: Filter): RgbImage {
  checkImage(image);
  checkSize(size);
  return resizeRows(resizeColumns(image, size.width, filter), size.height, filter);
}

/** Bilinear on floats; with `antialias` the triangle widens by the shrink factor. Pixel centres are at halves. */
export function resizeFloat(planes: Planes, size: PixelSize, options: { antialias: boolean }): Planes {
  checkSize(size);
  const taps = options.antialias ? (i: number, o: number) => kernelTaps(i, o, 'bilinear') : linearTaps;
  const across = floatColumns(planes, taps(planes.width, size.width));
  return floatRows(across, taps(planes.height, size.height));
}

/** OpenCV's `resize` with INTER_LINEAR on bytes: no anti-aliasing, weights of 11 bits, two truncations on the way. */
export function resizeOpenCv(image: RgbImage, size: PixelSize): RgbImage {
  checkImage(image);
  checkSize(size);
  if (image.width === size.width && image.height === size.height) return image;
  const sums = openCvColumns(image, fixedTaps(linearTaps(image.width, size.width)));
  const rows = fixedTaps(linearTaps(image.height, size.height));
  return { height: size.height, width: size.width, data: openCvRows(sums, rows, size) };
}

function checkImage({ height, width, data }: RgbImage): void {
  checkSize({ height, width });
  if (data.length !== height * width * 3)
    throw new Error(
      `resize: ${width} x ${height} RGB pixels need ${height * width * 3} bytes, there are ${data.length}.`,
    );
}

function checkSize({ height, width }: PixelSize): void {
  if (!(Number.isSafeInteger(height) && Number.isSafeInteger(width) && height > 0 && width > 0))
    throw new Error(`resize: ${width} x ${height} is no picture size; both sides must be whole and at least 1.`);
}

/** Pillow's `precompute_coeffs`: the kernel is stretched when shrinking and cut off at the borders. */
function kernelTaps(input: number, output: number, filter: Filter): Taps<Float64Array> {
  const { support, weight } = kernels[filter];
  const scale = input / output;
  const stretch = Math.max(1, scale);
  const reach = support * stretch;
  const taps = emptyTaps(output, Math.ceil(reach) * 2 + 1);
  for (let o = 0; o < output; o++) {
    const centre = (o + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - reach + 0.5));
    const count = Math.min(input, Math.trunc(centre + reach + 0.5)) - start;
    taps.starts[o] = start;
    taps.counts[o] = count;
    const weights = taps.weights.subarray(o * taps.width, o * taps.width + count);
    for (let k = 0; k < count; k++) weights[k] = weight((k + start - centre + 0.5) * (1 / stretch));
    normalise(weights);
  }
  return taps;
}

function normalise(weights: Float64Array): void {
  let sum = 0;
  for (const w of weights) sum += w;
  if (sum !== 0) for (const [k, w] of weights.entries()) weights[k] = w / sum;
}

/** The two nearest inputs, the border one alone outside the first and last centre. */
function linearTaps(input: number, output: number): Taps<Float64Array> {
  const taps = emptyTaps(output, 2);
  for (let o = 0; o < output; o++) {
    const at = Math.min(input - 1, Math.max(0, ((o + 0.5) * input) / output - 0.5));
    const start = Math.floor(at);
    taps.starts[o] = start;
    taps.counts[o] = start + 1 < input ? 2 : 1;
    taps.weights[o * 2] = 1 - (at - start);
    taps.weights[o * 2 + 1] = at - start;
  }
  return taps;
}

function emptyTaps(output: number, width: number): Taps<Float64Array> {
  const weights = new Float64Array(output * width);
  return { starts: new Int32Array(output), counts: new Int32Array(output), weights, width };
}

const fixed = (weight: number, bits: number) => Math.trunc(weight * 2 ** bits + (weight < 0 ? -0.5 : 0.5));

function fixedTaps(taps: Taps<Float64Array>): Taps<Int32Array> {
  return { ...taps, weights: Int32Array.from(taps.weights, (w) => fixed(w, openCvBits)) };
}

/** A multiple of four taps for every output, the surplus weighing 0, so that the loops below can take four at a time. */
function pillowTaps(input: number, output: number, filter: Filter): Taps<Int32Array> {
  const { starts, counts, weights, width: reach } = kernelTaps(input, output, filter);
  const width = Math.ceil(Math.max(...counts) / 4) * 4;
  const padded = { starts: new Int32Array(output), counts, weights: new Int32Array(output * width), width };
  for (const [o, count] of counts.entries()) {
    const start = Math.max(0, Math.min(starts[o] ?? 0, input - width));
    const shift = o * width + (starts[o] ?? 0) - start;
    padded.starts[o] = start;
    for (let k = 0; k < count; k++) padded.weights[shift + k] = fixed(weights[o * reach + k] ?? 0, pillowBits);
  }
  return padded;
}

function resizeColumns(image: RgbImage, width: number, filter: Filter): RgbImage {
  if (width === image.width) return image;
  const taps = pillowTaps(image.width, width, filter);
  const data = new Uint8ClampedArray(image.height * width * 3);
  for (let y = 0; y < image.height; y++) {
    const row = image.data.subarray(y * image.width * 3, (y + 1) * image.width * 3);
    gatherPixels(row, taps, data.subarray(y * width * 3, (y + 1) * width * 3));
  }
  return { height: image.height, width, data: new Uint8Array(data.buffer) };
}

/** One row of RGB pixels, each a weighted sum of its taps; storing clamps to 0..255. */
function gatherPixels(row: Uint8Array, { starts, weights, width }: Taps<Int32Array>, out: Uint8ClampedArray): void {
  for (let x = 0, at = 0, k = 0; x < starts.length; x++) {
    let r = pillowHalf;
    let g = pillowHalf;
    let b = pillowHalf;
    let p = (starts[x] ?? 0) * 3;
    for (const end = k + width; k < end; k += 4, p += 12) {
      const u = weights[k] ?? 0;
      const v = weights[k + 1] ?? 0;
      const w = weights[k + 2] ?? 0;
      const z = weights[k + 3] ?? 0;
      r += Math.imul(u, row[p] ?? 0) + Math.imul(v, row[p + 3] ?? 0);
      g += Math.imul(u, row[p + 1] ?? 0) + Math.imul(v, row[p + 4] ?? 0);
      b += Math.imul(u, row[p + 2] ?? 0) + Math.imul(v, row[p + 5] ?? 0);
      r += Math.imul(w, row[p + 6] ?? 0) + Math.imul(z, row[p + 9] ?? 0);
      g += Math.imul(w, row[p + 7] ?? 0) + Math.imul(z, row[p + 10] ?? 0);
      b += Math.imul(w, row[p + 8] ?? 0) + Math.imul(z, row[p + 11] ?? 0);
    }
    out[at++] = r >> pillowBits;
    out[at++] = g >> pillowBits;
    out[at++] = b >> pillowBits;
  }
}

function resizeRows(image: RgbImage, height: number, filter: Filter): RgbImage {
  if (height === image.height) return image;
  const { starts, weights, width: reach } = pillowTaps(image.height, height, filter);
  const length = image.width * 3;
  const row = (y: number) => image.data.subarray(y * length, (y + 1) * length);
  const sums = new Int32Array(length);
  const data = new Uint8ClampedArray(height * length);
  for (let y = 0; y < height; y++) {
    sums.fill(pillowHalf);
    for (let k = 0; k < reach; k += 4) {
      const rows = [0, 1, 2, 3].map((i) => row(Math.min(image.height - 1, (starts[y] ?? 0) + k + i)));
      addRows(sums, rows, weights.subarray(y * reach + k, y * reach + k + 4));
    }
    storeRow(sums, data.subarray(y * length, (y + 1) * length));
  }
  return { height, width: image.width, data: new Uint8Array(data.buffer) };
}

const none = new Uint8Array(0);

function addRows(sums: Int32Array, [a = none, b = none, c = none, d = none]: Uint8Array[], weights: Int32Array): void {
  const [u = 0, v = 0, w = 0, z = 0] = weights;
  for (let i = 0; i < sums.length; i++) {
    const upper = Math.imul(u, a[i] ?? 0) + Math.imul(v, b[i] ?? 0);
    sums[i] = (sums[i] ?? 0) + upper + Math.imul(w, c[i] ?? 0) + Math.imul(z, d[i] ?? 0);
  }
}

function storeRow(sums: Int32Array, out: Uint8ClampedArray): void {
  for (let i = 0; i < sums.length; i++) out[i] = (sums[i] ?? 0) >> pillowBits;
}

function floatColumns({ channels, height, width, data }: Planes, taps: Taps<Float64Array>): Planes {
  const outWidth = taps.starts.length;
  const out = new Float32Array(channels * height * outWidth);
  for (let row = 0, at = 0; row < channels * height; row++) {
    for (let x = 0; x < outWidth; x++) out[at++] = dot(data, row * width + (taps.starts[x] ?? 0), taps, x);
  }
  return { channels, height, width: outWidth, data: out };
}

function dot(data: Float32Array, start: number, { counts, weights, width }: Taps<Float64Array>, position: number) {
  let sum = 0;
  const first = position * width;
  for (let k = 0; k < (counts[position] ?? 0); k++) sum += (weights[first + k] ?? 0) * (data[start + k] ?? 0);
  return sum;
}

function floatRows({ channels, height, width, data }: Planes, taps: Taps<Float64Array>): Planes {
  const outHeight = taps.starts.length;
  const out = new Float32Array(channels * outHeight * width);
  for (let line = 0; line < channels * outHeight; line++) {
    const y = line % outHeight;
    const first = Math.floor(line / outHeight) * height + (taps.starts[y] ?? 0);
    const target = out.subarray(line * width, (line + 1) * width);
    for (let k = 0; k < (taps.counts[y] ?? 0); k++) {
      addScaled(
        target,
        data.subarray((first + k) * width, (first + k + 1) * width),
        taps.weights[y * taps.width + k] ?? 0,
      );
    }
  }
  return { channels, height: outHeight, width, data: out };
}

function addScaled(target: Float32Array, row: Float32Array, weight: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) + weight * (row[i] ?? 0);
}

/** Sums of 8 + 11 bits, not rounded yet. */
function openCvColumns({ height, width, data }: RgbImage, { starts, counts, weights }: Taps<Int32Array>): Int32Array {
  const out = new Int32Array(height * starts.length * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < starts.length; x++) {
      const p = (y * width + (starts[x] ?? 0)) * 3;
      const next = p + ((counts[x] ?? 1) - 1) * 3;
      for (let c = 0; c < 3; c++) {
        out[at++] = (data[p + c] ?? 0) * (weights[x * 2] ?? 0) + (data[next + c] ?? 0) * (weights[x * 2 + 1] ?? 0);
      }
    }
  }
  return out;
}

/** The vertical step of OpenCV's byte path: sums lose 4 bits, products 16, and the last 2 are rounded. */
function openCvRows(
  sums: Int32Array,
  { starts, counts, weights }: Taps<Int32Array>,
  { height, width }: PixelSize,
): Uint8Array {
  const length = width * 3;
  const out = new Uint8Array(height * length);
  for (let y = 0, at = 0; y < height; y++) {
    const upper = (starts[y] ?? 0) * length;
    const lower = upper + ((counts[y] ?? 1) - 1) * length;
    const w = weights[y * 2] ?? 0;
    const v = weights[y * 2 + 1] ?? 0;
    for (let i = 0; i < length; i++) {
      const above = Math.imul(w, (sums[upper + i] ?? 0) >> 4) >> 16;
      out[at++] = (above + (Math.imul(v, (sums[lower + i] ?? 0) >> 4) >> 16) + 2) >> 2;
    }
  }
  return out;
}
