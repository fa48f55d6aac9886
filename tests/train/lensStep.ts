// The fixture `train-step` as graphs: one LENS forward pass for rows of one picture, with any parameters trainable.
import { concat, expand, reshape, slice } from '../../models/graph/shape.ts';
import { constant, dim, input, type Tensor } from '../../models/graph/tensor.ts';
import { parseLensConfig } from '../../models/lens/config.ts';
import { contextModule, contextQueries } from '../../models/lens/contextModule.ts';
import { type ParamSource, type Params, paramsFrom } from '../../models/nn/params.ts';
import { qwenConfigFrom } from '../../models/qwen/config.ts';
import {
  appendQueries,
  causalMask,
  decoder,
  embedTokens,
  featureIndex,
  insertFeatures,
  logitsAt,
} from '../../models/qwen/language.ts';
import {
  joinPositions,
  linePositions,
  mropePositions,
  type PatchGrid,
  type PlacedTokens,
  textTable,
} from '../../models/qwen/rope.ts';
import { visionTower } from '../../models/qwen/vision.ts';
import { type FrozenWeights, frozenWeights } from '../../models/runtime/frozen.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import type { WeightsFile } from '../../models/runtime/weightsFile.ts';
import { parseSam2Config } from '../../models/sam2/config.ts';
import { imageEncoder } from '../../models/sam2/imageEncoder.ts';
import { maskDecoder } from '../../models/sam2/maskDecoder.ts';
import { promptEncoder } from '../../models/sam2/promptEncoder.ts';
import { type Lora, withLora } from '../../models/train/lora.ts';
import { golden, goldenJson } from '../golden.ts';

export interface StepSample {
  grid_thw: [number, number, number];
  prompt_ids: number[];
  answer_ids: number[];
  mask_hw: [number, number];
}

interface Optimiser {
  lr: number;
  betas: [number, number];
  eps: number;
  weight_decay: number;
  clip_norm: number;
}

export interface StageOne {
  optimizer: Optimiser;
  loss: number;
  bce: number;
  dice: number;
  grad_norm_before_clip: number;
  trainable: string[];
  per_sample: { selected_mask: number; stability: number; bce: number; dice: number }[];
}

export interface StageTwoScalars {
  loss: number;
  policy_objective: number;
  mean_kl: number;
  bce: number;
  dice: number;
}

export interface StageTwo extends StageTwoScalars {
  optimizer: Optimiser;
  beta: number;
  completions: number[][];
  rewards: number[][];
  advantages: number[];
  grad_norm_before_clip: number;
  trainable: string[];
  zero_gradient: string[];
  vanishing_gradient: string[];
  no_gradient: string[];
  per_completion: { log_probs: number[]; reference_log_probs: number[] }[];
  gradient_norms: Record<'both' | 'policy_term' | 'segmentation_term', Record<string, number>>;
}

export interface StepConfig {
  model: unknown;
  context: unknown;
  sam: unknown;
  special_ids: Record<string, number>;
  lora: { r: number; alpha: number; targets: string[] };
  samples: StepSample[];
  stage1: StageOne;
  stage2: StageTwo;
  stage2_mrope_alternative: StageTwoScalars & {
    gradient_norms: Record<string, number>;
    log_probs: number[][];
  };
  tolerance: Record<'loss' | 'log_probs' | 'values' | 'masks', number>;
}

/** Everything the fixture gives, opened. */
export interface Step {
  config: StepConfig;
  sizes: ReturnType<typeof readSizes>;
  lora: Lora;
  weights: WeightsFile;
  factors: WeightsFile;
  inputs: WeightsFile;
  frozen: FrozenWeights;
}

function readSizes(config: StepConfig) {
  return {
    qwen: qwenConfigFrom(config.model),
    lens: parseLensConfig(config.context),
    sam: parseSam2Config(config.sam),
  };
}

export async function openStep(): Promise<Step> {
  const config = goldenJson<StepConfig>('train-step/config.json');
  const open = (name: string) => openSafetensors(golden(`train-step/${name}.safetensors`));
  const [weights, factors, inputs] = await Promise.all([open('weights'), open('lora'), open('inputs')]);
  const { r: rank, alpha, targets } = config.lora;
  const lora: Lora = { rank, alpha, targets, within: 'model.' };
  return { config, sizes: readSizes(config), lora, weights, factors, inputs, frozen: frozenWeights([weights]) };
}

/** Parameters of which `trainable` are inputs and the rest stay in their file. */
export interface Mixed {
  p: Params;
  /** Inputs asked for so far, by key. */
  inputs: Map<string, Tensor>;
}

export function mixedParams({ frozen, lora }: Step, trainable: readonly string[], useLora: boolean): Mixed {
  const inputs = new Map<string, Tensor>();
  const names = new Set(trainable);
  const asInput: ParamSource = {
    has: (name) => names.has(name),
    get(name, shape) {
      const t = inputs.get(name) ?? input(name, shape);
      inputs.set(name, t);
      return t;
    },
  };
  const base: ParamSource = {
    has: (name) => frozen.has(name),
    get: (name, shape) => (names.has(name) ? asInput : frozen).get(name, shape),
  };
  return { p: paramsFrom(useLora ? withLora(base, asInput, lora) : base), inputs };
}

