// Parameter paths, equal to checkpoint keys, as a tree that a model function walks.
import type { Shape, Tensor } from '../graph/tensor.ts';

/** A view on the parameters below one prefix. `get` asks the source for the full key. */
export interface Params {
  get(name: string, ...shape: number[]): Tensor;
  at(prefix: string): Params;
  has(name: string): boolean;
}

/** Where parameters come from: trainable inputs, weights inside a file, or constants. */
export interface ParamSource {
  get(name: string, shape: Shape): Tensor;
  has(name: string): boolean;
}

export function paramsFrom(source: ParamSource, prefix = ''): Params {
  const key = (name: string) => (prefix === '' ? name : `${prefix}.${name}`);
  return {
    get: (name, ...shape) => source.get(key(name), shape),
    at: (inner) => paramsFrom(source, key(inner)),
    has: (name) => source.has(key(name)),
  };
}
