// Splits a project's images into those that teach and those that are only measured on, or into folds, by groups of near-duplicates.
import { random } from '../../contract/random.ts';

export interface Splittable {
  readonly imageId: number;
  /** Perceptual hash groups, from 0. */
  readonly group: number;
  /** Prompts that it holds. */
  readonly prompts: number;
}

/** Fewest on each side of the split: so many images, or so many prompts. */
export const least = { images: 5, prompts: 20 } as const;
const HELD_SHARE = 0.25;

export interface SplitSide {
  readonly images: number;
  readonly prompts: number;
}

export const isEnough = ({ images, prompts }: SplitSide): boolean => images >= least.images || prompts >= least.prompts;

/**
 * Ids of images that are measured on. What an earlier run held stays held, with all that is nearly the same; what an earlier
 * run learnt from (`taught`) is never held.
 */
export function heldOut(
  images: readonly Splittable[],
  { held, taught, seed }: { held: ReadonlySet<number>; taught: ReadonlySet<number>; seed: number },
): Set<number> {
  const groups = groupsOf(images);
  const frozen = groups.filter((group) => group.some(({ imageId }) => held.has(imageId)));
  if (frozen.length > 0) return new Set(frozen.flat().map(({ imageId }) => imageId));
  const free = groups.filter((group) => !group.some(({ imageId }) => taught.has(imageId)));
  const chosen: Splittable[] = [];
  for (const group of random(seed, 31).shuffle(free)) {
    if (chosen.length >= images.length * HELD_SHARE && isEnough(sideOf(chosen))) break;
    chosen.push(...group);
  }
  return new Set(chosen.map(({ imageId }) => imageId));
}

/**
 * Images that an earlier run learnt from and that show what a held one shows: they were not known to be alike then. They stay out
 * of both parts, as they would teach what is measured, or be measured after they were learnt.
 */
export function learntCopies<I extends Splittable>(
  images: readonly I[],
  { held, taught }: { held: ReadonlySet<number>; taught: ReadonlySet<number> },
): I[] {
  const frozen = new Set(images.flatMap(({ imageId, group }) => (held.has(imageId) ? [group] : [])));
  return images.filter(({ imageId, group }) => taught.has(imageId) && !held.has(imageId) && frozen.has(group));
}

/** Folds of images where nobody says how many. */
export const usualFolds = 5;

/** Ids of images by fold: each group of near-duplicates is in one of them, and the folds hold as many groups as each other, or one more. */
export function foldsOf(
  images: readonly Splittable[],
  { folds, seed }: { folds: number; seed: number },
): Set<number>[] {
  const groups = random(seed, 34).shuffle(groupsOf(images));
  const count = Math.min(folds, groups.length);
  return Array.from({ length: count }, (_, fold) => {
    const own = groups.filter((_group, i) => i % count === fold);
    return new Set(own.flat().map(({ imageId }) => imageId));
  });
}

export const sideOf = (images: readonly Splittable[]): SplitSide => ({
  images: new Set(images.map(({ group }) => group)).size,
  prompts: images.reduce((sum, { prompts }) => sum + prompts, 0),
});

function groupsOf(images: readonly Splittable[]): Splittable[][] {
  const groups = new Map<number, Splittable[]>();
  for (const image of images) groups.set(image.group, [...(groups.get(image.group) ?? []), image]);
  return [...groups.values()];
}
