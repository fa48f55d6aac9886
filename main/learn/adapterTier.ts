// Low-rank updates beside a checkpoint's frozen language model, trained on the tokens of answers; the features of pictures stay as they are.
// loss = mean over the answers' tokens of -log p(token). Left out on purpose: the vision tower, dropout, rewards.
import { cast, equal } from '../../models/graph/elementwise.ts';
import { argMax } from '../../models/graph/reduce.ts';
import { input, type Tensor } from '../../models/graph/tensor.ts';
import type { NamedValues } from '../../models/graph/value.ts';
import { type ParamSource, paramsFrom } from '../../models/nn/params.ts';
import { causalMask, decoder, embedTokens, insertFeatures, logitsAt } from '../../models/qwen/language.ts';
import { joinPositions, mropePositions, textTable } from '../../models/qwen/rope.ts';
import { initLora, type Lora } from '../../models/train/lora.ts';
import { crossEntropy, weightedMean } from '../../models/train/losses.ts';
import { random } from '../contract/random.ts';
import type { CheckpointWeights } from '../weights/openCheckpoint.ts';
import type { AdapterSample } from './adapterSamples.ts';
import { joined } from './joinFloats.ts';
import type { LossGraph, Objective, Policy, Run } from './loop.ts';
import { Parameters } from './parameters.ts';

/** What updates stand beside. */
type AdapterWeights = Pick<CheckpointWeights, 'reasoner' | 'params' | 'folder' | 'shapes' | 'adapter'>;

export interface AdapterPolicy extends Policy {
  readonly weights: AdapterWeights;
  /** How the updates count, in peft's words. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Scale of a linear's update, by the linear's path. */
  scaleOf(linear: string): number;
}

export interface AdapterBatch {
  readonly rows: number;
  /** The most tokens of a row (request and answer), of a picture, and of an answer. */
  readonly tokens: number;
  readonly features: number;
  readonly answer: number;
}

const attentionAndMlp = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];
const lora: Lora = { rank: 16, alpha: 32, targets: attentionAndMlp, within: 'model.layers.' };

/** Goes on with the updates that the checkpoint has already; else with new ones, which change nothing yet. */
export async function adapterPolicy(weights: AdapterWeights, seed: number): Promise<AdapterPolicy> {
  const parameters = new Parameters((name) => {
    throw new Error(`There is no update "${name}".`);
  });
  const { adapter } = weights;
  if (adapter) {
    for (const [name, { shape }] of adapter.file.tensors) parameters.set(name, shape, await adapter.file.read(name));
    return { parameters, weights, config: adapter.config, scaleOf: (linear) => adapter.scaleOf(linear) };
  }
  const draw = random(seed, 71);
  const shapes = weights.shapes;
  for (const [name, values] of initLora(shapes, lora, () => draw.next())) {
    const [out = 0, wide = 0] = shapes.get(name.replace(/\.lora_[AB]\.weight$/u, '.weight')) ?? [];
    parameters.set(name, name.endsWith('lora_A.weight') ? [lora.rank, wide] : [out, lora.rank], values);
  }
  const { rank, alpha, targets } = lora;
  const config = {
    ...{ peft_type: 'LORA', task_type: 'CAUSAL_LM', r: rank, lora_alpha: alpha, lora_dropout: 0, bias: 'none' },
    target_modules: targets,
  };
  return { parameters, weights, config, scaleOf: () => alpha / rank };
}

/** The checkpoint's own parameters, with trained updates in place of those that it may have. */
export function sourceOf({ parameters, weights: { params }, scaleOf }: AdapterPolicy) {
  const factors = parameters.source();
  const source: ParamSource = {
    get: (key, shape) => params.get(key, ...shape),
    has: (key) => params.has(key),
    quantised: (key, shape) => params.quantised(key, ...shape),
    side(key, [out = 0, wide = 0]) {
      const linear = key.replace(/\.weight$/u, '');
      const a = parameters.all.get(`${linear}.lora_A.weight`);
      if (!a) return null;
      const [rank = 0] = a.shape;
      const factor = (name: 'A' | 'B', ...shape: number[]) => factors.get(`${linear}.lora_${name}.weight`, shape);
      return { a: factor('A', rank, wide), b: factor('B', out, rank), scale: scaleOf(linear) };
    },
  };
  return { source, factors };
}

/** [rows * answer, vocabulary] of the tokens from which those of the answers are predicted. */
export function answerLogits(
  policy: AdapterPolicy,
  { rows, tokens, features, answer }: AdapterBatch,
): { logits: Tensor; factors: ReadonlyMap<string, Tensor> } {
  const { source, factors } = sourceOf(policy);
  const { language } = policy.weights.reasoner;
  const p = paramsFrom(source);
  const words = embedTokens(p, input('ids', [rows, tokens], 'int32'), language);
  const seen = input('features', [rows * features, language.hidden]);
  const x = insertFeatures(words, seen, input('places', [rows * tokens], 'int32'));
  const table = (name: string) => input(name, [rows, 1, tokens, language.headWidth]);
  const places = { cosine: table('cosine'), sine: table('sine'), mask: input('mask', [rows, 1, tokens, tokens]) };
  const { hidden } = decoder(p, x, places, { config: language, again: true });
  const logits = logitsAt(p, hidden, language, input('predictors', [rows * answer], 'int64'));
  return { logits, factors: factors.tensors };
}

