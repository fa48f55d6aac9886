// Defines what the published sets of referring and reasoning segmentation share: a sentence, a picture, and the mask that is meant.
import path from 'node:path';
import type { z } from 'zod';
import { BadInput } from '../contract/badInput.ts';
import type { Frame } from '../contract/geometry.ts';
import type { Box, Mask } from '../contract/records.ts';
import { maskArea } from '../contract/rle.ts';
import type { LeftOut } from '../formats/reading/reading.ts';

/** What is meant, in image pixels; masks without a pixel where nothing is. */
export interface ExpressionTruth {
  /** The mask as the papers' code counts it. */
  readonly papers: Mask;
  /** The mask as it is drawn, and pixels that count neither way. */
  readonly strict: Mask;
  readonly ignored?: Mask;
  readonly box: Box | null;
}

export interface Expression {
  /** No other expression of the set has it. */
  readonly id: string;
  /** Absolute path. */
  readonly picture: string;
  /** What the papers' code asks; `whole` is what stands in the file. */
  readonly text: { readonly papers: string; readonly whole: string };
  /** Where a set has several kinds: what it is measured with. */
  readonly kind?: string;
  /** `frame` is the picture's size. Throws one sentence where the file does not fit it. */
  truth(frame: Frame): ExpressionTruth;
}

/** What was read of a set: figures of `expressions` alone are to be told with what was left out. */
export interface ExpressionSet {
  readonly expressions: readonly Expression[];
  readonly leftOut: readonly LeftOut[];
}

/** What `make` gives; where it refuses, nothing, and its sentence is kept. */
export function orLeftOut<T>(what: string, leftOut: LeftOut[], make: () => T): T[] {
  try {
    return [make()];
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    leftOut.push({ what, why: error.message });
    return [];
  }
}

/** The set, unless nothing of it can be asked. */
export function unlessEmpty(place: string, { expressions, leftOut }: ExpressionSet): ExpressionSet {
  const [first] = leftOut;
  if (expressions.length > 0) return { expressions, leftOut };
  if (!first) throw new BadInput(`${place}: holds nothing to ask`);
  const more = leftOut.length > 1 ? ` (and ${leftOut.length - 1} more)` : '';
  throw new BadInput(`${place}: holds nothing that can be asked: ${first.what}: ${first.why}${more}`);
}

/** What is meant has a pixel in the picture: else the file is of another picture. */
export function seen(truth: ExpressionTruth): ExpressionTruth {
  if (maskArea(truth.strict) > 0) return truth;
  throw new BadInput('no pixel of its mask lies in the picture');
}

export function fitting<M extends { size: readonly [number, number] }>(mask: M, { width, height }: Frame): M {
  if (mask.size[0] === height && mask.size[1] === width) return mask;
  throw new BadInput(`its mask is ${mask.size[1]} x ${mask.size[0]}, its picture ${width} x ${height}`);
}

/** Every set by its name, with the file or folder that it is read from. */
export const referringSets = ['refcoco', 'refcoco+', 'refcocog', 'reasonseg', 'groundingsuite'] as const;
export type ReferringSet = (typeof referringSets)[number];

export interface ReferringSource {
  readonly set: ReferringSet;
  /** The folder of the set, or its file. */
  readonly data: string;
  readonly split: string;
  /** Where pictures lie; null: where the set's own layout has them. */
  readonly images: string | null;
  /** Of a set of references: a file of sentences that are asked in place of its own; null: its own. */
  readonly sentences: string | null;
}

/** Throws one sentence that names the file and the field. */
export function checked<T>(file: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const words = [path.basename(file), issue?.path.join('.'), issue?.message];
  throw new BadInput(words.filter((word) => word !== undefined && word !== '').join(': '));
}
