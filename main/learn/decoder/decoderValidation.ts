// Measures what a decoder in training draws for a few held-back objects under their true boxes; computes their features once.

import { floats } from '../../../models/graph/value.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { Session } from '../../../models/runtime/session.ts';
import { random } from '../../contract/random.ts';
import type { DecodedImage, Mask } from '../../contract/records.ts';
import { maskBox } from '../../contract/rle.ts';
import { overlapOf } from '../../evaluate/metrics.ts';
import { decodedMasks } from '../../flow/segmenter/decoding.ts';
import { maskFrom } from '../../flow/segmenter/mask.ts';
import { type DecoderInputs, Segmenter } from '../../flow/segmenter/segmenter.ts';
import type { Validation } from '../loop/validation.ts';
import { outlinesOf } from '../samples/decoderPrompts.ts';
import { unlessGone } from '../samples/measuredImage.ts';
import type { TeachingImage } from '../samples/task.ts';
import { decoderFeeds } from './decoderFeeds.ts';
import type { DecoderPolicy, MaskWeights } from './decoderTier.ts';

/** Objects, of one image each: a mask takes some tens of milliseconds. */
const MOST_HELD = 12;
const STREAM = 33;

export interface DecoderValidation {
  readonly measure: Validation;
  release(): Promise<void>;
}

interface HeldObject {
  readonly image: DecodedImage;
  readonly truth: Mask;
  readonly inputs: DecoderInputs;
}

/** Null: nothing that is held back has an outline. */
export async function decoderValidation(
  weights: MaskWeights,
  policy: DecoderPolicy,
  { held, seed }: { held: readonly TeachingImage[]; seed: number },
): Promise<DecoderValidation | null> {
  const objects = await heldObjects(weights, held, seed);
  const [first] = objects;
  if (!first) return null;
  const { promptMap: rough } = weights.recipe.segmenter;
  const source = policy.parameters.source();
  const shape = { asks: 1, slots: first.inputs.slots, rough };
  const { masks, iou } = decodedMasks(paramsFrom(source), weights.segmenter, shape);
  const session = await Session.create({ masks, iou });
  const names = [...source.tensors.keys()];
  return {
    release: () => session.release(),
    measure: async (parameters) => {
      const values = parameters.feeds(names);
      const overlaps = [];
      for (const { image, truth, inputs } of objects) {
        const drawn = await session.run({ ...values, ...decoderFeeds([inputs], { rough }) });
        const logits = { masks: floats(drawn, 'masks'), iou: floats(drawn, 'iou') };
        const mask = maskFrom(logits, image, { ...weights.recipe.segmenter, place: inputs.place });
        overlaps.push(overlapOf(mask, truth));
      }
      return overlaps;
    },
  };
}

/** Chooses the same objects for a seed, whether a run is new or goes on. */
async function heldObjects(weights: MaskWeights, held: readonly TeachingImage[], seed: number): Promise<HeldObject[]> {
  const draw = random(seed, STREAM);
  const outlined = held.flatMap((image) => {
    const masks = image.samples.flatMap((sample) => outlinesOf(sample).map(({ mask }) => mask));
    return masks.length > 0 ? [{ image, truth: draw.pick(masks) }] : [];
  });
  if (outlined.length === 0) return [];
  const segmenter = await Segmenter.open(weights, {});
  try {
    const objects: HeldObject[] = [];
    for (const { image: source, truth } of draw.shuffle(outlined).slice(0, MOST_HELD)) {
      const image = await unlessGone(source);
      if (image) objects.push({ image, truth, inputs: await segmenter.inputs(image, { box: maskBox(truth) }) });
    }
    return objects;
  } finally {
    await segmenter.release();
  }
}
