// Measures one training step of a plain causal transformer against the MatMul peak of the same machine in the same run.

import { rotate } from '../../../models/graph/attention.ts';
import { add, mul, neg, silu } from '../../../models/graph/elementwise.ts';
import { gather, gatherElements } from '../../../models/graph/gather.ts';
import { grad } from '../../../models/graph/grad.ts';
import { lower } from '../../../models/graph/lower.ts';
import { forecastBytes } from '../../../models/graph/memory.ts';
import { rmsNorm } from '../../../models/graph/norm.ts';
import { recompute } from '../../../models/graph/recompute.ts';
import { logSoftmax, reduceMean } from '../../../models/graph/reduce.ts';
import { orderNodes } from '../../../models/graph/schedule.ts';
import { reshape } from '../../../models/graph/shape.ts';
import { constant, dim, entry, input, leafName, size, type Tensor } from '../../../models/graph/tensor.ts';
import type { Value } from '../../../models/graph/value.ts';
import { attention, mergeHeads, splitHeads } from '../../../models/nn/attention.ts';
import { linear } from '../../../models/nn/linear.ts';
import { type Params, paramsFrom } from '../../../models/nn/params.ts';
import { frequencies, rotaryTable } from '../../../models/nn/rotary.ts';
import { Session } from '../../../models/runtime/session.ts';
import { highWater, milliseconds, ProductGauge, resetHighWater, runOnce } from './machineLimits.ts';

/** The transformer of the feasibility study: RMSNorm, rotary, SwiGLU, untied head. */
export interface TransformerConfig {
  layers: number;
  width: number;
  heads: number;
  hidden: number;
  tokens: number;
  batch: number;
  vocabulary: number;
  recompute?: boolean;
}

export const transformers = {
  '4.2M': { layers: 4, width: 256, heads: 4, hidden: 688, tokens: 256, batch: 8, vocabulary: 2048 },
  '46M': { layers: 12, width: 512, heads: 8, hidden: 1376, tokens: 512, batch: 4, vocabulary: 8192 },
} satisfies Record<string, TransformerConfig>;

export interface EngineStepFigures {
  msPerStep: number;
  gflops: number;
  /** GFLOP/s of one large square product, taken in turns with these steps. */
  matmulPeak: number;
  shareOfPeak: number;
  peakMB: number;
}

export interface EngineBench {
  /** The largest of the models'. */
  matmulPeak: number;
  models: Record<string, EngineStepFigures>;
}

export interface TrainingGraph {
  outputs: Record<string, Tensor>;
  parameters: Tensor[];
}

/** ids and targets [batch, tokens] -> loss and the gradient of every parameter. */
export function transformerStep(config: TransformerConfig): TrainingGraph {
  const parameters: Tensor[] = [];
  const known = new Map<string, Tensor>();
  const p = paramsFrom({
    has: () => true,
    get: (name, shape) => {
      const t = known.get(name) ?? input(name, shape);
      if (!known.has(name)) parameters.push(t);
      known.set(name, t);
      return t;
    },
  });
  const loss = transformerLoss(p, config);
  const gradients = grad(loss, parameters);
  const named = gradients.map((g, i) => [`grad.${parameters[i]?.name}`, g] as const);
  return { outputs: { loss, ...Object.fromEntries(named) }, parameters };
}

function transformerLoss(p: Params, config: TransformerConfig): Tensor {
  const { batch, tokens, width, vocabulary, layers } = config;
  const ids = input('ids', [batch * tokens], 'int64');
  const targets = input('targets', [batch * tokens, 1], 'int64');
  const places = placesOf(tokens, width / config.heads);
  let x = gather(p.get('embed.weight', vocabulary, width), ids);
  for (let i = 0; i < layers; i++) {
    const y = block(p.at(`layers.${i}`), x, config, places);
    x = config.recompute ? recompute([x], y) : y;
  }
  const logits = linear(p.at('head'), rmsNorm(x, p.get('norm.weight', width), 1e-5), vocabulary, { bias: false });
  const picked = gatherElements(logSoftmax(logits), targets, 1);
  return neg(reduceMean(picked, [0, 1]));
}

/** What depends on places alone: rotary tables [tokens, head width] and the causal mask [tokens, tokens]. */
interface Places {
  cosine: Tensor;
  sine: Tensor;
  mask: Tensor;
}

function placesOf(tokens: number, headWidth: number): Places {
  const rates = frequencies(10000, headWidth / 2);
  const table = rotaryTable(tokens, headWidth, (row, k) => row * entry(rates, k, 'rates'));
  const shape = [tokens, headWidth];
  const future = (i: number) => (i % tokens > Math.floor(i / tokens) ? -1e9 : 0);
  const mask = Float64Array.from({ length: tokens * tokens }, (_, i) => future(i));
  return {
    cosine: constant(table.cosine, shape),
    sine: constant(table.sine, shape),
    mask: constant(mask, [tokens, tokens]),
  };
}

