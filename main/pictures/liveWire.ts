// Computes intelligent scissors: the cheapest ways along edges from a place to every pixel of a window around it.
import { resizePillow } from '../../models/nn/resample.ts';
import { BadInput } from '../contract/badInput.ts';
import type { Frame } from '../contract/geometry.ts';
import { cellOf, strongestNear, type UnpackedWire, ways } from '../contract/liveWire.ts';
import type { Box, DecodedImage, Point } from '../contract/records.ts';
import { type EdgeFeatures, edgeFeatures } from './wireCost.ts';

export interface WireAsk {
  /** Where it begins, image pixels. */
  readonly x: number;
  readonly y: number;
  /** It begins at the strongest edge within so many image pixels. */
  readonly reach: number;
  /** The window reaches there too; null: only what lies around where it begins. */
  readonly to: Pick<Point, 'x' | 'y'> | null;
}

/** Image pixels around where it begins, to each side. */
const HALF = 192;
/** Pixels of a window: ways to so many take a fifth of a second, and 200 kB take them to the screen. */
const MOST = (2 * HALF) ** 2;
/** How far the window reaches beyond the place, so that the way to it may go round. */
const BEYOND = 64;

/** Follows Mortensen and Barrett, "Intelligent scissors for image composition" (1995). */
export function liveWire(image: DecodedImage, ask: WireAsk): UnpackedWire {
  const { width, height } = image;
  if (ask.x < 0 || ask.y < 0 || ask.x >= width || ask.y >= height)
    throw new BadInput(
      `the point ${Math.floor(ask.x)},${Math.floor(ask.y)} lies outside the picture (${width} x ${height} pixels)`,
    );
  const place = windowOf(ask, image);
  const seen = seenIn(image, place);
  const features = edgeFeatures(seen);
  const cells = Uint8Array.from(features.strength, (value) => Math.round(15 * value) << 4);
  const bare: UnpackedWire = { place, columns: seen.width, rows: seen.height, root: 0, cells };
  const root = cellOf(bare, ask.reach > 0 ? strongestNear(bare, ask, ask.reach) : ask);
  const back = cheapestWays(features, root);
  return { ...bare, root, cells: cells.map((strength, i) => strength | (back[i] ?? 0)) };
}

function windowOf({ x, y, to }: WireAsk, { width, height }: Frame): Box {
  const end = to ?? { x, y };
  const reach = to === null ? HALF : BEYOND;
  return {
    x1: Math.max(0, Math.floor(Math.min(x - HALF, end.x - reach))),
    y1: Math.max(0, Math.floor(Math.min(y - HALF, end.y - reach))),
    x2: Math.min(width, Math.ceil(Math.max(x + HALF, end.x + reach))),
    y2: Math.min(height, Math.ceil(Math.max(y + HALF, end.y + reach))),
  };
}

/** The window as it is, or smaller: of one many times too large every second, third, ... pixel is looked at. */
function seenIn(image: DecodedImage, { x1, y1, x2, y2 }: Box): DecodedImage {
  const pixels = (x2 - x1) * (y2 - y1);
  const step = Math.max(1, Math.floor(Math.sqrt(pixels / (4 * MOST))));
  const [width, height] = [Math.ceil((x2 - x1) / step), Math.ceil((y2 - y1) / step)];
  const data = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const from = (y1 + row * step) * image.width + x1;
    if (step === 1) data.set(image.data.subarray(3 * from, 3 * (from + width)), 3 * row * width);
    else
      for (let column = 0; column < width; column++) {
        const pixel = 3 * (from + column * step);
        data.set(image.data.subarray(pixel, pixel + 3), 3 * (row * width + column));
      }
  }
  const scale = Math.min(1, Math.sqrt(MOST / (width * height)));
  if (scale === 1) return { width, height, data };
  const side = (length: number) => Math.max(1, Math.floor(length * scale));
  return resizePillow({ width, height, data }, { width: side(width), height: side(height) }, 'bilinear');
}

/** Shares of the three parts of a step's cost, as the authors have them. */
const CROSSING = 0.43;
const DIRECTION = 0.43;
const STRENGTH = 0.14;
/** Costs are whole numbers, so that pixels wait in one bucket for each. */
const DEAREST = 255;

/** Dijkstra's algorithm: for every pixel 1 + the step in `ways` that leads back towards the root, 0 at the root. */
function cheapestWays(features: EdgeFeatures, root: number): Uint8Array {
  const { width, height } = features;
  const cost = new Int32Array(width * height).fill(2 ** 31 - 1);
  const [back, done] = [new Uint8Array(cost.length), new Uint8Array(cost.length)];
  const buckets = Array.from({ length: DEAREST + 1 }, (): number[] => []);
  const price = pricesOf(features);
  cost[root] = 0;
  buckets[0]?.push(root);
  for (let now = 0, waiting = 1; waiting > 0; now++) {
    const bucket = buckets[now % buckets.length];
    for (let cell = bucket?.pop(); cell !== undefined; cell = bucket?.pop()) {
      waiting -= 1;
      if (done[cell] === 1) continue;
      done[cell] = 1;
      const [column, row] = [cell % width, Math.floor(cell / width)];
      for (let way = 0; way < 8; way++) {
        const [x, y] = [stepX[way] ?? 0, stepY[way] ?? 0];
        if (column + x < 0 || column + x >= width || row + y < 0 || row + y >= height) continue;
        const there = cell + y * width + x;
        if (done[there] === 1) continue;
        const whole = now + price(cell, there, way);
        if (whole >= (cost[there] ?? 0)) continue;
        cost[there] = whole;
        // The step back is the opposite one.
        back[there] = 1 + ((way + 4) % 8);
        buckets[whole % buckets.length]?.push(there);
        waiting += 1;
      }
    }
  }
  return back;
}

const stepX = Int8Array.from(ways, ({ x }) => x);
const stepY = Int8Array.from(ways, ({ y }) => y);
const unitX = Float32Array.from(ways, ({ x, y }) => x / Math.hypot(x, y));
const unitY = Float32Array.from(ways, ({ x, y }) => y / Math.hypot(x, y));
/** The arc cosine of -1 to 1 in steps of 1/128, over one and a half of pi: two of an edge's angles are at most 1. */
const angles = Float32Array.from({ length: 257 }, (_, i) => Math.acos(i / 128 - 1) / (1.5 * Math.PI));
const angle = (cosine: number): number => angles[Math.round(cosine * 128) + 128] ?? 0;

/** What a step from one pixel to a neighbour costs, 1 to `DEAREST`. */
function pricesOf({ strength, crossing, alongX, alongY }: EdgeFeatures) {
  return (from: number, to: number, way: number): number => {
    const [x, y] = [unitX[way] ?? 0, unitY[way] ?? 0];
    const here = (alongX[from] ?? 0) * x + (alongY[from] ?? 0) * y;
    const there = (alongX[to] ?? 0) * x + (alongY[to] ?? 0) * y;
    // Along an edge in either of its directions; what turns back against it is dear.
    const turn = angle(Math.abs(here)) + angle(here < 0 ? -there : there);
    const weak = (1 - (strength[to] ?? 0)) * (way % 2 === 0 ? Math.SQRT1_2 : 1);
    const whole = CROSSING * (1 - (crossing[to] ?? 0)) + DIRECTION * turn + STRENGTH * weak;
    return Math.max(1, Math.round(whole * DEAREST));
  };
}
