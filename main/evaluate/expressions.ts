// Defines what the published sets of referring and reasoning segmentation share: a sentence, a picture, and the mask that is meant.
import path from 'node:path';
import type { z } from 'zod';
import { BadInput } from '../contract/badInput.ts';
import type { Frame } from '../contract/geometry.ts';
import type { Box, Mask } from '../contract/records.ts';

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

/** `entry` counts from 1 in a file of several. Throws one sentence that names the file and the field. */
export function checked<T>(file: string, schema: z.ZodType<T>, value: unknown, entry?: number): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = [entry === undefined ? '' : `entry ${entry}`, issue?.path.join('.') ?? ''].filter(
    (word) => word !== '',
  );
  throw new BadInput([path.basename(file), ...where, issue?.message].join(': '));
}
