// Trains queries, context module and mask decoder by L_seg on stored answers; nothing before them is run again.
// Unlike LENS's first stage the decoder learns too and is told the answer's box: nano's decoder draws little by a token alone.
import { expand } from '../../models/graph/shape.ts';
import { input, type Tensor } from '../../models/graph/tensor.ts';
import { floats, type NamedValues } from '../../models/graph/value.ts';
import { contextModule, contextQueries } from '../../models/lens/contextModule.ts';
import { type Params, paramsFrom } from '../../models/nn/params.ts';
import { decoder } from '../../models/qwen/language.ts';
import { joinPositions, type Positions, textTable } from '../../models/qwen/rope.ts';
import { Session } from '../../models/runtime/session.ts';
import type { DecodedMasks } from '../../models/sam2/maskDecoder.ts';
import { segmenterLosses } from '../../models/train/maskLosses.ts';
import { random } from '../contract/random.ts';
import { decodedMasks } from '../flow/segmenter/decoding.ts';
import type { MaskLogits } from '../flow/segmenter/mask.ts';
import { decoderFeeds } from '../learn/decoder/decoderFeeds.ts';
import { readParameters } from '../learn/gate/version.ts';
import { joined } from '../learn/loop/joinFloats.ts';
import { type Objective, type Policy, type Run, train } from '../learn/loop/loop.ts';
import { Parameters } from '../learn/loop/parameters.ts';
import { targetSide } from '../learn/rl/policyGraph.ts';
import type { PolicyParts } from '../learn/turns/squarePolicy.ts';
import { isContext } from '../nano/context/contextGraph.ts';
import { nanoInitialiser, seeded } from '../nano/parameters/initialValues.ts';
import { limited } from './budget.ts';
import { type FrozenInputs, frozenInputFeeds, frozenTokens } from './frozenInputs.ts';
import type { ContextVariant } from './rows.ts';

export interface ContextPolicy extends Policy {
  /** Sizes are those of this policy's own context module. */
  readonly parts: PolicyParts;
}

/** Answers of a step. */
const asks = 8;
/** All variants see the same answers in the same order, where the budget lasts. */
const steps = 48;
const rate = { base: 1e-3, warmup: 5 } as const;

/** The frozen parts of a folder, and a context module of the variant's sizes that has learnt nothing. */
export async function contextPolicy(
  folder: string,
  parts: PolicyParts,
  { queries, blocks, seed }: Pick<ContextVariant, 'queries' | 'blocks'> & { seed: number },
): Promise<ContextPolicy> {
  const frozen = await readParameters(folder, (name) =>
    /^(?:model\.|sam\.sam_(?:mask_decoder|prompt_encoder)\.)/u.test(name),
  );
  const parameters = new Parameters(seeded(seed, nanoInitialiser({ name: 'none', lines: [] })));
  for (const [name, { shape, values }] of frozen.all) parameters.set(name, shape, values);
  return { parameters, parts: { ...parts, context: { ...parts.context, numOfQuery: queries, blocks } } };
}

/** [answers, 1, width] of what the queries read in remembered answers. */
function queryToken(p: Params, { reasoner: { language }, context }: PolicyParts): Tensor {
  const { numOfQuery } = context;
  const { kvHeads, headWidth, hidden, layers } = language;
  const x = expand(contextQueries(p, context), [asks, numOfQuery, hidden]);
  const table = (name: string) => input(name, [asks, 1, numOfQuery, headWidth]);
  const seen = input('mask', [asks, 1, numOfQuery, frozenTokens + numOfQuery]);
  const past = (side: string, i: number) => input(`past.${side}.${i}`, [asks, kvHeads, frozenTokens, headWidth]);
  const pasts = Array.from({ length: layers }, (_, i) => [{ key: past('key', i), value: past('value', i) }]);
  const read = decoder(p, x, { cosine: table('cosine'), sine: table('sine'), mask: seen }, { config: language, pasts });
  return contextModule(p, context, read.hidden);
}

const isDecoder = (name: string) => name.startsWith('sam.sam_mask_decoder.');
const trains = (name: string) => isContext(name) || isDecoder(name);

/** Masks of a step's answers, by their boxes and where there are queries by what these read. */
function answerMasks(p: Params, parts: PolicyParts): DecodedMasks {
  const token = parts.context.numOfQuery > 0 ? queryToken(p, parts) : undefined;
  const { slots } = parts.recipe.segmenter;
  return decodedMasks(p, parts.segmenter, { asks, slots: slots ?? 2, rough: true }, token);
}

const answerFeeds = (parts: PolicyParts, samples: readonly FrozenInputs[]): NamedValues => ({
  ...(parts.context.numOfQuery > 0 && queryFeeds(parts, samples)),
  ...decoderFeeds(samples.map(({ inputs }) => inputs)),
});

