// Tensors of a fixture by name, as pictures or floats, and the largest difference between two lists of numbers.
import type { DeviceTensor } from '../models/graph/value.ts';
import type { RgbImage } from '../models/nn/resample.ts';
import { openSafetensors } from '../models/runtime/safetensors.ts';

export interface Fixture {
  readonly names: readonly string[];
  shape(name: string): readonly number[];
  floats(name: string): Promise<Float32Array<ArrayBuffer>>;
  /** A uint8 tensor [height, width, 3]. */
  picture(name: string): Promise<RgbImage>;
}

export async function openFixture(file: string): Promise<Fixture> {
  const opened = await openSafetensors(file);
  const shape = (name: string) => {
    const span = opened.tensors.get(name);
    if (!span) throw new Error(`${file} has no ${name}`);
    return span.shape;
  };
  return {
    names: [...opened.tensors.keys()],
    shape,
    floats: (name) => opened.read(name),
    picture: async (name) => {
      const [height = 0, width = 0] = shape(name);
      return { height, width, data: await opened.readRaw(name) };
    },
  };
}

/** The numbers of all, one after the other. */
export async function joined(tensors: readonly DeviceTensor[]): Promise<Float32Array> {
  const each = await Promise.all(tensors.map((tensor) => tensor.read()));
  return Float32Array.from(each.flatMap((values) => [...values]));
}

/** Infinity when the lengths differ. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN)));
  return Number.isNaN(most) ? Number.POSITIVE_INFINITY : most;
}