/** Rows of tokens for one picture, padded on the right to one length. */
export interface TokenRows {
  rows: readonly (readonly number[])[];
  pad: number;
  grid: PatchGrid;
}

export const gridOf = ({ grid_thw: [t, h, w] }: StepSample): PatchGrid => ({ t, h, w });

const lengthOf = ({ rows }: TokenRows): number => Math.max(...rows.map((row) => row.length));

/** How the positions of one row go: as in the released query pass, or by M-RoPE with or without queries. */
export type PlaceRule = 'line' | 'mrope';

interface Pass {
  tokens: TokenRows;
  places: PlaceRule;
  queries: boolean;
}

/** Hidden states [B, T (+ Q), hidden]. Data are constants: shapes and values are those of the fixture. */
export function reason({ sizes: { qwen, lens } }: Step, p: Params, features: Tensor, pass: Pass): Tensor {
  const { rows, pad } = pass.tokens;
  const length = lengthOf(pass.tokens);
  const padded = rows.map((row) => [...row, ...Array<number>(length - row.length).fill(pad)]);
  const batch = rows.length;
  const spread = reshape(expand(reshape(features, [1, -1, dim(features, 1)]), [batch, ...features.shape]), [
    -1,
    dim(features, 1),
  ]);
  const ids = constant(padded.flat(), [batch, length], 'int64');
  const index = constant(featureIndex(padded.flat(), qwen.imageToken), [batch * length], 'int64');
  const embedded = insertFeatures(embedTokens(p, ids, qwen.language), spread, index);
  const x = pass.queries ? appendQueries(embedded, contextQueries(p, lens)) : embedded;
  return decoder(p, x, placesOf(pass, length, { qwen, lens }), { config: qwen.language }).hidden;
}

function placesOf(
  { tokens, places, queries }: Pass,
  length: number,
  { qwen, lens }: Pick<Step['sizes'], 'qwen' | 'lens'>,
) {
  const extra = queries ? lens.numOfQuery : 0;
  const { language, imageToken } = qwen;
  const rule = { imageToken, merge: qwen.vision.merge };
  const placed = tokens.rows.map((row) => {
    const seen = Array.from({ length: length + extra }, (_, i) => (i < row.length || i >= length ? 1 : 0));
    const ids = [...row, ...Array<number>(length + extra - row.length).fill(tokens.pad)];
    const at: PlacedTokens = places === 'line' ? linePositions(seen) : mropePositions(ids, [tokens.grid], rule, seen);
    return { seen, at };
  });
  const shape = [tokens.rows.length, 1, length + extra, language.headWidth];
  const table = textTable(joinPositions(placed.map(({ at }) => at.positions)), language);
  const mask = causalMask(placed.map(({ seen }) => seen));
  return {
    cosine: constant(table.cosine, shape),
    sine: constant(table.sine, shape),
    mask: constant(mask, [tokens.rows.length, 1, length + extra, length + extra]),
  };
}

/** Image features of sample `i`, whose pixels are fed as `pixel_values.i`. */
export function look({ sizes: { qwen }, config, inputs }: Step, p: Params, i: number): Tensor {
  const sample = config.samples[i];
  if (!sample) throw new Error(`no sample ${i}`);
  const pixels = input(`pixel_values.${i}`, inputs.tensors.get(`pixel_values.${i}`)?.shape ?? []);
  return visionTower(p.at('visual'), pixels, { grids: [gridOf(sample)], config: qwen.vision }).features;
}

/** The last states [B, Q, hidden] -> context tokens [B, 1, width] -> four masks and their IoUs for picture `i`. */
export function segment({ sizes: { lens, sam }, inputs }: Step, p: Params, states: Tensor, i: number) {
  const text = contextModule(p, lens, states);
  const own = p.at('sam');
  const image = input(`sam_image.${i}`, inputs.tensors.get(`sam_image.${i}`)?.shape ?? []);
  return { text, ...maskDecoder(own, sam, imageEncoder(own, sam, image), promptEncoder(own, sam, { text })) };
}

export const lastStates = (hidden: Tensor, count: number): Tensor =>
  slice(hidden, [dim(hidden, 1) - count], [dim(hidden, 1)], [1]);

/** Logits [B, C, V] that decide the tokens after the first `prompt` ones of each row. */
export function completionLogits(
  step: Step,
  p: Params,
  hidden: Tensor,
  { prompt, count }: { prompt: number; count: number },
): Tensor {
  const { language } = step.sizes.qwen;
  const rows = slice(hidden, [prompt - 1], [prompt - 1 + count], [1]);
  return reshape(logitsAt(p, rows, language), [dim(hidden, 0), count, language.vocabulary]);
}

/** [B, 4, h, w] -> [B, h, w] */
export function pickMasks(masks: Tensor, chosen: readonly number[]): Tensor {
  const [, , height = 1, width = 1] = masks.shape;
  const picked = chosen.map((k, b) => reshape(slice(masks, [b, k], [b + 1, k + 1], [0, 1]), [1, height, width]));
  return concat(picked, 0);
}
