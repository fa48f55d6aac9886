// Low-rank updates of frozen linear weights: which weights, how they start, how they are merged and named.
import { entry, type Shape } from '../graph/tensor.ts';
import type { ParamSource } from '../nn/params.ts';

export interface Lora {
  rank: number;
  /** The update counts alpha / rank. */
  alpha: number;
  /** Last names of the linears, as `q_proj`. */
  targets: readonly string[];
  /** Only linears whose path begins so; '' is all. */
  within: string;
}

const peftPrefix = 'base_model.model.';
const weightEnd = '.weight';

/** Whether `key`, as `model.layers.0.self_attn.q_proj.weight`, is a weight that gets an update. */
export function isLoraTarget(key: string, { targets, within }: Lora): boolean {
  const linear = key.endsWith(weightEnd) ? key.slice(0, -weightEnd.length) : '';
  return linear.startsWith(within) && targets.some((target) => linear === target || linear.endsWith(`.${target}`));
}

/** The keys of both factors of a weight [out, in]: A [rank, in] and B [out, rank]. */
export function loraFactors(key: string, shape: Shape, { rank }: Lora) {
  const [out, wide] = [entry(shape, 0, key), entry(shape, 1, key)];
  const linear = key.slice(0, -weightEnd.length);
  return {
    a: { key: `${linear}.lora_A.weight`, shape: [rank, wide] },
    b: { key: `${linear}.lora_B.weight`, shape: [out, rank] },
  };
}

/** A uniform within 1 / sqrt(in), B zero: the update starts at nothing. `random` gives numbers in [0, 1). */
export function initLora(
  weights: Iterable<readonly [key: string, shape: Shape]>,
  lora: Lora,
  random: () => number,
): Map<string, Float32Array<ArrayBuffer>> {
  const factors = new Map<string, Float32Array<ArrayBuffer>>();
  for (const [key, shape] of weights) {
    if (shape.length !== 2 || !isLoraTarget(key, lora)) continue;
    const { a, b } = loraFactors(key, shape, lora);
    const [out, wide] = [entry(shape, 0, key), entry(shape, 1, key)];
    const bound = 1 / Math.sqrt(wide);
    factors.set(
      a.key,
      new Float32Array(lora.rank * wide).map(() => (random() * 2 - 1) * bound),
    );
    factors.set(b.key, new Float32Array(out * lora.rank));
  }
  for (const target of lora.targets)
    if (![...factors.keys()].some((key) => isFactorOf(key, target)))
      throw new Error(`No weight below "${lora.within}" belongs to a linear "${target}", which is to get an update.`);
  return factors;
}

const isFactorOf = (key: string, target: string): boolean => `.${key}`.includes(`.${target}.lora_`);

export interface LoraSource extends ParamSource {
  /** Throws for factors that no graph built so far has used: training or loading them would change nothing. */
  checkUsed(keys: Iterable<string>): void;
}

/** Parameters in which every target has its update beside it, with A and B taken from `factors`. */
export function withLora(base: ParamSource, factors: ParamSource, lora: Lora): LoraSource {
  const used = new Set<string>();
  return {
    has: (key) => base.has(key),
    get: (key, shape) => base.get(key, shape),
    quantised: (key, shape) => base.quantised?.(key, shape) ?? null,
    checkUsed: (keys) => checkFactors(keys, used),
    side(key, shape) {
      if (!isLoraTarget(key, lora)) return null;
      const { a, b } = loraFactors(key, shape, lora);
      used.add(a.key).add(b.key);
      return { a: factors.get(a.key, a.shape), b: factors.get(b.key, b.shape), scale: lora.alpha / lora.rank };
    },
  };
}

/** Whether a key names a factor of an update, in our words or in peft's. */
export const isFactor = (key: string): boolean => /(?:^|\.)lora_[AB]\.weight$/u.test(key);

/** Throws where some of the keys are factors that a graph does not use: training or loading them would change nothing. */
export function checkFactors(keys: Iterable<string>, used: { has(key: string): boolean }): void {
  const idle = [...keys].filter((key) => isFactor(key) && !used.has(key));
  if (idle.length === 0) return;
  const more = idle.length > 4 ? ` and ${idle.length - 4} more` : '';
  throw new Error(
    `No graph uses ${idle.slice(0, 4).join(', ')}${more}: a low-rank update works only beside a linear map; leave these targets out.`,
  );
}

/** W + (alpha / rank) B A as numbers, for weights that are to be used without LoRA. */
export function mergeLora(
  weight: Float32Array,
  { a, b, lora: { rank, alpha } }: { a: Float32Array; b: Float32Array; lora: Lora },
): Float32Array<ArrayBuffer> {
  const wide = a.length / rank;
  if (weight.length !== (wide * b.length) / rank)
    throw new RangeError(
      `Factors of ${a.length} and ${b.length} numbers at rank ${rank} do not update a weight of ${weight.length}.`,
    );
  const merged = Float32Array.from(weight);
  for (let row = 0; row * rank < b.length; row++) {
    const target = merged.subarray(row * wide, (row + 1) * wide);
    for (let k = 0; k < rank; k++)
      addScaled(target, a.subarray(k * wide, (k + 1) * wide), ((b[row * rank + k] ?? 0) * alpha) / rank);
  }
  return merged;
}

function addScaled(target: Float32Array, row: Float32Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) + factor * (row[i] ?? 0);
}

/** Our factor keys are peft's without its wrapper. */
export const toPeft = (key: string): string => peftPrefix + key;
export const fromPeft = (key: string): string => (key.startsWith(peftPrefix) ? key.slice(peftPrefix.length) : key);
