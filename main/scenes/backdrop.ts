// Paints what lies behind and between the things: a seeded texture that fills the canvas, and blobs that have no name.

import type { Random } from '../contract/random.ts';
import { toRgb } from './colours.ts';
import type { Canvas, Patch } from './patch.ts';

/** Position in pixels to 0 (first colour) .. 1 (second colour). */
type Pattern = (x: number, y: number) => number;

type Rgb = readonly [number, number, number];

const smooth = (t: number): number => t * t * (3 - 2 * t);

const fraction = (value: number): number => value - Math.floor(value);

/** Smoothly interpolated random values on a grid of `cell` pixels; repeats after 32 cells. */
function valueNoise(random: Random, cell: number): Pattern {
  const grid = Float32Array.from({ length: 1024 }, () => random.next());
  const at = (x: number, y: number): number => grid[((y & 31) << 5) | (x & 31)] ?? 0;
  return (x, y) => {
    const gx = Math.floor(x / cell);
    const gy = Math.floor(y / cell);
    const fx = smooth(x / cell - gx);
    const fy = smooth(y / cell - gy);
    const upper = at(gx, gy) + (at(gx + 1, gy) - at(gx, gy)) * fx;
    const lower = at(gx, gy + 1) + (at(gx + 1, gy + 1) - at(gx, gy + 1)) * fx;
    return upper + (lower - upper) * fy;
  };
}

/** Unit vector of a random direction, divided by `length`. */
function direction(random: Random, length: number): [number, number] {
  const angle = random.between(0, 2 * Math.PI);
  return [Math.cos(angle) / length, Math.sin(angle) / length];
}

const PATTERNS: readonly ((random: Random, extent: number) => Pattern)[] = [
  (random, extent) => {
    const [a, b] = direction(random, extent);
    const offset = random.next() + 2;
    return (x, y) => Math.abs(fraction((a * x + b * y + offset) / 2) * 2 - 1);
  },
  (random, extent) => {
    const [cx, cy] = [random.between(0, extent), random.between(0, extent)];
    const reach = random.between(0.6, 1.2) * extent;
    return (x, y) => Math.min(1, Math.hypot(x - cx, y - cy) / reach);
  },
  (random, extent) => {
    const [a, b] = direction(random, (random.between(0.04, 0.16) * extent) | 1);
    const duty = random.between(0.3, 0.7);
    return (x, y) => (fraction(a * x + b * y) < duty ? 1 : 0);
  },
  (random, extent) => {
    const [a, b] = direction(random, random.between(0.05, 0.14) * extent);
    return (x, y) => (Math.floor(a * x + b * y) + Math.floor(a * y - b * x)) & 1;
  },
  (random, extent) => {
    const coarse = valueNoise(random, random.between(0.06, 0.25) * extent);
    const fine = valueNoise(random, random.between(0.015, 0.05) * extent);
    return (x, y) => 0.65 * coarse(x, y) + 0.35 * fine(x, y);
  },
  (random, extent) => {
    const cell = random.between(0.06, 0.14) * extent;
    const radius = random.between(0.15, 0.4);
    return (x, y) => (Math.hypot(fraction(x / cell) - 0.5, fraction(y / cell) - 0.5) < radius ? 1 : 0);
  },
];

function twoColours(random: Random): [Rgb, Rgb] {
  const hue = random.between(0, 360);
  const s = random.between(0, 0.55);
  const v = random.between(0.3, 0.95);
  const other = {
    h: (hue + (random.chance(0.6) ? random.between(-30, 30) : random.between(60, 300)) + 360) % 360,
    s: Math.min(1, Math.max(0, s + random.between(-0.25, 0.25))),
    v: Math.min(1, Math.max(0.15, v + random.between(-0.3, 0.3))),
  };
  return [toRgb({ h: hue, s, v }), toRgb(other)];
}

/** A pattern between two colours, 0 to 255. */
export interface Texture {
  readonly pattern: Pattern;
  readonly from: Rgb;
  readonly to: Rgb;
}

/** Draws a texture for something `extent` pixels large, at places of at least 0. */
export function texture(random: Random, extent: number): Texture {
  const pattern = random.pick(PATTERNS)(random, extent);
  const [from, to] = twoColours(random);
  return { pattern, from, to };
}

/** Paints the whole canvas with one pattern between two colours, lit from one side. */
export function paintBackdrop({ width, height, data }: Canvas, random: Random): void {
  const extent = Math.min(width, height);
  const pattern = random.pick(PATTERNS)(random, extent);
  const [lightX, lightY] = direction(random, extent / random.between(0, 0.3));
  const [[r, g, b], [r2, g2, b2]] = twoColours(random);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const t = pattern(x, y);
      const bright = 1 + lightX * (x - width / 2) + lightY * (y - height / 2);
      data[to] = (r + (r2 - r) * t) * bright;
      data[to + 1] = (g + (g2 - g) * t) * bright;
      data[to + 2] = (b + (b2 - b) * t) * bright;
    }
  }
}

/** A lobed spot of one plain colour around a centre, with a soft edge. */
export function blob(random: Random, x: number, y: number, radius: number): Patch {
  const [left, top] = [Math.floor(x - radius), Math.floor(y - radius)];
  const side = Math.ceil(2 * radius) + 1;
  const data = new Uint8Array(side * side * 4);
  const [lobes, phase, depth] = [random.int(2, 4), random.between(0, 6.28), random.between(0, 0.2)];
  const [r, g, b] = toRgb({ h: random.between(0, 360), s: random.between(0, 0.8), v: random.between(0.2, 1) });
  const core = radius * (1 - 2 * depth) - 2;
  for (let i = 0; i < side * side; i++) {
    const dx = left + (i % side) + 0.5 - x;
    const dy = top + Math.floor(i / side) + 0.5 - y;
    const distance = Math.sqrt(dx * dx + dy * dy);
    if (distance > radius) continue;
    const edge =
      distance < core ? radius : radius * (1 - depth + depth * Math.cos(lobes * Math.atan2(dy, dx) + phase)) - 1;
    const alpha = Math.min(1, Math.max(0, edge - distance + 0.5));
    data[i * 4] = r * alpha;
    data[i * 4 + 1] = g * alpha;
    data[i * 4 + 2] = b * alpha;
    data[i * 4 + 3] = 255 * alpha;
  }
  return { left, top, width: side, height: side, data };
}
