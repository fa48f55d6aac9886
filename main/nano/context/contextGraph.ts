// Builds the graph from packed turns to masks: the reasoner reads prompt, answer and context queries, the segmenter draws what they say.
import { input, type Tensor } from '../../../models/graph/tensor.ts';
import type { Params } from '../../../models/nn/params.ts';
import { imageEncoder } from '../../../models/sam2/imageEncoder.ts';
import type { DecodedMasks } from '../../../models/sam2/maskDecoder.ts';
import { segmenterLosses } from '../../../models/train/maskLosses.ts';
import { contextPass as turnsPass } from '../../learn/turns/contextPass.ts';
import { grid, samSide, targetSide } from '../parameters/layout.ts';
import type { Nano } from '../parameters/nano.ts';
import { decodeAsked, promptInputs } from '../segmenter/segmenterGraph.ts';

export interface ContextShape {
  scenes: number;
  /** Turns of each scene. */
  turns: number;
  tokens: number;
}

export interface SceneContextPass {
  /** [scenes, tokens, hidden] */
  hidden: Tensor;
  /** Masks of every turn. */
  masks: DecodedMasks;
}

/** Inputs as `contextBatch.ts` feeds them. */
export function contextPass(p: Params, nano: Nano, shape: ContextShape, imageStart: number): SceneContextPass {
  const { scenes, turns, tokens } = shape;
  const { hidden, token } = turnsPass(p, nano, { pictures: scenes, turns, tokens, grid, imageStart });
  // Every turn looks at a part of its own.
  const image = input('samImage', [scenes * turns, 3, samSide, samSide]);
  const features = imageEncoder(p.at('sam'), nano.segmenter, image);
  const asked = { ...promptInputs(scenes * turns), text: token };
  return { hidden, masks: decodeAsked(p.at('sam'), nano.segmenter, features, asked) };
}

/** LENS stage 1: only what lies between reasoner and segmenter learns, from L_seg under true answers. */
export function alignmentGraph(p: Params, nano: Nano, shape: ContextShape, imageStart: number) {
  const { masks } = contextPass(p, nano, shape, imageStart);
  const target = input('target', [shape.scenes * shape.turns, targetSide, targetSide]);
  const { loss, iou } = segmenterLosses(masks, target);
  return { loss, figures: { iou } };
}

/** Whether a parameter belongs to the context module and its queries. */
export const isContext = (name: string): boolean => /^(learnable_query|connector\.|conv_1d\.|proj_to_sam\.)/.test(name);
