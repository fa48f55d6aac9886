// The bench of published models on small ones: every figure is there, is a share of something, and nothing is left behind.
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { modelTable } from '../../../main/commands/bench/models.ts';
import { benchModels, planOf } from '../../../main/evaluate/bench/modelBench.ts';
import type { ModelPlan } from '../../../main/evaluate/bench/modelBenchTask.ts';
import { nanoSamEncoder } from '../../../main/evaluate/bench/nanoSam.ts';
import { nanoConfig } from '../../../models/qwen/config.ts';
import { samVariants } from '../../../models/sam/config.ts';
import { nanoSam2Config } from '../../../models/sam2/config.ts';
import { toyMobileSam, toySam } from '../../sam/fixture.ts';

const reasoner = nanoConfig({ vocabulary: 300, imageToken: 299 });
/** At a quarter of the side. */
const quarter = { ...samVariants['mobile-sam'], imageSize: 256 };

const small: ModelPlan = {
  segmenters: {
    little: { config: nanoSam2Config },
    sam: { config: toySam },
    mobile: { config: toyMobileSam },
    residual: { config: quarter, encoder: nanoSamEncoder },
  },
  reasoners: {
    small4: { config: reasoner, storage: { bits: 4, block: 32 }, beside: { config: nanoSam2Config } },
    small8: { config: reasoner, storage: { bits: 8, block: 128 } },
    small16: { config: reasoner, storage: { bits: 16 } },
  },
  ...{ patches: 8, words: 12, written: 3, group: 4, runs: 1, square: 256, vector: 512 },
};

const left = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('loupe-bench-models-'));

it('measures a segmenter and reasoners in 4 and 8 bits, and deletes their checkpoints', {
  timeout: 120_000,
}, async () => {
  const before = await left();
  const lines: string[] = [];
  const figures = await benchModels((line) => lines.push(line), small);
  expect(lines).toHaveLength(13);
  expect(figures.matmulGflops).toBeGreaterThan(0);
  expect(figures.bandwidthGBs).toBeGreaterThan(0);
  const { little, residual } = figures.segmenters;
  // 1.8 billion pairs at 224 x 224 by the paper, and a neck.
  expect((residual?.encode.gflops ?? 0) * (residual?.encode.ms ?? 0)).toBeGreaterThan(
    2 * 1.8 * (256 / 224) ** 2 * 1000,
  );
  expect(little?.fileMB).toBeGreaterThan(0.1);
  for (const segmenter of ['little', 'sam', 'mobile'].map((name) => figures.segmenters[name])) {
    expect(segmenter?.encode.gflops).toBeGreaterThan(0);
    expect(segmenter?.readMs).toBeGreaterThan(0);
    expect(segmenter?.clickMs).toBeGreaterThan(0);
  }
  for (const name of ['small4', 'small8', 'small16']) {
    const reasoner = figures.reasoners[name];
    expect(reasoner?.prompt.tokens).toBe(16 + 12);
    expect(reasoner?.vision.gflops).toBeGreaterThan(0);
    expect(reasoner?.writing.weightGBs).toBeGreaterThan(0);
    expect(reasoner?.writing.groupTokensPerSecond).toBeGreaterThan(0);
    expect(reasoner?.privateMB).toBeLessThanOrEqual(reasoner?.residentMB ?? 0);
  }
  expect(await left()).toEqual(before);
  const table = modelTable(figures);
  for (const cell of [
    'little',
    'image from the cache',
    'click',
    'prompt of 28 tokens',
    '4 answers',
    'tokens/s',
    'memory with its segmenter',
    'of bandwidth',
    'MatMul peak',
  ])
    expect(table).toContain(cell);
  expect(modelTable({ ...figures, bandwidthGBs: 0, reasoners: {} })).not.toContain('GB/s');
});

it('full size is that of the published models, all or one of them', () => {
  const all = planOf({ runs: 2 });
  expect(Object.keys(all.segmenters)).toEqual([
    'loupe-nano',
    'MobileSAM',
    'NanoSAM',
    'SAM2-tiny',
    'SAM2-large',
    'SAM-ViT-B',
  ]);
  expect(all.reasoners['Qwen2.5-VL-3B int4']?.config.language.layers).toBe(36);
  expect(planOf({ only: 'SAM2-tiny', runs: 1 })).toMatchObject({ runs: 1, reasoners: {} });
  expect(() => planOf({ only: 'SAM3', runs: 1 })).toThrow(
    'there are loupe-nano, MobileSAM, NanoSAM, SAM2-tiny, SAM2-large, SAM-ViT-B, Qwen2.5-VL-3B int4',
  );
});
