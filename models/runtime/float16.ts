// Converts 16-bit floats to float32 and back: bfloat16 by dropping bits, float16 by table; both round to nearest even.

const f32 = new Float32Array(1);
const u32 = new Uint32Array(f32.buffer);

const bitsOf = (x: number): number => {
  f32[0] = x;
  return u32[0] ?? 0;
};

/** bfloat16 is the upper half of a float32. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) out[i] = (halves[i] ?? 0) << 16;
  return new Float32Array(out.buffer);
}

function bfloat16Bits(x: number): number {
  const bits = bitsOf(x);
  if (Number.isNaN(x)) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function float16Value(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

let table: Float32Array | undefined;

export function float16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  table ??= Float32Array.from({ length: 65536 }, (_, half) => float16Value(half));
  const out = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) out[i] = table[halves[i] ?? 0] ?? 0;
  return out;
}

/** Adding a power of two so large that the unwanted bits fall off lets the FPU round to nearest even. */
function float16Bits(x: number): number {
  const sign = Object.is(x, -0) || x < 0 ? 0x8000 : 0;
  const magnitude = Math.abs(x);
  if (Number.isNaN(x)) return 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, (bitsOf(magnitude) >>> 23) - 127);
  const unit = 2 ** (exponent - 10);
  const big = 2 ** 52;
  const units = magnitude / unit + big - big;
  return sign | (((exponent + 14) << 10) + units);
}

const encode = (values: ArrayLike<number>, bits: (x: number) => number): Uint16Array<ArrayBuffer> => {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = bits(values[i] ?? 0);
  return out;
};

export const toBfloat16 = (values: ArrayLike<number>): Uint16Array<ArrayBuffer> => encode(values, bfloat16Bits);
export const toFloat16 = (values: ArrayLike<number>): Uint16Array<ArrayBuffer> => encode(values, float16Bits);
