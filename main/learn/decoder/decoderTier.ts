// Defines the first tier: the segmenter's mask decoder and the context module learn from L_seg, on features that stay as they are.
import { add, mul } from '../../../models/graph/elementwise.ts';
import { input } from '../../../models/graph/tensor.ts';
import type { NamedValues } from '../../../models/graph/value.ts';
import type { LensConfig } from '../../../models/lens/config.ts';
import { contextModule } from '../../../models/lens/contextModule.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import type { Sam2Config } from '../../../models/sam2/config.ts';
import { segmenterLosses } from '../../../models/train/maskLosses.ts';
import { random } from '../../contract/random.ts';
import { decodedMasks } from '../../flow/segmenter/decoding.ts';
import type { DecoderInputs } from '../../flow/segmenter/segmenter.ts';
import type { CheckpointWeights } from '../../weights/openCheckpoint.ts';
import type { Sam2Weights } from '../../weights/openSam2.ts';
import { joined } from '../loop/joinFloats.ts';
import type { LossGraph, Objective, Policy } from '../loop/loop.ts';
import { Parameters } from '../loop/parameters.ts';
import { decoderFeeds } from './decoderFeeds.ts';

/** Loupe's own weights, or a checkpoint that holds a segmenter and the module that speaks to it. */
export type DecoderWeights = CheckpointWeights & { readonly segmenter: Sam2Config; readonly context: LensConfig };

/** These, or a SAM 2 beside a checkpoint, to which no word is said. */
export type MaskWeights = DecoderWeights | Sam2Weights;

export interface DecoderPolicy extends Policy {
  readonly weights: Pick<MaskWeights, 'name' | 'recipe' | 'segmenter' | 'context'>;
}

/** An ask with what the decoder is fed for it, and what it should draw. */
export interface DecoderSample {
  readonly inputs: DecoderInputs;
  /** [side, side]: the share of each cell that the object covers. */
  readonly target: Float32Array;
  /** The reasoner's states at the context queries, where it had named this object itself; null: no word was asked. */
  readonly states: Float32Array | null;
}

export interface DecoderBatch {
  /** Asks by pointing, and asks by words with the box that the answer named. */
  readonly pointed: number;
  readonly worded: number;
  /** Points of an ask by pointing, and of one by words. */
  readonly slots: number;
  readonly wordedSlots: number;
}

/** Parameters of this tier; the prompt encoder and all that makes features stay as they are. */
const trained = /^(sam\.sam_mask_decoder\.|connector\.|conv_1d\.|proj_to_sam\.)/u;
export const isTaughtByMasks = (name: string): boolean => trained.test(name);
const read = /^(sam\.sam_(mask_decoder|prompt_encoder)\.|connector\.|conv_1d\.|proj_to_sam\.)/u;

/** What this tier trains and reads of the weights, in memory. */
export async function decoderPolicy(weights: MaskWeights): Promise<DecoderPolicy> {
  const parameters = new Parameters((name) => {
    throw new Error(`${weights.name}: holds no tensor "${name}".`);
  });
  for (const [name, shape] of weights.shapes) {
    if (read.test(name)) parameters.set(name, shape, await weights.read(name));
  }
  return { parameters, weights };
}

/** Trained values by key. */
export const trainedValues = ({ parameters }: DecoderPolicy) =>
  new Map([...parameters.all].filter(([name]) => trained.test(name)));

/** Points of every ask by pointing: as many as the weights were trained with, or the corners of a box. */
export const pointSlots = ({ recipe }: Pick<MaskWeights, 'recipe'>): number => recipe.segmenter.slots ?? 2;

/** Side of the target maps: that of the decoder's masks, twice. */
export const targetSide = ({ segmenter }: Pick<MaskWeights, 'segmenter'>): number => segmenter.imageSize / 2;

export const decoderObjective: Objective<DecoderPolicy, DecoderSample, DecoderBatch> = {
  graph: decoderGraph,
  open: async ({ weights }, shape) => ({
    feed: async (samples) => feedsOf(samples, weights, shape),
    release: async () => {},
  }),
};

function decoderGraph({ parameters, weights }: DecoderPolicy, { pointed, worded, ...batch }: DecoderBatch): LossGraph {
  const source = parameters.source();
  const params = paramsFrom(source);
  const { segmenter, context, recipe } = weights;
  const rough = recipe.segmenter.promptMap;
  const side = targetSide(weights);
  const losses = (name: string, asks: number, reads: LensConfig | null) => {
    const states = reads && input(`${name}states`, [asks, reads.numOfQuery, reads.hidden]);
    const token = reads && states ? contextModule(params, reads, states) : undefined;
    const slots = reads ? batch.wordedSlots : batch.slots;
    const decoded = decodedMasks(params, segmenter, { asks, slots, rough, prefix: name }, token);
    return segmenterLosses(decoded, input(`${name}target`, [asks, side, side]));
  };
  const own = losses('pointed.', pointed, null);
  const told = worded > 0 && context ? losses('worded.', worded, context) : null;
  const share = worded / (pointed + worded);
  return {
    loss: told ? add(mul(own.loss, 1 - share), mul(told.loss, share)) : own.loss,
    figures: { iou: own.iou, ...(told && { wordedIou: told.iou }) },
    parameters: source.tensors,
    trains: (name) => trained.test(name) && !name.endsWith('gaussian_matrix'),
  };
}

function feedsOf(
  samples: readonly DecoderSample[],
  weights: DecoderPolicy['weights'],
  { pointed, worded }: DecoderBatch,
): NamedValues {
  const parts = { 'pointed.': samples.slice(0, pointed), 'worded.': samples.slice(pointed, pointed + worded) };
  const feeds: Record<string, NamedValues[string]> = {};
  for (const [prefix, some] of Object.entries(parts)) {
    if (some.length === 0) continue;
    const inputs = some.map((sample) => sample.inputs);
    Object.assign(feeds, decoderFeeds(inputs, { prefix, rough: weights.recipe.segmenter.promptMap }));
    feeds[`${prefix}target`] = joined(some.map(({ target }) => target));
    if (prefix === 'worded.')
      feeds[`${prefix}states`] = joined(some.map(({ states }) => states ?? new Float32Array(stateSize(weights))));
  }
  return feeds;
}

const stateSize = ({ context }: DecoderPolicy['weights']): number =>
  context ? context.numOfQuery * context.hidden : 0;

/** Samples of a step: pointed ones first, then worded ones, each drawn from its own list; follows from seed and step. */
export function samplesOfStep(
  { pointed, worded }: { pointed: readonly DecoderSample[]; worded: readonly DecoderSample[] },
  batch: DecoderBatch,
  { seed, step }: { seed: number; step: number },
): DecoderSample[] {
  const draw = random(seed, 1000 + step);
  const some = (from: readonly DecoderSample[], count: number) => Array.from({ length: count }, () => draw.pick(from));
  return [...some(pointed, batch.pointed), ...some(worded, batch.worded)];
}
