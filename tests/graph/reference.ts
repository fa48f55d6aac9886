// The operators once more, in plain float64 TypeScript: the oracle that ONNX Runtime and every gradient rule are held against.
import { type OpName, reachable, type Shape, size, type Tensor } from '../../models/graph/tensor.ts';

type Values = Float64Array;
type Rule = (t: Tensor, x: Values[]) => Values;

const strides = (shape: Shape): number[] => shape.map((_, i) => size(shape.slice(i + 1)));

/** Calls `visit` with the coordinates of every element, in row-major order. */
function forEachIndex(shape: Shape, visit: (index: number[], flat: number) => void): void {
  const index = shape.map(() => 0);
  for (let flat = 0; flat < size(shape); flat++) {
    visit(index, flat);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] ?? 0) + 1;
      if ((index[axis] ?? 0) < (shape[axis] ?? 0)) break;
      index[axis] = 0;
    }
  }
}

const flatIndex = (index: readonly number[], step: readonly number[]): number =>
  index.reduce((sum, n, i) => sum + n * (step[i] ?? 0), 0);

/** Strides that stand still along broadcast axes, aligned to `rank` axes. */
function broadcastStrides(shape: Shape, rank: number): number[] {
  const own = strides(shape);
  const extra = rank - shape.length;
  return Array.from({ length: rank }, (_, i) => (i < extra || shape[i - extra] === 1 ? 0 : (own[i - extra] ?? 0)));
}

function build(shape: Shape, value: (index: number[]) => number): Values {
  const out = new Float64Array(size(shape));
  forEachIndex(shape, (index, flat) => {
    out[flat] = value(index);
  });
  return out;
}

const pointwise =
  (f: (...v: number[]) => number): Rule =>
  (t, x) => {
    const steps = t.inputs.map((input) => broadcastStrides(input.shape, t.shape.length));
    return build(t.shape, (index) => f(...x.map((v, k) => v[flatIndex(index, steps[k] ?? [])] ?? Number.NaN)));
  };

/** Abramowitz-Stegun has too few digits; the Taylor and continued-fraction pair reaches float64. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 2.5) {
    let [term, sum] = [a, a];
    for (let n = 1; n < 80; n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}

const list = (t: Tensor, name: string): readonly number[] => t.attrs[name] as readonly number[];
const shapeOf = (t: Tensor, i = 0): Shape => t.inputs[i]?.shape ?? [];

/** Groups the elements that fall together when `axes` are removed. */
function gatherGroups(t: Tensor, x: Values, axes: readonly number[]): number[][] {
  const shape = shapeOf(t);
  const step = strides(shape.map((n, i) => (axes.includes(i) ? 1 : n))).map((s, i) => (axes.includes(i) ? 0 : s));
  const groups: number[][] = [];
  forEachIndex(shape, (index, flat) => {
    const k = flatIndex(index, step);
    groups[k] = [...(groups[k] ?? []), x[flat] ?? 0];
  });
  return groups;
}

const reduction =
  (f: (group: number[]) => number): Rule =>
  (t, [x = new Float64Array()]) =>
    Float64Array.from(gatherGroups(t, x, list(t, 'axes')).map(f));

const sum = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0);

/** A function of whole rows along one axis. */
const alongAxis =
  (f: (row: number[]) => number[]): Rule =>
  (t, [x = new Float64Array()]) => {
    const axis = Number(t.attrs.axis);
    const rows = gatherGroups(t, x, [axis]).map(f);
    const step = strides(t.shape.map((n, i) => (i === axis ? 1 : n))).map((s, i) => (i === axis ? 0 : s));
    return build(t.shape, (index) => rows[flatIndex(index, step)]?.[index[axis] ?? 0] ?? 0);
  };

function softmaxRow(row: number[]): number[] {
  const top = Math.max(...row);
  const e = row.map((v) => Math.exp(v - top));
  return e.map((v) => v / sum(e));
}

const matMul: Rule = (t, [a = new Float64Array(), b = new Float64Array()]) => {
  const [sa, sb] = [shapeOf(t, 0), shapeOf(t, 1)];
  const [ta, tb] = [t.attrs.transA === 1, t.attrs.transB === 1];
  const rank = t.shape.length;
  const [stepA, stepB] = [broadcastStrides(sa, rank), broadcastStrides(sb, rank)];
  const [wa, wb] = [strides(sa), strides(sb)];
  const axis = (w: number[], fromEnd: number) => w[w.length - fromEnd] ?? 0;
  const inner = sa[sa.length - (ta ? 2 : 1)] ?? 0;
  return build(t.shape, (index) => {
    const batch = index.map((n, i) => (i < rank - 2 ? n : 0));
    const [row = 0, column = 0] = index.slice(-2);
    const startA = flatIndex(batch, stepA) + row * axis(wa, ta ? 1 : 2);
    const startB = flatIndex(batch, stepB) + column * axis(wb, tb ? 2 : 1);
    let total = 0;
    for (let k = 0; k < inner; k++)
      total += (a[startA + k * axis(wa, ta ? 2 : 1)] ?? 0) * (b[startB + k * axis(wb, tb ? 1 : 2)] ?? 0);
    return total * Number(t.attrs.alpha);
  });
};

