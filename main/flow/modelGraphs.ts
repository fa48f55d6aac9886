// Builds the graphs of a weights folder or checkpoint, part by part; nothing is computed.
import { stat } from 'node:fs/promises';
import { print } from '../../models/graph/print.ts';
import { input, type Tensor } from '../../models/graph/tensor.ts';
import type { LensConfig } from '../../models/lens/config.ts';
import { contextModule } from '../../models/lens/contextModule.ts';
import { passGraph } from '../../models/qwen/passGraph.ts';
import { anyImageEncoder } from '../../models/sam/imageEncoder.ts';
import { BadInput } from '../contract/badInput.ts';
import { embeddedWeights } from '../weights/embedded.ts';
import type { ReasonerWeights } from '../weights/open.ts';
import { type CheckpointWeights, openModel } from '../weights/openCheckpoint.ts';
import { openSegmenter } from '../weights/openSam.ts';
import type { SegmenterWeights } from '../weights/segmenterFile.ts';
import { towerOutputs, usualGrid } from './reasoner/reasoner.ts';
import { recogniseModel } from './recogniseModel.ts';
import { decodedMasks } from './segmenter/decoding.ts';

export type GraphPart = 'vision' | 'reasoner' | 'context' | 'segmenter';

export interface ModelGraph {
  /** The part, or what of it: "segmenter, encoder". */
  readonly title: string;
  readonly nodes: number;
  /** Canonical: one line a node. */
  readonly text: string;
}

function printed(title: string, outputs: Readonly<Record<string, Tensor>>): ModelGraph {
  const text = print(outputs);
  return { title, nodes: text.match(/^%/gmu)?.length ?? 0, text };
}

/** Graphs of all parts of the model, or of one; throws one sentence where there is no such graph. */
export async function modelGraphs(model: string, part?: GraphPart): Promise<ModelGraph[]> {
  const place = await placeOf(model);
  const { kind } = await recogniseModel(place);
  const makers = await makersOf(place, kind);
  if (part === undefined) return Object.values(makers).flatMap((make) => make());
  const make = makers[part];
  if (make) return make();
  throw new BadInput(`${place}: is a ${kind} and has no ${part}; it has ${Object.keys(makers).join(', ')}`);
}

async function placeOf(model: string): Promise<string> {
  const isThere = await stat(model).catch(() => null);
  return !isThere && model === 'loupe-nano' ? embeddedWeights : model;
}

type Makers = Partial<Record<GraphPart, () => ModelGraph[]>>;

async function makersOf(place: string, kind: string): Promise<Makers> {
  if (kind === 'SAM checkpoint' || kind === 'SAM 2 checkpoint')
    return { segmenter: segmenterOf(await openSegmenter(place)) };
  if (kind.startsWith('ONNX'))
    throw new BadInput(`${place}: holds ONNX files, whose graphs are not Loupe's; look at them with a viewer of ONNX`);
  return ofReasoner(await openModel(place));
}

function ofReasoner(weights: CheckpointWeights): Makers {
  const { context, segmenter } = weights;
  return {
    vision: () => [printed('vision', towerOutputs(weights, usualGrid(weights)))],
    reasoner: () => [printed('reasoner', tokenStep(weights))],
    ...(context && { context: () => [printed('context', contextOf(weights, context))] }),
    ...(segmenter && { segmenter: segmenterOf({ ...weights, segmenter }) }),
  };
}

/** One token after 256 that are remembered, as answers are written. */
function tokenStep({ params, reasoner }: ReasonerWeights): Record<string, Tensor> {
  const remembered = { prompts: 1, promptTokens: 256, capacity: 0 };
  return passGraph(params, reasoner, { rows: 1, tokens: 1, ...remembered, features: 0, queries: 0, logits: true });
}

function contextOf({ params }: ReasonerWeights, context: LensConfig): Record<string, Tensor> {
  return { token: contextModule(params, context, input('states', [1, context.numOfQuery, context.hidden])) };
}

/** The encoder, and the decoder for as many points as the recipe has slots. */
const segmenterOf =
  ({ segmenter, params, context, recipe }: SegmenterWeights) =>
  (): ModelGraph[] => {
    const { imageSize, width } = segmenter;
    const { slots, promptMap } = recipe.segmenter;
    const token = context ? input('token', [1, 1, width]) : undefined;
    const { masks, iou } = decodedMasks(params, segmenter, { asks: 1, slots: slots ?? 1, rough: promptMap }, token);
    const encoded = anyImageEncoder(params.at('sam'), segmenter, input('image', [1, 3, imageSize, imageSize]));
    return [printed('segmenter, encoder', { ...encoded }), printed('segmenter, decoder', { masks, iou })];
  };
