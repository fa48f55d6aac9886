// Measures published models at full size with random weights (encoding, clicks, reading a prompt, writing) beside the machine's best.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { input, leafName, size, type Tensor } from '../../models/graph/tensor.ts';
import type { NamedValues, Runner } from '../../models/graph/value.ts';
import { type Params, paramsFrom } from '../../models/nn/params.ts';
import { published, type QwenConfig } from '../../models/qwen/config.ts';
import { Decoder, type DecodeState } from '../../models/qwen/decode.ts';
import { passGraph } from '../../models/qwen/passGraph.ts';
import { mergedCells } from '../../models/qwen/rope.ts';
import { patchWidth, visionTower } from '../../models/qwen/vision.ts';
import { frozenWeights } from '../../models/runtime/frozen.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { Session } from '../../models/runtime/session.ts';
import { samVariants } from '../../models/sam/config.ts';
import { anyImageEncoder } from '../../models/sam/imageEncoder.ts';
import { nanoSam2Config, sam2Variants } from '../../models/sam2/config.ts';
import { maskDecoder } from '../../models/sam2/maskDecoder.ts';
import { promptEncoder } from '../../models/sam2/promptEncoder.ts';
import { BadInput } from '../contract/badInput.ts';
import { FeatureFiles, type FeatureMaps } from '../flow/featureFiles.ts';
import type { SegmenterConfig } from '../weights/segmenterFile.ts';
import { productFlops } from './flops.ts';
import { highWater, milliseconds, ProductGauge, privateBytes, resetHighWater, runOnce } from './machineLimits.ts';
import { RandomWeights, type Storage } from './randomWeights.ts';

export interface ModelPlan {
  segmenters: Readonly<Record<string, SegmenterConfig>>;
  reasoners: Readonly<Record<string, { config: QwenConfig; storage: NonNullable<Storage> }>>;
  /** Height and width of the picture that a reasoner reads, in patches. */
  patches: number;
  /** Words of the prompt beside the picture, and tokens that are written. */
  words: number;
  written: number;
  /** Answers side by side in the group that is measured beside one. */
  group: number;
  /** Each figure is the best of so many. */
  runs: number;
  /** Sides of the square product and of the matrix that is read. */
  square: number;
  vector: number;
}

export interface Speed {
  ms: number;
  gflops: number;
}

export interface PeakMemory {
  /** Bytes that no file backs, and all bytes in memory, mapped files included: the most at any time. */
  privateMB: number;
  residentMB: number;
}

export interface SegmenterFigures extends PeakMemory {
  encode: Speed;
  /** The same features read from a file of the cache, and its size. */
  readMs: number;
  fileMB: number;
  clickMs: number;
}

export interface ReasonerFigures extends PeakMemory {
  vision: Speed;
  prompt: Speed & { tokens: number; tokensPerSecond: number };
  /** One answer, and a group of them: tokens of all together. */
  writing: { tokensPerSecond: number; weightGBs: number; group: number; groupTokensPerSecond: number };
}

export interface ModelFigures {
  matmulGflops: number;
  bandwidthGBs: number;
  segmenters: Record<string, SegmenterFigures>;
  reasoners: Record<string, ReasonerFigures>;
}

const fullModels: ModelPlan = {
  segmenters: {
    ...{ 'loupe-nano': nanoSam2Config, 'SAM2-tiny': sam2Variants.tiny, 'SAM2-large': sam2Variants.large },
    ...{ 'SAM-ViT-B': samVariants['sam-vit-b'], MobileSAM: samVariants['mobile-sam'] },
  },
  reasoners: { 'Qwen2.5-VL-3B int4': { config: published['3B'], storage: { bits: 4, block: 128 } } },
  ...{ patches: 24, words: 112, written: 8, group: 8, runs: 3, square: 2048, vector: 8192 },
};

/** The full plan, or one model of it. */
export function planOf({ only, runs }: { only?: string; runs: number }): ModelPlan {
  const names = [...Object.keys(fullModels.segmenters), ...Object.keys(fullModels.reasoners)];
  if (only !== undefined && !names.includes(only))
    throw new BadInput(`--only ${only}: there is no such model; there are ${names.join(', ')}`);
  const chosen = <T>(all: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => only === undefined || name === only));
  return { ...fullModels, runs, segmenters: chosen(fullModels.segmenters), reasoners: chosen(fullModels.reasoners) };
}

