// Chooses, resizes and refines the one mask of the segmenter's logits that a person sees and that evaluation and rewards judge.
import { bestAlternative, chooseMask } from '../../../models/sam2/segmenter.ts';
import type { DecodedImage, Mask } from '../../contract/records.ts';
import { enlargedMask, type Grid, type PicturePart } from '../../pictures/enlarge.ts';
import { maskAlongEdges } from '../../pictures/followEdges.ts';
import type { SegmenterRecipe } from '../../weights/recipe.ts';

/** Logits of square masks, one after the other, above 0 inside; and the IoU that each is believed to have. */
export interface MaskLogits {
  readonly masks: Float32Array;
  readonly iou: Float32Array;
}

export type MaskChoice = Pick<SegmenterRecipe, 'choice' | 'followsEdges'>;

/** The mask at the picture's size, `place` being the part of the picture that the logits lie over. Default: all of it. */
export function maskFrom({ masks, iou }: MaskLogits, image: DecodedImage, how: MaskChoice & Placed): Mask {
  const area = masks.length / iou.length;
  const side = Math.sqrt(area);
  const chosen = chosenMask({ masks, iou }, how.choice);
  const values = { width: side, height: side, data: masks.subarray(chosen * area, (chosen + 1) * area) };
  return maskOf(values, image, how);
}

interface Placed {
  readonly place?: PicturePart;
}

export const maskOf = (values: Grid, image: DecodedImage, how: Pick<MaskChoice, 'followsEdges'> & Placed): Mask =>
  (how.followsEdges ? maskAlongEdges : enlargedMask)(values, image, how.place);

/** Mask 0 is the single answer of SAM 2, the others are alternatives. */
export function chosenMask({ masks, iou }: MaskLogits, choice: MaskChoice['choice']): number {
  return choice === 'stable' ? chooseMask(masks, iou) : bestAlternative(iou);
}
