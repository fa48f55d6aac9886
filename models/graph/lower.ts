// Lowers a typed graph to a flat ONNX graph: nodes in natural order, initializers, inputs, outputs.
import {
  type DType,
  GraphError,
  type Lowering,
  leafName,
  type OnnxAttr,
  reachable,
  type Shape,
  type Source,
  size,
  type Target,
  type Tensor,
} from './tensor.ts';

export interface OnnxNode {
  op: string;
  domain: string;
  inputs: readonly string[];
  output: string;
  /** Small, so that the memory forecast leaves it out. */
  second?: string;
  attrs: Readonly<Record<string, OnnxAttr>>;
  /** Type of the output, for the memory forecast: exact for a rule's last node, and for those that `emitAs` made. */
  dtype: DType;
  shape: Shape;
}

export interface OnnxValue {
  name: string;
  dtype: DType;
  shape: Shape;
}

export interface OnnxInitializer extends OnnxValue {
  data: ArrayLike<number> | Source;
}

/** An input or output. `declared` is its type in the typed graph, which the target may have narrowed. */
export interface OnnxPort extends OnnxValue {
  declared: DType;
}

export interface OnnxGraph {
  nodes: readonly OnnxNode[];
  initializers: readonly OnnxInitializer[];
  inputs: readonly OnnxPort[];
  outputs: readonly OnnxPort[];
}

/** ONNX's numbers for element types. */
export const elementType: Readonly<Record<DType, number>> = {
  ...{ float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 },
  ...{ float16: 10, float64: 11, bfloat16: 16 },
};

const width: Record<DType, number> = {
  ...{ float32: 4, float64: 8, float16: 2, bfloat16: 2 },
  ...{ int64: 8, int32: 4, bool: 1, uint8: 1 },
};
export const bytesOf = (dtype: DType, shape: Shape): number => width[dtype] * size(shape);

/** Whole numbers are int32 on plain targets: WebGPU has next to no int64, and every crossing to the CPU costs. */
const narrowed = (dtype: DType, target: Target): DType => (target === 'plain' && dtype === 'int64' ? 'int32' : dtype);

/** Collects nodes and constants while the operators' lowering rules run. */
class Emitter implements Lowering {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxInitializer[] = [];
  readonly target: Target;
  readonly weights = new Map<string, Tensor>();
  private readonly interned = new Map<string, string>();
  private readonly shared = new Map<string, string>();
  private result: Pick<OnnxValue, 'dtype' | 'shape'> = { dtype: 'float32', shape: [] };
  private count = 0;

  constructor(target: Target) {
    this.target = target;
  }

  emit(op: string, inputs: readonly string[], attrs: OnnxNode['attrs'] = {}, domain = ''): string {
    const output = `%${this.count++}`;
    this.nodes.push({ op, domain, inputs, output, attrs, dtype: this.result.dtype, shape: this.result.shape });
    return output;
  }

  emitAs(
    made: Pick<OnnxValue, 'dtype' | 'shape'>,
    op: string,
    inputs: readonly string[],
    attrs: OnnxNode['attrs'] = {},
  ): string {
    const result = this.result;
    this.result = made;
    const output = this.emit(op, inputs, attrs);
    this.result = result;
    return output;
  }

  once(key: string, make: () => string): string {
    const output = this.shared.get(key) ?? make();
    this.shared.set(key, output);
    return output;
  }

  second(output: string): string {
    const at = this.nodes.findIndex((n) => n.output === output);
    const node = this.nodes[at];
    if (!node) throw new GraphError(`${output}: no node has made it, so it has no second output.`);
    const second = `${output}'`;
    this.nodes[at] = { ...node, second };
    return second;
  }

  ints(values: readonly number[]): string {
    return this.constant(values, [values.length], 'int64');
  }

  number(value: number, dtype: DType): string {
    return this.constant([value], [], dtype);
  }

  /** Small constants with equal contents are stored once. */
  constant(data: ArrayLike<number>, shape: Shape, dtype: DType): string {
    const key = data.length <= 64 ? `${dtype}[${shape.join(',')}]${Array.from(data).join(',')}` : `#${this.count++}`;
    const known = this.interned.get(key);
    if (known) return known;
    const name = `#${this.initializers.length}`;
    this.interned.set(key, name);
    this.initializers.push({ name, dtype, shape, data });
    return name;
  }

  /** A constant of the graph, in the element type of the target. */
  literal(t: Tensor): string {
    const dtype = narrowed(t.dtype, this.target);
    const value = t.value ?? [];
    if (dtype !== t.dtype && value.some((v) => v !== (v | 0)))
      throw new GraphError(`Constant int64[${t.shape.join(',')}]: holds values that int32 cannot; run it on CPU.`);
    return this.constant(value, t.shape, dtype);
  }

