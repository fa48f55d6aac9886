// The nano's parameters: values by checkpoint key, made on first use from the seed and the key, fed to every graph.
import { input, type Shape, size, type Tensor } from '../../models/graph/tensor.ts';
import type { ParamSource } from '../../models/nn/params.ts';
import { type Random, random } from '../scenes/random.ts';
import { coordinates } from './layout.ts';
import type { Line } from './lines.ts';

export interface Parameter {
  shape: Shape;
  values: Float32Array<ArrayBuffer>;
}

export type Initialiser = (name: string, shape: Shape, normal: () => number) => Float32Array<ArrayBuffer>;

/** Grows as graphs ask for keys; the same key is the same array in every graph. */
export class Parameters {
  readonly all = new Map<string, Parameter>();
  private readonly seed: number;
  private readonly initialise: Initialiser;

  constructor(seed: number, initialise: Initialiser) {
    this.seed = seed;
    this.initialise = initialise;
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

  /** Takes the place of what initialisation would give. */
  set(name: string, shape: Shape, values: Float32Array<ArrayBuffer>): void {
    if (values.length !== size(shape)) throw new Error(`${name}: ${values.length} values for [${shape.join(',')}].`);
    this.all.set(name, { shape, values });
  }

  /** What a run is fed beside its data. */
  feeds(names: Iterable<string>): Record<string, Float32Array> {
    return Object.fromEntries([...names].map((name) => [name, this.values(name)]));
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
    if (known) return;
    const draw = random(this.seed, hash(name));
    this.all.set(name, { shape, values: this.initialise(name, shape, () => normal(draw)) });
  }
}

/** Box-Muller. */
const normal = ({ next }: Random): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

/** FNV-1a, so that a parameter's first value does not depend on the order in which graphs are built. */
const hash = (text: string): number =>
  [...text].reduce((h, c) => Math.imul(h ^ (c.codePointAt(0) ?? 0), 16777619) >>> 0, 2166136261);

/** Token rows whose first values are sines and cosines of what they stand for, so that near numbers start near. */
export interface LinedRows {
  name: string;
  lines: readonly Line[];
}

/** Matrices by fan-in, scales 1, biases 0, embeddings small; the keys are those of the published checkpoints. */
export function nanoInitialiser(rows: LinedRows): Initialiser {
  return (name, shape, normal) => {
    const values = new Float32Array(size(shape));
    const spread = spreadOf(name, shape);
    if (spread === null) return values.fill(name.endsWith('bias') || name.endsWith('pos_embed') ? 0 : 1);
    for (let i = 0; i < values.length; i++) values[i] = spread * normal();
    if (name === rows.name)
      rows.lines.forEach((line, k) => writeSinusoids(values, shape[1] ?? 1, { line, apart: k > 0 }));
    return values;
  };
}

/** Standard deviation of the first values; null: constants. */
function spreadOf(name: string, shape: Shape): number | null {
  if (/gaussian_matrix$/.test(name)) return 1;
  if (/(embed_tokens|learnable_query|pos_embed(_window)?|no_mem_embed)/.test(name))
    return name === 'connector.pos_embed' ? null : 0.02;
  if (/(point_embeddings|not_a_point_embed|no_mask_embed|_token(s)?\.weight)/.test(name)) return 0.3;
  if (shape.length < 2) return null;
  if (name === 'conv_1d.weight') return 0.02;
  const fanIn = size(shape.slice(1));
  const residual = /(o_proj|down_proj|attn\.proj|mlp\.fc2)\.weight$/.test(name);
  return (residual ? 0.4 : 1) / Math.sqrt(fanIn);
}

/** A line that stands `apart` from the first one keeps one random vector in all of its rows. */
function writeSinusoids(values: Float32Array, width: number, { line, apart }: { line: Line; apart: boolean }): void {
  const { count, step } = coordinates;
  const [one = 0] = line.ids;
  const offset = apart ? values.slice(one * width, (one + 1) * width) : new Float32Array(width);
  line.ids.forEach((id, k) => {
    for (let i = 0; i < width / 2; i++) {
      const angle = ((line.values[k] ?? 0) / step) * 1.2 * count ** (-(2 * i) / width);
      values[id * width + 2 * i] = (offset[2 * i] ?? 0) + 0.03 * Math.sin(angle);
      values[id * width + 2 * i + 1] = (offset[2 * i + 1] ?? 0) + 0.03 * Math.cos(angle);
    }
  });
}