const conv: Rule = (t, [x = new Float64Array(), w = new Float64Array()]) => {
  const [sx, sw] = [strides(shapeOf(t, 0)), strides(shapeOf(t, 1))];
  const [, , height = 0, width = 0] = shapeOf(t, 0);
  const [filters = 0, perGroup = 0, kh = 0, kw = 0] = shapeOf(t, 1);
  const [[s0 = 1, s1 = 1], [top = 0, left = 0]] = [list(t, 'strides'), list(t, 'pads')];
  const filtersPerGroup = filters / Number(t.attrs.group);
  return build(t.shape, ([n = 0, m = 0, i = 0, j = 0]) => {
    let total = 0;
    for (let c = 0; c < perGroup; c++)
      for (let p = 0; p < kh; p++)
        for (let q = 0; q < kw; q++) {
          const [row, column] = [i * s0 + p - top, j * s1 + q - left];
          if (row < 0 || column < 0 || row >= height || column >= width) continue;
          const channel = Math.floor(m / filtersPerGroup) * perGroup + c;
          total += (x[flatIndex([n, channel, row, column], sx)] ?? 0) * (w[flatIndex([m, c, p, q], sw)] ?? 0);
        }
    return total;
  });
};

const convTranspose: Rule = (t, [x = new Float64Array(), w = new Float64Array()]) => {
  const [sx, sw] = [strides(shapeOf(t, 0)), strides(shapeOf(t, 1))];
  const [s0 = 1, s1 = 1] = list(t, 'strides');
  return build(t.shape, ([n = 0, m = 0, i = 0, j = 0]) => {
    const [row, column] = [Math.floor(i / s0), Math.floor(j / s1)];
    let total = 0;
    for (let c = 0; c < (shapeOf(t, 0)[1] ?? 0); c++)
      total += (x[flatIndex([n, c, row, column], sx)] ?? 0) * (w[flatIndex([c, m, i % s0, j % s1], sw)] ?? 0);
    return total;
  });
};

const transpose: Rule = (t, [x = new Float64Array()]) => {
  const step = strides(shapeOf(t));
  const perm = list(t, 'perm');
  return build(t.shape, (index) => x[index.reduce((at, n, i) => at + n * (step[perm[i] ?? 0] ?? 0), 0)] ?? 0);
};

/** Pairs (k, k + D/2) of the last axis, turned by tables whose sines are negated in their first half. */
const rotary: Rule = (t, [x = new Float64Array(), cosine = new Float64Array(), sine = new Float64Array()]) => {
  const [step, turn] = [strides(t.shape), broadcastStrides(shapeOf(t, 1), t.shape.length)];
  const half = (t.shape.at(-1) ?? 0) / 2;
  const sign = t.attrs.back === 1 ? -1 : 1;
  return build(t.shape, (index) => {
    const last = index.at(-1) ?? 0;
    const partner = [...index.slice(0, -1), last < half ? last + half : last - half];
    const at = flatIndex(index, turn);
    const other = (x[flatIndex(partner, step)] ?? 0) * (sine[at] ?? 0);
    return (x[flatIndex(index, step)] ?? 0) * (cosine[at] ?? 0) + sign * other;
  });
};

const slice: Rule = (t, [x = new Float64Array()]) => {
  const [step, starts, steps] = [strides(shapeOf(t)), list(t, 'starts'), list(t, 'steps')];
  return build(
    t.shape,
    (index) =>
      x[
        flatIndex(
          index.map((n, i) => (starts[i] ?? 0) + n * (steps[i] ?? 1)),
          step,
        )
      ] ?? 0,
  );
};

const pad: Rule = (t, [x = new Float64Array()]) => {
  const [shape, pads] = [shapeOf(t), list(t, 'pads')];
  const step = strides(shape);
  return build(t.shape, (index) => {
    const from = index.map((n, i) => n - (pads[i] ?? 0));
    const inside = from.every((n, i) => n >= 0 && n < (shape[i] ?? 0));
    return inside ? (x[flatIndex(from, step)] ?? 0) : Number(t.attrs.value);
  });
};

