// Pictures of things that have no name: outlines of a few lobes, each lobe in a texture of its own, small or as large as the
// picture. The segmenter learns from them what icons cannot teach it: that a person is a shirt, trousers and a head.

import { type Random, random } from '../contract/random.ts';
import { paintBackdrop, type Texture, texture } from './backdrop.ts';
import { expose } from './camera.ts';
import { measure } from './layout.ts';
import { type Canvas, composite, type Patch, shade, stamp } from './patch.ts';
import type { SegmenterScene } from './scene.ts';

const stream = 4;
/** Longer side of a thing, in parts of the picture's. */
const sides = { least: 0.12, most: 0.85 };
/** Least share of the picture: a thing of which less is seen is background. */
const leastVisible = 0.003;

/** Square, `side` pixels, with at least one thing to be seen; the same seed gives the same picture. */
export function makeUnnamed(seed: number, side = 224): SegmenterScene {
  const draw = random(seed, stream);
  let shown = drawn(draw, side);
  while (shown.things.length === 0) shown = drawn(draw, side);
  return shown;
}

function drawn(draw: Random, side: number): SegmenterScene {
  const canvas: Canvas = { width: side, height: side, data: new Float32Array(side * side * 3) };
  paintBackdrop(canvas, draw);
  for (let left = draw.int(0, 4); left > 0; left--) composite(canvas, thing(draw, side));
  const ids = new Uint8Array(side * side);
  const count = draw.int(1, 5);
  const shadow = { dx: draw.int(-4, 4), dy: draw.int(0, 4), strength: draw.between(0, 0.4) };
  for (let id = 1; id <= count; id++) {
    const patch = thing(draw, side);
    shade(canvas, patch, shadow);
    composite(canvas, patch);
    stamp(ids, side, patch, id);
  }
  return { image: expose(canvas, draw), ...visible(ids, side, count) };
}

/** Numbers anew what is large enough to be seen; the rest is background. */
function visible(ids: Uint8Array, side: number, count: number): Pick<SegmenterScene, 'ids' | 'things'> {
  const seen = measure(ids, side, count);
  const kept = seen.flatMap(({ area }, i) => (area >= leastVisible * side * side ? [i + 1] : []));
  const renumbered = Uint8Array.from({ length: count + 1 }, (_, id) => kept.indexOf(id) + 1);
  const things = kept.flatMap((id) => {
    const { x1 = 0, y1 = 0, x2 = 0, y2 = 0 } = seen[id - 1] ?? {};
    return [{ box: { x1, y1, x2, y2 } }];
  });
  return { ids: ids.map((id) => renumbered[id] ?? 0), things };
}

interface Lobe {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** How much longer than wide, and the direction of its length, radians. */
  readonly stretch: number;
  readonly angle: number;
  /** The outline's distance from the middle, before the stretch, in `directions` steps around it. */
  readonly outline: Float32Array;
  readonly texture: Texture;
}

const directions = 512;

/** One to four lobes that hang together, as one patch. */
function thing(draw: Random, side: number): Patch {
  const size = side * sides.least * (sides.most / sides.least) ** draw.next();
  const margin = size * 0.35;
  const [x, y] = [draw.between(margin, side - margin), draw.between(margin, side - margin)];
  const lobes = [lobe(draw, { x, y, radius: (size / 2) * draw.between(0.55, 0.9) })];
  for (let left = draw.int(0, 3); left > 0; left--) lobes.push(joined(draw, draw.pick(lobes)));
  return painted(lobes, side, draw.between(-0.25, 0.25) / size);
}

function lobe(draw: Random, place: Pick<Lobe, 'x' | 'y' | 'radius'>): Lobe {
  const waves = [1, 2, 3, 5].map((count) => ({
    count,
    depth: draw.between(0, 0.35) / count,
    phase: draw.between(0, 2 * Math.PI),
  }));
  const outline = Float32Array.from({ length: directions }, (_, i) => {
    const around = (i / directions) * 2 * Math.PI;
    return (
      place.radius * waves.reduce((sum, { count, depth, phase }) => sum + depth * Math.cos(count * around + phase), 1)
    );
  });
  const [stretch, angle] = [draw.between(0.6, 1.7), draw.between(0, Math.PI)];
  return { ...place, stretch, angle, outline, texture: texture(draw, place.radius * draw.between(1, 4)) };
}

/** One that begins within another. */
function joined(draw: Random, { x, y, radius }: Lobe): Lobe {
  const angle = draw.between(0, 2 * Math.PI);
  const own = radius * draw.between(0.4, 0.9);
  const away = radius * 0.6 + own * draw.between(0.2, 0.6);
  return lobe(draw, { x: x + away * Math.cos(angle), y: y + away * Math.sin(angle), radius: own });
}

/** How far inside the outline points lie, pixels along the ray from the middle; negative outside. */
function depths({ x, y, stretch, angle, outline }: Lobe): (px: number, py: number) => number {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [least, most] = [Math.min(...outline), Math.max(...outline)];
  return (px, py) => {
    const u = (cos * (px - x) + sin * (py - y)) / stretch;
    const v = (cos * (py - y) - sin * (px - x)) * stretch;
    const far = Math.sqrt(u * u + v * v);
    // Most pixels need no angle.
    if (far > most + 1) return -1;
    if (far < least - 1) return 1;
    const step = Math.floor((Math.atan2(v, u) / (2 * Math.PI) + 1) * directions) % directions;
    return (outline[step] ?? 0) - far;
  };
}

/** The farthest that a lobe reaches: its outline at its highest, at the end of its length. */
const reachOf = ({ stretch, outline }: Lobe): number => Math.max(stretch, 1 / stretch) * Math.max(...outline);

/** The lobes over each other, later ones on top; `light` is the change of brightness a pixel to the right. */
function painted(lobes: readonly Lobe[], side: number, light: number): Patch {
  const inside = (value: number) => Math.min(side, Math.max(0, value));
  const left = inside(Math.floor(Math.min(...lobes.map((one) => one.x - reachOf(one)))));
  const top = inside(Math.floor(Math.min(...lobes.map((one) => one.y - reachOf(one)))));
  const width = inside(Math.ceil(Math.max(...lobes.map((one) => one.x + reachOf(one))))) - left;
  const height = inside(Math.ceil(Math.max(...lobes.map((one) => one.y + reachOf(one))))) - top;
  const patch = { left, top, width, height, data: new Uint8Array(width * height * 4) };
  for (const one of lobes) cover(patch, one, light);
  return patch;
}

/** Lays one lobe over the premultiplied pixels. */
function cover({ left, top, width, data }: Patch, one: Lobe, light: number): void {
  const depth = depths(one);
  const { pattern, from, to } = one.texture;
  for (let at = 0; at < data.length; at += 4) {
    const [column, row] = [(at / 4) % width, Math.floor(at / 4 / width)];
    const alpha = Math.min(1, Math.max(0, depth(left + column + 0.5, top + row + 0.5) + 0.5));
    if (alpha === 0) continue;
    const share = pattern(column, row);
    const bright = 1 + light * (column - width / 2);
    for (let c = 0; c < 3; c++) {
      const colour = ((from[c] ?? 0) + ((to[c] ?? 0) - (from[c] ?? 0)) * share) * bright;
      data[at + c] = (data[at + c] ?? 0) * (1 - alpha) + Math.min(255, Math.max(0, colour)) * alpha;
    }
    data[at + 3] = (data[at + 3] ?? 0) * (1 - alpha) + 255 * alpha;
  }
}