interface ModelBenchTask {
  plan: ModelPlan;
  folder: string;
  matmul: ProductGauge;
  bandwidth: ProductGauge;
  report: (line: string) => void;
}

/** Every checkpoint is written to a temporary folder, used and deleted before the next. */
export async function benchModels(report: (line: string) => void, plan: ModelPlan = fullModels): Promise<ModelFigures> {
  const folder = await mkdtemp(path.join(tmpdir(), 'loupe-bench-models-'));
  const matmul = await ProductGauge.square(plan.square);
  const bandwidth = await ProductGauge.vector(plan.vector, plan.vector);
  const bench = { plan, folder, matmul, bandwidth, report };
  try {
    const segmenters: [string, SegmenterFigures][] = [];
    for (const [name, config] of Object.entries(plan.segmenters))
      segmenters.push([name, await benchSegmenter(bench, name, config)]);
    const reasoners: [string, ReasonerFigures][] = [];
    for (const [name, { config, storage }] of Object.entries(plan.reasoners))
      reasoners.push([name, await benchReasoner(bench, name, config, storage)]);
    return {
      ...{ matmulGflops: matmul.best, bandwidthGBs: bandwidth.best },
      ...{ segmenters: Object.fromEntries(segmenters), reasoners: Object.fromEntries(reasoners) },
    };
  } finally {
    await matmul.release();
    await bandwidth.release();
    await rm(folder, { recursive: true });
  }
}

/** The graphs of `build` on a random checkpoint that holds just what they ask for. */
async function withWeights<T>(
  { folder }: ModelBenchTask,
  storage: Storage,
  { ask, use }: { ask: (p: Params) => void; use: (p: Params, folder: string) => Promise<T> },
): Promise<T> {
  const asked = new RandomWeights(storage);
  ask(paramsFrom(asked));
  const file = path.join(folder, 'model.safetensors');
  await asked.write(file);
  const frozen = frozenWeights([await openSafetensors(file)]);
  try {
    return await use(paramsFrom(frozen), frozen.folder);
  } finally {
    await rm(file);
  }
}

/** The most that is held from here on, asked for after every run. */
class MemoryMeter {
  private most = 0;

  constructor() {
    resetHighWater();
  }

  look(): void {
    this.most = Math.max(this.most, privateBytes());
  }

  figures(): PeakMemory {
    this.look();
    return { privateMB: this.most / 2 ** 20, residentMB: highWater() / 2 ** 20 };
  }
}

/** The best of some runs; the MatMul gauge is asked for as long before each. */
async function speedOf(bench: ModelBenchTask, runner: Runner, feeds: NamedValues, flops: number): Promise<Speed> {
  let ms = Number.POSITIVE_INFINITY;
  for (let i = 0; i < bench.plan.runs; i++) {
    await bench.matmul.measure(Math.min(500, i === 0 ? 100 : ms));
    ms = Math.min(ms, await milliseconds(() => runOnce(runner, feeds)));
  }
  return { ms, gflops: flops / ms / 1e6 };
}

const zeros = (tensors: readonly Tensor[]): NamedValues =>
  Object.fromEntries(
    tensors.map(({ name = '', shape, dtype }) => {
      const count = shape.reduce((a, b) => a * b, 1);
      return [name, dtype === 'int64' ? new BigInt64Array(count).fill(1n) : new Float32Array(count).fill(0.1)];
    }),
  );

