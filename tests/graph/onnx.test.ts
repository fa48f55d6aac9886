// The ONNX writer, read back field by field: attributes, constants of every type, weights in files, big graphs.
import { describe, expect, it } from 'vitest';
import { conv } from '../../models/graph/conv.ts';
import { add, cast, exp, greater, mul, silu } from '../../models/graph/elementwise.ts';
import { matmul } from '../../models/graph/linear.ts';
import { lower, type OnnxGraph } from '../../models/graph/lower.ts';
import { layerNorm } from '../../models/graph/norm.ts';
import { encodeModel } from '../../models/graph/onnx.ts';
import { reduceSum } from '../../models/graph/reduce.ts';
import { transpose } from '../../models/graph/shape.ts';
import { constant, type DType, GraphError, input, stored, type Tensor } from '../../models/graph/tensor.ts';
import { evaluate } from '../evaluate.ts';
import { all, bytesAt, type Message, number, numbers, one, readMessage, text, texts } from './protobuf.ts';

const modelOf = (outputs: Record<string, Tensor>): Message => readMessage(encodeModel(lower(outputs, 'cpu')));
const graphOf = (outputs: Record<string, Tensor>): Message => one(modelOf(outputs), 7);
const nodesOf = (graph: Message) =>
  all(graph, 1).map((n) => ({
    ...{ op: text(n, 4), domain: text(n, 7), name: text(n, 3), inputs: texts(n, 1), outputs: texts(n, 2) },
    attrs: new Map(all(n, 5).map((a) => [text(a, 1), a])),
  }));
const initializersOf = (graph: Message) => new Map(all(graph, 5).map((t) => [text(t, 8), t]));

/** AttributeProto.type. */
const kinds = { float: 1, int: 2, text: 3, ints: 7 };

describe('the model', () => {
  const x = input('größe', [2, 3]);
  const model = modelOf({ y: exp(x) });

  it('declares IR and operator sets', () => {
    expect(number(model, 1)).toBe(10);
    expect(text(model, 2)).toBe('loupe');
    expect(all(model, 8).map((o) => [text(o, 1), number(o, 2)])).toEqual([
      ['', 23],
      ['com.microsoft', 1],
    ]);
  });

  it('declares inputs and outputs with type and shape, names in UTF-8', () => {
    const described = [11, 12].map((field) => {
      const [value = new Map()] = all(one(model, 7), field);
      const tensor = one(one(value, 2), 1);
      return { name: text(value, 1), dtype: number(tensor, 1), shape: all(one(tensor, 2), 1).map((d) => number(d, 1)) };
    });
    expect(described).toEqual([
      { name: 'größe', dtype: 1, shape: [2, 3] },
      { name: 'y', dtype: 1, shape: [2, 3] },
    ]);
  });

  it('gives a scalar an empty shape, not none', () => {
    const [value = new Map()] = all(graphOf({ y: reduceSum(x, [0, 1]) }), 12);
    expect(one(one(value, 2), 1).has(2)).toBe(true);
    expect(all(one(one(one(value, 2), 1), 2), 1)).toEqual([]);
  });

  it('names every node once', () => {
    const names = nodesOf(graphOf({ y: add(exp(x), exp(mul(x, 2))) })).map((n) => n.name);
    expect(new Set(names).size).toBe(4);
  });
});

describe('attributes', () => {
  const x = input('x', [1, 2, 8, 8]);
  const attrsOf = (y: Tensor, op: string) => nodesOf(graphOf({ y })).find((n) => n.op === op)?.attrs ?? new Map();

  it('keeps whole numbers and floats apart, also a float that is whole', () => {
    const matrix = input('m', [2, 2]);
    const gemm = attrsOf(matmul(matrix, matrix, { transB: true, alpha: 2 }), 'Gemm');
    expect([number(gemm.get('transB'), 20), number(gemm.get('transB'), 3)]).toEqual([kinds.int, 1]);
    expect([number(gemm.get('alpha'), 20), number(gemm.get('alpha'), 2)]).toEqual([kinds.float, 2]);
    const norm = attrsOf(layerNorm(matrix, input('w', [2]), input('b', [2]), 1e-5), 'LayerNormalization');
    expect(number(norm.get('epsilon'), 2)).toBe(Math.fround(1e-5));
    expect(number(norm.get('axis'), 3)).toBe(-1);
  });

  it('writes lists and text', () => {
    const conved = attrsOf(conv(x, input('k', [4, 2, 3, 3]), null, { strides: [2, 1], pads: [1, 0, 1, 0] }), 'Conv');
    expect([number(conved.get('strides'), 20), numbers(conved.get('strides'), 8)]).toEqual([kinds.ints, [2, 1]]);
    expect(numbers(conved.get('pads'), 8)).toEqual([1, 0, 1, 0]);
    const turned = attrsOf(transpose(x, [3, 0, 1, 2]), 'Transpose');
    expect(numbers(turned.get('perm'), 8)).toEqual([3, 0, 1, 2]);
    const node = { op: 'ScatterElements', domain: '', inputs: [], output: 'y', attrs: { reduction: 'add' } };
    const graph: OnnxGraph = {
      nodes: [{ ...node, dtype: 'float32', shape: [] }],
      initializers: [],
      inputs: [],
      outputs: [],
    };
    const [scatter] = nodesOf(one(readMessage(encodeModel(graph)), 7));
    const reduction = scatter?.attrs.get('reduction') ?? new Map();
    expect([number(reduction, 20), text(reduction, 4)]).toEqual([kinds.text, 'add']);
  });

  it('refuses a fraction where a whole number is meant', () => {
    const node = { op: 'Softmax', domain: '', inputs: [], output: 'y', attrs: { axis: 0.5 } };
    const graph: OnnxGraph = {
      nodes: [{ ...node, dtype: 'float32', shape: [] }],
      initializers: [],
      inputs: [],
      outputs: [],
    };
    expect(() => encodeModel(graph)).toThrow('Attribute axis: 0.5 is not whole; write it as { float }.');
  });

  it('marks extension operators with their domain', () => {
    const domains = nodesOf(graphOf({ y: silu(exp(x)) })).map((n) => [n.op, n.domain]);
    expect(domains).toEqual([
      ['Exp', ''],
      ['QuickGelu', 'com.microsoft'],
    ]);
  });
});

