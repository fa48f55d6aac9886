// Holds the parameters in training by checkpoint key: made when a graph first asks for them, fed to every graph.
import { input, type Shape, size, type Tensor } from '../../../models/graph/tensor.ts';
import type { ParamSource } from '../../../models/nn/params.ts';

export interface Parameter {
  shape: Shape;
  values: Float32Array<ArrayBuffer>;
}

/** The first values of a key that nobody has set. */
export type FirstValues = (name: string, shape: Shape) => Float32Array<ArrayBuffer>;

/** Grows as graphs ask for keys; the same key is the same array in every graph. */
export class Parameters {
  readonly all = new Map<string, Parameter>();
  private readonly first: FirstValues;

  constructor(first: FirstValues) {
    this.first = first;
  }

  /** A source for one graph: asked twice for a key it gives the same tensor. `prefix` is put before every key. */
  source(prefix = ''): ParamSource & { tensors: Map<string, Tensor> } {
    const tensors = new Map<string, Tensor>();
    return {
      tensors,
      has: (name) => this.all.has(prefix + name),
      get: (name, shape) => {
        const key = prefix + name;
        const tensor = tensors.get(key) ?? input(key, shape);
        this.ensure(key, shape);
        tensors.set(key, tensor);
        return tensor;
      },
    };
  }

  /** Takes the place of the first values. */
  set(name: string, shape: Shape, values: Float32Array<ArrayBuffer>): void {
    if (values.length !== size(shape)) throw new Error(`${name}: ${values.length} values for [${shape.join(',')}].`);
    this.all.set(name, { shape, values });
  }

  /** What a run is fed beside its data. The arrays are live: training changes them in place. */
  feeds(names: Iterable<string>): Record<string, Float32Array> {
    return Object.fromEntries([...names].map((name) => [name, this.values(name)]));
  }

  /** Copies of the values as they are now. */
  snapshot(names: Iterable<string>): Record<string, Float32Array> {
    return Object.fromEntries([...names].map((name) => [name, this.values(name).slice()]));
  }

  values(name: string): Float32Array<ArrayBuffer> {
    const known = this.all.get(name);
    if (!known) throw new Error(`There is no parameter ${name}.`);
    return known.values;
  }

  private ensure(name: string, shape: Shape): void {
    const known = this.all.get(name);
    if (known && size(known.shape) !== size(shape))
      throw new Error(`${name}: the graph wants [${shape.join(',')}], the weights hold [${known.shape.join(',')}].`);
    if (!known) this.all.set(name, { shape, values: this.first(name, shape) });
  }
}
