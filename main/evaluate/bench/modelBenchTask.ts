// Defines what the bench of models measures, and gives each of its parts a random checkpoint and gauges of time and memory.
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Tensor } from '../../../models/graph/tensor.ts';
import type { NamedValues, Runner } from '../../../models/graph/value.ts';
import { type Params, paramsFrom } from '../../../models/nn/params.ts';
import type { QwenConfig } from '../../../models/qwen/config.ts';
import { frozenWeights } from '../../../models/runtime/frozen.ts';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import type { DecoderFeatures } from '../../../models/sam2/maskDecoder.ts';
import type { SegmenterConfig } from '../../weights/segmenterFile.ts';
import { highWater, milliseconds, type ProductGauge, privateBytes, resetHighWater, runOnce } from './machineLimits.ts';
import { RandomWeights, type Storage } from './randomWeights.ts';

export interface SegmenterPlan {
  readonly config: SegmenterConfig;
  /** Default: the encoder of the sizes. */
  readonly encoder?: (p: Params, image: Tensor) => DecoderFeatures;
}

export interface ReasonerPlan {
  readonly config: QwenConfig;
  readonly storage: NonNullable<Storage>;
  /** A segmenter that encodes and draws while the reasoner is open, for the memory of both. */
  readonly beside?: SegmenterPlan;
}

export interface ModelPlan {
  segmenters: Readonly<Record<string, SegmenterPlan>>;
  reasoners: Readonly<Record<string, ReasonerPlan>>;
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
  /** A picture, a prompt and a token right after the program was started: graphs are opened and weights packed. */
  questionMs: number;
  vision: Speed;
  prompt: Speed & { tokens: number; tokensPerSecond: number };
  /** One answer, and a group of them: tokens of all together. */
  writing: { tokensPerSecond: number; weightGBs: number; group: number; groupTokensPerSecond: number };
  /** With a segmenter beside it; null where the plan has none. */
  together: PeakMemory | null;
}

export interface ModelFigures {
  matmulGflops: number;
  bandwidthGBs: number;
  segmenters: Record<string, SegmenterFigures>;
  reasoners: Record<string, ReasonerFigures>;
}

export interface ModelBenchTask {
  plan: ModelPlan;
  folder: string;
  matmul: ProductGauge;
  bandwidth: ProductGauge;
  report: (line: string) => void;
}

/** The graphs of `build` on a random checkpoint that holds just what they ask for. */
export async function withWeights<T>(
  { folder }: Pick<ModelBenchTask, 'folder'>,
  storage: Storage,
  { ask, use }: { ask: (p: Params) => void; use: (p: Params, folder: string) => Promise<T> },
): Promise<T> {
  const asked = new RandomWeights(storage);
  ask(paramsFrom(asked));
  const own = await mkdtemp(path.join(folder, 'weights-'));
  const file = path.join(own, 'model.safetensors');
  await asked.write(file);
  const frozen = frozenWeights([await openSafetensors(file)]);
  try {
    return await use(paramsFrom(frozen), frozen.folder);
  } finally {
    await rm(own, { recursive: true });
  }
}

/**
 * The most that is held from here on, asked for after every run. Private memory is what the process grew by since then:
 * the gauges hold weights of their own.
 */
export class MemoryMeter {
  private readonly before = privateBytes();
  private most = 0;

  constructor() {
    resetHighWater();
  }

  look(): void {
    this.most = Math.max(this.most, privateBytes());
  }

  figures(): PeakMemory {
    this.look();
    return { privateMB: (this.most - this.before) / 2 ** 20, residentMB: highWater() / 2 ** 20 };
  }
}

/** The best of some runs; the MatMul gauge is asked for as long before each. */
export async function speedOf(
  bench: ModelBenchTask,
  runner: Runner,
  feeds: NamedValues,
  flops: number,
): Promise<Speed> {
  let ms = Number.POSITIVE_INFINITY;
  for (let i = 0; i < bench.plan.runs; i++) {
    await bench.matmul.measure(Math.min(500, i === 0 ? 100 : ms));
    ms = Math.min(ms, await milliseconds(() => runOnce(runner, feeds)));
  }
  return { ms, gflops: flops / ms / 1e6 };
}

export const zeros = (tensors: readonly Tensor[]): NamedValues =>
  Object.fromEntries(
    tensors.map(({ name = '', shape, dtype }) => {
      const count = shape.reduce((a, b) => a * b, 1);
      return [name, dtype === 'int64' ? new BigInt64Array(count).fill(1n) : new Float32Array(count).fill(0.1)];
    }),
  );