describe('constants', () => {
  const values = [0, 1, 200];
  const readers: Record<Exclude<DType, 'float16' | 'bfloat16'>, [number, (b: ArrayBuffer) => ArrayLike<unknown>]> = {
    float32: [1, (b) => new Float32Array(b)],
    float64: [11, (b) => new Float64Array(b)],
    int64: [7, (b) => new BigInt64Array(b)],
    int32: [6, (b) => new Int32Array(b)],
    bool: [9, (b) => new Uint8Array(b)],
    uint8: [2, (b) => new Uint8Array(b)],
  };

  it.each(Object.keys(readers) as (keyof typeof readers)[])('%s', async (dtype) => {
    const y = cast(constant(values, [3, 1], dtype), dtype === 'float32' ? 'float64' : 'float32');
    const [tensor = new Map()] = [...initializersOf(graphOf({ y })).values()];
    const [type, read] = readers[dtype];
    expect([numbers(tensor, 1), number(tensor, 2)]).toEqual([[3, 1], type]);
    const expected = dtype === 'bool' ? [0, 1, 1] : values;
    expect(Array.from(read(bytesAt(tensor, 9).slice().buffer), Number)).toEqual(expected);
    expect([...((await evaluate({ y }, {})).y ?? [])]).toEqual(expected);
  });

  it('keeps negative, huge and non-finite numbers', async () => {
    const floats = [-0, -1.5, 3e38, Number.NEGATIVE_INFINITY, 1e-45];
    const whole = [-1, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
    const y = mul(constant(floats, [5]), input('one', [1]));
    const z = add(constant(whole, [3], 'int64'), input('zero', [1], 'int64'));
    const got = await evaluate({ y, z }, { one: Float32Array.of(1), zero: BigInt64Array.of(0n) });
    expect([...(got.y ?? [])]).toEqual(floats.map(Math.fround));
    expect([...(got.z ?? [])]).toEqual(whole);
  });

  it('stores equal small ones once, whatever asks for them', () => {
    const x = input('x', [4]);
    const y = add(mul(x, 0.5), mul(exp(x), 0.5));
    const others = [constant([0.5], [1]), constant([0.5], [], 'float64')];
    const graph = graphOf({ y, a: add(others[0] as Tensor, x), b: exp(others[1] as Tensor) });
    expect(initializersOf(graph).size).toBe(3);
  });

  it.each([
    ['int64', [1, 0.5], 'Constant: 0.5 is no int64.'],
    ['int32', [Number.NaN], 'Constant: NaN is no int32.'],
    ['float16', [1], 'Constant: float16 exists as storage of frozen weights only; make the constant float32.'],
  ] as const)('refuses %s of %j', (dtype, data, said) => {
    expect(() =>
      modelOf({ y: greater(constant(data, [data.length], dtype), constant(data, [data.length], dtype)) }),
    ).toThrow(new GraphError(said));
  });
});

describe('weights in files', () => {
  it('writes place and length, and no bytes', () => {
    const offset = 5 * 2 ** 32 + 8;
    const source = { file: 'deep/model-00002.safetensors', offset, length: 12, dtype: 'bfloat16' as const };
    const tensor = initializersOf(graphOf({ y: exp(stored('w', [2, 3], source)) })).get('w') ?? new Map();
    expect([numbers(tensor, 1), number(tensor, 2), number(tensor, 14)]).toEqual([[2, 3], 16, 1]);
    expect(all(tensor, 13).map((e) => [text(e, 1), text(e, 2)])).toEqual([
      ['location', 'deep/model-00002.safetensors'],
      ['offset', '21474836488'],
      ['length', '12'],
    ]);
    expect(tensor.has(9)).toBe(false);
  });
});

describe('big graphs', () => {
  it('writes thousands of nodes and a large constant', () => {
    const big = Float64Array.from({ length: 2 ** 18 }, (_, i) => i % 251);
    let y = add(input('x', [2 ** 18]), constant(big, [2 ** 18]));
    for (let i = 0; i < 3000; i++) y = i % 2 === 0 ? add(y, i) : add(y, -i);
    const model = encodeModel(lower({ y }, 'cpu'));
    const graph = one(readMessage(model), 7);
    expect(nodesOf(graph)).toHaveLength(3001);
    expect(bytesAt(initializersOf(graph).get('#0') ?? new Map(), 9)).toHaveLength(2 ** 20);
    expect(model.length).toBeLessThan(2 ** 20 + 3001 * 90);
  });

  it('writes the longest varints', () => {
    const lengths = [1, 127, 128, 16383, 16384, 2 ** 31 - 1, 2 ** 40];
    const port = (n: number) => ({
      ...{ name: `i${n}`, dtype: 'float32' as const, declared: 'float32' as const, shape: [n] },
    });
    const graph = one(
      readMessage(encodeModel({ nodes: [], initializers: [], inputs: lengths.map(port), outputs: [] })),
      7,
    );
    const read = all(graph, 11).map((v) => number(all(one(one(one(v, 2), 1), 2), 1)[0] ?? new Map(), 1));
    expect(read).toEqual(lengths);
  });
});
