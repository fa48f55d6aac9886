// Groups pictures that are nearly the same (frames of one film, copies in other sizes) by a perceptual hash.
import { resizePillow } from '../../models/nn/resample.ts';
import type { DecodedImage } from '../contract/records.ts';

const SIDE = 8;
/** Most bits of 64 that may differ; pictures of different things differ in about 32. */
const NEAR = 6;

/** Whether each of 8 x 8 places is darker than the one to its right (dHash), as 16 hexadecimal digits. */
export function pictureHash({ width, height, data }: DecodedImage): string {
  const small = resizePillow({ width, height, data }, { width: SIDE + 1, height: SIDE }, 'bilinear').data;
  const grey = (i: number) =>
    0.299 * (small[3 * i] ?? 0) + 0.587 * (small[3 * i + 1] ?? 0) + 0.114 * (small[3 * i + 2] ?? 0);
  const bits = Array.from({ length: SIDE * SIDE }, (_, i) => {
    const at = Math.floor(i / SIDE) * (SIDE + 1) + (i % SIDE);
    return grey(at) < grey(at + 1) ? '1' : '0';
  });
  return BigInt(`0b${bits.join('')}`)
    .toString(16)
    .padStart(16, '0');
}

const distance = (a: string, b: string): number => {
  let bits = 0;
  for (let both = BigInt(`0x${a}`) ^ BigInt(`0x${b}`); both > 0n; both >>= 1n) bits += Number(both & 1n);
  return bits;
};

/** Indices of hashes in groups; whoever is near to one of a group is in it. */
export function nearGroups(hashes: readonly string[]): number[][] {
  const group = hashes.map((_, i) => i);
  const root = (i: number): number => (group[i] === i ? i : root(group[i] ?? i));
  for (const [i, a] of hashes.entries())
    for (const [k, b] of hashes.slice(0, i).entries()) if (distance(a, b) <= NEAR) group[root(i)] = root(k);
  const groups = new Map<number, number[]>();
  for (const i of hashes.keys()) groups.set(root(i), [...(groups.get(root(i)) ?? []), i]);
  return [...groups.values()];
}
