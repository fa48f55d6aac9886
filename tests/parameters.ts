// Parameter sources for tests: one that remembers what a builder asks for, with values from a fixture or from numbers.
import { input, type Shape, size, type Tensor } from '../models/graph/tensor.ts';
import type { ParamSource } from '../models/nn/params.ts';
import type { WeightsFile } from '../models/runtime/weightsFile.ts';

export interface AskedParams extends ParamSource {
  /** Every key asked for, as a graph input. */
  readonly asked: ReadonlyMap<string, Tensor>;
}

/** Answers every key with a graph input of that name and shape; a key asked for with two shapes is an error. */
export function askedParams(): AskedParams {
  const asked = new Map<string, Tensor>();
  return {
    asked,
    has: () => true,
    get(name, shape) {
      const known = asked.get(name);
      if (known && known.shape.join() !== shape.join()) throw new Error(`${name} is asked for with two shapes.`);
      const tensor = known ?? input(name, shape);
      asked.set(name, tensor);
      return tensor;
    },
  };
}

export const countParameters = ({ asked }: AskedParams): number =>
  [...asked.values()].reduce((sum, { shape }) => sum + size(shape), 0);

export const shapesOf = ({ asked }: AskedParams): Record<string, Shape> =>
  Object.fromEntries([...asked].map(([name, { shape }]) => [name, [...shape]]));

/** The values of everything asked for. */
export async function feedsFrom({ asked }: AskedParams, weights: WeightsFile, prefix = '') {
  const feeds: Record<string, Float32Array<ArrayBuffer>> = {};
  for (const [name, { shape }] of asked) {
    const found = weights.tensors.get(prefix + name);
    if (found?.shape.join() !== shape.join())
      throw new Error(`${name} is [${shape}] here, [${found?.shape}] in the file.`);
    feeds[name] = await weights.read(prefix + name);
  }
  return feeds;
}

/** Repeatable values around 0, around 1 for the scales of norms. */
export function madeFeeds({ asked }: AskedParams, spread = 0.3): Record<string, Float32Array<ArrayBuffer>> {
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  return Object.fromEntries(
    [...asked].map(([name, { shape }]) => {
      const middle = /norm\w*\.weight$/.test(name) ? 1 : 0;
      return [name, Float32Array.from({ length: size(shape) }, () => middle + spread * next())];
    }),
  );
}