function adapterGraph(policy: AdapterPolicy, batch: AdapterBatch): LossGraph {
  const { logits, factors } = answerLogits(policy, batch);
  const { rows, answer } = batch;
  const [labels, counts] = [input('labels', [rows * answer], 'int64'), input('counts', [rows * answer])];
  const hits = cast(equal(argMax(logits, 1), labels), 'float32');
  return {
    loss: weightedMean(crossEntropy(logits, labels), counts),
    figures: { right: weightedMean(hits, counts) },
    parameters: factors,
    trains: () => true,
    folder: policy.weights.folder,
  };
}

/** Rows of requests with answers behind them, each token of an answer with what it counts. */
export function answerFeeds(
  samples: readonly AdapterSample[],
  { weights }: AdapterPolicy,
  batch: AdapterBatch,
): NamedValues {
  const { reasoner } = weights;
  const { rows, tokens, features, answer } = batch;
  const all = samples.map(({ prompt, answer: said }) => padded([...prompt.ids, ...said], tokens));
  const grids = { imageToken: reasoner.imageToken, merge: reasoner.vision.merge };
  const turns = all.map((ids, i) => mropePositions(ids, samples[i]?.prompt.grids ?? [], grids).positions);
  const mask = causalMask(all.map(() => new Uint8Array(tokens).fill(1)));
  return {
    ids: Int32Array.from(all.flat()),
    features: joined(samples.map(({ prompt }) => filled(prompt.features, features * reasoner.language.hidden))),
    places: Int32Array.from(
      all.flatMap((ids, row) => placesOf(ids, { image: reasoner.imageToken, row, rows, features })),
    ),
    ...textTable(joinPositions(turns), reasoner.language),
    mask,
    predictors: BigInt64Array.from(
      samples.flatMap((one, row) => predictorsOf(one, row * tokens, answer)),
      BigInt,
    ),
    labels: BigInt64Array.from(
      samples.flatMap((one) => padded(one.answer, answer)),
      BigInt,
    ),
    counts: Float32Array.from(samples.flatMap((one) => padded(one.counts, answer))),
  };
}

const padded = (values: readonly number[], length: number): number[] => [
  ...values,
  ...new Array<number>(length - values.length).fill(0),
];

function filled(values: Float32Array, length: number): Float32Array {
  const out = new Float32Array(length);
  out.set(values);
  return out;
}

/** Order of `insertFeatures`: words of all rows stand first, then the features, each row's behind those of the row before. */
function placesOf(
  ids: readonly number[],
  { image, row, rows, features }: { image: number; row: number; rows: number; features: number },
): number[] {
  let next = rows * ids.length + row * features;
  return ids.map((id, i) => (id === image ? next++ : row * ids.length + i));
}

/** A token is predicted from the one before it. */
const predictorsOf = ({ prompt, answer }: AdapterSample, first: number, most: number): number[] =>
  padded(
    answer.map((_, i) => first + prompt.ids.length - 1 + i),
    most,
  );

export const adapterObjective: Objective<AdapterPolicy, AdapterSample, AdapterBatch> = {
  graph: adapterGraph,
  open: async (policy, shape) => ({
    feed: async (samples) => answerFeeds(samples, policy, shape),
    release: async () => {},
  }),
};

const perStep = 2;
const tokenSteps = 32;

export function adapterRun(
  policy: AdapterPolicy,
  all: readonly AdapterSample[],
  { steps, seed }: { steps: number; seed: number },
): Run<AdapterPolicy, AdapterSample, AdapterBatch> {
  const most = (count: (one: AdapterSample) => number) => Math.max(...all.map(count));
  const tokens = most(({ prompt, answer }) => prompt.ids.length + answer.length);
  const { hidden } = policy.weights.reasoner.language;
  return {
    ...{ name: 'adapter', steps, policy, objective: adapterObjective, perStep },
    shape: {
      ...{ rows: perStep, tokens: Math.ceil(tokens / tokenSteps) * tokenSteps },
      ...{
        features: most(({ prompt }) => prompt.features.length / hidden),
        answer: most(({ answer }) => answer.length),
      },
    },
    settings: {
      schedule: { kind: 'cosine', base: 2e-4, warmup: Math.min(10, Math.ceil(steps / 10)), total: steps, floor: 0.02 },
      optimiser: { weightDecay: 0, betas: [0.9, 0.98] },
    },
    samples: (step) => {
      const draw = random(seed, 80_000 + step);
      return Array.from({ length: perStep }, () => draw.pick(all));
    },
  };
}
