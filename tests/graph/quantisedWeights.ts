// Weights in 4 and 8 bits for tests: repeatable values, whole blocks and a last one that is filled up.
import type { Quantised } from '../../models/graph/quantised.ts';
import { constant } from '../../models/graph/tensor.ts';

/** [rows, columns] of `bits` bits in blocks of `block`. */
export function quantisedWeight(rows: number, columns: number, bits: 4 | 8, block = 16): Quantised {
  const blocks = Math.ceil(columns / block);
  const bytes = (block * bits) / 8;
  const values = Float64Array.from({ length: rows * blocks * bytes }, (_, i) => (i * 73 + 29) % 256);
  const scales = Float64Array.from({ length: rows * blocks }, (_, i) => Math.fround(0.01 + ((i * 7) % 5) / 100));
  return {
    values: constant(values, [rows, blocks, bytes], 'uint8'),
    scales: constant(scales, [rows, blocks]),
    columns,
    bits,
  };
}

export const quantisedWeights = [
  { name: '4 bits', weight: quantisedWeight(3, 32, 4) },
  { name: '4 bits, a last block that is not full', weight: quantisedWeight(5, 20, 4) },
  { name: '8 bits', weight: quantisedWeight(4, 32, 8) },
  { name: '8 bits, a last block that is not full', weight: quantisedWeight(2, 40, 8, 32) },
] as const;
