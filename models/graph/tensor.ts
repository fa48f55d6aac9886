// The immutable, typed expression graph: a tensor is an operator applied to tensors.

export type DType = 'float32' | 'float64' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'bool' | 'uint8';
export type Shape = readonly number[];
export type Attrs = Readonly<Record<string, number | string | readonly number[]>>;

/** Every operator a graph may hold: ONNX's names, and below them what exists only before lowering. */
export type OpName =
  | 'Abs'
  | 'Add'
  | 'And'
  | 'ArgMax'
  | 'Attend'
  | 'Cast'
  | 'Clip'
  | 'Concat'
  | 'Conv'
  | 'ConvTranspose'
  | 'Cos'
  | 'DequantizeLinear'
  | 'Div'
  | 'Equal'
  | 'Erf'
  | 'Exp'
  | 'Expand'
  | 'Floor'
  | 'Gather'
  | 'GatherElements'
  | 'Gelu'
  | 'Greater'
  | 'GreaterOrEqual'
  | 'InverseRms'
  | 'LayerNormalization'
  | 'Less'
  | 'LessOrEqual'
  | 'Log'
  | 'LogSoftmax'
  | 'MatMul'
  | 'MatMulNBits'
  | 'Max'
  | 'Min'
  | 'Mul'
  | 'Neg'
  | 'Not'
  | 'Or'
  | 'Pad'
  | 'Pow'
  | 'QuickGelu'
  | 'RMSNormalization'
  | 'Reciprocal'
  | 'ReduceMax'
  | 'ReduceMean'
  | 'ReduceMin'
  | 'ReduceSum'
  | 'Relu'
  | 'Reshape'
  | 'RotaryEmbedding'
  | 'ScatterElements'
  | 'Sigmoid'
  | 'Sin'
  | 'Slice'
  | 'Softmax'
  | 'Sqrt'
  | 'Sub'
  | 'Tanh'
  | 'Transpose'
  | 'Where'
  | 'Input'
  | 'Constant'
  | 'Stored'
  | 'Recompute'
  | 'StopGradient';

/** What a gradient rule sees: the output's cotangent, the output, the inputs and the attributes. */
export interface Cotangent {
  g: Tensor;
  y: Tensor;
  x: readonly Tensor[];
  attrs: Attrs;
}

/** Attribute values as ONNX stores them: whole numbers are INT, `{ float }` is FLOAT. */
export type OnnxAttr = number | string | readonly number[] | { float: number };

/** What a lowering rule may do: emit ONNX nodes and small constants. Values are ONNX names. */
export interface Lowering {
  target: Target;
  emit(op: string, inputs: readonly string[], attrs?: Readonly<Record<string, OnnxAttr>>, domain?: string): string;
  /** A node in between, whose values are of another type or shape than the rule's result: told for the memory forecast. */
  emitAs(
    made: { dtype: DType; shape: Shape },
    op: string,
    inputs: readonly string[],
    attrs?: Readonly<Record<string, OnnxAttr>>,
  ): string;
  /** What `make` emits, once a graph for each key: several nodes read it. Never for what recomputation would make anew. */
  once(key: string, make: () => string): string;
  /** The second output of the node that made `output`, which has it from then on. */
  second(output: string): string;
  ints(values: readonly number[]): string;
  number(value: number, dtype: DType): string;
}

/** Which operator set a graph is lowered for: ONNX Runtime's CPU extensions, or plain ONNX for other providers. */
export type Target = 'cpu' | 'plain';

/** One row of the operator table: shape rule, element type, gradient and lowering, side by side. */
export interface Op {
  readonly name: OpName;
  shape(x: readonly Tensor[], attrs: Attrs): Shape;
  /** Default: the first input's. */
  dtype?(x: readonly Tensor[], attrs: Attrs): DType;
  /** One cotangent for each input (null: no gradient); 'none': nothing flows through. Broadcasting is undone by `grad`. */
  vjp: ((c: Cotangent) => readonly (Tensor | null)[]) | 'none';
  /** Default: one ONNX node of the same name and attributes. */
  lower?(l: Lowering, inputs: readonly string[], t: Tensor): string;
}

/** Where the bytes of a frozen weight are: a span of a file, never copied. */
export interface Source {
  file: string;
  offset: number;
  length: number;
  dtype: DType;
}

export interface Tensor {
  readonly op: Op;
  readonly inputs: readonly Tensor[];
  readonly attrs: Attrs;
  readonly dtype: DType;
  readonly shape: Shape;
  /** Grows with creation, so that sorting by it is a topological order. */
  readonly id: number;
  /** Inputs and stored weights only. */
  readonly name?: string;
  /** Constants only. */
  readonly value?: readonly number[] | Float64Array;
  readonly source?: Source;
}