/** An image, and a click on its features. */
function segmenterGraphs(p: Params, config: SegmenterConfig) {
  const { imageSize, width, isSam1 } = config;
  const [fine, coarse] = [imageSize / 4, imageSize / 16];
  const image = input('image', [1, 3, imageSize, imageSize]);
  const embed = input('embed', [1, width, coarse, coarse]);
  const s0 = input('s0', [1, width / 8, fine, fine]);
  const s1 = input('s1', [1, width / 4, fine / 2, fine / 2]);
  const finer = isSam1 ? {} : { s0, s1 };
  const points = { at: input('at', [1, 2, 2]), labels: input('labels', [1, 2], 'int64') };
  const { masks, iou } = maskDecoder(p, config, { embed, ...finer }, promptEncoder(p, config, { points }));
  return {
    encode: { outputs: { ...anyImageEncoder(p, config, image) }, inputs: [image] },
    click: { outputs: { masks, iou }, inputs: [embed, ...Object.values(finer), points.at, points.labels] },
  };
}

function benchSegmenter(bench: ModelBenchTask, name: string, config: SegmenterConfig): Promise<SegmenterFigures> {
  return withWeights(bench, null, {
    ask: (p) => void segmenterGraphs(p, config),
    async use(p, folder) {
      const { encode, click } = segmenterGraphs(p, config);
      const memory = new MemoryMeter();
      const encoder = await Session.create(encode.outputs, { folder });
      const encoded = await speedOf(bench, encoder, zeros(encode.inputs), productFlops(encode.outputs));
      memory.look();
      const read = await readSpeed(bench, encode.outputs);
      const decoder = await Session.create(click.outputs, { folder });
      let clickMs = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 5 * bench.plan.runs; i++)
        clickMs = Math.min(clickMs, await milliseconds(() => runOnce(decoder, zeros(click.inputs))));
      const figures = { encode: encoded, ...read, clickMs, ...memory.figures() };
      await encoder.release();
      await decoder.release();
      bench.report(
        `${name}: image ${encoded.ms.toFixed(0)} ms, from disk ${read.readMs.toFixed(0)} ms, click ${clickMs.toFixed(0)} ms`,
      );
      return figures;
    },
  });
}

/** What a picture costs that was encoded before: features of these shapes, written once and read again. */
async function readSpeed({ folder, plan }: ModelBenchTask, outputs: Readonly<Record<string, Tensor>>) {
  const place = path.join(folder, 'features');
  const files = new FeatureFiles(place);
  const maps: FeatureMaps = Object.fromEntries(
    Object.entries(outputs).map(([name, { shape }]) => [
      name,
      { data: new Float32Array(size(shape)).fill(0.1), shape },
    ]),
  );
  await files.of('features', async () => maps);
  const { size: bytes } = await stat(path.join(place, 'features'));
  let readMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5 * plan.runs; i++)
    readMs = Math.min(
      readMs,
      await milliseconds(() => files.of('features', () => Promise.reject(new Error('unreachable')))),
    );
  await rm(place, { recursive: true });
  return { readMs, fileMB: bytes / 2 ** 20 };
}

const gridsOf = ({ patches }: ModelPlan) => [{ t: 1, h: patches, w: patches }];

function visionGraph(p: Params, config: QwenConfig, plan: ModelPlan) {
  const grids = gridsOf(plan);
  const pixels = input('pixels', [plan.patches ** 2, patchWidth(config.vision)]);
  return {
    pixels,
    outputs: { features: visionTower(p.at('visual'), pixels, { grids, config: config.vision }).features },
  };
}

/** A whole prompt with its picture; `logits` only to learn which weights writing needs. */
function promptGraph(p: Params, config: QwenConfig, plan: ModelPlan, logits: boolean) {
  const features = mergedCells({ t: 1, h: plan.patches, w: plan.patches }, config.vision.merge);
  const tokens = features + plan.words;
  return passGraph(p, config, {
    ...{ rows: 1, tokens, prompts: 0, promptTokens: 0, capacity: 0, features, queries: 0, logits },
  });
}

