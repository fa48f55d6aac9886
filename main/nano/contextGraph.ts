// From packed turns to masks: the reasoner reads prompt, answer and context queries, the segmenter paints what they say.
import { gather } from '../../models/graph/gather.ts';
import { reshape } from '../../models/graph/shape.ts';
import { input, type Tensor } from '../../models/graph/tensor.ts';
import { contextModule, contextQueries } from '../../models/lens/contextModule.ts';
import type { Params } from '../../models/nn/params.ts';
import { decoder, embedTokens, insertFeatures, insertSpan } from '../../models/qwen/language.ts';
import { imageEncoder } from '../../models/sam2/imageEncoder.ts';
import type { DecodedMasks } from '../../models/sam2/maskDecoder.ts';
import { segmenterLosses } from '../../models/train/maskLosses.ts';
import { samSide, targetSide } from './layout.ts';
import type { Nano } from './nano.ts';
import { pictures } from './reasonerGraph.ts';
import { decodeAsked, promptInputs } from './segmenterGraph.ts';

export interface ContextShape {
  scenes: number;
  /** Turns of each scene. */
  turns: number;
  tokens: number;
}

export interface ContextPass {
  /** [scenes, tokens, hidden] */
  hidden: Tensor;
  /** Of every turn. */
  masks: DecodedMasks;
}

/** Inputs as `contextBatch.ts` feeds them. */
export function contextPass(p: Params, nano: Nano, shape: ContextShape, imageStart: number): ContextPass {
  const { scenes, turns, tokens } = shape;
  const { language } = nano.reasoner;
  const words = embedTokens(p, input('ids', [scenes, tokens], 'int64'), language);
  const seen = insertSpan(words, pictures(p, nano.reasoner, scenes), imageStart);
  const queries = reshape(contextQueries(p, nano.context), [nano.context.numOfQuery, language.hidden]);
  const x = insertFeatures(seen, queries, input('queryIndex', [scenes * tokens], 'int32'));
  const table = (name: string) => input(name, [scenes, 1, tokens, language.headWidth]);
  const places = { cosine: table('cosine'), sine: table('sine'), mask: input('mask', [scenes, 1, tokens, tokens]) };
  const { hidden } = decoder(p, x, places, { config: language });
  const rows = input('queryRows', [scenes * turns * nano.context.numOfQuery], 'int64');
  const states = gather(reshape(hidden, [scenes * tokens, language.hidden]), rows);
  const shaped = reshape(states, [scenes * turns, nano.context.numOfQuery, language.hidden]);
  const text = contextModule(p, nano.context, shaped);
  // Every turn looks at a part of its own.
  const image = input('samImage', [scenes * turns, 3, samSide, samSide]);
  const features = imageEncoder(p.at('sam'), nano.segmenter, image);
  const asked = { ...promptInputs(scenes * turns), text };
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
