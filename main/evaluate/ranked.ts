// Picks the best, the median and the worst masks of many by their IoU with the truth.

export interface RankedMasks<T> {
  /** The best one first. */
  readonly best: readonly T[];
  /** Around the middle of all, the worst of them first. */
  readonly median: readonly T[];
  /** The worst one first. */
  readonly worst: readonly T[];
}

/** `most` of each; where there are fewer than that, all of them each time. */
export function rankedMasks<T extends { readonly iou: number }>(all: readonly T[], most: number): RankedMasks<T> {
  const rising = all.toSorted((a, b) => a.iou - b.iou);
  const middle = Math.max(0, Math.floor((rising.length - most) / 2));
  return {
    best: rising.toReversed().slice(0, most),
    median: rising.slice(middle, middle + most),
    worst: rising.slice(0, most),
  };
}
