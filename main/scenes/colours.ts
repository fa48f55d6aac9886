// Named colours: straight RGBA pixels of one dominant hue become the same drawing in a colour that has a name.

export const COLOURS = ['red', 'orange', 'yellow', 'green', 'blue', 'purple', 'pink'] as const;
export type Colour = (typeof COLOURS)[number];

/** Hue in degrees, saturation and value 0..1. */
export interface Hsv {
  readonly h: number;
  readonly s: number;
  readonly v: number;
}

// The mean colour that each name stands for.
const PAINT: Readonly<Record<Colour, Hsv>> = {
  red: { h: 2, s: 0.84, v: 0.86 },
  orange: { h: 27, s: 0.9, v: 0.97 },
  yellow: { h: 52, s: 0.8, v: 0.98 },
  green: { h: 126, s: 0.66, v: 0.66 },
  blue: { h: 216, s: 0.78, v: 0.88 },
  purple: { h: 276, s: 0.64, v: 0.68 },
  pink: { h: 330, s: 0.46, v: 1 },
};

const REACH = 38;
const MIN_SATURATION = 0.2;

const wrap = (degrees: number): number => ((degrees % 360) + 360) % 360;

/** Signed difference of two hues in -180..180. */
export const hueDistance = (a: number, b: number): number => wrap(a - b + 180) - 180;

export function toHsv(r: number, g: number, b: number): Hsv {
  const v = Math.max(r, g, b);
  const range = v - Math.min(r, g, b);
  if (range === 0) return { h: 0, s: 0, v: v / 255 };
  const sixth = v === r ? (g - b) / range : v === g ? 2 + (b - r) / range : 4 + (r - g) / range;
  return { h: wrap(sixth * 60), s: range / v, v: v / 255 };
}

export function toRgb({ h, s, v }: Hsv): [number, number, number] {
  const channel = (n: number): number => {
    const k = (n + h / 60) % 6;
    return Math.round(255 * (v - v * s * Math.max(0, Math.min(k, 4 - k, 1))));
  };
  return [channel(5), channel(3), channel(1)];
}

export interface Dominant extends Hsv {
  /** Part of the opaque pixels that have this hue. */
  readonly share: number;
}

function opaque(pixels: Uint8Array): Hsv[] {
  const found: Hsv[] = [];
  for (let i = 0; i < pixels.length; i += 4) {
    if ((pixels[i + 3] ?? 0) >= 128) found.push(toHsv(pixels[i] ?? 0, pixels[i + 1] ?? 0, pixels[i + 2] ?? 0));
  }
  return found;
}

function peakHue(colours: readonly Hsv[]): number {
  const bins = new Float64Array(36);
  for (const { h, s, v } of colours) {
    const bin = Math.floor(h / 10) % 36;
    if (s > MIN_SATURATION) bins[bin] = (bins[bin] ?? 0) + s * v;
  }
  const around = [...bins].map((b, i) => b * 2 + (bins[(i + 35) % 36] ?? 0) + (bins[(i + 1) % 36] ?? 0));
  return around.indexOf(Math.max(...around)) * 10 + 5;
}

const isNear = (colour: Hsv, hue: number): boolean =>
  colour.s > MIN_SATURATION && Math.abs(hueDistance(colour.h, hue)) <= REACH;

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);

/** The mean colour of the pixels around the commonest saturated hue. */
export function dominant(pixels: Uint8Array): Dominant {
  const all = opaque(pixels);
  const peak = peakHue(all);
  const near = all.filter((colour) => isNear(colour, peak));
  return {
    h: wrap(peak + mean(near.map((colour) => hueDistance(colour.h, peak)))),
    s: mean(near.map((colour) => colour.s)),
    v: mean(near.map((colour) => colour.v)),
    share: near.length / Math.max(1, all.length),
  };
}

/** Moves every pixel of the dominant hue `from` to the named colour and keeps its shading. */
export function recolour(pixels: Uint8Array, from: Hsv, colour: Colour): Uint8Array {
  const to = PAINT[colour];
  const painted = Uint8Array.from(pixels);
  for (let i = 0; i < pixels.length; i += 4) {
    const old = toHsv(pixels[i] ?? 0, pixels[i + 1] ?? 0, pixels[i + 2] ?? 0);
    if (!isNear(old, from.h)) continue;
    const h = wrap(to.h + 0.3 * hueDistance(old.h, from.h));
    const s = Math.min(1, (old.s * to.s) / from.s);
    painted.set(toRgb({ h, s, v: Math.min(1, (old.v * to.v) / from.v) }), i);
  }
  return painted;
}

/** The name of a colour, by the nearest hue; pink and red are told apart by saturation too. */
export function nameOf({ h, s }: Hsv): Colour {
  const off = (colour: Colour): number =>
    Math.abs(hueDistance(h, PAINT[colour].h)) + 40 * Math.abs(s - PAINT[colour].s);
  return COLOURS.reduce((best, colour) => (off(colour) < off(best) ? colour : best));
}
