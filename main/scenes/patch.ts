// A sprite turned, scaled and flipped into a small patch of pixels, and patches laid on a canvas, its shadows and its id map.
import type { Pixels, Sprite } from './atlas.ts';

/** Premultiplied RGBA at a place on the canvas, which it may overhang. */
export interface Patch extends Pixels {
  readonly left: number;
  readonly top: number;
}

/** RGB 0..255 as floats, row-major. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

export interface Pose {
  readonly x: number;
  readonly y: number;
  /** Longer side of the unturned sprite, canvas pixels. */
  readonly side: number;
  /** Radians, clockwise on the screen. */
  readonly angle: number;
  readonly flip: boolean;
}

/** Longer side without the border. */
const sideOf = ({ width, height }: Pixels): number => Math.max(width, height) - 2;

// The smallest level that is still at least as large as what is drawn: bilinear sampling then skips no pixel.
function levelFor(sprite: Sprite, side: number): Pixels {
  const level = sprite.filter((candidate) => sideOf(candidate) >= side).at(-1) ?? sprite[0];
  if (!level) throw new Error('patch: the sprite has no pixels');
  return level;
}

/** Writes the premultiplied RGBA at (u, v) of the level, bilinear; the transparent border stands for all outside. */
function sampler({ width, height, data }: Pixels, out: Uint8Array): (u: number, v: number, at: number) => void {
  return (u, v, at) => {
    const x = Math.floor(u);
    const y = Math.floor(v);
    if (x < 0 || y < 0 || x + 1 >= width || y + 1 >= height) return;
    const fx = u - x;
    const fy = v - y;
    const a = (y * width + x) * 4;
    const b = a + width * 4;
    for (let c = 0; c < 4; c++) {
      const upper = (data[a + c] ?? 0) * (1 - fx) + (data[a + 4 + c] ?? 0) * fx;
      const lower = (data[b + c] ?? 0) * (1 - fx) + (data[b + 4 + c] ?? 0) * fx;
      out[at + c] = upper * (1 - fy) + lower * fy + 0.5;
    }
  };
}

export function posedPatch(sprite: Sprite, pose: Pose): Patch {
  const level = levelFor(sprite, pose.side);
  const scale = sideOf(level) / pose.side;
  const [cos, sin] = [Math.cos(pose.angle) * scale, Math.sin(pose.angle) * scale];
  const reachX = (Math.abs(cos) * level.width + Math.abs(sin) * level.height) / (2 * scale * scale) + 1;
  const reachY = (Math.abs(sin) * level.width + Math.abs(cos) * level.height) / (2 * scale * scale) + 1;
  const [left, top] = [Math.floor(pose.x - reachX), Math.floor(pose.y - reachY)];
  const [width, height] = [Math.ceil(pose.x + reachX) - left, Math.ceil(pose.y + reachY) - top];
  const data = new Uint8Array(width * height * 4);
  const sample = sampler(level, data);
  const mirror = pose.flip ? -1 : 1;
  for (let y = 0, at = 0; y < height; y++) {
    const dy = top + y + 0.5 - pose.y;
    for (let x = 0; x < width; x++, at += 4) {
      const dx = left + x + 0.5 - pose.x;
      const u = (cos * dx + sin * dy) * mirror + level.width / 2 - 0.5;
      sample(u, cos * dy - sin * dx + level.height / 2 - 0.5, at);
    }
  }
  return { left, top, width, height, data };
}

/** Pixels that count as the thing itself: alpha of one half or more. */
export function solidPixels({ data }: Patch): number {
  let count = 0;
  for (let i = 3; i < data.length; i += 4) count += (data[i] ?? 0) >= 128 ? 1 : 0;
  return count;
}

interface Span {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

const clip = (patch: Patch, width: number, height: number): Span => ({
  x1: Math.max(0, patch.left),
  y1: Math.max(0, patch.top),
  x2: Math.min(width, patch.left + patch.width),
  y2: Math.min(height, patch.top + patch.height),
});

/** Marks the solid pixels of the patch with an id, over whatever was there. */
export function stamp(ids: Uint8Array, width: number, patch: Patch, id: number): void {
  const { x1, y1, x2, y2 } = clip(patch, width, ids.length / width);
  for (let y = y1; y < y2; y++) {
    let from = ((y - patch.top) * patch.width + x1 - patch.left) * 4 + 3;
    for (let x = x1; x < x2; x++, from += 4) if ((patch.data[from] ?? 0) >= 128) ids[y * width + x] = id;
  }
}

export function composite({ width, height, data }: Canvas, patch: Patch): void {
  const { x1, y1, x2, y2 } = clip(patch, width, height);
  for (let y = y1; y < y2; y++) {
    let from = ((y - patch.top) * patch.width + x1 - patch.left) * 4;
    let to = (y * width + x1) * 3;
    for (let x = x1; x < x2; x++, from += 4, to += 3) {
      const alpha = patch.data[from + 3] ?? 0;
      if (alpha === 0) continue;
      const keep = 1 - alpha / 255;
      data[to] = (data[to] ?? 0) * keep + (patch.data[from] ?? 0);
      data[to + 1] = (data[to + 1] ?? 0) * keep + (patch.data[from + 1] ?? 0);
      data[to + 2] = (data[to + 2] ?? 0) * keep + (patch.data[from + 2] ?? 0);
    }
  }
}

export interface Shadow {
  readonly dx: number;
  readonly dy: number;
  /** 0..1, darkness under an opaque pixel. */
  readonly strength: number;
}

/** The patch's outline as a soft shadow beside it: alpha averaged over a cross of five. */
export function shade({ width, height, data }: Canvas, patch: Patch, shadow: Shadow): void {
  const moved = { ...patch, left: patch.left + shadow.dx, top: patch.top + shadow.dy };
  const { x1, y1, x2, y2 } = clip(moved, width, height);
  const [row, spread] = [patch.width * 4, 8];
  for (let y = y1; y < y2; y++) {
    let from = ((y - moved.top) * patch.width + x1 - moved.left) * 4 + 3;
    let to = (y * width + x1) * 3;
    for (let x = x1; x < x2; x++, from += 4, to += 3) {
      const a = patch.data;
      const sides =
        (a[from - spread] ?? 0) + (a[from + spread] ?? 0) + (a[from - 2 * row] ?? 0) + (a[from + 2 * row] ?? 0);
      const light = 1 - (((a[from] ?? 0) + sides) / 1275) * shadow.strength;
      data[to] = (data[to] ?? 0) * light;
      data[to + 1] = (data[to + 1] ?? 0) * light;
      data[to + 2] = (data[to + 2] ?? 0) * light;
    }
  }
}
