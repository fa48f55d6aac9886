// Measures repair on photographs with true masks: what it makes of masks that are made wrong, and of those that are left right.
import { random } from '../contract/random.ts';
import type { Mask } from '../contract/records.ts';
import { maskArea, maskBox, maskIou, unionOf } from '../contract/rle.ts';
import type { RepairedMask } from '../flow/segmenter/repair.ts';
import { boundaryIou } from '../pictures/boundary.ts';
import { bitmapIn, windowAround } from '../pictures/maskWindow.ts';
import type { LabelledImage } from './cocoPhotos.ts';
import { type DegradationKind, degradationKinds, degraded } from './degraded.ts';

/** Smaller things, in pixels, are left out: their outline is mostly the annotator's hand. */
const SMALLEST = 100;
/** Pixels a side that boundaries are compared on: all of a photograph of the sets. */
const SIDE = 512;

/** How near a mask is to the truth. */
interface Nearness {
  readonly iou: number;
  readonly boundary: number;
}

/** One mask that stood, and what was redrawn in its place; null: nothing was. */
export interface RepairTrial {
  readonly set: string;
  readonly kind: DegradationKind | 'right';
  readonly before: Nearness;
  readonly redrawn: (Nearness & { readonly gain: number | null; readonly features: RepairedMask['features'] }) | null;
}

/** Mean IoU and mean boundary IoU of what stood, and of what stands where every expected gain was followed. */
export interface RepairOfKind {
  readonly before: number;
  readonly after: number;
  readonly boundaryBefore: number;
  readonly boundaryAfter: number;
  readonly count: number;
}

export interface RepairFigures extends RepairOfKind {
  /** Mean IoU that masks lose that were right. */
  readonly harm: number;
  /** How well the expected gain tells masks that were made wrong from those left right. */
  readonly auprc: number;
  readonly kinds: Readonly<Partial<Record<DegradationKind, RepairOfKind>>>;
}

export interface Repairs {
  repair(image: LabelledImage['image'], standing: Mask): Promise<RepairedMask | null>;
}

export interface RepairTask {
  /** Things, evenly among all: each is tried as it is and made wrong in one way. */
  readonly most: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  progress?(done: number, of: number): void;
}

export async function repairTrials(
  predictor: Repairs,
  photos: readonly LabelledImage[],
  { most, seed, signal, progress }: RepairTask,
): Promise<RepairTrial[]> {
  const all = photos.flatMap((photo) =>
    photo.things.filter(({ mask }) => maskArea(mask) >= SMALLEST).map(({ mask }) => ({ photo, truth: mask })),
  );
  const things = evenly(all, most);
  const trials: RepairTrial[] = [];
  for (const [i, { photo, truth }] of things.entries()) {
    signal?.throwIfAborted();
    const kind = degradationKinds[i % degradationKinds.length] ?? 'shift';
    const others = photo.things.flatMap(({ mask }) => (mask === truth ? [] : [mask]));
    const wrong = degraded(truth, kind, { others, random: random(seed + i, 11) });
    if (wrong) trials.push({ kind, ...(await tried(predictor, photo, { truth, standing: wrong })) });
    trials.push({ kind: 'right', ...(await tried(predictor, photo, { truth, standing: truth })) });
    progress?.(i + 1, things.length);
  }
  return trials;
}

const evenly = <T>(items: readonly T[], most: number): T[] =>
  items.filter((_, i) => Math.floor(((i + 1) * most) / items.length) > Math.floor((i * most) / items.length));

interface Pair {
  readonly truth: Mask;
  readonly standing: Mask;
}

async function tried(predictor: Repairs, { set, image }: LabelledImage, { truth, standing }: Pair) {
  const found = await predictor.repair(image, standing);
  const before = nearness(standing, truth);
  return {
    set,
    before,
    redrawn: found && { ...nearness(found.mask, truth), gain: found.gain, features: found.features },
  };
}

function nearness(mask: Mask, truth: Mask): Nearness {
  const [height, width] = truth.size;
  const picture = { width, height };
  const around = maskBox(unionOf([mask, truth]) ?? truth);
  const window = windowAround(around, picture, { margin: 0.02, side: SIDE });
  const boundary = boundaryIou(bitmapIn(mask, window), bitmapIn(truth, window), window, boundaryBand(truth));
  return { iou: maskIou(mask, truth), boundary };
}

/** 2 % of the picture's diagonal, as boundary IoU is defined. */
const boundaryBand = ({ size: [height, width] }: Mask): number =>
  Math.max(1, Math.round(0.02 * Math.hypot(height, width)));

/** `gainOf`: what is expected, by default what was told with each mask. A mask is replaced where it is above 0. */
export function repairFigures(
  trials: readonly RepairTrial[],
  gainOf: (trial: RepairTrial) => number = ({ redrawn }) => redrawn?.gain ?? 0,
): RepairFigures {
  const judged = trials.map((trial): JudgedTrial => {
    const gain = trial.redrawn ? gainOf(trial) : 0;
    return {
      kind: trial.kind,
      gain,
      before: trial.before,
      after: trial.redrawn && gain > 0 ? trial.redrawn : trial.before,
    };
  });
  const wrong = judged.filter(({ kind }) => kind !== 'right');
  const right = judged.filter(({ kind }) => kind === 'right');
  const kinds = degradationKinds.flatMap((kind) => {
    const some = wrong.filter((one) => one.kind === kind);
    return some.length > 0 ? [[kind, ofKind(some)] as const] : [];
  });
  return {
    ...ofKind(wrong),
    harm: mean(right.map(({ before, after }) => before.iou - after.iou)),
    auprc: averagePrecision(judged.map(({ gain, kind }) => ({ score: gain, isHit: kind !== 'right' }))),
    kinds: Object.fromEntries(kinds),
  };
}

interface JudgedTrial {
  readonly kind: RepairTrial['kind'];
  readonly gain: number;
  readonly before: Nearness;
  readonly after: Nearness;
}

const ofKind = (trials: readonly JudgedTrial[]): RepairOfKind => ({
  before: mean(trials.map(({ before }) => before.iou)),
  after: mean(trials.map(({ after }) => after.iou)),
  boundaryBefore: mean(trials.map(({ before }) => before.boundary)),
  boundaryAfter: mean(trials.map(({ after }) => after.boundary)),
  count: trials.length,
});

/** Area under precision over recall, steps as scikit-learn takes them; equal scores are one step. */
export function averagePrecision(scored: readonly { score: number; isHit: boolean }[]): number {
  const sorted = scored.toSorted((a, b) => b.score - a.score);
  const all = scored.filter(({ isHit }) => isHit).length;
  let [hits, area, told] = [0, 0, 0];
  sorted.forEach(({ score, isHit }, i) => {
    if (isHit) hits++;
    if (sorted[i + 1]?.score === score) return;
    area += ((hits - told) / Math.max(1, all)) * (hits / (i + 1));
    told = hits;
  });
  return area;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
