// Every operator by table: forward on ONNX Runtime against the oracle, gradient against central differences in float64.
import { describe, expect, it } from 'vitest';
import { attend, rotate } from '../../models/graph/attention.ts';
import { conv, convTranspose, maxPool2x2, resizeBicubic, resizeBilinear } from '../../models/graph/conv.ts';
import * as e from '../../models/graph/elementwise.ts';
import { gather, gatherElements, permute, scatterAdd } from '../../models/graph/gather.ts';
import { grad } from '../../models/graph/grad.ts';
import { matmul } from '../../models/graph/linear.ts';
import { layerNorm, layerNorm2d, rmsNorm, rowFactor } from '../../models/graph/norm.ts';
import { dequantised, quantisedMatmul } from '../../models/graph/quantised.ts';
import { recompute } from '../../models/graph/recompute.ts';
import * as r from '../../models/graph/reduce.ts';
import * as s from '../../models/graph/shape.ts';
import { operators } from '../../models/graph/table.ts';
import {
  constant,
  input,
  type OpName,
  reachable,
  type Shape,
  size,
  stored,
  type Tensor,
} from '../../models/graph/tensor.ts';
import { evaluate } from '../evaluate.ts';
import { quantisedWeights } from './quantisedWeights.ts';
import { interpret } from './reference.ts';

interface Sample {
  /** One input tensor for each shape, named a, b, c. */
  shapes: Shape[];
  build(...x: Tensor[]): Tensor;
  /** Lowest and highest value fed; default -2 to 2. */
  range?: [number, number];
}

const sample = (shapes: Shape[], build: Sample['build'], range?: [number, number]): Sample => ({
  shapes,
  build,
  range,
});
const one = (f: (x: Tensor) => Tensor, range?: [number, number]): Sample[] => [
  sample([[2, 3]], (a) => f(a as Tensor), range),
];
const two = (f: (a: Tensor, b: Tensor) => Tensor, range?: [number, number]): Sample[] =>
  [
    [
      [2, 3],
      [2, 3],
    ],
    [
      [2, 1, 3],
      [4, 1],
    ],
    [[], [2, 2]],
  ].map((shapes) => sample(shapes, (a, b) => f(a as Tensor, b as Tensor), range));
/** A comparison has no gradient; what it selects has. */
const chooser = (f: (a: Tensor, b: Tensor) => Tensor): Sample[] =>
  two((a, b) => e.where(f(a, b), e.mul(a, a), e.add(a, b)));
const ids = (values: number[], shape: Shape): Tensor => constant(values, shape, 'int64');

/** Cosines and sines of a [..., D] table: a pair shares its angle, and the first sine of it is negated. */
function rotaryTables(shape: Shape): [Tensor, Tensor] {
  const width = shape.at(-1) ?? 0;
  const angle = (i: number) => Math.floor(i / width) * 0.7 + ((i % width) % (width / 2)) * 0.3;
  const sign = (i: number) => (i % width < width / 2 ? -1 : 1);
  const table = (f: (i: number) => number) =>
    constant(
      Float64Array.from({ length: size(shape) }, (_, i) => f(i)),
      shape,
    );
  return [table((i) => Math.cos(angle(i))), table((i) => sign(i) * Math.sin(angle(i)))];
}

