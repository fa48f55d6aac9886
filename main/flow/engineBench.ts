// Measures one training step of a plain causal transformer against the MatMul peak of the same machine in the same run.
import { readFileSync, writeFileSync } from 'node:fs';
import { add, mul, neg, silu } from '../../models/graph/elementwise.ts';
import { gather, gatherElements } from '../../models/graph/gather.ts';
import { grad } from '../../models/graph/grad.ts';
import { matmul } from '../../models/graph/linear.ts';
import { lower } from '../../models/graph/lower.ts';
import { forecastBytes } from '../../models/graph/memory.ts';
import { rmsNorm } from '../../models/graph/norm.ts';
import { recompute } from '../../models/graph/recompute.ts';
import { logSoftmax, reduceMean } from '../../models/graph/reduce.ts';
import { orderNodes } from '../../models/graph/schedule.ts';
import { concat, reshape, split } from '../../models/graph/shape.ts';
import { constant, dim, input, size, type Tensor } from '../../models/graph/tensor.ts';
import { attention, mergeHeads, splitHeads } from '../../models/nn/attention.ts';
import { linear } from '../../models/nn/linear.ts';
import { type Params, paramsFrom } from '../../models/nn/params.ts';
import { type Data, Session } from '../../models/runtime/session.ts';

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

export interface StepFigures {
  msPerStep: number;
  gflops: number;
  shareOfPeak: number;
  peakMB: number;
}

export interface EngineBench {
  /** GFLOP/s of one large square product. */
  matmulPeak: number;
  models: Record<keyof typeof transformers, StepFigures>;
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
  const rotation = rotaryTables(tokens, width / config.heads);
  let x = reshape(gather(p.get('embed.weight', vocabulary, width), ids), [batch, tokens, width]);
  for (let i = 0; i < layers; i++) {
    const y = block(p.at(`layers.${i}`), x, config, rotation);
    x = config.recompute ? recompute([x], y) : y;
  }
  const logits = linear(p.at('head'), rmsNorm(x, p.get('norm.weight', width), 1e-5), vocabulary, { bias: false });
  const picked = gatherElements(logSoftmax(reshape(logits, [batch * tokens, vocabulary])), targets, 1);
  return neg(reduceMean(picked, [0, 1]));
}

interface Rotation {
  cos: Tensor;
  sin: Tensor;
  mask: Tensor;
}

function rotaryTables(tokens: number, headWidth: number): Rotation {
  const half = headWidth / 2;
  const angle = (i: number) => Math.floor(i / half) / 10000 ** ((i % half) / half);
  const table = (f: (a: number) => number) =>
    constant(
      Float64Array.from({ length: tokens * half }, (_, i) => f(angle(i))),
      [tokens, half],
    );
  const future = (i: number) => (i % tokens > Math.floor(i / tokens) ? -1e9 : 0);
  const mask = constant(
    Float64Array.from({ length: tokens * tokens }, (_, i) => future(i)),
    [tokens, tokens],
  );
  return { cos: table(Math.cos), sin: table(Math.sin), mask };
}

function rotate(x: Tensor, { cos, sin }: Rotation): Tensor {
  const half = dim(x, -1) / 2;
  const [a, b] = split(x, [half, half], 3) as [Tensor, Tensor];
  return concat([add(mul(a, cos), neg(mul(b, sin))), add(mul(b, cos), mul(a, sin))], 3);
}

function block(p: Params, x: Tensor, { width, heads, hidden }: TransformerConfig, rotation: Rotation): Tensor {
  const flat = { bias: false };
  const a = rmsNorm(x, p.get('norm1.weight', width), 1e-5);
  const [q, k, v] = ['q', 'k', 'v'].map((name) => splitHeads(linear(p.at(name), a, width, flat), heads)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const mixed = attention(rotate(q, rotation), rotate(k, rotation), v, { mask: rotation.mask });
  const y = add(x, linear(p.at('o'), mergeHeads(mixed), width, flat));
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

/** Milliseconds of the fastest of `runs` calls after one that is not counted. */
async function fastest(runs: number, call: () => Promise<unknown>): Promise<number> {
  await call();
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await call();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

async function measurePeak(side: number): Promise<() => Promise<number>> {
  const [a, b] = [input('a', [side, side]), input('b', [side, side])];
  const session = await Session.create({ y: matmul(a, b) });
  const feeds = { a: new Float32Array(side * side).fill(0.5), b: new Float32Array(side * side).fill(0.25) };
  return async () => (2 * side ** 3) / (await fastest(3, () => session.run(feeds))) / 1e6;
}

function feedsFor(
  { parameters }: TrainingGraph,
  { batch, tokens, vocabulary }: TransformerConfig,
): Record<string, Data> {
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const draw = () => BigInt64Array.from({ length: batch * tokens }, () => BigInt(Math.floor(next() * vocabulary)));
  const values = parameters.map((t) => {
    const scale = t.shape.length === 1 ? 0 : 1 / Math.sqrt(dim(t, -1));
    return [
      t.name ?? '',
      Float32Array.from({ length: size(t.shape) }, () => (scale ? (next() - 0.5) * 3 * scale : 1)),
    ] as const;
  });
  return { ids: draw(), targets: draw(), ...Object.fromEntries(values) };
}

/** Linux's high-water mark of this process, bytes; 0 elsewhere. */
function highWater(): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function resetHighWater(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Not Linux: the high-water mark stays that of the whole process.
  }
}

/** Peak memory is the rise of the process above what it held before the session, parameters included. */
export async function measureStep(config: TransformerConfig, runs: number): Promise<Omit<StepFigures, 'shareOfPeak'>> {
  const graph = transformerStep(config);
  const before = process.memoryUsage().rss;
  resetHighWater();
  const feeds = feedsFor(graph, config);
  const session = await Session.create(graph.outputs, { purpose: 'train' });
  const msPerStep = await fastest(runs, async () => {
    const results = await session.run(feeds);
    // Detached at once: waiting for the collector would keep several steps' gradients alive.
    for (const data of Object.values(results)) (data.buffer as ArrayBuffer).transfer(0);
  });
  const peakMB = (highWater() - before) / 2 ** 20;
  await session.release();
  return { msPerStep, gflops: stepFlops(config) / msPerStep / 1e6, peakMB };
}

/** The peak is measured before and after each model and the higher one counts, so that a busy machine flatters nobody. */
export async function benchEngine(report: (line: string) => void): Promise<EngineBench> {
  const peak = await measurePeak(2048);
  let matmulPeak = await peak();
  const models: EngineBench['models'] = Object.create(null);
  for (const [name, config] of Object.entries(transformers) as [keyof typeof transformers, TransformerConfig][]) {
    const step = await measureStep(config, name === '46M' ? 4 : 15);
    matmulPeak = Math.max(matmulPeak, await peak());
    models[name] = { ...step, shareOfPeak: step.gflops / matmulPeak };
    report(
      `${name}: ${step.msPerStep.toFixed(0)} ms/step, ${step.gflops.toFixed(0)} GFLOP/s, ${step.peakMB.toFixed(0)} MB`,
    );
  }
  for (const figures of Object.values(models)) figures.shareOfPeak = figures.gflops / matmulPeak;
  return { matmulPeak, models };
}
