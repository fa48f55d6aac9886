// The bench of a training step on small models: what is timed, what is foreseen, and nothing is left behind.
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { stepTable } from '../../../main/commands/bench/step.ts';
import { MemoryPeak } from '../../../main/evaluate/bench/machineLimits.ts';
import { benchStep, type StepPlan } from '../../../main/learn/adapter/stepBench.ts';
import { nanoConfig } from '../../../models/qwen/config.ts';
import { nanoSam2Config } from '../../../models/sam2/config.ts';

const reasoner = nanoConfig({ vocabulary: 300, imageToken: 299 });
const { hidden } = reasoner.language;
const small: StepPlan = {
  ...{ reasoner, storage: { bits: 4, block: 32 } },
  adapter: { rows: 2, tokens: 32, features: 4, answer: 8, queries: null },
  ...{ segmenter: nanoSam2Config, decoder: { pointed: 2, worded: 1, slots: 2, wordedSlots: 1 } },
  context: { hidden, numOfQuery: 3, blocks: 1, heads: 4, mlpRatio: 2, samWidth: nanoSam2Config.width },
};

const left = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('loupe-bench-step-'));

it('takes one step of updates beside 4-bit weights and one of masks, and deletes its checkpoint', {
  timeout: 120_000,
}, async () => {
  const before = await left();
  const lines: string[] = [];
  const figures = await benchStep((line) => lines.push(line), ['updates', 'decoder'], small);
  expect(lines.map((line) => line.split(':')[0])).toEqual([
    ...['updates', 'updates', 'updates', 'decoder', 'decoder', 'decoder'],
  ]);
  expect(lines[0]).toMatch(/numbers are trained; the step should take \d+ MB$/u);
  for (const one of [figures.updates, figures.decoder]) {
    expect(one?.seconds).toBeGreaterThan(0);
    expect(one?.gflops).toBeGreaterThan(0);
    expect(one?.forecastMB).toBeGreaterThan(1);
    expect(one?.residentMB).toBeGreaterThan(0);
  }
  // Rank 16 beside seven linear maps of each layer.
  const { layers, hidden: wide } = reasoner.language;
  expect(figures.updates?.trained).toBeGreaterThan(layers * 16 * 2 * wide);
  expect(await left()).toEqual(before);
  const table = stepTable(figures);
  for (const cell of ['low-rank updates, 4-bit base', 'mask decoder and context module', 'foreseen'])
    expect(table).toContain(cell);
  expect(stepTable({ decoder: figures.decoder })).not.toContain('4-bit');
});

it('sees memory that is held only for a moment', { timeout: 60_000 }, async () => {
  const peak = await MemoryPeak.start();
  const bytes = 200e6;
  await new Promise((resolve) => setTimeout(resolve, 100));
  let held: Uint8Array | null = new Uint8Array(bytes).fill(1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(held.at(-1)).toBe(1);
  held = null;
  const { privateBytes, residentBytes } = await peak.stop();
  expect(privateBytes).toBeGreaterThan(0.9 * bytes);
  expect(residentBytes).toBeGreaterThan(privateBytes * 0.9);
});