  /** The weight as its file stores it. */
  raw(t: Tensor): string {
    const { source, name = '' } = t;
    if (!source) throw new GraphError(`Stored ${name}: has no source.`);
    const known = this.weights.get(name);
    if (known && known !== t) throw new GraphError(`Graph: two weights are named ${name}; rename one.`);
    if (!known) this.initializers.push({ name, dtype: source.dtype, shape: t.shape, data: source });
    this.weights.set(name, t);
    return name;
  }

  /** Each user of a weight stored in another type gets a cast of its own, so that no converted copy is held between two. */
  stored(t: Tensor): string {
    return this.isAsStored(t) ? this.raw(t) : this.cast(this.raw(t), t);
  }

  private isAsStored(t: Tensor): boolean {
    return t.source?.dtype === narrowed(t.dtype, this.target);
  }

  private cast(value: string, t: Tensor): string {
    this.result = { dtype: narrowed(t.dtype, this.target), shape: t.shape };
    return this.emit('Cast', [value], { to: elementType[this.result.dtype] });
  }

  lower(t: Tensor, nameOf: (x: Tensor) => string): string {
    const [first] = t.inputs;
    // Rows are picked before they are converted: an embedding table is far larger than what is read of it.
    const picks = t.op.name === 'Gather' && first?.op.name === 'Stored' && !this.isAsStored(first);
    const inputs = t.inputs.map((x) => (picks && x === first ? this.raw(x) : nameOf(x)));
    const dtype = narrowed(t.dtype, this.target);
    this.result = { dtype, shape: t.shape };
    const output = t.op.lower ? t.op.lower(this, inputs, { ...t, dtype }) : this.emit(t.op.name, inputs, t.attrs);
    // ArgMax makes int64 whatever it is given.
    const other = picks || (t.op.name === 'ArgMax' && dtype !== t.dtype);
    return other ? this.cast(output, t) : output;
  }
}

/** Every output keeps its key as its ONNX name. */
export function lower(outputs: Readonly<Record<string, Tensor>>, target: Target): OnnxGraph {
  const emitter = new Emitter(target);
  const names = new Map<Tensor, string>();
  const inputs: OnnxPort[] = [];
  const port = (name: string, { dtype, shape }: Tensor): OnnxPort => ({
    ...{ name, shape, dtype: narrowed(dtype, target), declared: dtype },
  });
  const nameOf = (t: Tensor): string => {
    const name = t.op.name === 'Stored' ? emitter.stored(t) : names.get(t);
    if (name === undefined) throw new GraphError(`${t.op.name}: is used before it is lowered.`);
    return name;
  };
  for (const t of reachable(Object.values(outputs))) {
    if (t.op.name === 'Input') {
      inputs.push(port(leafName(t), t));
      names.set(t, leafName(t));
    } else if (t.op.name === 'Constant') names.set(t, emitter.literal(t));
    else if (t.op.name !== 'Stored') names.set(t, emitter.lower(t, nameOf));
  }
  const results = Object.entries(outputs).map(([key, t]) => ({ ...port(key, t), value: nameOf(t) }));
  rejectDuplicates([...inputs.map((v) => v.name), ...Object.keys(outputs), ...emitter.weights.keys()]);
  const used = new Set([...emitter.nodes.flatMap((n) => n.inputs), ...results.map((v) => v.value)]);
  const live = emitter.nodes.filter((n) => used.has(n.output) || used.has(n.second ?? ''));
  const nodes = nameOutputs(live, results);
  return { nodes, initializers: emitter.initializers, inputs, outputs: results.map(({ value: _, ...rest }) => rest) };
}

function rejectDuplicates(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new GraphError(`Graph: two inputs, weights or outputs are named ${name}; rename one.`);
    seen.add(name);
  }
}

/** Renames what the outputs compute; a leaf, or a value that is two outputs at once, gets an Identity node. */
function nameOutputs(nodes: readonly OnnxNode[], outputs: readonly (OnnxPort & { value: string })[]): OnnxNode[] {
  const produced = new Set(nodes.map((n) => n.output));
  const renames = new Map<string, string>();
  const copies: OnnxNode[] = [];
  for (const { name, value, dtype, shape } of outputs) {
    if (produced.has(value) && !renames.has(value)) renames.set(value, name);
    else copies.push({ op: 'Identity', domain: '', inputs: [value], output: name, attrs: {}, dtype, shape });
  }
  const rename = (name: string) => renames.get(name) ?? name;
  return [...nodes, ...copies].map((n) => ({ ...n, inputs: n.inputs.map(rename), output: rename(n.output) }));
}
