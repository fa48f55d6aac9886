// A graph's gradients against differences of its loss along one random direction through all parameters at once.
import { add, mul } from '../models/graph/elementwise.ts';
import { grad } from '../models/graph/grad.ts';
import { reduceSum } from '../models/graph/reduce.ts';
import { constant, size, type Tensor } from '../models/graph/tensor.ts';
import { type Data, Session } from '../models/runtime/session.ts';
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

/** The slope of `loss` along the direction: by its gradients, and by central differences. */
export async function directional(loss: Tensor, { asked }: AskedParams, feeds: Record<string, Data>, step = 2e-3) {
  const names = [...asked.keys()];
  const grads = grad(loss, [...asked.values()]);
  const outputs = Object.fromEntries(grads.map((g, i) => [`grad.${names[i]}`, g]));
  const session = await Session.create({ loss, ...outputs }, { purpose: 'train' });
  const direction = Object.fromEntries(names.map((name) => [name, signs(feeds[name]?.length ?? 0, name)]));
  const moved = (by: number) =>
    Object.fromEntries(
      names.map((name) => {
        const along = direction[name] ?? [];
        return [name, Float32Array.from(Array.from(feeds[name] ?? [], Number), (v, i) => v + by * (along[i] ?? 0))];
      }),
    );
  const at = async (by: number) => session.run({ ...feeds, ...moved(by) });
  const [here, ahead, behind] = [await at(0), await at(step), await at(-step)];
  await session.release();
  const slope = (Number(ahead.loss?.[0]) - Number(behind.loss?.[0])) / (2 * step);
  const along = (name: string) =>
    (direction[name] ?? []).reduce((sum, v, i) => sum + v * Number(here[`grad.${name}`]?.[i]), 0);
  return { analytic: names.reduce((sum, name) => sum + along(name), 0), numeric: slope };
}

/** +1 or -1 for each element, without a pattern that a mistake could share. */
function signs(count: number, name: string): number[] {
  let state = [...name].reduce((h, c) => (Math.imul(h, 31) + c.charCodeAt(0)) >>> 0, 7);
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 31 ? 1 : -1;
  });
}
