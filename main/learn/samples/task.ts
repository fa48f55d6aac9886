// Defines what a run is asked to learn, what it gives, and what it reports meanwhile.
import type { TeachProgress, TeachReport, Tier } from '../../contract/learning.ts';
import type { DecodedImage } from '../../contract/records.ts';
import type { Validation } from '../loop/validation.ts';
import type { Lesson } from './lesson.ts';
import type { Sample, StandingThing } from './sample.ts';

/** An image of a project, or one that the weights came with. */
export interface TeachingImage {
  readonly imageId: number;
  readonly path: string;
  readonly samples: readonly Sample[];
  /** Its labelled shapes. */
  readonly things: readonly StandingThing[];
  read(): Promise<DecodedImage>;
}

/** Pictures of the domain that weights came with: some are learnt again, the others measured on. */
export interface BaseDomain {
  /** Things that are pointed at. */
  readonly replayed: readonly TeachingImage[];
  readonly measured: readonly TeachingImage[];
  /** Prompts that are asked by words. */
  readonly worded: readonly TeachingImage[];
  /** Other prompts, by which a run chooses how much of what it trained it keeps. */
  readonly chosenBy: readonly TeachingImage[];
  /** The index-th picture with questions and answers; null: none are known. */
  readonly lesson: ((index: number) => Lesson) | null;
}

export interface TeachTask {
  /** Folder of the weights that learn. */
  readonly weights: string;
  /** Where boxes and points of weights without a segmenter of their own go, file or folder; null: nowhere. */
  readonly segmenter: string | null;
  /** Folder of this run: checkpoint, curves and, in `weights`, the result. A run that was stopped goes on from it. */
  readonly folder: string;
  readonly tier: Tier | 'auto';
  readonly images: readonly TeachingImage[];
  /** Images that an earlier run measured on, and those that earlier runs learnt from. */
  readonly held: readonly number[];
  readonly taught: readonly number[];
  /** So many parts of the images are each judged by a run that learns from the others; null: one part is held back for good. */
  readonly folds: number | null;
  readonly base: BaseDomain;
  readonly minutes: number;
  readonly seed: number;
  /** Bytes of memory that a run may count on. Missing: those of this machine. */
  readonly memory?: number;
}

/** The report, and what a project keeps beside it. */
export interface TeachOutcome extends TeachReport {
  /** Ids of images that are measured on from now on, and of those that were learnt. */
  readonly held: number[];
  readonly taught: number[];
  /** Folder of the new weights; null where there are none. */
  readonly weights: string | null;
}

export interface Watching {
  readonly signal?: AbortSignal;
  /** Measures held-back prompts now and then while something trains, to be shown. */
  readonly validation?: Validation;
  report(progress: TeachProgress): void;
}
