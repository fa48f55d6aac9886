// The bench of published models on small ones: every figure is there, is a share of something, and nothing is left behind.
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { modelTable } from '../../main/commands/benchModels.ts';
import { benchModels, type ModelPlan, planOf } from '../../main/evaluate/modelBench.ts';
import { nanoConfig } from '../../models/qwen/config.ts';
import { nanoSam2Config } from '../../models/sam2/config.ts';
import { toyMobileSam, toySam } from '../sam/fixture.ts';

const small: ModelPlan = {
  segmenters: { little: nanoSam2Config, sam: toySam, mobile: toyMobileSam },
  reasoners: {
    small4: { config: nanoConfig({ vocabulary: 300, imageToken: 299 }), storage: { bits: 4, block: 32 } },
    small8: { config: nanoConfig({ vocabulary: 300, imageToken: 299 }), storage: { bits: 8, block: 128 } },
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
  expect(lines).toHaveLength(7);
  expect(figures.matmulGflops).toBeGreaterThan(0);
  expect(figures.bandwidthGBs).toBeGreaterThan(0);
  expect(figures.segmenters.little?.fileMB).toBeGreaterThan(0.1);
  for (const name of ['little', 'sam', 'mobile']) {
    const segmenter = figures.segmenters[name];
    expect(segmenter?.encode.gflops).toBeGreaterThan(0);
    expect(segmenter?.readMs).toBeGreaterThan(0);
    expect(segmenter?.clickMs).toBeGreaterThan(0);
  }
  for (const name of ['small4', 'small8']) {
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
    'of bandwidth',
    'MatMul peak',
  ])
    expect(table).toContain(cell);
  expect(modelTable({ ...figures, bandwidthGBs: 0, reasoners: {} })).not.toContain('GB/s');
});

it('full size is that of the published models, all or one of them', () => {
  const all = planOf({ runs: 2 });
  expect(Object.keys(all.segmenters)).toEqual(['loupe-nano', 'SAM2-tiny', 'SAM2-large', 'SAM-ViT-B', 'MobileSAM']);
  expect(all.reasoners['Qwen2.5-VL-3B int4']?.config.language.layers).toBe(36);
  expect(planOf({ only: 'SAM2-tiny', runs: 1 })).toMatchObject({ runs: 1, reasoners: {} });
  expect(() => planOf({ only: 'SAM3', runs: 1 })).toThrow(
    'there are loupe-nano, SAM2-tiny, SAM2-large, SAM-ViT-B, MobileSAM, Qwen2.5-VL-3B int4',
  );
});
