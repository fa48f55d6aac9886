// The last step of a picture: a painted canvas becomes the 8-bit image that a poor camera would give.

import { type Random, random } from '../contract/random.ts';
import type { DecodedImage } from '../contract/records.ts';
import type { Canvas } from './patch.ts';

// Normal deviates by summing twelve uniform ones; one table serves every scene, entered at random places.
const MASK = (1 << 14) - 1;
const NOISE = (() => {
  const draw = random(20_250_101);
  return Float32Array.from({ length: MASK + 1 }, () =>
    Array.from({ length: 12 }, draw.next).reduce((a, b) => a + b, -6),
  );
})();

/** One pass of [w, 1 - 2w, w] along neighbours `step` elements apart, in place; rows run into each other by a pixel. */
function smear(data: Float32Array, step: number, weight: number): void {
  const before = data.slice(0, step);
  const keep = 1 - 2 * weight;
  for (let i = step, slot = 0; i < data.length - step; i++, slot = slot + 1 === step ? 0 : slot + 1) {
    const old = data[i] ?? 0;
    data[i] = keep * old + weight * ((before[slot] ?? 0) + (data[i + step] ?? 0));
    before[slot] = old;
  }
}

function blur({ width, data }: Canvas, weight: number): void {
  smear(data, 3, weight);
  smear(data, width * 3, weight);
}

interface Exposure {
  readonly gain: readonly [number, number, number];
  readonly shift: number;
  /** Standard deviation, 0..255. */
  readonly noise: number;
}

function develop({ width, height, data }: Canvas, { gain, shift, noise }: Exposure, draw: Random): Uint8Array {
  // A clamped array rounds and cuts to 0..255 by itself.
  const out = new Uint8ClampedArray(data.length);
  const [red, green, blue] = gain;
  for (let y = 0, at = 0; y < height; y++) {
    let grain = draw.int(0, NOISE.length - 1);
    for (let x = 0; x < width; x++, at += 3, grain += 3) {
      out[at] = (data[at] ?? 0) * red + shift + noise * (NOISE[grain & MASK] ?? 0);
      out[at + 1] = (data[at + 1] ?? 0) * green + shift + noise * (NOISE[(grain + 1) & MASK] ?? 0);
      out[at + 2] = (data[at + 2] ?? 0) * blue + shift + noise * (NOISE[(grain + 2) & MASK] ?? 0);
    }
  }
  return new Uint8Array(out.buffer);
}

/** Slight blur, brightness, contrast, a tint and noise, each at random; then 8 bits. */
export function expose(canvas: Canvas, draw: Random): DecodedImage {
  if (draw.chance(0.4)) blur(canvas, draw.between(0.05, 0.28));
  const contrast = draw.between(0.8, 1.1);
  const tint = (): number => contrast * draw.between(0.96, 1.04);
  const exposure: Exposure = {
    gain: [tint(), tint(), tint()],
    shift: 128 * (1 - contrast) + draw.between(-22, 22),
    noise: draw.chance(0.7) ? draw.between(0, 9) : 0,
  };
  return { width: canvas.width, height: canvas.height, data: develop(canvas, exposure, draw) };
}
