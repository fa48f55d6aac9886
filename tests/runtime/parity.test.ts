// The same training step on CPU and on WebGPU, wherever a driver is present: loss, every gradient, whole numbers.
import { expect, it } from 'vitest';
import { patience, runOnWebGpu } from './webGpu.ts';

interface Parity {
  provider: string;
  warnings: string[];
  loss: number;
  off: Record<string, number>;
  whole: boolean;
}

// The provider's float32 results differ from the CPU's by rounding only.
const tolerance = 2e-5;

it('computes the same loss and gradients on CPU and WebGPU', patience, async ({ skip }) => {
  const { loss, off, whole } = await runOnWebGpu<Parity>(new URL('./parityStep.ts', import.meta.url), [], skip);
  expect(loss).toBeGreaterThan(0);
  expect(whole).toBe(true);
  const { best, ...others } = off;
  expect(best).toBe(0);
  expect(Object.keys(others).length).toBeGreaterThan(20);
  for (const [name, difference] of Object.entries(others)) expect(difference, name).toBeLessThan(tolerance);
});
