// Groups pictures that show the same: copies in other sizes by a perceptual hash, crops of one scene and frames of one film by what they have in common.
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { resizePillow } from '../../../models/nn/resample.ts';
import type { DecodedImage } from '../../contract/records.ts';
import { likeness, type Middle, middleOf, searchedIn, type Thumbnail, thumbnailOf } from './sceneParts.ts';

const SIDE = 8;
/** Most bits of 64 that may differ; pictures of different things differ in about 32. */
const NEAR = 6;
/** Likeness from which one picture is a part of another, and from which the next of a series is the next frame; see docs/teaching.md. */
const PART = 0.88;
const FRAME = 0.5;
/** Pictures before and after each one that it is searched for in: time grows with their number, not with its square. */
const MOST_SEARCHED = 300;

/** What of a picture is compared with others. */
export interface Fingerprint {
  readonly path: string;
  readonly hash: string;
  readonly thumbnail: Thumbnail;
  readonly middle: Middle;
}

export function fingerprintOf(file: string, image: DecodedImage): Fingerprint {
  const thumbnail = thumbnailOf(image);
  return { path: file, hash: pictureHash(image), thumbnail, middle: middleOf(thumbnail) };
}

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

/** Indices of pictures in groups; whoever is near to one of a group is in it. */
export async function nearGroups(all: readonly Fingerprint[], signal?: AbortSignal): Promise<number[][]> {
  const groups = new Groups(all.length);
  for (const [i, { hash }] of all.entries())
    for (const [k, other] of all.slice(0, i).entries()) if (distance(hash, other.hash) <= NEAR) groups.join(i, k);
  const places = placesOf(all.map(({ path: file }) => file));
  for (const [i, { thumbnail }] of all.entries()) {
    // Between them others have their turn.
    await setImmediate();
    signal?.throwIfAborted();
    const picture = searchedIn(thumbnail);
    const last = Math.min(all.length - 1, i + MOST_SEARCHED);
    for (let k = Math.max(0, i - MOST_SEARCHED); k <= last; k++) {
      const other = all[k];
      if (!other || groups.areOne(i, k)) continue;
      const least = areNext(places[i], places[k]) ? FRAME : PART;
      if (likeness(picture, other.middle) >= least) groups.join(i, k);
    }
  }
  return groups.all();
}

const distance = (a: string, b: string): number => {
  let bits = 0;
  for (let both = BigInt(`0x${a}`) ^ BigInt(`0x${b}`); both > 0n; both >>= 1n) bits += Number(both & 1n);
  return bits;
};

/** Where a picture stands in its series: the names that are the same but for their last number, by that number. */
interface Place {
  readonly series: string;
  readonly rank: number;
}

/** Two films in two folders may have the same names: all of a number stand in one place. */
const areNext = (a: Place | undefined, b: Place | undefined): boolean =>
  a !== undefined && b !== undefined && a.series === b.series && Math.abs(a.rank - b.rank) <= 1;

/** By index; names without a number are in no series. */
function placesOf(files: readonly string[]): (Place | undefined)[] {
  const numbered = files.map((file) => {
    const { dir, name, ext } = path.parse(file);
    const [, before, digits, after] = /^(.*\D|)(\d+)(\D*)$/u.exec(name) ?? [];
    return digits === undefined ? null : { series: JSON.stringify([dir, before, after, ext]), number: Number(digits) };
  });
  const numbers = new Map<string, Set<number>>();
  for (const one of numbered)
    if (one) numbers.set(one.series, new Set([...(numbers.get(one.series) ?? []), one.number]));
  const sorted = new Map([...numbers].map(([series, all]) => [series, [...all].sort((a, b) => a - b)]));
  return numbered.map((one) =>
    one ? { series: one.series, rank: sorted.get(one.series)?.indexOf(one.number) ?? 0 } : undefined,
  );
}

/** Disjoint sets of indices. */
class Groups {
  readonly #parent: number[];

  constructor(count: number) {
    this.#parent = Array.from({ length: count }, (_, i) => i);
  }

  join(i: number, k: number): void {
    this.#parent[this.#root(i)] = this.#root(k);
  }

  areOne(i: number, k: number): boolean {
    return this.#root(i) === this.#root(k);
  }

  all(): number[][] {
    const groups = new Map<number, number[]>();
    for (const i of this.#parent.keys()) groups.set(this.#root(i), [...(groups.get(this.#root(i)) ?? []), i]);
    return [...groups.values()];
  }

  #root(i: number): number {
    let at = i;
    for (let up = this.#parent[at]; up !== undefined && up !== at; up = this.#parent[at]) at = up;
    return at;
  }
}
