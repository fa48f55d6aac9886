// Says what the mask of a rollout should be, by what was meant and what its answer names, and what L_seg compares it with.

import { add } from '../../../models/graph/elementwise.ts';
import { reshape, slice } from '../../../models/graph/shape.ts';
import { dims4, input, type Tensor } from '../../../models/graph/tensor.ts';
import type { DecodedMasks } from '../../../models/sam2/maskDecoder.ts';
import { segTerms, weightedMean } from '../../../models/train/losses.ts';
import { hardIou } from '../../../models/train/maskLosses.ts';
import type { ReadObject } from '../../contract/answer.ts';
import { boxIou } from '../../contract/geometry.ts';
import type { Box, Mask } from '../../contract/records.ts';
import { unionOf } from '../../contract/rle.ts';
import type { DecoderInputs } from '../../flow/segmenter/segmenter.ts';
import { targetOf } from '../decoder/decoderFeeds.ts';
import { joined } from '../loop/joinFloats.ts';

/** All that a question means; none: nothing matches. */
interface Meant {
  readonly objects: readonly {
    /** Image pixels. */
    readonly box: Box;
    /** At image size; null: its outline is not known. */
    readonly mask: Mask | null;
  }[];
}

/** What an answer names, in image pixels, and the part of the picture that its mask covers. */
export interface ShownRollout extends Meant {
  readonly named: readonly Pick<ReadObject, 'box'>[];
  readonly place: DecoderInputs['place'];
}

/** What each rollout's mask should be over its place; none where nothing matches or the context speaks of several things. */
export function rolloutTargets(rollouts: readonly ShownRollout[], side: number) {
  const all = rollouts.map((rollout) => {
    const mask = meantBy(rollout);
    return mask && targetOf(mask, rollout.place, side);
  });
  return {
    target: joined(all.map((target) => target ?? new Float32Array(side * side))),
    hasTarget: Float32Array.from(all, (target) => (target ? 1 : 0)),
  };
}

/** The mask of the object that the answer's box fits best; of all where it names none. */
function meantBy({ named, objects }: ShownRollout): Mask | null {
  const [first, ...more] = named;
  if (more.length > 0) return null;
  if (!first) return unionOf(objects.flatMap(({ mask }) => mask ?? []));
  const [best] = objects.toSorted((a, b) => boxIou(b.box, first.box) - boxIou(a.box, first.box));
  return best?.mask ?? null;
}

/** L_seg of the mask that is always drawn, where a rollout has one to draw; feeds as `rolloutTargets` gives them. */
export function rolloutSegmentation({ masks }: DecodedMasks, side: number): { seg: Tensor; iou: Tensor } {
  const [rollouts, , height, width] = dims4(masks);
  const target = input('target', [rollouts, side, side]);
  const hasTarget = input('hasTarget', [rollouts]);
  const first = reshape(slice(masks, [0], [1], [1]), [rollouts, height, width]);
  const { bce, dice } = segTerms(first, target);
  return {
    seg: weightedMean(add(bce, dice), hasTarget),
    iou: weightedMean(hardIou(first, target), hasTarget),
  };
}
