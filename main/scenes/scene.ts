// A finished scene: pixels, the things in them from left to right, and prompts with their true answers.
import type { Box, DecodedImage } from '../contract/records.ts';
import type { Colour } from './colours.ts';
import type { Split } from './split.ts';

/** The categories that an evaluation reports, and `name` (a plain name) beside them. */
export const CATEGORIES = [
  'name',
  'spatial',
  'disambiguation',
  'compositional',
  'misleading',
  'coarse',
  'implicit',
  'nothing',
] as const;
export type SingleCategory = (typeof CATEGORIES)[number];
/** `plural` is drawn only where it is asked for, so that the other prompts of a seed stay what they are. */
export type PromptCategory = SingleCategory | 'plural';

export interface SceneThing {
  readonly name: string;
  readonly colour: Colour | null;
  readonly family: string;
  /** Clearly the smallest or largest of the things of its name; null when it is not or is the only one. */
  readonly size: 'small' | 'large' | null;
  /** Tight around the visible pixels: x1, y1 inside, x2, y2 just outside. */
  readonly box: Box;
  /** Visible pixels. */
  readonly area: number;
}

export interface ScenePrompt {
  readonly category: PromptCategory;
  readonly text: string;
  /** How the answer follows from the list of things; ends in the number of the target (from 1) or "none". */
  readonly decision: string;
  /** Index into things; null when nothing matches. */
  readonly target: number | null;
  /** All that is meant, from left to right; only in category `plural`, whose `target` is the first of them. */
  readonly targets?: readonly number[];
  /** A rough mask of the target, 0 or 1 per pixel, row-major; only in category `coarse`. */
  readonly coarse?: Uint8Array;
  /** The wrong box that the text names, image pixels; only in category `misleading`. */
  readonly hint?: Box;
}

/** What stands where, painted or not: all that words about it need. */
export interface Arrangement {
  readonly seed: number;
  readonly split: Split;
  /** Side of the square frame that boxes in texts are given in. */
  readonly frame: number;
  readonly image: Pick<DecodedImage, 'width' | 'height'>;
  /** From left to right. */
  readonly things: readonly SceneThing[];
}

/** A scene before its prompts. `ids`: 0 is background, i + 1 a visible pixel of things[i]; row-major. */
export interface Stage extends Arrangement {
  readonly image: DecodedImage;
  readonly ids: Uint8Array;
}

/** What of a picture the segmenter is taught: where things are, not what they are. */
export interface SegmenterScene extends Pick<Stage, 'image' | 'ids'> {
  readonly things: readonly Pick<SceneThing, 'box'>[];
}

export interface Scene extends Stage {
  readonly prompts: readonly ScenePrompt[];
}

/** Indices into things of all that a prompt means; none where nothing matches. */
export const targetsOf = ({ target, targets }: Pick<ScenePrompt, 'target' | 'targets'>): readonly number[] =>
  targets ?? (target === null ? [] : [target]);

/** One thing's visible pixels, 0 or 1, row-major. */
export const visibleMask = ({ ids }: Pick<Stage, 'ids'>, index: number): Uint8Array =>
  ids.map((id) => (id === index + 1 ? 1 : 0));

/** A box in the frame of the texts: whole even numbers, at least 2 px wide and high. */
export function frameBox(box: Box, { frame, image }: Pick<Arrangement, 'frame' | 'image'>): Box {
  const even = (value: number, side: number): number => 2 * Math.round((value * frame) / side / 2);
  const x1 = Math.min(even(box.x1, image.width), frame - 2);
  const y1 = Math.min(even(box.y1, image.height), frame - 2);
  const [x2, y2] = [even(box.x2, image.width), even(box.y2, image.height)];
  return { x1, y1, x2: Math.max(x2, x1 + 2), y2: Math.max(y2, y1 + 2) };
}
