// The segmenter's training step as one graph: mask 0 always, the best of the other three, and the predicted IoU.

import { add, mul, sub } from '../../../models/graph/elementwise.ts';
import { expand, reshape } from '../../../models/graph/shape.ts';
import { input, type Tensor } from '../../../models/graph/tensor.ts';
import type { Params } from '../../../models/nn/params.ts';
import type { Sam2Config } from '../../../models/sam2/config.ts';
import { type ImageFeatures, imageEncoder } from '../../../models/sam2/imageEncoder.ts';
import { type DecodedMasks, maskDecoder } from '../../../models/sam2/maskDecoder.ts';
import { promptEncoder } from '../../../models/sam2/promptEncoder.ts';
import { segmenterLosses } from '../../../models/train/maskLosses.ts';
import { promptSlots, samSide, segmenterBatch, targetSide } from '../parameters/layout.ts';

/** Features of pictures, each repeated for its `times` prompts: [B * times, ...]. */
export function repeatEach(features: ImageFeatures, times: number): ImageFeatures {
  const each = (t: Tensor) => {
    const [batch = 1, ...rest] = t.shape;
    const wide = expand(reshape(t, [batch, 1, ...rest]), [batch, times, ...rest]);
    return reshape(wide, [batch * times, ...rest]);
  };
  return { embed: each(features.embed), s0: each(features.s0), s1: each(features.s1) };
}

/** What a prompt gives beside the picture; `asks` prompts. The rough mask counts where `hasRough` is 1. */
export function promptInputs(asks: number) {
  const side = samSide / 4;
  return {
    at: input('at', [asks, promptSlots, 2]),
    labels: input('labels', [asks, promptSlots], 'int64'),
    roughMask: input('roughMask', [asks, 1, side, side]),
    hasRough: input('hasRough', [asks, 1, 1, 1]),
  };
}

export interface PromptTensors extends ReturnType<typeof promptInputs> {
  /** [asks, 1, width] */
  text?: Tensor;
}

/** Decodes all prompts at once, those with and without a rough mask. */
export function decodeAsked(
  p: Params,
  config: Sam2Config,
  features: ImageFeatures,
  asked: PromptTensors,
): DecodedMasks {
  const { at, labels, roughMask, hasRough, text } = asked;
  const points = { at, labels };
  const withMask = promptEncoder(p, config, { points, mask: roughMask, text });
  const without = promptEncoder(p, config, { points, text });
  const dense = add(mul(withMask.dense, hasRough), mul(without.dense, sub(1, hasRough)));
  return maskDecoder(p, config, features, {
    sparse: withMask.sparse,
    dense,
    map: mul(roughMask, hasRough),
  });
}

/** All masks and predicted IoU of a step's prompts; `p` stands at the segmenter. */
export function answeredGraph(p: Params, config: Sam2Config) {
  const { scenes, perScene } = segmenterBatch;
  const image = input('samImage', [scenes, 3, samSide, samSide]);
  const features = repeatEach(imageEncoder(p, config, image), perScene);
  const { masks, iou } = decodeAsked(p, config, features, promptInputs(scenes * perScene));
  return { masks, iou };
}

/** `p` stands at the segmenter. */
export function segmenterGraph(p: Params, config: Sam2Config) {
  const { scenes, perScene } = segmenterBatch;
  const target = input('target', [scenes * perScene, targetSide, targetSide]);
  const { loss, iou } = segmenterLosses(answeredGraph(p, config), target);
  return { loss, figures: { iou } };
}