function benchReasoner(
  bench: ModelBenchTask,
  name: string,
  config: QwenConfig,
  storage: NonNullable<Storage>,
): Promise<ReasonerFigures> {
  const { plan, report } = bench;
  return withWeights(bench, storage, {
    ask(p) {
      visionGraph(p, config, plan);
      promptGraph(p, config, plan, true);
    },
    async use(p, folder) {
      const memory = new MemoryMeter();
      const { pixels, outputs } = visionGraph(p, config, plan);
      const tower = await Session.create(outputs, { folder });
      const seen = await speedOf(bench, tower, zeros([pixels]), productFlops(outputs));
      memory.look();
      await tower.release();
      report(`${name}: picture ${seen.ms.toFixed(0)} ms`);
      const decoder = new Decoder({ config, params: p, open: (graph) => Session.create(graph, { folder }) });
      const { prompt, state } = await benchPrompt(
        bench,
        decoder,
        config,
        productFlops(promptGraph(p, config, plan, false)),
      );
      memory.look();
      report(`${name}: prompt of ${prompt.tokens} tokens ${prompt.ms.toFixed(0)} ms`);
      const writing = await benchWriting(bench, decoder, state, weightBytes(p, config, plan));
      const figures = { vision: seen, prompt, writing, ...memory.figures() };
      await decoder.release();
      return figures;
    },
  });
}

async function timed<T>(work: () => Promise<T>): Promise<[ms: number, result: T]> {
  const start = performance.now();
  const result = await work();
  return [performance.now() - start, result];
}

async function benchPrompt(bench: ModelBenchTask, decoder: Decoder, config: QwenConfig, flops: number) {
  const { plan } = bench;
  const cells = mergedCells({ t: 1, h: plan.patches, w: plan.patches }, config.vision.merge);
  const ids = [...new Array<number>(cells).fill(config.imageToken), ...new Array<number>(plan.words).fill(1)];
  const features = new Float32Array(cells * config.language.hidden).fill(0.1);
  const prompt = { ids, grids: gridsOf(plan), features };
  // The first run opens graphs too, which only tells when it is the only one.
  const read = () => timed(() => decoder.prefill([prompt]));
  let [ms, state] = await read();
  for (let i = 1; i < plan.runs; i++) {
    await bench.matmul.measure(500);
    const [again, next] = await read();
    [ms, state] = [Math.min(ms, again), next];
  }
  return {
    prompt: { ms, gflops: flops / ms / 1e6, tokens: ids.length, tokensPerSecond: (1000 * ids.length) / ms },
    state,
  };
}

/** Bytes of weights that one token reads: products only, of an embedding one row. */
function weightBytes(p: Params, config: QwenConfig, plan: ModelPlan): number {
  const sizes = new Map<string, number>();
  const note: Params = noting(p, sizes);
  promptGraph(note, config, plan, true);
  return [...sizes.values()].reduce((a, b) => a + b, 0);
}

function noting(p: Params, sizes: Map<string, number>): Params {
  return {
    ...p,
    at: (prefix) => noting(p.at(prefix), sizes),
    quantised(name, ...shape) {
      const found = p.quantised(name, ...shape);
      for (const t of found ? [found.values, found.scales] : []) sizes.set(leafName(t), storedBytes(t));
      return found;
    },
  };
}

function storedBytes(t: Tensor): number {
  if (!t.source) throw new Error(`${leafName(t)} lies in no file, so nobody knows how much of one a token reads.`);
  return t.source.length;
}

async function benchWriting(bench: ModelBenchTask, decoder: Decoder, state: DecodeState, bytes: number) {
  const { plan } = bench;
  const one = await tokenMs(bench, decoder, state, 1);
  const group = await tokenMs(bench, decoder, state, plan.group);
  return {
    tokensPerSecond: 1000 / one,
    weightGBs: bytes / one / 1e6,
    group: plan.group,
    groupTokensPerSecond: (1000 * plan.group) / group,
  };
}

/** The best time of a token for `rows` answers to one prompt; the bandwidth gauge is asked before each. */
async function tokenMs(
  { plan, bandwidth }: ModelBenchTask,
  decoder: Decoder,
  state: DecodeState,
  rows: number,
): Promise<number> {
  const ids = new Array<number>(rows).fill(1);
  const own: DecodeState = {
    ...state,
    cache: state.cache.shared(rows),
    next: ids.flatMap(() => state.next.slice(0, 1)),
  };
  await decoder.step(own, ids);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < plan.written; i++) {
    await bandwidth.measure(Math.min(best, 100));
    best = Math.min(best, await milliseconds(() => decoder.step(own, ids)));
  }
  return best;
}