const concat: Rule = (t, x) => {
  const axis = Number(t.attrs.axis);
  return build(t.shape, (index) => {
    let [k, at] = [0, index[axis] ?? 0];
    for (; at >= (shapeOf(t, k)[axis] ?? 0); k++) at -= shapeOf(t, k)[axis] ?? 0;
    return (
      x[k]?.[
        flatIndex(
          index.map((n, i) => (i === axis ? at : n)),
          strides(shapeOf(t, k)),
        )
      ] ?? 0
    );
  });
};

const gather: Rule = (t, [x = new Float64Array(), indices = new Float64Array()]) => {
  const axis = Number(t.attrs.axis);
  const span = shapeOf(t, 1).length;
  return build(t.shape, (index) => {
    const at = indices[flatIndex(index.slice(axis, axis + span), strides(shapeOf(t, 1)))] ?? 0;
    return x[flatIndex([...index.slice(0, axis), at, ...index.slice(axis + span)], strides(shapeOf(t)))] ?? 0;
  });
};

const gatherElements: Rule = (t, [x = new Float64Array(), indices = new Float64Array()]) => {
  const axis = Number(t.attrs.axis);
  const step = strides(shapeOf(t));
  let k = 0;
  return build(
    t.shape,
    (index) =>
      x[
        flatIndex(
          index.map((n, i) => (i === axis ? (indices[k] ?? 0) : n)),
          step,
        ) +
          0 * k++
      ] ?? 0,
  );
};

const scatterElements: Rule = (
  t,
  [x = new Float64Array(), indices = new Float64Array(), updates = new Float64Array()],
) => {
  const axis = Number(t.attrs.axis);
  const out = x.slice();
  forEachIndex(shapeOf(t, 1), (index, flat) => {
    const at = flatIndex(
      index.map((n, i) => (i === axis ? (indices[flat] ?? 0) : n)),
      strides(t.shape),
    );
    out[at] = (out[at] ?? 0) + (updates[flat] ?? 0);
  });
  return out;
};

/** Normalises rows of the last axis by `statistics`, then scales and shifts. */
const normalise =
  (centre: boolean): Rule =>
  (t, [x = new Float64Array(), scale = new Float64Array(), bias]) => {
    const width = t.shape.at(-1) ?? 1;
    const out = new Float64Array(x.length);
    for (let start = 0; start < x.length; start += width) {
      const row = x.subarray(start, start + width);
      const mean = centre ? sum([...row]) / width : 0;
      const spread = Math.sqrt(sum([...row].map((v) => (v - mean) ** 2)) / width + Number(t.attrs.epsilon));
      row.forEach((v, i) => {
        out[start + i] = ((v - mean) / spread) * (scale[i] ?? 0) + (bias?.[i] ?? 0);
      });
    }
    return out;
  };

/** [rows, columns] from the last two inputs; of two 4-bit values in a byte the low one comes first. */
function dequantise(t: Tensor, x: Values[]): Values {
  const [values = new Float64Array(), scales = new Float64Array()] = x.slice(-2);
  const [rows = 0, blocks = 0, bytes = 0] = t.inputs.at(-2)?.shape ?? [];
  const [bits, columns] = [Number(t.attrs.bits), Number(t.attrs.columns)];
  const block = (bytes * 8) / bits;
  return build([rows, columns], ([row = 0, column = 0]) => {
    const at = row * blocks + Math.floor(column / block);
    const inside = column % block;
    const byte = values[at * bytes + Math.floor((inside * bits) / 8)] ?? Number.NaN;
    const value = bits === 8 ? byte : Math.floor(byte / 16 ** (inside % 2)) % 16;
    return (scales[at] ?? Number.NaN) * (value - 2 ** (bits - 1));
  });
}

const matMulNBits: Rule = (t, x) => {
  const weight = dequantise(t, x);
  const columns = Number(t.attrs.columns);
  const rows = t.shape.at(-1) ?? 1;
  return build([size(t.shape) / rows, rows], ([i = 0, j = 0]) =>
    sum(Array.from({ length: columns }, (_, k) => (x[0]?.[i * columns + k] ?? 0) * (weight[j * columns + k] ?? 0))),
  );
};

const bool = (f: (a: number, b: number) => boolean): Rule => pointwise((a = 0, b = 0) => (f(a, b) ? 1 : 0));
const same: Rule = (_, [x = new Float64Array()]) => x;
const leaf: Rule = (t) => {
  throw new Error(`${t.op.name} ${t.name ?? ''}: has no value`);
};
const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

