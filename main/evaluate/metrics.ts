// Computes the figures that papers print (gIoU, cIoU, box50) of predictions and truth, image by image.
import { boxIou } from '../contract/geometry.ts';
import type { Box, Mask } from '../contract/records.ts';
import { difference, maskArea, sharedArea } from '../contract/rle.ts';

const HIT = 0.5;

export interface Overlap {
  readonly intersection: number;
  readonly union: number;
}

/** Counts pixels of the thing; those of `ignored` (ReasonSeg's "do not care") count in neither. */
export function overlapOf(prediction: Mask, target: Mask, ignored?: Mask): Overlap {
  const counted = (mask: Mask) => (ignored === undefined ? mask : difference(mask, ignored));
  const [said, meant] = [counted(prediction), counted(target)];
  const intersection = sharedArea(said, meant);
  return { intersection, union: maskArea(said) + maskArea(meant) - intersection };
}

/** LENS's term of gIoU: 1 when nothing was there and nothing was predicted. */
export const sampleIou = ({ intersection, union }: Overlap): number =>
  intersection / (union + 1e-5) + (union === 0 ? 1 : 0);

/** Mean over the samples, each counting the same. */
export const gIoU = (overlaps: readonly Overlap[]): number =>
  overlaps.reduce((sum, overlap) => sum + sampleIou(overlap), 0) / Math.max(1, overlaps.length);

/** One ratio of sums, in which large things count for more. */
export function cIoU(overlaps: readonly Overlap[]): number {
  const intersection = overlaps.reduce((sum, overlap) => sum + overlap.intersection, 0);
  return intersection / (overlaps.reduce((sum, overlap) => sum + overlap.union, 0) + 1e-8);
}

/** True when the boxes overlap by half, or when nothing matches and no box was given. */
export function boxHit(prediction: Box | null, target: Box | null): boolean {
  if (prediction === null || target === null) return prediction === target;
  return boxIou(prediction, target) >= HIT;
}

export interface Measured {
  readonly format: number;
  readonly boxHit: boolean;
  /** Unified: format, box and mask terms, 0 to 3. */
  readonly reward: number;
  readonly overlap: Overlap;
  readonly ms: number;
}

/** What an evaluation prints for a set of samples; fractions of 1, milliseconds. */
export interface Figures {
  readonly count: number;
  readonly format: number;
  readonly box50: number;
  readonly gIoU: number;
  readonly cIoU: number;
  readonly reward: number;
  readonly medianMs: number;
}

export function figures(samples: readonly Measured[]): Figures {
  const mean = (value: (sample: Measured) => number) =>
    samples.reduce((sum, sample) => sum + value(sample), 0) / Math.max(1, samples.length);
  const overlaps = samples.map((sample) => sample.overlap);
  return {
    count: samples.length,
    format: mean((sample) => sample.format),
    box50: mean((sample) => Number(sample.boxHit)),
    gIoU: gIoU(overlaps),
    cIoU: cIoU(overlaps),
    reward: mean((sample) => sample.reward),
    medianMs: median(samples.map((sample) => sample.ms)),
  };
}

/** 0 for an empty list. */
export function median(values: readonly number[]): number {
  const half = values.length / 2;
  const middle = values.toSorted((a, b) => a - b).slice(Math.ceil(half) - 1, Math.floor(half) + 1);
  return values.length === 0 ? 0 : middle.reduce((sum, value) => sum + value / middle.length, 0);
}