/** x [batch * tokens, width] -> the same; rows stay flat, so that no linear needs a reshape. */
function block(p: Params, x: Tensor, config: TransformerConfig, { cosine, sine, mask }: Places): Tensor {
  const { batch, tokens, width, heads, hidden } = config;
  const flat = { bias: false };
  const a = rmsNorm(x, p.get('norm1.weight', width), 1e-5);
  const byHead = (name: string) =>
    splitHeads(reshape(linear(p.at(name), a, width, flat), [batch, tokens, width]), heads);
  const turned = (name: string) => rotate(byHead(name), cosine, sine);
  const mixed = mergeHeads(attention(turned('q'), turned('k'), byHead('v'), { mask }));
  const y = add(x, linear(p.at('o'), reshape(mixed, [batch * tokens, width]), width, flat));
  const b = rmsNorm(y, p.get('norm2.weight', width), 1e-5);
  const gated = mul(silu(linear(p.at('gate'), b, hidden, flat)), linear(p.at('up'), b, hidden, flat));
  return add(y, linear(p.at('down'), gated, width, flat));
}

/** Forward and backward, counting matrix products only: 6 per weight and token, 12 per attention score and channel. */
export function stepFlops({ layers, width, hidden, vocabulary, batch, tokens }: TransformerConfig): number {
  const weights = layers * (4 * width * width + 3 * width * hidden) + width * vocabulary;
  return 6 * weights * batch * tokens + 12 * layers * batch * tokens * tokens * width;
}

/** Bytes the process is forecast to grow by when the step is loaded and run, parameters included. */
export const forecastStepBytes = (config: TransformerConfig): number =>
  forecastBytes(orderNodes(lower(transformerStep(config).outputs, 'cpu'), 'reversed'));

function feedsFor(
  { parameters }: TrainingGraph,
  { batch, tokens, vocabulary }: TransformerConfig,
): Record<string, Value> {
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const draw = () => BigInt64Array.from({ length: batch * tokens }, () => BigInt(Math.floor(next() * vocabulary)));
  const values = parameters.map((t) => {
    const scale = t.shape.length === 1 ? 0 : 1 / Math.sqrt(dim(t, -1));
    return [
      leafName(t),
      Float32Array.from({ length: size(t.shape) }, () => (scale ? (next() - 0.5) * 3 * scale : 1)),
    ] as const;
  });
  return { ids: draw(), targets: draw(), ...Object.fromEntries(values) };
}

type Measured = Omit<EngineStepFigures, 'matmulPeak' | 'shareOfPeak'>;

/** The fastest of `runs` steps after one that is not counted; `between` hears how long the last took. Memory is the rise above what was held before. */
export async function measureStep(
  config: TransformerConfig,
  runs: number,
  between: (lastMs: number) => Promise<void> = async () => {},
): Promise<Measured> {
  const graph = transformerStep(config);
  const before = process.memoryUsage().rss;
  const feeds = feedsFor(graph, config);
  const session = await Session.create(graph.outputs, { purpose: 'train' });
  let msPerStep = Number.POSITIVE_INFINITY;
  let peak = 0;
  let ms = 0;
  for (let i = 0; i <= runs; i++) {
    await between(ms);
    resetHighWater();
    ms = await milliseconds(() => runOnce(session, feeds));
    if (i > 0) msPerStep = Math.min(msPerStep, ms);
    peak = Math.max(peak, highWater() - before);
  }
  await session.release();
  return { msPerStep, gflops: stepFlops(config) / msPerStep / 1e6, peakMB: peak / 2 ** 20 };
}

export interface BenchPlan {
  models: Readonly<Record<string, { config: TransformerConfig; runs: number }>>;
  /** Side of the square product that stands for the machine's peak. */
  side: number;
}

const fullPlan: BenchPlan = {
  models: { '4.2M': { config: transformers['4.2M'], runs: 30 }, '46M': { config: transformers['46M'], runs: 6 } },
  side: 2048,
};

/**
 * Compares the best step of each model with the best product of as many moments of the same length, taken in turns with
 * its steps: what the machine gave at another time, or for a shorter one, is no measure of this one.
 */
export async function benchEngine(report: (line: string) => void, plan: BenchPlan = fullPlan): Promise<EngineBench> {
  const models: Record<string, EngineStepFigures> = {};
  for (const [name, { config, runs }] of Object.entries(plan.models)) {
    const gauge = await ProductGauge.square(plan.side);
    const step = await measureStep(config, runs, (ms) => gauge.measure(ms));
    await gauge.release();
    models[name] = figuresOf(step, gauge.best);
    report(
      `${name}: ${step.msPerStep.toFixed(0)} ms/step, ${step.gflops.toFixed(0)} GFLOP/s, ${step.peakMB.toFixed(0)} MB`,
    );
  }
  return { matmulPeak: Math.max(...Object.values(models).map((model) => model.matmulPeak)), models };
}

const figuresOf = ({ msPerStep, gflops, peakMB }: Measured, matmulPeak: number): EngineStepFigures => ({
  msPerStep,
  gflops,
  matmulPeak,
  shareOfPeak: gflops / matmulPeak,
  peakMB,
});