/** Total over OpName: an operator without an oracle does not compile. */
const rules: Record<OpName, Rule> = {
  Abs: pointwise((v = 0) => Math.abs(v)),
  Add: pointwise((a = 0, b = 0) => a + b),
  And: bool((a, b) => a !== 0 && b !== 0),
  ArgMax: (t, [x = new Float64Array()]) =>
    Float64Array.from(gatherGroups(t, x, [Number(t.attrs.axis)]).map((row) => row.indexOf(Math.max(...row)))),
  Attend: (t, [, ...x]) => matMul({ ...t, inputs: t.inputs.slice(1), attrs: { alpha: 1 } }, x),
  Cast: pointwise((v = 0) => v),
  Clip: (t, x) => pointwise((v = 0) => Math.min(Math.max(v, Number(t.attrs.low)), Number(t.attrs.high)))(t, x),
  Concat: concat,
  Constant: (t) => Float64Array.from(t.value ?? []),
  Conv: conv,
  ConvTranspose: convTranspose,
  Cos: pointwise((v = 0) => Math.cos(v)),
  DequantizeLinear: (t, x) => dequantise(t, x),
  Div: pointwise((a = 0, b = 0) => a / b),
  Equal: bool((a, b) => a === b),
  Erf: pointwise((v = 0) => erf(v)),
  Exp: pointwise((v = 0) => Math.exp(v)),
  Expand: pointwise((v = 0) => v),
  Floor: pointwise((v = 0) => Math.floor(v)),
  Gather: gather,
  GatherElements: gatherElements,
  Gelu: pointwise((v = 0) => 0.5 * v * (1 + erf(v * Math.SQRT1_2))),
  Greater: bool((a, b) => a > b),
  GreaterOrEqual: bool((a, b) => a >= b),
  Input: leaf,
  InverseRms: (t, [x = new Float64Array()]) =>
    Float64Array.from(
      gatherGroups(t, x, [t.shape.length - 1]).map(
        (row) => 1 / Math.sqrt(sum(row.map((v) => v * v)) / row.length + Number(t.attrs.epsilon)),
      ),
    ),
  LayerNormalization: normalise(true),
  Less: bool((a, b) => a < b),
  LessOrEqual: bool((a, b) => a <= b),
  Log: pointwise((v = 0) => Math.log(v)),
  LogSoftmax: alongAxis((row) => softmaxRow(row).map(Math.log)),
  MatMul: matMul,
  MatMulNBits: matMulNBits,
  Max: pointwise((a = 0, b = 0) => Math.max(a, b)),
  Min: pointwise((a = 0, b = 0) => Math.min(a, b)),
  Mul: pointwise((a = 0, b = 0) => a * b),
  Neg: pointwise((v = 0) => -v),
  Not: pointwise((v = 0) => (v === 0 ? 1 : 0)),
  Or: bool((a, b) => a !== 0 || b !== 0),
  Pad: pad,
  Pow: (t, x) => pointwise((v = 0) => v ** Number(t.attrs.exponent))(t, x),
  QuickGelu: (t, x) => pointwise((v = 0) => v * sigmoid(Number(t.attrs.alpha) * v))(t, x),
  RMSNormalization: normalise(false),
  Reciprocal: pointwise((v = 0) => 1 / v),
  Recompute: same,
  ReduceMax: reduction((v) => Math.max(...v)),
  ReduceMean: reduction((v) => sum(v) / v.length),
  ReduceMin: reduction((v) => Math.min(...v)),
  ReduceSum: reduction(sum),
  Relu: pointwise((v = 0) => Math.max(v, 0)),
  Reshape: same,
  RotaryEmbedding: rotary,
  ScatterElements: scatterElements,
  Sigmoid: pointwise((v = 0) => sigmoid(v)),
  Sin: pointwise((v = 0) => Math.sin(v)),
  Slice: slice,
  Softmax: alongAxis(softmaxRow),
  Sqrt: pointwise((v = 0) => Math.sqrt(v)),
  StopGradient: same,
  Stored: leaf,
  Sub: pointwise((a = 0, b = 0) => a - b),
  Tanh: pointwise((v = 0) => Math.tanh(v)),
  Transpose: transpose,
  Where: pointwise((c = 0, a = 0, b = 0) => (c !== 0 ? a : b)),
};

/** The values of `outputs` for these inputs, all in float64. */
export function interpret(outputs: readonly Tensor[], feeds: Readonly<Record<string, ArrayLike<number>>>): Values[] {
  const values = new Map<Tensor, Values>();
  for (const t of reachable(outputs)) {
    const fed = t.name === undefined ? undefined : feeds[t.name];
    const x = t.inputs.map((input) => values.get(input) ?? new Float64Array());
    values.set(t, fed ? Float64Array.from(fed) : rules[t.op.name](t, x));
  }
  return outputs.map((t) => values.get(t) ?? new Float64Array());
}
