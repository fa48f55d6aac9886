// A tiny checkpoint of the golden fixtures: its config, its weights as graph inputs, and its cases with their tensors.

import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { input, type Tensor } from '../../models/graph/tensor.ts';
import type { Value } from '../../models/graph/value.ts';
import { type ParamSource, type Params, paramsFrom } from '../../models/nn/params.ts';
import { type QwenConfig, qwenConfigFrom } from '../../models/qwen/config.ts';
import type { PatchGrid } from '../../models/qwen/rope.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { evaluate } from '../evaluate.ts';
import { golden } from '../golden.ts';

export const json = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

export interface Checkpoint {
  /** As the cases' functions want it. */
  readonly folder: string;
  readonly config: QwenConfig;
  readonly weights: ReadonlyMap<string, Float32Array>;
}

export async function openCheckpoint(folder: string, configFile = 'config.json'): Promise<Checkpoint> {
  const file = await openSafetensors(golden(folder, 'model.safetensors'));
  const names = [...file.tensors.keys()];
  const weights = new Map(await Promise.all(names.map(async (name) => [name, await file.read(name)] as const)));
  return { folder, config: qwenConfigFrom(json(golden(folder, configFile))), weights };
}

/** Parameters that are graph inputs; `tensors` holds those a graph has asked for. */
export interface Fed {
  readonly p: Params;
  readonly source: ParamSource;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

export function fed({ weights }: Pick<Checkpoint, 'weights'>): Fed {
  const tensors = new Map<string, Tensor>();
  const source: ParamSource = {
    has: (name) => weights.has(name),
    get: (name, shape) => {
      if (!weights.has(name)) throw new Error(`The checkpoint has no ${name}.`);
      const tensor = tensors.get(name) ?? input(name, shape);
      tensors.set(name, tensor);
      return tensor;
    },
  };
  return { p: paramsFrom(source), source, tensors };
}

/** Runs the graph with the weights it asked for. */
export function run(
  { weights }: Pick<Checkpoint, 'weights'>,
  { tensors }: Pick<Fed, 'tensors'>,
  outputs: Record<string, Tensor>,
  feeds: Record<string, Value>,
): Promise<Record<string, Float64Array>> {
  const parameters = [...tensors.keys()].map((name) => [name, weights.get(name) ?? new Float32Array()] as const);
  return evaluate(outputs, { ...Object.fromEntries(parameters), ...feeds });
}

/** A case's JSON (its type is the caller's claim) and its tensors by name. */
export interface Case<T> {
  readonly facts: T;
  shape(name: string): readonly number[];
  values(name: string): Promise<Float32Array>;
  names(): string[];
}

export async function openCase<T>(folder: string, name: string): Promise<Case<T>> {
  const facts = json(golden(folder, 'cases', `${name}.json`)) as T;
  const file = await openSafetensors(golden(folder, 'cases', `${name}.safetensors`));
  return {
    facts,
    shape: (tensor) => file.tensors.get(tensor)?.shape ?? [],
    values: (tensor) => file.read(tensor),
    names: () => [...file.tensors.keys()],
  };
}

export interface Pictures {
  images: readonly string[];
  image_grid_thw: readonly (readonly [number, number, number])[];
}

export const gridsOf = ({ image_grid_thw }: Pictures): PatchGrid[] => image_grid_thw.map(([t, h, w]) => ({ t, h, w }));

/** The pictures of a case, joined along the patch axis. */
export async function pixelsOf(folder: string, { images }: Pictures): Promise<Float32Array<ArrayBuffer>> {
  const file = await openSafetensors(golden(folder, 'images.safetensors'));
  const parts = await Promise.all(images.map((name) => file.read(`${name}.pixel_values`)));
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

/** The largest difference over the largest value, of the elements that `counts` says. */
export function relativeError(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  counts: (i: number) => boolean = () => true,
): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [worst, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    if (!counts(i)) continue;
    const error = Math.abs((actual[i] ?? Number.NaN) - (expected[i] ?? Number.NaN));
    worst = error <= worst ? worst : error;
    largest = Math.max(largest, Math.abs(expected[i] ?? 0));
  }
  return worst / largest;
}

export const tolerance = { values: 2e-5, gradients: 1e-4 };

/** Fails above the tolerance, and says by how much. */
export function expectClose(
  what: string,
  [actual, expected]: readonly [ArrayLike<number> | undefined, ArrayLike<number>],
  limit = tolerance.values,
  counts?: (i: number) => boolean,
): void {
  const error = relativeError(actual ?? [], expected, counts);
  if (process.env.LOUPE_ERRORS) console.log(`${what}: ${error.toExponential(1)}`);
  expect(error, `${what}: relative error`).toBeLessThan(limit);
}
