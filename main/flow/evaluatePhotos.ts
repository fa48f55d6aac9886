// Boxes on annotated photographs to masks by the segmenter and by GrabCut, and both to the figures of `loupe eval photos`.
import type { Box, DecodedImage, Mask } from '../contract/records.ts';
import { maskArea, maskBox } from '../contract/rle.ts';
import { grabCut, openCvReady } from './grabCut.ts';
import { cIoU, gIoU, median, type Overlap, overlapOf } from './metrics.ts';
import type { Predictor } from './predict.ts';

/** Smaller things, in pixels, are left out: their outline is mostly the annotator's hand. */
const SMALLEST = 100;

export interface Photo {
  readonly image: DecodedImage;
  readonly masks: readonly Mask[];
}

export interface PhotoFigures {
  readonly gIoU: number;
  readonly cIoU: number;
  readonly medianMs: number;
}

/** Both methods on the same boxes in the same run. */
export interface PhotoEvaluation {
  readonly photos: number;
  readonly things: number;
  readonly segmenter: PhotoFigures;
  readonly grabCut: PhotoFigures;
}

interface Trial {
  readonly overlap: Overlap;
  readonly ms: number;
}

interface PhotoTask {
  readonly signal?: AbortSignal;
  progress?(things: number): void;
}

/** Every thing of every photo is asked for by its true box. */
export async function evaluatePhotos(
  predictor: Pick<Predictor, 'segment'>,
  photos: readonly Photo[],
  task: PhotoTask = {},
): Promise<PhotoEvaluation> {
  await openCvReady();
  const ours: Trial[] = [];
  const theirs: Trial[] = [];
  for (const { image, masks } of photos) {
    for (const truth of masks.filter((mask) => maskArea(mask) >= SMALLEST)) {
      task.signal?.throwIfAborted();
      const box: Box = maskBox(truth);
      ours.push(await timed(truth, () => predictor.segment(image, { box })));
      theirs.push(await timed(truth, () => grabCut(image, box)));
      task.progress?.(ours.length);
    }
  }
  return { photos: photos.length, things: ours.length, segmenter: figuresOf(ours), grabCut: figuresOf(theirs) };
}

async function timed(truth: Mask, segment: () => Mask | Promise<Mask>): Promise<Trial> {
  const started = performance.now();
  const mask = await segment();
  const ms = performance.now() - started;
  return { overlap: overlapOf(mask, truth), ms };
}

function figuresOf(trials: readonly Trial[]): PhotoFigures {
  const overlaps = trials.map(({ overlap }) => overlap);
  return { gIoU: gIoU(overlaps), cIoU: cIoU(overlaps), medianMs: median(trials.map(({ ms }) => ms)) };
}
