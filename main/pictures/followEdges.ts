// Moves the outline of the segmenter's coarse values to the picture's own edges.
import type { Frame } from '../contract/geometry.ts';
import type { DecodedImage, Mask } from '../contract/records.ts';
import { enlargedMask, type Grid, type PicturePart } from './enlarge.ts';
import { type Colours, guidedFilter } from './guidedFilter.ts';

/** Pixels that edges are looked for on; a window of more of them is looked at smaller. */
const mostPixels = 2 ** 15;
/** Margin of the window around what is inside, in cells of the grid. */
const margin = 3;
// The four below were chosen on validation scenes and on the photographs of `loupe eval photos`: there is no other set of them.
/** How far from the coarse outline the edge may lie, in cells of the grid. */
const reach = 2.3;
/** A difference of colour of 0.017, squared: fainter edges do not count. */
const regularisation = 3e-4;
/** One moves the outline to the edge, the others settle it. */
const rounds = 3;
/** The power of what is explained by which a pixel follows the colours: less than 1 believes them early. */
const trust = 0.7;

/**
 * values [height * width], logits: above 0 inside, lie over the part `at` of the picture. By rounds of the guided filter on what is inside so far; where the colours
 * do not explain it the coarse outline stays. What lies far from all cells that are inside stays outside.
 */
export function maskAlongEdges(
  values: Grid,
  image: DecodedImage,
  at: PicturePart = { x: 0, y: 0, ...frameOf(image) },
): Mask {
  const place = placeInside(values, at);
  if (!place) return enlargedMask(values, image, at);
  const scale = Math.min(1, Math.sqrt(mostPixels / (place.width * place.height)));
  const size = { width: Math.ceil(place.width * scale), height: Math.ceil(place.height * scale) };
  const filter = guidedFilter(sampled(image, place, size), size, {
    across: pixelsOf(reach, { cell: at.width / values.width, scale: size.width / place.width }),
    down: pixelsOf(reach, { cell: at.height / values.height, scale: size.height / place.height }),
    regularisation,
  });
  let inside = shares(values, { at, place, size });
  for (let round = 0; round < rounds; round++) {
    const { values: found, explained } = filter(inside.map((share) => (share > 0.5 ? 1 : 0)));
    inside = inside.map((share, i) => share + ((found[i] ?? 0) - share) * (explained[i] ?? 0) ** trust);
  }
  return enlargedMask({ ...size, data: inside.map((share) => share - 0.5) }, image, place);
}

const frameOf = ({ width, height }: Frame): Frame => ({ width, height });

/** Cells of the grid in pixels of the small copy. */
const pixelsOf = (cells: number, { cell, scale }: { cell: number; scale: number }): number =>
  Math.max(1, Math.round(cells * cell * scale));

/** Around all cells that are inside, in whole pixels of the picture; null where none is. */
function placeInside({ width, height, data }: Grid, at: PicturePart): PicturePart | null {
  let [left, top, right, bottom] = [width, height, -1, -1];
  data.forEach((value, i) => {
    if (value <= 0) return;
    const [column, row] = [i % width, Math.floor(i / width)];
    [left, right] = [Math.min(left, column), Math.max(right, column)];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
  });
  if (right < 0) return null;
  const across = (column: number) => at.x + Math.min(1, Math.max(0, column / width)) * at.width;
  const down = (row: number) => at.y + Math.min(1, Math.max(0, row / height)) * at.height;
  const [x, y] = [Math.floor(across(left - margin)), Math.floor(down(top - margin))];
  const [to, end] = [Math.ceil(across(right + 1 + margin)), Math.ceil(down(bottom + 1 + margin))];
  return { x, y, width: to - x, height: end - y };
}

/** Samples a side of each pixel of the small copy: enough against coarse noise, and the cost does not grow with the picture. */
const samplesASide = 3;

/** The colours, 0 to 1, of a part of the picture at another size, which is no larger. */
function sampled({ width, data }: DecodedImage, place: PicturePart, size: Frame): Colours {
  const plane = () => new Float32Array(size.width * size.height);
  const colours = { r: plane(), g: plane(), b: plane() };
  const columns = positions(place.x, place.width, size.width);
  const rows = positions(place.y, place.height, size.height);
  const weight = 1 / (columns.each * rows.each * 255);
  for (let i = 0; i < size.width * size.height; i++) {
    const [x, y] = [i % size.width, Math.floor(i / size.width)];
    let [r, g, b] = [0, 0, 0];
    for (let v = y * rows.each; v < (y + 1) * rows.each; v++) {
      for (let u = x * columns.each; u < (x + 1) * columns.each; u++) {
        const at = ((rows.at[v] ?? 0) * width + (columns.at[u] ?? 0)) * 3;
        r += data[at] ?? 0;
        g += data[at + 1] ?? 0;
        b += data[at + 2] ?? 0;
      }
    }
    colours.r[i] = r * weight;
    colours.g[i] = g * weight;
    colours.b[i] = b * weight;
  }
  return colours;
}

/** Which pixels of a line of the picture are looked at, `each` for every one of the small copy. */
function positions(start: number, length: number, count: number): { at: Int32Array; each: number } {
  const each = Math.min(samplesASide, Math.ceil(length / count));
  const at = Int32Array.from({ length: count * each }, (_, i) =>
    Math.floor(start + ((i + 0.5) * length) / (count * each)),
  );
  return { at, each };
}

/** The share of the thing at each pixel of the small copy: the logistic of the values, bilinear between the cells. */
function shares(
  { width, height, data }: Grid,
  { at, place, size }: { at: PicturePart; place: PicturePart; size: Frame },
): Float32Array<ArrayBuffer> {
  const column = between({ start: place.x - at.x, length: place.width, count: size.width }, at.width, width);
  const row = between({ start: place.y - at.y, length: place.height, count: size.height }, at.height, height);
  return Float32Array.from({ length: size.width * size.height }, (_, i) => {
    const [x, y] = [i % size.width, Math.floor(i / size.width)];
    const [left, right, u] = [column.first[x] ?? 0, column.second[x] ?? 0, column.share[x] ?? 0];
    const [above, below, v] = [(row.first[y] ?? 0) * width, (row.second[y] ?? 0) * width, row.share[y] ?? 0];
    const upper = (data[above + left] ?? 0) * (1 - u) + (data[above + right] ?? 0) * u;
    const lower = (data[below + left] ?? 0) * (1 - u) + (data[below + right] ?? 0) * u;
    return 1 / (1 + Math.exp(-(upper * (1 - v) + lower * v)));
  });
}

/** Finds for each pixel of a line of the small copy the two cells it lies between and the share of the second. */
function between(part: { start: number; length: number; count: number }, whole: number, cells: number) {
  const at = Float64Array.from({ length: part.count }, (_, i) => {
    const pixel = part.start + ((i + 0.5) * part.length) / part.count;
    return Math.min(cells - 1, Math.max(0, (pixel / whole) * cells - 0.5));
  });
  return {
    first: Int32Array.from(at, Math.floor),
    second: Int32Array.from(at, (value) => Math.min(cells - 1, Math.floor(value) + 1)),
    share: Float64Array.from(at, (value) => value - Math.floor(value)),
  };
}
