// Rounds one row of a weight to 4- or 8-bit values in blocks with a scale each, in the layout that MatMulNBits reads, and reads it back.

export interface Blocks {
  bits: 4 | 8;
  /** Columns that share a scale. */
  block: 16 | 32 | 64 | 128 | 256;
}

export interface QuantisedRow {
  /** [blocks, block * bits / 8] bytes; of two 4-bit values in a byte the low one comes first. */
  values: Uint8Array;
  /** [blocks] */
  scales: Float32Array;
}

/**
 * The element of largest magnitude becomes the lowest level, so that all levels are used: a scale is negative where that
 * element is positive. Elements of the other sign as large as it lose up to one step.
 */
export function encodeRow(weights: Float32Array, { bits, block }: Blocks, row: QuantisedRow): void {
  const half = 2 ** (bits - 1);
  const levels = new Uint8Array(row.scales.length * block).fill(half);
  for (let b = 0; b < row.scales.length; b++) {
    const [start, end] = [b * block, Math.min(weights.length, (b + 1) * block)];
    const scale = Math.fround(extremeOf(weights, start, end) / -half);
    row.scales[b] = scale;
    const inverse = scale === 0 ? 0 : 1 / scale;
    for (let i = start; i < end; i++)
      levels[i] = Math.min(2 * half - 1, Math.max(0, Math.round((weights[i] ?? 0) * inverse) + half));
  }
  if (bits === 8) row.values.set(levels);
  else for (let i = 0; i < levels.length; i += 2) row.values[i >> 1] = (levels[i] ?? 0) | ((levels[i + 1] ?? 0) << 4);
}

function extremeOf(weights: Float32Array, start: number, end: number): number {
  let extreme = 0;
  for (let i = start; i < end; i++) {
    const w = weights[i] ?? 0;
    if (Math.abs(w) > Math.abs(extreme) || Number.isNaN(w)) extreme = w;
  }
  return extreme;
}

/** Column of the first element further from the source than one step (of the one that is no number, if any), or -1. */
export function exceedsRounding(weights: Float32Array, { bits, block }: Blocks, row: QuantisedRow): number {
  const half = 2 ** (bits - 1);
  for (let i = 0; i < weights.length; i++) {
    const scale = row.scales[Math.floor(i / block)] ?? Number.NaN;
    const level = bits === 8 ? (row.values[i] ?? 0) : ((row.values[i >> 1] ?? 0) >> (4 * (i & 1))) & 15;
    const off = Math.abs((weights[i] ?? Number.NaN) - scale * (level - half));
    if (!(off <= Math.abs(scale) * 1.001))
      return Math.max(
        i,
        weights.findIndex((w) => !Number.isFinite(w)),
      );
  }
  return -1;
}
