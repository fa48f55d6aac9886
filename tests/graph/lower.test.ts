// Lowering: names, dead nodes, weights from files, and whole numbers on targets without int64.
import { describe, expect, it } from 'vitest';
import { add, cast, equal, exp, mul, neg } from '../../models/graph/elementwise.ts';
import { gather, gatherElements, scatterAdd } from '../../models/graph/gather.ts';
import { matmul } from '../../models/graph/linear.ts';
import { bytesOf, elementType, lower, type OnnxGraph } from '../../models/graph/lower.ts';
import { recompute } from '../../models/graph/recompute.ts';
import { argMax, logSoftmax, reduceSum, stopGradient } from '../../models/graph/reduce.ts';
import { executionOrder, orderNodes } from '../../models/graph/schedule.ts';
import { reshape, zeros } from '../../models/graph/shape.ts';
import { constant, type DType, input, leafName, type Shape, stored, type Tensor } from '../../models/graph/tensor.ts';
import { evaluate } from '../evaluate.ts';

const opsOf = (graph: OnnxGraph): string[] => graph.nodes.map((n) => n.op);
const weight = (name: string, shape: Shape, dtype: DType): Tensor =>
  stored(name, shape, { file: 'w.safetensors', offset: 0, length: bytesOf(dtype, shape), dtype });

describe('names', () => {
  const x = input('x', [2]);

  it('keeps the keys of the outputs, also of one value under two names and of a leaf', async () => {
    const y = exp(x);
    const graph = lower({ y, again: y, x2: x, half: constant([0.5], [1]) }, 'cpu');
    expect(graph.outputs.map((v) => v.name)).toEqual(['y', 'again', 'x2', 'half']);
    expect(opsOf(graph)).toEqual(['Exp', 'Identity', 'Identity', 'Identity']);
    const got = await evaluate({ y, again: y, x2: x }, { x: Float32Array.of(0, 1) });
    expect(got.again).toEqual(got.y);
    expect([...(got.x2 ?? [])]).toEqual([0, 1]);
  });

  it('cannot be confused with names of its own making', async () => {
    const names = ['v0', 'c0', 'v1', 'c1'].map((name) => input(name, [1]));
    const [a, b, c, d] = names as [Tensor, Tensor, Tensor, Tensor];
    const outputs = { v2: mul(add(a, 1), b), v3: exp(add(c, d)), c2: neg(add(a, 2)) };
    const feeds = { v0: 1, c0: 2, v1: 3, c1: -3 };
    const got = await evaluate(
      outputs,
      Object.fromEntries(Object.entries(feeds).map(([k, v]) => [k, Float32Array.of(v)])),
    );
    expect([got.v2?.[0], got.v3?.[0], got.c2?.[0]]).toEqual([4, 1, -3]);
  });

  it('refuses two things of one name', () => {
    const said = 'Graph: two inputs, weights or outputs are named x; rename one.';
    expect(() => lower({ y: add(x, input('x', [2])) }, 'cpu')).toThrow(said);
    expect(() => lower({ x: exp(x) }, 'cpu')).toThrow(said);
    expect(() => lower({ y: add(x, weight('x', [2], 'float32')) }, 'cpu')).toThrow(said);
    expect(() => lower({ y: add(weight('w', [2], 'float32'), weight('w', [2], 'float32')) }, 'cpu')).toThrow(
      'Graph: two weights are named w; rename one.',
    );
  });

  it('leaves no trace of what lowers to nothing', () => {
    const block = recompute([x], exp(mul(x, 2)));
    expect(opsOf(lower({ y: stopGradient(neg(block)) }, 'cpu'))).toEqual(['Mul', 'Exp', 'Neg']);
  });

  it('turns what went into two layers once for the gradients of both, and only where the kernel would do it often', () => {
    const gradients = (rows: number, width: number) => {
      const [seen, g, h] = ['seen', 'g', 'h'].map((name, i) => input(name, [rows, i === 0 ? width : 400]));
      const [a, b] = [g, h].map((t) => matmul(t as Tensor, seen as Tensor, { transA: true }));
      return opsOf(lower({ a: a as Tensor, b: b as Tensor }, 'cpu'));
    };
    expect(gradients(2000, 300)).toEqual(['Transpose', 'Gemm', 'Transpose', 'Gemm', 'Transpose']);
    expect(gradients(2000, 600)).toEqual(['Transpose', 'Gemm', 'Transpose', 'Gemm']);
    expect(gradients(40, 60)).toEqual(['Gemm', 'Gemm']);
  });

  it('lowers a shared value once', () => {
    const shared = exp(x);
    const y = add(mul(shared, shared), neg(shared));
    expect(opsOf(lower({ y }, 'cpu')).filter((op) => op === 'Exp')).toHaveLength(1);
  });

  it('tells shape and type of every node', () => {
    const y = cast(reduceSum(matmul(input('a', [4, 3]), input('b', [3, 5])), [1], true), 'float64');
    const nodes = lower({ y }, 'cpu').nodes.map((n) => [n.op, n.dtype, n.shape]);
    expect(nodes).toEqual([
      ['MatMul', 'float32', [4, 5]],
      ['ReduceSum', 'float32', [4, 1]],
      ['Cast', 'float64', [4, 1]],
    ]);
  });
});

