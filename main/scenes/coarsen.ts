// Makes rough versions of a mask, as a hurried person or an old data set would give: grown, shrunk, cornered, blocky or shifted.

import type { Random } from '../contract/random.ts';
import type { Box } from '../contract/records.ts';

/** One byte per pixel, 0 or 1, row-major. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** `strength` is a length in pixels. */
type Roughen = (mask: Bitmap, strength: number, random: Random) => Uint8Array;

/** For each pixel, whether at least `share` of the square of `radius` around it is inside; running sums along both axes. */
function boxVote({ width, height, data }: Bitmap, radius: number, share: number): Uint8Array {
  const sums = new Int32Array((width + 1) * (height + 1));
  const row = width + 1;
  for (let y = 0; y < height; y++) {
    let line = 0;
    for (let x = 0; x < width; x++) {
      line += data[y * width + x] ?? 0;
      sums[(y + 1) * row + x + 1] = (sums[y * row + x + 1] ?? 0) + line;
    }
  }
  const at = (x: number, y: number): number => sums[y * row + x] ?? 0;
  const needed = share * (2 * radius + 1) ** 2;
  return data.map((_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const [x1, y1] = [Math.max(0, x - radius), Math.max(0, y - radius)];
    const [x2, y2] = [Math.min(width, x + radius + 1), Math.min(height, y + radius + 1)];
    return at(x2, y2) - at(x1, y2) - at(x2, y1) + at(x1, y1) >= needed ? 1 : 0;
  });
}

const grow: Roughen = (mask, strength) => boxVote(mask, Math.max(1, Math.round(strength)), 1e-6);

const shrink: Roughen = (mask, strength) => boxVote(mask, Math.max(1, Math.round(strength / 2)), 1);

/** Squares of a grid are inside when their middle square mostly is. */
const blocks: Roughen = ({ width, height, data }, strength) => {
  const cell = Math.max(2, Math.round(strength * 2));
  const across = Math.ceil(width / cell);
  const counts = new Uint32Array(across * Math.ceil(height / cell));
  const cellOf = (i: number): number =>
    Math.floor(Math.floor(i / width) / cell) * across + Math.floor((i % width) / cell);
  for (let i = 0; i < data.length; i++) if (data[i]) counts[cellOf(i)] = (counts[cellOf(i)] ?? 0) + 1;
  return data.map((_, i) => ((counts[cellOf(i)] ?? 0) * 2.5 >= cell * cell ? 1 : 0));
};

const shift: Roughen = ({ width, height, data }, strength, random) => {
  const angle = random.between(0, 2 * Math.PI);
  const [dx, dy] = [Math.round(Math.cos(angle) * strength), Math.round(Math.sin(angle) * strength)];
  return data.map((_, i) => {
    const [x, y] = [(i % width) - dx, Math.floor(i / width) - dy];
    return x >= 0 && y >= 0 && x < width && y < height ? (data[y * width + x] ?? 0) : 0;
  });
};

/** Centre of mass and the farthest pixel in each of `sectors` directions around it. */
function outline({ width, data }: Bitmap, sectors: number): { x: number; y: number; reach: Float64Array } {
  const inside = [...data.keys()].filter((i) => data[i]);
  const x = inside.reduce((sum, i) => sum + (i % width), 0) / inside.length;
  const y = inside.reduce((sum, i) => sum + Math.floor(i / width), 0) / inside.length;
  const reach = new Float64Array(sectors);
  for (const i of inside) {
    const [dx, dy] = [(i % width) - x, Math.floor(i / width) - y];
    const sector = Math.floor((Math.atan2(dy, dx) / (2 * Math.PI) + 1) * sectors) % sectors;
    reach[sector] = Math.max(reach[sector] ?? 0, Math.hypot(dx, dy));
  }
  return { x, y, reach };
}

/** A polygon with one corner in each of a few directions, as far out as the mask goes there. */
const corners: Roughen = (mask, _strength, random) => {
  const sectors = random.int(6, 10);
  const { x, y, reach } = outline(mask, sectors);
  return mask.data.map((_, i) => {
    const [dx, dy] = [(i % mask.width) - x, Math.floor(i / mask.width) - y];
    const turn = (Math.atan2(dy, dx) / (2 * Math.PI) + 1) * sectors - 0.5;
    const [at, t] = [Math.floor(turn), turn - Math.floor(turn)];
    const [a, b] = [reach[(at + sectors) % sectors] ?? 0, reach[(at + 1) % sectors] ?? 0];
    return Math.hypot(dx, dy) <= chord(a, b, t, (2 * Math.PI) / sectors) ? 1 : 0;
  });
};

/** Distance to the straight line between two corners at a and b that are `angle` apart, seen at part t of the angle. */
function chord(a: number, b: number, t: number, angle: number): number {
  const spread = a * Math.sin(t * angle) + b * Math.sin((1 - t) * angle);
  return spread > 0 ? (a * b * Math.sin(angle)) / spread : 0;
}

const KINDS: readonly Roughen[] = [grow, shrink, blocks, shift, corners];

function iou(a: Uint8Array, b: Uint8Array): number {
  let [both, either] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    both += (a[i] ?? 0) & (b[i] ?? 0);
    either += (a[i] ?? 0) | (b[i] ?? 0);
  }
  return either > 0 ? both / either : 0;
}

/** Rough enough to be worth mending, near enough to say what is meant: IoU from 0.4 to 0.88, or null after some tries. */
export function coarsen(mask: Bitmap, random: Random): Uint8Array | null {
  const side = Math.sqrt(mask.data.reduce((sum, value) => sum + value, 0));
  for (let attempt = 0; attempt < 6; attempt++) {
    const rough = random.pick(KINDS)(mask, side * random.between(0.06, 0.2), random);
    const near = iou(mask.data, rough);
    if (near >= 0.4 && near <= 0.88) return rough;
  }
  return null;
}

export interface PixelWindow {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The part of the picture in which a rough version of what is in the box can lie. */
export function windowAround({ x1, y1, x2, y2 }: Box, width: number, height: number): PixelWindow {
  const margin = Math.ceil(0.3 * Math.max(x2 - x1, y2 - y1)) + 2;
  const [left, top] = [Math.max(0, x1 - margin), Math.max(0, y1 - margin)];
  return { left, top, width: Math.min(width, x2 + margin) - left, height: Math.min(height, y2 + margin) - top };
}
