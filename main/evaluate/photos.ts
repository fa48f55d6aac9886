// Draws masks for boxes on annotated photographs, by the segmenter and by GrabCut: the figures of `loupe eval photos`.
import { fromPolygon } from '../contract/polygon.ts';
import type { Box, DecodedImage, Mask } from '../contract/records.ts';
import { maskArea, maskBox } from '../contract/rle.ts';
import type { Predictor } from '../flow/predictor.ts';
import { grabCut, openCvReady } from '../pictures/grabCut.ts';
import { cIoU, gIoU, median, type Overlap, overlapOf } from './metrics.ts';

/** Smaller things, in pixels, are left out: their outline is mostly the annotator's hand. */
const SMALLEST = 100;

export interface TrueImage {
  /** The annotated set that it is from. */
  readonly set: string;
  readonly image: DecodedImage;
  readonly masks: readonly Mask[];
}

export interface MaskFigures {
  readonly gIoU: number;
  readonly cIoU: number;
  readonly medianMs: number;
}

/** Every method on the same boxes in the same run; `box`, which takes all of it, says what the others add. */
export interface BoxToMask {
  readonly photos: number;
  readonly things: number;
  readonly segmenter: MaskFigures;
  readonly grabCut: MaskFigures;
  readonly box: MaskFigures;
}

/** Figures over all photos, and set by set. */
export interface BoxToMaskEvaluation extends BoxToMask {
  readonly sets: Readonly<Record<string, BoxToMask>>;
}

interface Trial {
  readonly overlap: Overlap;
  readonly ms: number;
}

/** One thing by every method. */
interface Comparison {
  readonly set: string;
  readonly segmenter: Trial;
  readonly grabCut: Trial;
  readonly box: Trial;
}

interface PhotoTask {
  readonly signal?: AbortSignal;
  progress?(things: number): void;
}

/** Every thing of every photo is asked for by its true box. */
export async function evaluatePhotos(
  predictor: Pick<Predictor, 'segment'>,
  photos: readonly TrueImage[],
  task: PhotoTask = {},
): Promise<BoxToMaskEvaluation> {
  await openCvReady();
  const compared: Comparison[] = [];
  for (const { set, image, masks } of photos) {
    for (const truth of masks.filter((mask) => maskArea(mask) >= SMALLEST)) {
      task.signal?.throwIfAborted();
      const box: Box = maskBox(truth);
      compared.push({
        set,
        segmenter: await timed(truth, () => predictor.segment(image, { box })),
        grabCut: await timed(truth, () => grabCut(image, box)),
        box: await timed(truth, () => allOf(box, image)),
      });
      task.progress?.(compared.length);
    }
  }
  return summary(photos, compared);
}

const allOf = ({ x1, y1, x2, y2 }: Box, { width, height }: DecodedImage): Mask =>
  fromPolygon([x1, y1, x2, y1, x2, y2, x1, y2], width, height);

function summary(photos: readonly TrueImage[], compared: readonly Comparison[]): BoxToMaskEvaluation {
  const among = (belongs: (set: string) => boolean): BoxToMask => {
    const some = compared.filter(({ set }) => belongs(set));
    return {
      photos: photos.filter(({ set }) => belongs(set)).length,
      things: some.length,
      segmenter: figuresOf(some.map(({ segmenter }) => segmenter)),
      grabCut: figuresOf(some.map((each) => each.grabCut)),
      box: figuresOf(some.map(({ box }) => box)),
    };
  };
  const names = new Set(photos.map(({ set }) => set));
  const sets = [...names].map((name) => [name, among((set) => set === name)] as const);
  return { ...among(() => true), sets: Object.fromEntries(sets) };
}

async function timed(truth: Mask, segment: () => Mask | Promise<Mask>): Promise<Trial> {
  const started = performance.now();
  const mask = await segment();
  const ms = performance.now() - started;
  return { overlap: overlapOf(mask, truth), ms };
}

function figuresOf(trials: readonly Trial[]): MaskFigures {
  const overlaps = trials.map(({ overlap }) => overlap);
  return { gIoU: gIoU(overlaps), cIoU: cIoU(overlaps), medianMs: median(trials.map(({ ms }) => ms)) };
}
