// Defines what answers prompts about pictures: what it is asked with, what it proposes, and what else it can do.
import type { ReadObject } from '../contract/answer.ts';
import type { Frame } from '../contract/geometry.ts';
import type { Found } from '../contract/project.ts';
import type { Answer, Box, DecodedImage, Mask, Prompt } from '../contract/records.ts';
import type { RepairedMask } from './segmenter/repair.ts';
import type { SegmenterPrompt } from './segmenter/zoom.ts';

export interface PredictOptions {
  /** Answers to draw; the one that most agree with counts, of several such the likeliest. Default 1. */
  samples?: number;
  seed?: number;
  /** Default: the recipe's. */
  temperature?: number;
  signal?: AbortSignal;
  onText?(piece: string, candidate: number): void;
  /** Each box in image pixels, as soon as an answer's text names it. */
  onBox?(box: Box, candidate: number): void;
  /** Awaited between tokens and masks. */
  between?(): Promise<void>;
}

/** One object that was found, in image pixels. */
export interface ProposedObject extends ReadObject {
  readonly mask: Mask;
  /** 0 to 1, where the model tells how sure it is. */
  readonly score?: number;
}

export interface Proposal {
  answer: Answer;
  /** The picture as the reasoner saw it: coordinates in the answer's text are pixels of it. */
  frame: Frame;
  found: Found;
  /** In the order of the answer; none where nothing matches or no box could be read. */
  objects: readonly ProposedObject[];
  /** What can be known without truth. */
  rewards: { format: number };
  /** Milliseconds. */
  timings: Record<string, number>;
  /** All answers that were drawn, the chosen one among them; only when several were asked for. */
  candidates?: Proposal[];
}

export interface Predictor {
  /** The provider in use. */
  readonly device: string;
  readonly warnings: readonly string[];
  /** The name in the folder's configuration. */
  readonly name: string;
  /** The picture as the reasoner sees it: coordinates in its texts are pixels of that. */
  frameOf(image: DecodedImage): Frame;
  /** Name of the segmenter that clicks and boxes go to, where it is not that of the weights; else null. */
  readonly segmenterName: string | null;
  predict(image: DecodedImage, prompt: Prompt, options?: PredictOptions): Promise<Proposal>;
  /** Words of a prompt that the model was never taught to find on photographs; none where it reads any word. */
  unknownWords(text: string): readonly string[];
  /** How often the encoder of the segmenter that clicks go to has run. */
  readonly encodings: number;
  /** The segmenter alone: clicks, a box, a rough mask. */
  segment(image: DecodedImage, ask: SegmenterPrompt): Promise<Mask>;
  /** What the segmenter would draw in the place of a mask; null: nothing. */
  repair(image: DecodedImage, standing: Mask): Promise<RepairedMask | null>;
  /** Encodes the picture for the segmenter ahead of the first ask. */
  prepare(image: DecodedImage): Promise<void>;
  release(): Promise<void>;
}
