// The engine's bench on transformers small enough for a test: figures that hang together, keys as promised.
import { describe, expect, it } from 'vitest';
import {
  benchEngine,
  forecastStepBytes,
  measureStep,
  stepFlops,
  type TransformerConfig,
  transformerStep,
  transformers,
} from '../../../main/evaluate/bench/engineBench.ts';
import { size } from '../../../models/graph/tensor.ts';
import { Session } from '../../../models/runtime/session.ts';

const tiny: TransformerConfig = { layers: 2, width: 16, heads: 2, hidden: 24, tokens: 16, batch: 2, vocabulary: 12 };

describe('transformerStep', () => {
  it.each([
    ['4.2M', 4.2e6, 51.7e9],
    ['46M', 46e6, 595e9],
  ] as const)('%s has the parameters and the arithmetic it is named for', (name, parameters, flops) => {
    const config = transformers[name];
    const count = transformerStep(config).parameters.reduce((sum, t) => sum + size(t.shape), 0);
    expect(Math.abs(count / parameters - 1)).toBeLessThan(0.05);
    expect(Math.abs(stepFlops(config) / flops - 1)).toBeLessThan(0.05);
  });

  it('has a gradient for every parameter, and a loss that a step against them lowers', async () => {
    const { outputs, parameters } = transformerStep(tiny);
    expect(Object.keys(outputs)).toEqual(['loss', ...parameters.map((t) => `grad.${t.name}`)]);
    const session = await Session.create(outputs, { purpose: 'train' });
    const ids = BigInt64Array.from({ length: 32 }, (_, i) => BigInt((i * 5) % 12));
    const weights = parameters.map((t, k) => {
      const scale = t.shape.length === 1 ? 0 : 0.3;
      return [
        t.name ?? '',
        Float32Array.from({ length: size(t.shape) }, (_, i) => (scale ? scale * Math.sin(i * i + k) : 1)),
      ] as const;
    });
    const first = await session.run({ ids, targets: ids, ...Object.fromEntries(weights) });
    const moved = weights.map(([name, w]) => {
      const g = first[`grad.${name}`] as Float32Array;
      return [name, w.map((v, i) => v - 0.05 * (g[i] ?? 0))] as const;
    });
    const second = await session.run({ ids, targets: ids, ...Object.fromEntries(moved) });
    await session.release();
    expect(Number(second.loss?.[0])).toBeLessThan(Number(first.loss?.[0]) - 0.01);
  });
});

describe('benchEngine', () => {
  const plan = {
    models: { tiny: { config: tiny, runs: 2 }, twice: { config: { ...tiny, layers: 4 }, runs: 1 } },
    side: 64,
  };

  it('prints a line a model and returns numbers under the promised keys, nothing else', async () => {
    const lines: string[] = [];
    const figures = await benchEngine((line) => lines.push(line), plan);
    expect(lines).toEqual(['tiny', 'twice'].map((name) => expect.stringMatching(`^${name}: \\d+ ms/step, `)));
    expect(Object.keys(figures)).toEqual(['matmulPeak', 'models']);
    expect(Object.keys(figures.models)).toEqual(['tiny', 'twice']);
    for (const model of Object.values(figures.models)) {
      expect(Object.keys(model)).toEqual(['msPerStep', 'gflops', 'matmulPeak', 'shareOfPeak', 'peakMB']);
      for (const value of [model.msPerStep, model.gflops, model.shareOfPeak]) expect(value).toBeGreaterThan(0);
      expect(model.shareOfPeak * model.matmulPeak).toBeCloseTo(model.gflops, 6);
    }
    const peaks = Object.values(figures.models).map((model) => model.matmulPeak);
    expect(figures.matmulPeak).toBe(Math.max(...peaks));
    // Each model has a peak of its own turns.
    expect(new Set(peaks).size).toBe(2);
    expect(JSON.parse(JSON.stringify(figures))).toEqual(figures);
  });

  it('stops when the caller does', async () => {
    const stop = () => {
      throw new Error('enough');
    };
    await expect(benchEngine(stop, plan)).rejects.toThrow('enough');
  });
});

describe('measureStep', () => {
  it('calls the gauge before every step and counts the arithmetic of the config', async () => {
    const heard: number[] = [];
    const figures = await measureStep(tiny, 3, async (ms) => {
      heard.push(ms);
    });
    expect(heard).toHaveLength(4);
    expect(heard[0]).toBe(0);
    expect(Math.min(...heard.slice(1))).toBeGreaterThan(0);
    expect(figures.gflops * figures.msPerStep * 1e6).toBeCloseTo(stepFlops(tiny), -2);
  });
});

describe('forecastStepBytes', () => {
  it('grows with what is held and shrinks with recomputation', () => {
    const config = { ...tiny, tokens: 512, layers: 6 };
    const [plain, again] = [forecastStepBytes(config), forecastStepBytes({ ...config, recompute: true })];
    expect(again).toBeLessThan(0.8 * plain);
    expect(forecastStepBytes({ ...config, batch: 8 })).toBeGreaterThan(2.5 * plain);
  });
});