const samples: Record<Exclude<OpName, 'Input' | 'Stored'>, Sample[]> = {
  Abs: one(e.abs),
  Add: two(e.add),
  And: chooser((a, b) => e.and(e.greater(a, b), e.greater(b, 0))),
  ArgMax: one((x) =>
    e.add(
      x,
      e.cast(r.argMax(x, 1), 'float32').shape.length === 1 ? s.unsqueeze(e.cast(r.argMax(x, 1), x.dtype), [1]) : x,
    ),
  ),
  Attend: [
    sample(
      [
        [2, 3, 4, 5],
        [2, 3, 5, 2],
      ],
      (scores, values) => attend(scores as Tensor, values as Tensor),
    ),
    sample(
      [
        [2, 4, 5],
        [1, 5, 3],
      ],
      (scores, values) => attend(e.mul(scores as Tensor, 0.5), values as Tensor),
    ),
  ],
  Cast: one((x) => e.mul(x, e.cast(e.greater(x, 0), x.dtype))),
  Clip: one((x) => e.clip(x, -0.9, 1.1)),
  Concat: two((a, b) =>
    s.concat([s.reshape(a, [size(a.shape)]), s.reshape(b, [size(b.shape)]), s.reshape(a, [size(a.shape)])], 0),
  ),
  Constant: one((x) => e.mul(x, constant([1, -2, 3], [3], x.dtype))),
  Conv: [
    sample([[2, 3, 5, 6], [4, 3, 3, 3], [4]], (x, w, b) =>
      conv(x as Tensor, w as Tensor, b as Tensor, { pads: [1, 1, 1, 1] }),
    ),
    sample(
      [
        [1, 3, 9, 10],
        [2, 3, 7, 7],
      ],
      (x, w) => conv(x as Tensor, w as Tensor, null, { strides: [4, 4], pads: [3, 3, 3, 3] }),
    ),
    sample(
      [
        [1, 2, 6, 6],
        [3, 2, 2, 2],
      ],
      (x, w) => conv(x as Tensor, w as Tensor, null, { strides: [2, 2] }),
    ),
    sample(
      [
        [2, 4, 5, 5],
        [4, 1, 3, 3],
      ],
      (x, w) => conv(x as Tensor, w as Tensor, null, { pads: [1, 1, 1, 1], group: 4 }),
    ),
    sample(
      [
        [1, 4, 6, 5],
        [6, 2, 3, 2],
      ],
      (x, w) => conv(x as Tensor, w as Tensor, null, { strides: [2, 1], pads: [1, 0, 0, 1], group: 2 }),
    ),
    sample(
      [
        [1, 3, 7, 7],
        [3, 1, 3, 3],
      ],
      (x, w) => conv(x as Tensor, w as Tensor, null, { strides: [2, 2], pads: [1, 1, 1, 1], group: 3 }),
    ),
  ],
  ConvTranspose: [
    sample([[2, 3, 2, 3], [3, 2, 2, 2], [2]], (x, w, b) =>
      convTranspose(x as Tensor, w as Tensor, b as Tensor, { strides: [2, 2] }),
    ),
  ],
  Cos: one(e.cos),
  DequantizeLinear: quantisedWeights.map(({ weight }) =>
    sample([[2, weight.columns]], (x) => matmul(x as Tensor, dequantised(weight), { transB: true })),
  ),
  Div: two((a, b) => e.div(a, e.add(e.mul(b, b), 1))),
  Equal: chooser((a, b) => e.equal(e.floor(a), e.floor(b))),
  Erf: one(e.erf),
  Exp: one(e.exp),
  Expand: [sample([[2, 1, 3]], (a) => s.expand(a as Tensor, [4, 2, 5, 3]))],
  Floor: one((x) => e.mul(x, e.floor(x))),
  Gather: [
    sample([[4, 3]], (a) => gather(a as Tensor, ids([1, 3, 1, 0], [2, 2]))),
    sample([[4, 2, 3]], (a) => gather(a as Tensor, ids([2, 0, 2], [3]))),
    sample([[5]], (a) => gather(a as Tensor, ids([4, 4, 0], [3]))),
    sample([[2, 4, 2]], (a) => gather(a as Tensor, ids([3, 3, 0], [3]), 1)),
    sample([[2, 4]], (a) => permute(a as Tensor, [2, 0, 3, 1], 1)),
  ],
  GatherElements: [sample([[3, 4]], (a) => gatherElements(a as Tensor, ids([0, 2, 2, 1, 1, 0, 3, 3, 3], [3, 3]), 1))],
  Gelu: one(e.gelu),
  Greater: chooser(e.greater),
  GreaterOrEqual: chooser(e.greaterOrEqual),
  LayerNormalization: [
    sample([[2, 3, 6], [6], [6]], (x, w, b) => layerNorm(x as Tensor, w as Tensor, b as Tensor, 1e-6)),
  ],
  Less: chooser(e.less),
  LessOrEqual: chooser(e.lessOrEqual),
  Log: one(e.log, [0.5, 3]),
  LogSoftmax: [
    sample([[2, 4, 3]], (x) => r.logSoftmax(x as Tensor, 1)),
    sample([[3, 4]], (x) => gatherElements(r.logSoftmax(x as Tensor), ids([0, 2, 2, 1, 3, 3], [3, 2]), 1)),
    sample([[3, 4]], (x) => gatherElements(r.logSoftmax(x as Tensor), ids([0, 2, 2, 1, 3, 1], [2, 3]), 1)),
    sample([[3, 4]], (x) => gatherElements(r.logSoftmax(x as Tensor), ids([0, 2, 2, 1, 0, 1, 2, 2], [2, 4]), 0)),
  ],
  MatMul: [0, 1, 2, 3]
    .flatMap((k) => {
      const options = { transA: (k & 1) === 1, transB: (k & 2) === 2, alpha: k === 0 ? 1 : 0.7 };
      const turn = (t: boolean, [n = 0, m = 0]: Shape): Shape => (t ? [m, n] : [n, m]);
      const [a, b] = [turn(options.transA, [3, 4]), turn(options.transB, [4, 2])];
      return [
        [a, b],
        [[2, ...a], b],
        [a, [2, ...b]],
        [
          [2, 1, ...a],
          [3, ...b],
        ],
      ].map((shapes) => sample(shapes, (x, y) => matmul(x as Tensor, y as Tensor, options)));
    })
    .concat(
      // Wide enough that one of the two is turned before the product.
      [
        [
          [20, 20],
          [20, 2],
        ],
        [
          [3, 2],
          [3, 400],
        ],
      ].map((shapes) => sample(shapes, (x, y) => matmul(x as Tensor, y as Tensor, { transA: true, alpha: 0.7 }))),
    ),
  MatMulNBits: quantisedWeights.flatMap(({ weight }) =>
    [[3], [2, 2]].map((lead) => sample([[...lead, weight.columns]], (x) => quantisedMatmul(x as Tensor, weight, 1))),
  ),
  Max: two(e.max),
  Min: two(e.min),
  Mul: two(e.mul),
  Neg: one(e.neg),
  Not: one((x) => e.where(e.not(e.greater(x, 0)), x, e.mul(x, x))),
  Or: chooser((a, b) => e.or(e.greater(a, b), e.less(b, 0))),
  Pad: [sample([[2, 3]], (x) => s.pad(x as Tensor, [1, 0, 2, 1], 0.5))],
  Pow: one((x) => e.pow(x, 3)),
  QuickGelu: [...one(e.silu), ...one(e.quickGelu)],
  InverseRms: [sample([[2, 3, 6], [6]], (x, w) => rowFactor(rmsNorm(x as Tensor, w as Tensor, 0.1)))],
  RMSNormalization: [sample([[2, 3, 6], [6]], (x, w) => rmsNorm(x as Tensor, w as Tensor, 1e-6))],
  Reciprocal: one(e.reciprocal, [0.5, 2]),
  Recompute: [
    sample([[2, 3], [3, 3], [3]], (x, w, b) => {
      const block = (v: Tensor) => recompute([v], e.add(v, e.tanh(e.add(matmul(v, w as Tensor), b as Tensor))));
      const inner = block(x as Tensor);
      return recompute([x as Tensor], block(e.mul(block(inner), x as Tensor)));
    }),
  ],
  ReduceMax: [...one((x) => r.reduceMax(x, [1])), sample([[1, 2, 4, 6]], (x) => maxPool2x2(x as Tensor))],
  ReduceMean: [sample([[2, 3, 4]], (x) => r.reduceMean(x as Tensor, [0, 2]))],
  ReduceMin: one((x) => r.reduceMin(x, [0], true)),
  ReduceSum: [sample([[2, 3, 4]], (x) => r.reduceSum(x as Tensor, [-2], true))],
  Relu: one(e.relu),
  Reshape: one((x) => s.reshape(x, [3, -1])),
  RotaryEmbedding: [
    [5, 6],
    [1, 1, 5, 6],
    [2, 1, 5, 6],
    [2, 3, 5, 6],
  ].map((table) => sample([[2, 3, 5, 6]], (x) => rotate(x as Tensor, ...rotaryTables(table)))),
  ScatterElements: [
    sample(
      [
        [3, 2],
        [4, 2],
      ],
      (x, u) => scatterAdd(x as Tensor, ids([0, 1, 2, 2, 0, 0, 0, 1], [4, 2]), u as Tensor, 0),
    ),
  ],
  Sigmoid: one(e.sigmoid),
  Sin: one(e.sin),
  Slice: [
    sample([[5, 7]], (x) => s.slice(x as Tensor, [1, -3], [4, 7])),
    sample([[5, 7]], (x) => s.stridedSlice(x as Tensor, { starts: [1, 0], ends: [5, 7], axes: [0, 1], steps: [2, 3] })),
    sample([[2, 5]], (x) => s.flip(x as Tensor, [1])),
  ],
  Softmax: [sample([[2, 4, 3]], (x) => r.softmax(x as Tensor, 1)), ...one((x) => r.softmax(x))],
  Sqrt: one(e.sqrt, [0.5, 3]),
  StopGradient: one((x) => e.mul(x, r.stopGradient(e.mul(x, 1)))),
  Sub: two(e.sub),
  Tanh: one(e.tanh),
  Transpose: [sample([[2, 3, 4]], (x) => s.transpose(x as Tensor, [2, 0, 1]))],
  Where: [sample([[2, 3], [3]], (a, b) => e.where(e.greater(a as Tensor, 0), a as Tensor, b as Tensor))],
};

