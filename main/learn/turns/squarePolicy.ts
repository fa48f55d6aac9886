// Holds what a policy that answers is made of, and cuts pictures for it: squares of one size, in patches and in merged cells.
import type { NanoTokenizer } from '../../../models/qwen/nanoTokenizer.ts';
import { lensImageConfig, prepareImage } from '../../../models/qwen/processor.ts';
import type { DecodedImage } from '../../contract/records.ts';
import type { ReasonerWeights, Weights } from '../../weights/open.ts';
import { requestIds, specialId } from './turnTokens.ts';

/** Sizes of all parts, and the words. */
export interface PolicyParts extends Pick<Weights, 'name' | 'recipe' | 'reasoner' | 'context' | 'segmenter'> {
  readonly tokenizer: NanoTokenizer;
}

type PictureSizes = Pick<ReasonerWeights, 'name' | 'recipe' | 'reasoner'>;

export interface SquareFrame {
  /** Sides: of the picture in pixels, of its patches, of its merged cells. */
  readonly pixels: number;
  readonly grid: number;
  readonly cells: number;
}

export function frameOf({ recipe: { reasoner: recipe }, name, reasoner: { vision } }: PictureSizes): SquareFrame {
  const { framing } = recipe;
  if (framing.kind !== 'square') throw new Error(`${name} is not shown square pictures.`);
  const grid = framing.side / vision.patch;
  return { pixels: framing.side, grid, cells: grid / vision.merge };
}

/** [grid * grid, patch width] of a picture. */
export function patchValues({ recipe, reasoner: { vision } }: PictureSizes, image: DecodedImage): Float32Array {
  const { patch, merge, temporal } = vision;
  return prepareImage(image, recipe.reasoner.framing, { ...lensImageConfig, patch, merge, temporal }).pixelValues;
}

/** Where the picture's tokens begin in every request. */
export const imageStartOf = (tokenizer: NanoTokenizer, { cells }: SquareFrame): number =>
  requestIds(tokenizer, 'x', cells).indexOf(specialId(tokenizer, '<|image_pad|>'));