const objective: Objective<ContextPolicy, FrozenInputs, null> = {
  graph({ parameters, parts }) {
    const source = parameters.source();
    const p = paramsFrom(source);
    const decoded = answerMasks(p, parts);
    const side = targetSide(parts);
    const { loss, iou } = segmenterLosses(decoded, input('target', [asks, side, side]));
    return { loss, figures: { iou }, parameters: source.tensors, trains };
  },
  open: async ({ parts }) => ({
    feed: async (samples) => ({
      ...answerFeeds(parts, samples),
      target: joined(samples.map(({ target }) => target)),
    }),
    release: async () => {},
  }),
};

function queryFeeds(
  { reasoner: { language }, context: { numOfQuery } }: PolicyParts,
  samples: readonly FrozenInputs[],
): NamedValues {
  const { layers, kvHeads, headWidth } = language;
  const positions = samples.map(({ next }): Positions => {
    const line = Int32Array.from({ length: numOfQuery }, (_, i) => next + i);
    return [line, line, line];
  });
  return {
    ...frozenInputFeeds(samples, { layers, heads: kvHeads, width: headWidth, queries: numOfQuery }),
    ...textTable(joinPositions(positions), language),
  };
}

export interface TrainedSteps {
  readonly steps: number;
  readonly seconds: number;
}

/** `seconds`: of processor time. */
export async function trainContext(
  policy: ContextPolicy,
  samples: readonly FrozenInputs[],
  { seed, seconds, folder, signal }: { seed: number; seconds: number; folder: string; signal: AbortSignal },
): Promise<TrainedSteps> {
  const run: Run<ContextPolicy, FrozenInputs, null> = {
    ...{ name: 'context', steps, policy, objective, shape: null, perStep: asks },
    settings: {
      schedule: { kind: 'cosine', base: rate.base, warmup: rate.warmup, total: steps, floor: 0.02 },
      optimiser: { weightDecay: 0.01, betas: [0.9, 0.98] },
      rateOf: (name) => (isDecoder(name) ? 0.3 : 1),
      decays: (name) => name.endsWith('weight') && !/norm/u.test(name),
    },
    samples: (step) => {
      const draw = random(seed, 80_000 + step);
      return Array.from({ length: asks }, () => draw.pick(samples));
    },
  };
  const { run: short, over, done } = limited(run, seconds);
  await train(short, { folder, signal: AbortSignal.any([over, signal]), saveEvery: steps, report: () => {} });
  signal.throwIfAborted();
  return done();
}

/** What the policy says to the segmenter of each answer. */
export const tokensOf = (policy: ContextPolicy, samples: readonly FrozenInputs[]): Promise<Float32Array[]> =>
  perAnswer(policy, samples, {
    outputs: (p) => ({ token: queryToken(p, policy.parts) }),
    feeds: (some) => queryFeeds(policy.parts, some),
    read: ({ token }) => token,
  });

/** Logits of every answer's masks, and the IoU that each is believed to have. */
export const logitsOf = (policy: ContextPolicy, samples: readonly FrozenInputs[]): Promise<MaskLogits[]> =>
  perAnswer(policy, samples, {
    outputs: (p) => {
      const { masks, iou } = answerMasks(p, policy.parts);
      return { masks, iou };
    },
    feeds: (some) => answerFeeds(policy.parts, some),
    read: ({ masks, iou }) => ({ masks, iou }),
  });

interface Reading<T, K extends string> {
  outputs(p: Params): Record<K, Tensor>;
  feeds(some: readonly FrozenInputs[]): NamedValues;
  /** Reads what the graph gave for one answer. */
  read(own: Record<K, Float32Array>): T;
}

/** A step's number of answers at once; the last ones are filled up with the first. */
async function perAnswer<T, K extends string>(
  { parameters }: ContextPolicy,
  samples: readonly FrozenInputs[],
  { outputs, feeds, read }: Reading<T, K>,
): Promise<T[]> {
  const source = parameters.source();
  const made = outputs(paramsFrom(source));
  const names = Object.keys(made) as K[];
  const session = await Session.create(made);
  const all: T[] = [];
  try {
    for (let i = 0; i < samples.length; i += asks) {
      const some = samples.slice(i, i + asks);
      const whole = Array.from({ length: asks }, (_, k) => some[k % some.length]).flatMap((one) => one ?? []);
      const values = await session.run({ ...parameters.feeds(source.tensors.keys()), ...feeds(whole) });
      const part = (data: Float32Array, k: number) =>
        data.slice((k * data.length) / asks, ((k + 1) * data.length) / asks);
      const ofOne = (k: number) => Object.fromEntries(names.map((name) => [name, part(floats(values, name), k)]));
      all.push(...some.map((_, k) => read(ofOne(k) as Record<K, Float32Array>)));
    }
  } finally {
    await session.release();
  }
  return all;
}

/** The context module as the weights hold it. */
export async function releasedPolicy(folder: string, parts: PolicyParts): Promise<ContextPolicy> {
  const parameters = await readParameters(folder, (name) => name.startsWith('model.') || isContext(name));
  return { parameters, parts };
}
