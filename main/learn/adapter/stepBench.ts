// Measures one training step of LENS-3B's parts at full size with random weights: its time, and whether its memory was foreseen.
// The graphs are those of the tiers: low-rank updates beside a 4-bit language model, and the mask decoder with the context module.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { lower, type OnnxGraph } from '../../../models/graph/lower.ts';
import { forecastBytes } from '../../../models/graph/memory.ts';
import { orderNodes } from '../../../models/graph/schedule.ts';
import { size } from '../../../models/graph/tensor.ts';
import type { NamedValues, Value } from '../../../models/graph/value.ts';
import { type LensConfig, publishedLensConfig } from '../../../models/lens/config.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { published, type QwenConfig } from '../../../models/qwen/config.ts';
import { passGraph } from '../../../models/qwen/passGraph.ts';
import { frozenWeights } from '../../../models/runtime/frozen.ts';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import { type Sam2Config, sam2Variants } from '../../../models/sam2/config.ts';
import { Trainer } from '../../../models/train/trainer.ts';
import { productFlops } from '../../evaluate/bench/flops.ts';
import { MemoryPeak, milliseconds } from '../../evaluate/bench/machineLimits.ts';
import { RandomWeights, type Storage } from '../../evaluate/bench/randomWeights.ts';
import { recipes } from '../../weights/recipe.ts';
import { type DecoderBatch, decoderObjective } from '../decoder/decoderTier.ts';
import { type LossGraph, openStep, type Policy, stepOutputs } from '../loop/loop.ts';
import { Parameters } from '../loop/parameters.ts';
import { adapterPolicy } from './adapterPolicy.ts';
import { adapterObjective } from './adapterTier.ts';
import type { AdapterBatch } from './answerPass.ts';

export interface StepPlan {
  readonly reasoner: QwenConfig;
  readonly storage: NonNullable<Storage>;
  readonly adapter: AdapterBatch;
  readonly segmenter: Sam2Config;
  readonly context: LensConfig;
  readonly decoder: DecoderBatch;
}

export interface StepFigures {
  readonly seconds: number;
  readonly gflops: number;
  /** Numbers that are trained. */
  readonly trained: number;
  /** What the process was expected to grow by, and what it grew by; the most at any time, mapped files not counted. */
  readonly forecastMB: number;
  readonly privateMB: number;
  /** All that was in memory at most, mapped files included. */
  readonly residentMB: number;
}

export type StepPart = 'updates' | 'decoder';

/** A picture of 336 x 336 (144 of the tokens), a question and an answer with its reasoning. */
const fullStep: StepPlan = {
  ...{ reasoner: published['3B'], storage: { bits: 4, block: 128 } },
  adapter: { rows: 2, tokens: 320, features: 144, answer: 64, queries: null },
  ...{ segmenter: sam2Variants.large, context: publishedLensConfig(published['3B'].language.hidden) },
  decoder: { pointed: 4, worded: 2, slots: 2, wordedSlots: 1 },
};

export async function benchStep(
  report: (line: string) => void,
  parts: readonly StepPart[],
  plan: StepPlan = fullStep,
): Promise<Partial<Record<StepPart, StepFigures>>> {
  const figures: Partial<Record<StepPart, StepFigures>> = {};
  for (const part of parts) {
    const hear = (line: string) => report(`${part}: ${line}`);
    figures[part] = await (part === 'updates' ? updatesStep(plan, hear) : decoderStep(plan, hear));
  }
  return figures;
}

