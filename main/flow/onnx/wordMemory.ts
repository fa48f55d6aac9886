// Says how much memory SAM 3 for words needs, from its files alone, and refuses where this machine has less free.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { OnnxHeader } from '../../../models/runtime/onnxHeader.ts';
import { BadInput } from '../../contract/badInput.ts';
import type { Frame } from '../../contract/geometry.ts';
import type { WordFiles } from './wordDialects.ts';

/** While files are opened their weights lie there as they were read and packed for products, at work only packed: 1.1 measured. */
const copies = { opening: 2, working: 1.25 };
/** The picture encoder of SAM 3: pixels along a patch, heads, and the maps of attention that lie in memory together. */
const [patch, heads, maps] = [14, 16, 3];
const FLOAT_BYTES = 4;

/**
 * Bytes, an estimate: the weights, and what attention over the whole picture takes, which outweighs all other values.
 * For SAM 3 (3.4 GB, 1008 x 1008) it is 9.4 GB; 7.4 GB were measured (docs/speed.md), and others who run it say "over 10".
 */
export async function memoryNeeded(files: WordFiles, { width, height }: Frame): Promise<number> {
  const places = [files.picture, files.words, files.decoder].flatMap(filesOf);
  const sizes = await Promise.all([...new Set(places)].map(async (file) => (await stat(file)).size));
  const patches = (width / patch) * (height / patch);
  const weights = sizes.reduce((a, b) => a + b, 0);
  return Math.max(copies.opening * weights, copies.working * weights + maps * heads * patches ** 2 * FLOAT_BYTES);
}

const filesOf = ({ file, data }: OnnxHeader): string[] => [
  file,
  ...data.map((name) => path.join(path.dirname(file), name)),
];

/** `needed` and `free` in bytes. */
export function refuseWithout(name: string, needed: number, free: number): void {
  if (needed <= free) return;
  throw new BadInput(
    `${name}: needs about ${gigabytes(needed)} of memory and this machine has ${gigabytes(free)} free; close other programs, take a machine with more, or choose another model for words`,
  );
}

export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