describe('a leaf', () => {
  it('has a name, and nothing else has', () => {
    expect(leafName(input('x', [1]))).toBe('x');
    expect(() => leafName(neg(input('x', [1])))).toThrow('Neg: has no name');
  });
});

describe('stored weights', () => {
  it('converts 16 bits for each user anew, float32 not at all', () => {
    const x = input('x', [1, 4]);
    const [half, full] = [weight('h', [4, 4], 'float16'), weight('f', [4, 4], 'float32')];
    const graph = lower({ y: matmul(matmul(matmul(x, half), full), half, { transB: true }), z: exp(half) }, 'cpu');
    expect(opsOf(graph).filter((op) => op === 'Cast')).toHaveLength(3);
    expect(graph.initializers.map((v) => [v.name, v.dtype])).toEqual([
      ['h', 'float16'],
      ['f', 'float32'],
    ]);
  });

  it.each(['natural', 'reversed', 'sorted'] as const)('converts just before use, %s', (order) => {
    let y = input('x', [1, 4]);
    for (let i = 0; i < 5; i++) y = exp(matmul(y, weight(`w${i}`, [4, 4], 'bfloat16')));
    const { nodes } = orderNodes(lower({ y }, 'cpu'), order);
    const run = executionOrder(nodes).map((i) => nodes[i]?.op);
    expect(run).toEqual(Array.from({ length: 5 }, () => ['Cast', 'MatMul', 'Exp']).flat());
  });

  it('makes zeros just before they are added to, in training order', () => {
    const table = input('table', [8, 4]);
    const picked = exp(gather(table, input('ids', [3], 'int64')));
    const y = scatterAdd(zeros([8, 4]), constant([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0], [3, 4], 'int64'), picked, 0);
    const { nodes } = orderNodes(lower({ y }, 'cpu'), 'reversed');
    expect(executionOrder(nodes).map((i) => nodes[i]?.op)).toEqual(['Gather', 'Exp', 'Expand', 'ScatterElements']);
  });

  it('picks rows of a 16-bit table before it converts them', () => {
    const ids = input('ids', [3], 'int64');
    const table = weight('table', [1000, 4], 'bfloat16');
    const graph = lower(
      { rows: gather(table, ids), logits: matmul(input('x', [1, 4]), table, { transB: true }) },
      'cpu',
    );
    expect(graph.nodes.filter((n) => n.op === 'Cast').map((n) => n.shape)).toEqual([
      [3, 4],
      [1000, 4],
    ]);
    expect(graph.nodes.find((n) => n.op === 'Gather')?.inputs).toEqual(['table', 'ids']);
  });

  it('converts nothing for a block that only passes its weights on', () => {
    const w = weight('w', [4], 'float16');
    const x = input('x', [4]);
    expect(opsOf(lower({ y: recompute([x, w], mul(x, w)) }, 'cpu'))).toEqual(['Cast', 'Mul']);
  });
});

describe('whole numbers on plain targets', () => {
  const rows = input('rows', [4, 6]);
  const ids = input('ids', [3], 'int64');

  it('are int32 inside and declared as before', () => {
    const outputs = { picked: gather(rows, ids), best: argMax(rows, 1), doubled: add(ids, ids) };
    const graph = lower(outputs, 'plain');
    const ports = [...graph.inputs, ...graph.outputs].map((v) => [v.name, v.dtype, v.declared]);
    expect(ports).toEqual([
      ['rows', 'float32', 'float32'],
      ['ids', 'int32', 'int64'],
      ['picked', 'float32', 'float32'],
      ['best', 'int32', 'int64'],
      ['doubled', 'int32', 'int64'],
    ]);
    expect(lower(outputs, 'cpu').inputs.map((v) => v.dtype)).toEqual(['float32', 'int64']);
  });

  it('are int64 only where ONNX wants shapes and axes', () => {
    const spread = constant([0, 1, 2, 0, 1, 2], [1, 6], 'int64');
    const y = add(gatherElements(rows, spread, 0), reduceSum(reshape(rows, [2, 2, 6]), [0, 1]));
    const graph = lower({ y, same: cast(equal(ids, 2), 'int64') }, 'plain');
    const wide = new Set(graph.initializers.filter((v) => v.dtype === 'int64').map((v) => v.name));
    const users = graph.nodes.filter((n) => n.inputs.some((name) => wide.has(name))).map((n) => n.op);
    expect(new Set(users)).toEqual(new Set(['Reshape', 'ReduceSum']));
    const casts = graph.nodes.filter((n) => n.op === 'Cast').map((n) => n.attrs.to);
    expect(casts).toEqual([elementType.int32]);
  });

  it('refuse constants that int32 cannot hold', () => {
    const y = add(ids, constant([2 ** 31], [1], 'int64'));
    expect(() => lower({ y }, 'plain')).toThrow('Constant int64[1]: holds values that int32 cannot; run it on CPU.');
    expect(() => lower({ y }, 'cpu')).not.toThrow();
  });

  it('keep extensions of the CPU provider out', () => {
    const y = logSoftmax(matmul(input('a', [2, 3, 4]), input('b', [2, 5, 4]), { transB: true }));
    expect(lower({ y }, 'plain').nodes.every((n) => n.domain === '' && n.op !== 'LogSoftmax')).toBe(true);
    expect(opsOf(lower({ y }, 'cpu'))).toEqual(['FusedMatMul', 'LogSoftmax']);
  });
});