/** Takes the step as the supervised tier does, on a checkpoint that holds what the language model asks for. */
async function updatesStep(
  { reasoner, storage, adapter: batch }: StepPlan,
  report: (line: string) => void,
): Promise<StepFigures> {
  const folder = await mkdtemp(path.join(tmpdir(), 'loupe-bench-step-'));
  try {
    const asked = new RandomWeights(storage);
    const pass = {
      rows: 1,
      tokens: 2,
      prompts: 0,
      promptTokens: 0,
      capacity: 0,
      features: 0,
      queries: 0,
      logits: true,
    };
    passGraph(paramsFrom(asked), reasoner, pass);
    const file = path.join(folder, 'model.safetensors');
    await asked.write(file);
    const frozen = frozenWeights([await openSafetensors(file)]);
    const own = { reasoner, params: paramsFrom(frozen), folder: frozen.folder, adapter: null, shapes: asked.shapes() };
    const policy = await adapterPolicy(own, 1);
    return await measured(adapterObjective.graph(policy, batch), policy, report);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Takes the step as the decoder tier does, on features that are there already. */
function decoderStep(
  { segmenter, context, decoder: batch }: StepPlan,
  report: (line: string) => void,
): Promise<StepFigures> {
  const spread = (i: number) => 0.02 * (((Math.imul(i + 1, 2654435761) >>> 16) & 255) / 128 - 1);
  const parameters = new Parameters((_, shape) => Float32Array.from({ length: size(shape) }, (_, i) => spread(i)));
  const policy = { parameters, weights: { name: 'LENS-3B', recipe: recipes['lens-released'], segmenter, context } };
  return measured(decoderObjective.graph(policy, batch), policy, report);
}

/** Forecast before it starts; then one step, gradients and AdamW, is timed and watched. */
async function measured(
  graph: LossGraph,
  { parameters }: Policy,
  report: (line: string) => void,
): Promise<StepFigures> {
  const trained = [...graph.parameters.keys()].filter((name) => graph.trains(name));
  const outputs = stepOutputs(graph, trained);
  const lowered = orderNodes(lower(outputs, 'cpu'), 'reversed');
  const values = new Map(trained.map((name) => [name, parameters.values(name)]));
  const count = [...values.values()].reduce((sum, each) => sum + each.length, 0);
  // AdamW keeps two numbers for each that is trained; parameters themselves are fed.
  const forecast = forecastBytes(lowered) + 2 * 4 * count;
  report(`${(count / 1e6).toFixed(1)} million numbers are trained; the step should take ${megabytes(forecast)}`);
  // Values are there already.
  const before = parametersBytes(parameters);
  const peak = await MemoryPeak.start();
  const trainer = new Trainer(values, settings);
  const feeds = { ...madeFeeds(lowered, parameters), ...parameters.feeds(untrained(graph)) };
  const session = await openStep(graph, trained);
  report('the graph is open');
  const ms = await milliseconds(async () => {
    await trainer.accumulate(session, feeds);
    trainer.update();
  });
  await session.release();
  const { privateBytes, residentBytes } = await peak.stop();
  const figures = {
    ...{ seconds: ms / 1000, gflops: productFlops(outputs) / ms / 1e6, trained: count },
    ...{ forecastMB: forecast / 2 ** 20, privateMB: (privateBytes + before) / 2 ** 20 },
    residentMB: residentBytes / 2 ** 20,
  };
  report(`a step took ${figures.seconds.toFixed(1)} s and ${megabytes(privateBytes + before)}`);
  return figures;
}

const settings = { schedule: { kind: 'constant', base: 2e-4, warmup: 0, total: 1 } } as const;

const untrained = ({ parameters, trains }: LossGraph): string[] =>
  [...parameters.keys()].filter((name) => !trains(name));

const parametersBytes = ({ all }: Parameters): number =>
  [...all.values()].reduce((sum, { values }) => sum + values.byteLength, 0);

/** Random feeds for everything but parameters: speed does not depend on values. */
function madeFeeds({ inputs }: OnnxGraph, parameters: Parameters): NamedValues {
  const made = ({ dtype, shape }: OnnxGraph['inputs'][number]): Value => {
    if (dtype === 'int64') return new BigInt64Array(size(shape));
    return dtype === 'int32' ? new Int32Array(size(shape)) : new Float32Array(size(shape)).fill(0.1);
  };
  return Object.fromEntries(inputs.flatMap((one) => (parameters.all.has(one.name) ? [] : [[one.name, made(one)]])));
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;