/** Composites that are no operator of their own but are used as one. */
const composites: Record<string, Sample> = {
  logSumExp: sample([[2, 3]], (x) => r.logSumExp(x as Tensor, 1)),
  layerNorm2d: sample([[2, 3, 2, 2], [3], [3]], (x, w, b) => layerNorm2d(x as Tensor, w as Tensor, b as Tensor, 1e-6)),
  resizeBilinear: sample([[1, 2, 3, 4]], (x) => resizeBilinear(x as Tensor, 6, 5)),
  resizeBicubic: sample([[1, 2, 4, 4]], (x) => resizeBicubic(x as Tensor, 7, 9)),
};

/** Numbers that repeat run after run and sit away from kinks and ties. */
function values(count: number, seed: number, [low, high]: [number, number]): Float64Array {
  let state = seed * 2654435761 + 1;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 374761393) >>> 0;
    return low + ((state % 99991) / 99991) * (high - low);
  });
}

const names = ['a', 'b', 'c'];

function prepare({ shapes, build, range = [-2, 2] }: Sample) {
  const inputs = shapes.map((shape, i) => input(names[i] ?? '', shape));
  const feeds = Object.fromEntries(shapes.map((shape, i) => [names[i] ?? '', values(size(shape), i + 3, range)]));
  return { inputs, feeds, y: build(...inputs) };
}

