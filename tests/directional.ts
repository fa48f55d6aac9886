// A graph's gradients against differences of its loss along one random direction through all parameters at once.

import { add, mul } from '../models/graph/elementwise.ts';
import { grad } from '../models/graph/grad.ts';
import { reduceSum } from '../models/graph/reduce.ts';
import { constant, size, type Tensor } from '../models/graph/tensor.ts';
import type { Value } from '../models/graph/value.ts';
import { Session } from '../models/runtime/session.ts';
import type { AskedParams } from './parameters.ts';

/** A scalar that depends on every element of every tensor, each with a weight of its own. */
export function weightedSum(tensors: readonly Tensor[]): Tensor {
  const sums = tensors.map((t) => {
    const count = size(t.shape);
    const weights = Float64Array.from({ length: count }, (_, i) => Math.cos(i * 1.7) / Math.sqrt(count));
    const axes = t.shape.map((_, axis) => axis);
    return reduceSum(mul(t, constant(weights, t.shape)), axes);
  });
  return sums.reduce(add);
}

/**
 * The slope of `loss` along its own gradient, each tensor's part made 1 long: as the gradients say, and by central
 * differences. Along this direction no tensor's share cancels another's, as it would along random signs.
 */
export async function directional(loss: Tensor, { asked }: AskedParams, feeds: Record<string, Value>, step = 1e-3) {
  const names = [...asked.keys()];
  const grads = grad(loss, [...asked.values()]);
  const outputs = Object.fromEntries(grads.map((g, i) => [`grad.${names[i]}`, g]));
  const session = await Session.create({ loss, ...outputs }, { purpose: 'train' });
  const here = await session.run(feeds);
  const slopes = names.map((name) => Math.hypot(...numbers(here[`grad.${name}`])));
  const moved = (by: number) =>
    Object.fromEntries(
      names.map((name, k) => {
        const along = numbers(here[`grad.${name}`]);
        const scale = by / (slopes[k] || 1);
        return [name, Float32Array.from(numbers(feeds[name]), (v, i) => v + scale * (along[i] ?? 0))];
      }),
    );
  const at = async (by: number) => Number((await session.run({ ...feeds, ...moved(by) })).loss?.[0]);
  const numeric = ((await at(step)) - (await at(-step))) / (2 * step);
  await session.release();
  return { analytic: slopes.reduce((a, b) => a + b, 0), numeric };
}

const numbers = (data: Value = new Float32Array(0)): number[] => Array.from(data, Number);
