// Makes true masks wrong as a segmenter's first try or an old data set does; prompts then correct them.

import type { Random } from '../../contract/random.ts';
import { insideDistance } from '../../pictures/distance.ts';
import { type Bitmap, coarsen } from '../../scenes/coarsen.ts';

/** `strength`: a length in pixels. */
type Kind = (mask: Bitmap, how: { strength: number; neighbour: Uint8Array | null; random: Random }) => Uint8Array;

/** The outline is off by what changes slowly along it: parts are missing, others too much. */
const wavy: Kind = (mask, { strength, random }) => {
  const waves = slowNoise(mask.width, random.int(3, 8), random);
  const offset = random.between(-0.4, 0.4) * strength;
  return insideAfter(mask, (distance, i) => distance + offset + strength * 1.5 * (waves[i] ?? 0));
};

const offset: Kind = (mask, { strength, random }) => {
  const by = strength * random.between(-0.7, 0.9);
  return insideAfter(mask, (distance) => distance + by);
};

const shifted: Kind = ({ width, height, data }, { strength, random }) => {
  const angle = random.between(0, 2 * Math.PI);
  const [dx, dy] = [Math.round(Math.cos(angle) * strength), Math.round(Math.sin(angle) * strength)];
  return data.map((_, i) => {
    const [x, y] = [(i % width) - dx, Math.floor(i / width) - dy];
    return x >= 0 && y >= 0 && x < width && y < height ? (data[y * width + x] ?? 0) : 0;
  });
};

const rough: Kind = (mask, { random }) => coarsen(mask, random) ?? mask.data;

const merged: Kind = (mask, how) =>
  how.neighbour ? mask.data.map((value, i) => value | (how.neighbour?.[i] ?? 0)) : wavy(mask, how);

/** All on one side of a line through a pixel of the mask is missing. */
const halved: Kind = (mask, { random }) => {
  const at = anyInside(mask, random);
  const angle = random.between(0, 2 * Math.PI);
  const side = (i: number) =>
    Math.cos(angle) * ((i % mask.width) - at.x) + Math.sin(angle) * (Math.floor(i / mask.width) - at.y);
  return mask.data.map((value, i) => (side(i) > 0 ? value : 0));
};

const holed: Kind = (mask, { strength, random }) => {
  const at = anyInside(mask, random);
  const radius = strength * random.between(0.6, 1.6);
  return mask.data.map((value, i) =>
    Math.hypot((i % mask.width) - at.x, Math.floor(i / mask.width) - at.y) < radius ? 0 : value,
  );
};

/** A part of what is around belongs to it as well. */
const lumpy: Kind = (mask, { strength, random }) => {
  const at = anyInside(mask, random);
  const [dx, dy] = [random.between(-4, 4) * strength, random.between(-4, 4) * strength];
  const radius = strength * random.between(1, 2.5);
  return mask.data.map((value, i) =>
    Math.hypot((i % mask.width) - at.x - dx, Math.floor(i / mask.width) - at.y - dy) < radius ? 1 : value,
  );
};

const kinds: readonly (readonly [Kind, number])[] = [
  [wavy, 0.4],
  [offset, 0.1],
  [shifted, 0.08],
  [rough, 0.14],
  [merged, 0.08],
  [halved, 0.08],
  [holed, 0.05],
  [lumpy, 0.07],
];

/** One or two faults after each other; what would leave nothing is left out. `neighbour`: another thing of the same size. */
export function degrade(mask: Bitmap, neighbour: Uint8Array | null, random: Random): Uint8Array {
  const side = Math.sqrt(mask.data.reduce((sum, value) => sum + value, 0));
  let data = mask.data;
  for (let times = random.chance(0.35) ? 2 : 1; times > 0; times--) {
    const strength = Math.max(1, side * random.between(0.03, 0.25));
    const found = drawn(random)({ ...mask, data }, { strength, neighbour, random });
    if (found.some((value) => value === 1)) data = found;
  }
  return data;
}

function drawn(random: Random): Kind {
  let left = random.next();
  for (const [kind, share] of kinds) {
    left -= share;
    if (left < 0) return kind;
  }
  return wavy;
}

/** Pixels whose distance to the outline, negative outside, is above 0 after a change. */
function insideAfter(mask: Bitmap, change: (distance: number, i: number) => number): Uint8Array {
  const inner = insideDistance(mask.data, mask, 'nothing');
  const outer = insideDistance(
    mask.data.map((value) => 1 - value),
    mask,
    'nothing',
  );
  return mask.data.map((value, i) => (change(value ? (inner[i] ?? 0) - 0.5 : 0.5 - (outer[i] ?? 0), i) > 0 ? 1 : 0));
}

function anyInside({ data, width }: Bitmap, random: Random): { x: number; y: number } {
  const count = data.reduce((sum, value) => sum + value, 0);
  let left = random.int(0, Math.max(0, count - 1));
  const i = data.findIndex((value) => value === 1 && left-- === 0);
  return { x: Math.max(0, i) % width, y: Math.floor(Math.max(0, i) / width) };
}

/** side * side values between -1 and 1, bilinear between `knots` a side. */
function slowNoise(side: number, knots: number, random: Random): Float32Array {
  const grid = Float32Array.from({ length: (knots + 1) ** 2 }, () => random.between(-1, 1));
  const out = new Float32Array(side * side);
  for (let row = 0, i = 0; row < side; row++) {
    const y = Math.floor((row / side) * knots);
    const fy = (row / side) * knots - y;
    for (let column = 0; column < side; column++, i++) {
      const x = Math.floor((column / side) * knots);
      const fx = (column / side) * knots - x;
      const at = y * (knots + 1) + x;
      const upper = (grid[at] ?? 0) * (1 - fx) + (grid[at + 1] ?? 0) * fx;
      const lower = (grid[at + knots + 1] ?? 0) * (1 - fx) + (grid[at + knots + 2] ?? 0) * fx;
      out[i] = upper * (1 - fy) + lower * fy;
    }
  }
  return out;
}
