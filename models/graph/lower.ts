// A typed graph -> the flat ONNX graph that stands for it: nodes in natural order, initializers, inputs, outputs.
import {
  type DType,
  GraphError,
  type Lowering,
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
  attrs: Readonly<Record<string, OnnxAttr>>;
  /** Of the output, for the memory estimate. */
  bytes: number;
}

export interface OnnxValue {
  name: string;
  dtype: DType;
  shape: Shape;
}

export interface OnnxInitializer extends OnnxValue {
  data: ArrayLike<number> | Source;
}

export interface OnnxGraph {
  nodes: readonly OnnxNode[];
  initializers: readonly OnnxInitializer[];
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
}

const width: Record<DType, number> = {
  ...{ float32: 4, float64: 8, float16: 2, bfloat16: 2 },
  ...{ int64: 8, int32: 4, bool: 1, uint8: 1 },
};
export const bytesOf = (dtype: DType, shape: Shape): number => width[dtype] * size(shape);

/** Collects nodes and constants while the operators' lowering rules run. */
class Emitter implements Lowering {
  readonly nodes: OnnxNode[] = [];
  readonly casts: OnnxNode[] = [];
  readonly initializers: OnnxInitializer[] = [];
  readonly target: Target;
  private readonly interned = new Map<string, string>();
  private bytes = 0;
  private count = 0;

  constructor(target: Target) {
    this.target = target;
  }

  emit(op: string, inputs: readonly string[], attrs: OnnxNode['attrs'] = {}, domain = ''): string {
    const output = `v${this.count++}`;
    this.nodes.push({ op, domain, inputs, output, attrs, bytes: this.bytes });
    return output;
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
    const name = `c${this.initializers.length}`;
    this.interned.set(key, name);
    this.initializers.push({ name, dtype, shape, data });
    return name;
  }

  stored(t: Tensor): string {
    const { source, name = '' } = t;
    if (!source) throw new GraphError(`Stored ${name}: has no source.`);
    this.initializers.push({ name, dtype: source.dtype, shape: t.shape, data: source });
    if (source.dtype === t.dtype) return name;
    const output = `v${this.count++}`;
    // Casts go first in the list: ONNX Runtime then runs each one just before its user.
    this.casts.push({
      ...{ op: 'Cast', domain: '', inputs: [name], output, attrs: { to: 1 } },
      bytes: bytesOf(t.dtype, t.shape),
    });
    return output;
  }

  lower(t: Tensor, inputs: readonly string[]): string {
    this.bytes = bytesOf(t.dtype, t.shape);
    if (t.op.lower) return t.op.lower(this, inputs, t);
    return this.emit(t.op.name, inputs, t.attrs);
  }
}

/** Every output keeps its key as its ONNX name. */
export function lower(outputs: Readonly<Record<string, Tensor>>, target: Target): OnnxGraph {
  const emitter = new Emitter(target);
  const names = new Map<Tensor, string>();
  const inputs: OnnxValue[] = [];
  for (const t of reachable(Object.values(outputs))) {
    if (t.op.name === 'Input') {
      inputs.push({ name: t.name ?? '', dtype: t.dtype, shape: t.shape });
      names.set(t, t.name ?? '');
    } else if (t.op.name === 'Constant') names.set(t, emitter.constant(t.value ?? [], t.shape, t.dtype));
    else if (t.op.name === 'Stored') names.set(t, emitter.stored(t));
    else
      names.set(
        t,
        emitter.lower(
          t,
          t.inputs.map((x) => names.get(x) ?? ''),
        ),
      );
  }
  rejectDuplicates([...inputs.map((v) => v.name), ...Object.keys(outputs)]);
  const renamed = nameOutputs(emitter, outputs, names);
  const values = Object.entries(outputs).map(([name, t]) => ({ name, dtype: t.dtype, shape: t.shape }));
  return { nodes: renamed, initializers: emitter.initializers, inputs, outputs: values };
}

function rejectDuplicates(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new GraphError(`Graph: two inputs or outputs are named ${name}; rename one.`);
    seen.add(name);
  }
}

/** Renames what the outputs compute; a leaf, or a value that is two outputs at once, gets an Identity node. */
function nameOutputs(
  emitter: Emitter,
  outputs: Readonly<Record<string, Tensor>>,
  names: ReadonlyMap<Tensor, string>,
): OnnxNode[] {
  const produced = new Set([...emitter.casts, ...emitter.nodes].map((n) => n.output));
  const renames = new Map<string, string>();
  const copies: OnnxNode[] = [];
  for (const [key, t] of Object.entries(outputs)) {
    const value = names.get(t) ?? '';
    if (produced.has(value) && !renames.has(value)) renames.set(value, key);
    else
      copies.push({
        op: 'Identity',
        domain: '',
        inputs: [value],
        output: key,
        attrs: {},
        bytes: bytesOf(t.dtype, t.shape),
      });
  }
  const rename = (name: string) => renames.get(name) ?? name;
  return [...emitter.casts, ...emitter.nodes, ...copies].map((n) => ({
    ...n,
    inputs: n.inputs.map(rename),
    output: rename(n.output),
  }));
}
