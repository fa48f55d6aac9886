// Opened weight files to graph parameters that stay where they are: ONNX external data, nothing converted or copied.
import path from 'node:path';
import { type Shape, stored, type Tensor } from '../graph/tensor.ts';
import { WeightsError, type WeightsFile } from './weightsFile.ts';

/** Fits nn's ParamSource. */
export interface FrozenWeights {
  has(name: string): boolean;
  get(name: string, shape: Shape): Tensor;
  /** What the session must be given, for ONNX Runtime takes only paths below one folder. */
  readonly folder: string;
}

/** The first file that holds a key provides it. A key asked for twice is one tensor. */
export function frozenWeights(files: readonly WeightsFile[]): FrozenWeights {
  const holder = (name: string) => files.find((file) => file.tensors.has(name));
  const folder = commonFolder(files.flatMap(({ tensors }) => [...tensors.values()].map(({ file }) => file)));
  const made = new Map<string, Tensor>();
  return {
    folder,
    has: (name) => holder(name) !== undefined,
    get(name, shape) {
      const tensor = made.get(name) ?? storedIn(holder(name), name, { shape, folder });
      made.set(name, tensor);
      return tensor;
    },
  };
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
