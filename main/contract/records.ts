// Defines what both sides of the wire may pass on, each as a zod schema and the type that it parses to.
import { z } from 'zod';
import { text } from './text.ts';

/** Pixel edges in image coordinates: x1, y1 inside, x2, y2 just outside, fractions allowed. */
export const Box = z.object({ x1: z.number(), y1: z.number(), x2: z.number(), y2: z.number() });
export type Box = z.infer<typeof Box>;

/** The most pixels a mask may have; differences of its runs then fit in 32 bits. */
export const MAX_MASK_PIXELS = 2 ** 28;

const side = z.int().min(1).max(MAX_MASK_PIXELS);

/** Runs down the columns, the first one outside (0 long when the first pixel is inside), filling size exactly. */
export const Mask = z
  .object({ size: z.tuple([side, side]), counts: z.array(z.int().min(0).max(MAX_MASK_PIXELS)) })
  .superRefine(({ size: [height, width], counts }, context) => {
    const covered = counts.reduce((sum, run) => sum + run, 0);
    if (height * width > MAX_MASK_PIXELS) context.addIssue(`a mask of ${width} x ${height} pixels is too large`);
    else if (covered !== height * width) {
      context.addIssue(`the runs cover ${covered} pixels, but ${width} x ${height} has ${height * width}`);
    }
  });
export type Mask = z.infer<typeof Mask>;

/** Upright RGB, interleaved, rows from the top: width * height * 3 bytes. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A click in image pixels: '+' lies on the thing, '-' does not. */
export const Point = z.object({ x: z.number(), y: z.number(), sign: z.enum(['+', '-']) });
export type Point = z.infer<typeof Point>;

/** What the person asked for, in words, and what they pointed at. */
export const Prompt = z.object({
  text: text().trim().min(1),
  points: z.array(Point).optional(),
  box: Box.optional(),
  /** A rough mask to be made exact. */
  mask: Mask.optional(),
});
export type Prompt = z.infer<typeof Prompt>;

/** What the reasoner wrote, coordinates in its own frame. logProbabilities runs beside tokens (nats). */
export const Answer = z.object({
  text: text(),
  reasoning: text(),
  /** Words of the prompt that the model does not know: it was not asked, and the reasoning says so. */
  unknownWords: z.array(z.string()).optional(),
  /** The picture is unlike those that the model's words were learnt on: what it found is likely wrong, what it did not find may be there. */
  unlikePicture: z.literal(true).optional(),
  tokens: z.array(z.int().min(0)).optional(),
  logProbabilities: z.array(z.number()).optional(),
});
export type Answer = z.infer<typeof Answer>;
