// Holds parameter paths, equal to checkpoint keys, as a tree that a model function walks.
import type { Quantised } from '../graph/quantised.ts';
import type { Shape, Tensor } from '../graph/tensor.ts';

/** A low-rank update of a linear weight, applied beside it: y += scale * (x A^T) B^T. */
export interface SidePath {
  /** [rank, in] */
  a: Tensor;
  /** [out, rank] */
  b: Tensor;
  scale: number;
}

/** A view on the parameters below one prefix. `get` asks the source for the full key. */
export interface Params {
  get(name: string, ...shape: number[]): Tensor;
  at(prefix: string): Params;
  has(name: string): boolean;
  side(name: string, ...shape: number[]): SidePath | null;
  quantised(name: string, ...shape: number[]): Quantised | null;
}

/** Where parameters come from: trainable inputs, weights inside a file, or constants. */
export interface ParamSource {
  get(name: string, shape: Shape): Tensor;
  has(name: string): boolean;
  /** The update of a linear weight that stays apart from it; none when absent. */
  side?(name: string, shape: Shape): SidePath | null;
  /** A weight that is stored in 4 or 8 bits; none when absent, and then `get` has it. */
  quantised?(name: string, shape: Shape): Quantised | null;
}

export function paramsFrom(source: ParamSource, prefix = ''): Params {
  const key = (name: string) => (prefix === '' ? name : `${prefix}.${name}`);
  return {
    get: (name, ...shape) => source.get(key(name), shape),
    at: (inner) => paramsFrom(source, key(inner)),
    has: (name) => source.has(key(name)),
    side: (name, ...shape) => source.side?.(key(name), shape) ?? null,
    quantised: (name, ...shape) => source.quantised?.(key(name), shape) ?? null,
  };
}
