// Measures published models at full size with random weights (encoding, clicks, reading a prompt, writing) beside the machine's best.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { published } from '../../../models/qwen/config.ts';
import { samVariants } from '../../../models/sam/config.ts';
import { nanoSam2Config, sam2Variants } from '../../../models/sam2/config.ts';
import { BadInput } from '../../contract/badInput.ts';
import { ProductGauge } from './machineLimits.ts';
import type { ModelFigures, ModelPlan, ReasonerFigures, SegmenterFigures } from './modelBenchTask.ts';
import { nanoSamEncoder } from './nanoSam.ts';
import { benchReasoner } from './reasonerBench.ts';
import { benchSegmenter } from './segmenterBench.ts';

const config = published['3B'];

const fullModels: ModelPlan = {
  segmenters: {
    'loupe-nano': { config: nanoSam2Config },
    MobileSAM: { config: samVariants['mobile-sam'] },
    NanoSAM: { config: samVariants['mobile-sam'], encoder: nanoSamEncoder },
    'SAM2-tiny': { config: sam2Variants.tiny },
    'SAM2-large': { config: sam2Variants.large },
    'SAM-ViT-B': { config: samVariants['sam-vit-b'] },
  },
  reasoners: {
    // LENS's own segmenter is the large one.
    'Qwen2.5-VL-3B int4': { config, storage: { bits: 4, block: 128 }, beside: { config: sam2Variants.large } },
    'Qwen2.5-VL-3B 8-bit': { config, storage: { bits: 8, block: 128 } },
    'Qwen2.5-VL-3B 16-bit': { config, storage: { bits: 16 } },
  },
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

/** Every checkpoint is written to a temporary folder, used and deleted before the next. */
export async function benchModels(report: (line: string) => void, plan: ModelPlan = fullModels): Promise<ModelFigures> {
  const folder = await mkdtemp(path.join(tmpdir(), 'loupe-bench-models-'));
  const matmul = await ProductGauge.square(plan.square);
  const bandwidth = await ProductGauge.vector(plan.vector, plan.vector);
  const bench = { plan, folder, matmul, bandwidth, report };
  try {
    const segmenters: [string, SegmenterFigures][] = [];
    for (const [name, one] of Object.entries(plan.segmenters))
      segmenters.push([name, await benchSegmenter(bench, name, one)]);
    const reasoners: [string, ReasonerFigures][] = [];
    for (const [name, one] of Object.entries(plan.reasoners))
      reasoners.push([name, await benchReasoner(bench, name, one)]);
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
