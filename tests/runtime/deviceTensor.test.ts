// Results that stay on the device that computed them: on the CPU in its memory, on WebGPU in its buffers.
import { expect, it } from 'vitest';
import { runProgram } from '../program.ts';
import { patience, runOnWebGpu } from './webGpu.ts';

interface Told {
  provider: string;
  warnings: string[];
  locations: string[];
  shapes: number[][];
  read: number[][];
  sum: number[];
  withArray: number[];
  onCpu: number[];
  heldBefore: number;
  heldAfter: number;
  refusals: string[];
  disposed: string[];
  /** Megabytes that the process grew by over 200 runs, whose results were disposed of, of 4 MB each. */
  grown: number;
}

const program = new URL('./deviceTensors.ts', import.meta.url);
const exps = Array.from({ length: 8 }, (_, i) => Math.exp(i / 4));

function expectClose(got: readonly number[], wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  for (const [i, value] of got.entries()) expect(value).toBeCloseTo(wanted[i] ?? Number.NaN, 4);
}

/** What is the same wherever the results are. */
function expectHandedOn(told: Told): void {
  expect(told.shapes).toEqual([
    [1, 4],
    [1, 4],
  ]);
  expectClose(told.read.flat(), exps);
  const [first, second] = [exps.slice(0, 4), exps.slice(4)];
  expectClose(
    told.sum,
    first.map((v, i) => v + (second[i] ?? 0)),
  );
  expectClose(
    told.withArray,
    second.map((v, i) => v + i / 4),
  );
  expectClose(
    told.onCpu,
    second.map((v) => 2 * v),
  );
  expect(told.refusals).toEqual([
    'Input row: float32[1,4] was fed for float32[4].',
    'Output best: int64 values do not stay on a device.',
  ]);
  expect(told.disposed).toEqual([
    'Input row: the tensor that was fed has been disposed of.',
    expect.stringMatching(/disposed/),
  ]);
  expect([told.heldBefore, told.heldAfter]).toEqual([2, 0]);
  expect(told.grown).toBeLessThan(150);
}

it('are handed on by the CPU in memory', async () => {
  const told = await runProgram<Told>(program, ['cpu']);
  expect(told.locations).toEqual(['cpu', 'cpu']);
  expectHandedOn(told);
});

it('are handed on by WebGPU in its buffers, and reach a session of the CPU as numbers', patience, async ({ skip }) => {
  const told = await runOnWebGpu<Told>(program, ['webgpu'], skip);
  expect(told.locations).toEqual(['gpu-buffer', 'gpu-buffer']);
  expectHandedOn(told);
});
