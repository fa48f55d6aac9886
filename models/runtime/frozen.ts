// Gives graphs the parameters of opened weight files without moving them: ONNX external data, nothing converted or copied.
import path from 'node:path';
import type { Quantised } from '../graph/quantised.ts';
import { type Shape, stored, type Tensor } from '../graph/tensor.ts';
import { WeightsError, type WeightsFile } from './weightsFile.ts';

/** Fits nn's ParamSource. */
export interface FrozenWeights {
  has(name: string): boolean;
  get(name: string, shape: Shape): Tensor;
  /** A weight [rows, columns] that a file holds in 4 or 8 bits (see `quantisedKeys`). */
  quantised(name: string, shape: Shape): Quantised | null;
  /** What the session must be given, for ONNX Runtime takes only paths below one folder. */
  readonly folder: string;
}

/** The first file that holds a key provides it. A key asked for twice is one tensor. */
export function frozenWeights(files: readonly WeightsFile[]): FrozenWeights {
  const holder = (name: string) => files.find((file) => file.tensors.has(name));
  const folder = commonFolder(files.flatMap(({ tensors }) => [...tensors.values()].map(({ file }) => file)));
  const made = new Map<string, Tensor>();
  const get = (name: string, shape: Shape): Tensor => {
    const tensor = made.get(name) ?? storedIn(holder(name), name, { shape, folder });
    made.set(name, tensor);
    return tensor;
  };
  return {
    folder,
    get,
    has: (name) => holder(name) !== undefined,
    quantised(name, [rows = 0, columns = 0]) {
      const keys = quantisedKeys(name);
      const file = holder(keys.values);
      if (!file) return null;
      const { bits, block } = blocksIn(file, keys.values);
      const blocks = Math.ceil(columns / block);
      const values = get(keys.values, [rows, blocks, (block * bits) / 8]);
      return { values, scales: get(keys.scales, [rows, blocks]), columns, bits };
    },
  };
}

/** The two tensors that stand for a quantised weight `name`, [rows, blocks, bytes] and [rows, blocks]. */
export const quantisedKeys = (name: string) => ({ values: `${name}.quantised`, scales: `${name}.scales` });

/** A file of quantised weights says how in its metadata. */
function blocksIn(file: WeightsFile, key: string): { bits: 4 | 8; block: number } {
  const [bits, block] = ['bits', 'block'].map((name) => Number(file.metadata.get(name)));
  if ((bits !== 4 && bits !== 8) || block === undefined || !(block >= 16))
    throw new WeightsError(
      `${file.tensors.get(key)?.file}: does not say in how many bits and blocks it stores weights.`,
    );
  return { bits, block };
}

interface Wanted {
  shape: Shape;
  folder: string;
}

function storedIn(file: WeightsFile | undefined, name: string, { shape, folder }: Wanted): Tensor {
  const span = file?.tensors.get(name);
  if (!file || !span)
    throw new WeightsError(`${folder}: holds no tensor "${name}", which the model needs as [${shape.join(', ')}].`);
  if (span.shape.length !== shape.length || span.shape.some((n, axis) => n !== shape[axis]))
    throw new WeightsError(
      `${span.file}: tensor "${name}" is [${span.shape.join(', ')}] where the model needs [${shape.join(', ')}].`,
    );
  const source = file.source(name);
  const below = path.relative(folder, source.file).split(path.sep).join('/');
  return stored(name, shape, { ...source, file: below });
}

function commonFolder(files: readonly string[]): string {
  const [first = '.', ...rest] = [...new Set(files.map((file) => path.dirname(file)))];
  const common = (a: string, b: string): string => {
    const inside = b === a || b.startsWith(a.endsWith(path.sep) ? a : a + path.sep);
    if (inside) return a;
    if (path.dirname(a) === a)
      throw new WeightsError(`Weights on two drives (${first}, ${b}) cannot be used together.`);
    return common(path.dirname(a), b);
  };
  return rest.reduce(common, first);
}
