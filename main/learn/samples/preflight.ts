// Looks at what a project teaches before anything runs: one sentence that says why it cannot be learnt from, or null.
import { boxIou } from '../../contract/geometry.ts';
import { maskBox } from '../../contract/rle.ts';
import { outlinesOf } from './decoderPrompts.ts';
import type { Sample } from './sample.ts';
import { isEnough, least, type SplitSide, type Splittable, sideOf } from './split.ts';

export interface TaughtImage extends Splittable {
  readonly path: string;
  readonly samples: readonly Sample[];
  /** How well its masks lie on the picture's edges; see `edgeRank`. */
  readonly edgeRanks: readonly number[];
}

/** A mask and the box that it goes with should mean the same object. */
const AGREES = 0.5;
const MOST_DISAGREEING = 0.05;
/** On ten sets of photographs true masks lay at 0.82 to 1.00, flipped ones at 0.49 to 0.62, noise at 0.26 to 0.53. */
const FOLLOWS = 0.58;
const FEWEST_RANKS = 10;

/** `held`: ids of images that are measured on. */
export function refusal(images: readonly TaughtImage[], held: ReadonlySet<number>): string | null {
  return tooFew(images, held) ?? unfit(images, held);
}

/** Each image is measured on once. */
export function crossRefusal(images: readonly TaughtImage[]): string | null {
  if (canCrossValidate(images)) return unfit(images, new Set(images.map(({ imageId }) => imageId)));
  const needed = `cross-validation needs ${least.images}, or ${least.prompts} prompts on at least two of them`;
  return `${counted(sideOf(images))} teach${copiesIn(images)}; ${needed}; label or correct more images.`;
}

/** Each fold measures on images that none of the others resembles. */
function canCrossValidate(images: readonly Splittable[]): boolean {
  const all = sideOf(images);
  return all.images > 1 && isEnough(all);
}

const unfit = (images: readonly TaughtImage[], held: ReadonlySet<number>): string | null =>
  disagreeing(images) ?? unrelated(images) ?? unjudgeable(images, held);

function tooFew(images: readonly TaughtImage[], held: ReadonlySet<number>): string | null {
  const measured = images.filter(({ imageId }) => held.has(imageId));
  const taught = images.filter(({ imageId }) => !held.has(imageId));
  if (isEnough(sideOf(measured)) && isEnough(sideOf(taught))) return null;
  const needed = `${2 * least.images} are needed, or ${2 * least.prompts} prompts: half to learn from and half to measure on`;
  const or = canCrossValidate(images) ? ', or let cross-validation judge' : '';
  return `${counted(sideOf(images))} teach${copiesIn(images)}; ${needed}; label or correct more images${or}.`;
}

function copiesIn(images: readonly TaughtImage[]): string {
  const copies = images.length - sideOf(images).images;
  return copies > 0 ? ` (${copies} more are nearly the same as one of them, parts of it or frames of its film)` : '';
}

const counted = ({ images, prompts }: SplitSide): string =>
  `${images} different image${images === 1 ? '' : 's'} with ${prompts} prompt${prompts === 1 ? '' : 's'}`;

function disagreeing(images: readonly TaughtImage[]): string | null {
  const outlines = images.flatMap(({ path, samples }) =>
    samples.flatMap((sample) =>
      outlinesOf(sample).map(({ box, mask }) => ({ path, agreement: boxIou(box, maskBox(mask)) })),
    ),
  );
  if (outlines.length === 0)
    return 'No object has a mask, and boxes alone teach no outline; draw or accept some masks.';
  const wrong = outlines.filter(({ agreement }) => agreement < AGREES);
  if (wrong.length <= outlines.length * MOST_DISAGREEING) return null;
  const names = [...new Set(wrong.map(({ path }) => path))];
  const more = names.length > 1 ? ` and ${names.length - 1} more` : '';
  return `${wrong.length} of ${outlines.length} masks do not lie in their own boxes (${names[0]}${more}); correct the boxes or the masks first.`;
}

/** Masks of noise, of other pictures, or moved together with their boxes teach something that no picture shows. */
function unrelated(images: readonly TaughtImage[]): string | null {
  const ranks = images.flatMap(({ edgeRanks }) => edgeRanks);
  const mean = ranks.reduce((sum, rank) => sum + rank, 0) / Math.max(1, ranks.length);
  if (ranks.length < FEWEST_RANKS || mean >= FOLLOWS) return null;
  return 'The masks do not follow what the pictures show: laid elsewhere they would lie on edges just as strong; they may be moved, of other pictures or made by chance, so look at some and mend them first.';
}

/** What else was lost must be measurable: other labels, or prompts that nothing matches. */
function unjudgeable(images: readonly TaughtImage[], held: ReadonlySet<number>): string | null {
  const measured = images.filter(({ imageId }) => held.has(imageId)).flatMap(({ samples }) => samples);
  const words = new Set(measured.filter(({ objects }) => objects.length > 0).map(({ prompt }) => prompt.text));
  if (words.size > 1 || measured.some(({ objects }) => objects.length === 0)) return null;
  const [only = 'no label'] = words;
  return `Everything that is measured on is “${only}”, so nobody could say what else the model loses; label something else too, or ask for something that is not there and accept that nothing matches.`;
}
