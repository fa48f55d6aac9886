// Compares a gradient with the difference quotient of its loss, along itself.
import { expect } from 'vitest';
import type { Parameters } from '../../main/learn/loop/parameters.ts';

/** By how much the loss should change on both sides together: enough above what float32 loses, little enough to be straight. */
const change = 3e-5;

/** `loss` runs with the parameters of the moment. Agreement is asked for to within 0.05 of the whole; the values stay as they were. */
export async function expectGradient(
  parameters: Parameters,
  { key, gradient }: { readonly key: string; readonly gradient: Float32Array },
  loss: () => Promise<number>,
): Promise<void> {
  const norm = Math.hypot(...gradient);
  expect(norm, key).toBeGreaterThan(1e-7);
  const values = parameters.values(key);
  const before = values.slice();
  const step = change / norm ** 2;
  const lossAt = async (scale: number) => {
    values.set(before.map((value, i) => value + scale * step * (gradient[i] ?? 0)));
    return loss();
  };
  const slope = ((await lossAt(1)) - (await lossAt(-1))) / (2 * step);
  values.set(before);
  expect(slope / norm ** 2, key).toBeCloseTo(1, 1);
}