export class GraphError extends Error {
  override name = 'GraphError';
}

let nextId = 0;

/** Applies an operator; the shape rule throws a GraphError that names the operator and all shapes. */
export function apply(op: Op, x: readonly Tensor[], attrs: Attrs = {}): Tensor {
  const shape = op.shape(x, attrs);
  const first = x[0];
  const dtype = op.dtype ? op.dtype(x, attrs) : first?.dtype;
  if (dtype === undefined) throw new GraphError(`${op.name}: needs at least one input.`);
  return Object.freeze({ op, inputs: x, attrs, dtype, shape, id: nextId++ });
}

/** A GraphError for `op`, with every input's type and shape. */
export function fault(op: string, x: readonly Tensor[], what: string): GraphError {
  return new GraphError(`${op}(${x.map(describe).join(', ')}): ${what}.`);
}

export const describe = (t: Tensor): string => `${t.dtype}[${t.shape.join(',')}]`;

/** Number of elements. */
export const size = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

/** The length of one axis; negative axes count from the end. */
export function dim(t: Tensor, axis: number): number {
  const length = t.shape.at(axis);
  if (length === undefined) throw new GraphError(`${describe(t)} has no axis ${axis}.`);
  return length;
}

/** The lengths of all axes of a tensor that must have three. */
export function dims3(t: Tensor): readonly [number, number, number] {
  if (t.shape.length !== 3) throw new GraphError(`${describe(t)} does not have 3 axes.`);
  return [dim(t, 0), dim(t, 1), dim(t, 2)];
}

/** The lengths of all axes of a tensor that must have four. */
export function dims4(t: Tensor): readonly [number, number, number, number] {
  if (t.shape.length !== 4) throw new GraphError(`${describe(t)} does not have 4 axes.`);
  return [dim(t, 0), dim(t, 1), dim(t, 2), dim(t, 3)];
}

/** An entry of a list that has one for each axis, as strides and pads have; a list that is too short throws by its name. */
export function entry(list: readonly number[], at: number, name: string): number {
  const value = list[at];
  if (value === undefined) throw new GraphError(`${name} [${list.join(',')}] has no entry ${at}.`);
  return value;
}

const leaf = (name: OpName): Op => ({ name, shape: () => [], vjp: 'none' });
export const Input = leaf('Input');
export const Constant = leaf('Constant');
export const Stored = leaf('Stored');

function makeLeaf(op: Op, fields: Omit<Tensor, 'op' | 'inputs' | 'attrs' | 'id'>): Tensor {
  if (fields.shape.some((n) => !Number.isInteger(n) || n < 0))
    throw new GraphError(
      `${op.name}${fields.name === undefined ? '' : ` ${fields.name}`}: shape [${fields.shape.join(',')}] is not whole numbers.`,
    );
  return Object.freeze({ op, inputs: [], attrs: {}, id: nextId++, ...fields });
}

/** Fed at run time: data or a trainable parameter. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
  return makeLeaf(Input, { name, shape, dtype });
}

/** Numbers baked into the graph. */
export function constant(data: ArrayLike<number>, shape: Shape, dtype: DType = 'float32'): Tensor {
  if (data.length !== size(shape))
    throw new GraphError(`Constant: ${data.length} values do not fill [${shape.join(',')}].`);
  return makeLeaf(Constant, { value: Float64Array.from(data), shape, dtype });
}

export const scalar = (value: number, dtype: DType = 'float32'): Tensor => constant([value], [], dtype);

/** A frozen weight that stays in its file; 16-bit storage is read as float32. */
export function stored(name: string, shape: Shape, source: Source): Tensor {
  const dtype = source.dtype === 'float16' || source.dtype === 'bfloat16' ? 'float32' : source.dtype;
  return makeLeaf(Stored, { name, shape, dtype, source });
}

/** What a leaf is called: an input by its feed, a stored weight by its key. */
export function leafName({ op, name }: Tensor): string {
  if (name === undefined) throw new GraphError(`${op.name}: has no name; only inputs and stored weights have one.`);
  return name;
}

/** Everything reachable from `outputs`, inputs before users. */
export function reachable(outputs: readonly Tensor[]): Tensor[] {
  const seen = new Set<Tensor>();
  const stack = [...outputs];
  for (let t = stack.pop(); t; t = stack.pop()) {
    if (seen.has(t)) continue;
    seen.add(t);
    stack.push(...t.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