/** A scalar that gives every element of y its own weight, so that no error can cancel. */
const weigh = (y: Tensor): Tensor =>
  r.reduceSum(
    e.mul(y, constant(values(size(y.shape), 11, [-1, 1]), y.shape, y.dtype)),
    y.shape.map((_, i) => i),
  );

const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const scale = Math.max(1e-3, ...Array.from(b, Math.abs));
  return Math.max(0, ...Array.from(a, (v, i) => Math.abs(v - (b[i] ?? Number.NaN)))) / scale;
};

const onnxNames = new Map(Object.entries({ Constant: 'none', Recompute: 'none', StopGradient: 'none' }));

describe.each([...Object.entries(samples), ...Object.entries(composites).map(([name, c]) => [name, [c]] as const)])(
  '%s',
  (name, list) => {
    it.each(list.map((c, i) => [i, c] as const))('sample %i: forward, and its gradients as a graph', async (_, c) => {
      const { inputs, feeds, y } = prepare(c);
      if (name in operators && !onnxNames.has(name)) expect(reachable([y]).map((t) => t.op.name)).toContain(name);
      const gradients = grad(weigh(y), inputs);
      const outputs = { y, ...Object.fromEntries(gradients.map((g, i) => [`grad.${names[i]}`, g])) };
      const expected = interpret(Object.values(outputs), feeds);
      const float = Object.fromEntries(Object.entries(feeds).map(([k, v]) => [k, Float32Array.from(v)]));
      for (const purpose of ['infer', 'train'] as const) {
        const got = await evaluate(outputs, float, { purpose });
        Object.keys(outputs).forEach((key, i) => {
          expect(worst(got[key] ?? [], expected[i] ?? []), `${key} ${purpose}`).toBeLessThan(2e-5);
        });
      }
    });

    it.each(list.map((c, i) => [i, c] as const))('sample %i: gradient = central differences', (_, c) => {
      const { inputs, feeds, y } = prepare(c);
      const loss = weigh(y);
      const gradients = interpret(grad(loss, inputs), feeds);
      inputs.forEach((x, i) => {
        const key = x.name ?? '';
        const base = Float64Array.from(feeds[key] ?? []);
        const slope = (at: Float64Array) => interpret([loss], { ...feeds, [key]: at })[0]?.[0] ?? Number.NaN;
        const measured = base.map((v, k) => {
          const h = 1e-5;
          const shifted = (d: number) => base.map((w, j) => (j === k ? v + d : w));
          return (slope(shifted(h)) - slope(shifted(-h))) / (2 * h);
        });
        // StopGradient is the one rule that must differ from the true slope.
        const wanted = name === 'StopGradient' ? measured.map((g) => g / 2) : measured;
        expect(worst(gradients[i] ?? [], wanted), key).toBeLessThan(1e-5);
      });
    });
  },
);

it('has a sample for every operator that computes', () => {
  expect([...Object.keys(samples), 'Input', 'Stored'].sort()).toEqual(Object.keys(operators).sort());
  expect(stored('w', [2], { file: 'x', offset: 0, length: 4, dtype: 'bfloat16' }).dtype).toBe('float32');
});
