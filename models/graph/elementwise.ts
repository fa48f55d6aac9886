// Operators that work element by element, with numpy's broadcasting.
import { apply, type DType, fault, type Op, type OpName, type Shape, scalar, type Tensor } from './tensor.ts';

/** The shape two shapes broadcast to. */
export function broadcast(op: string, x: readonly Tensor[]): Shape {
  const rank = Math.max(...x.map((t) => t.shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const lengths = x.map((t) => t.shape[t.shape.length - rank + i] ?? 1);
    const wide = lengths.find((n) => n !== 1) ?? 1;
    if (lengths.some((n) => n !== 1 && n !== wide)) throw fault(op, x, 'the shapes do not broadcast');
    return wide;
  });
}

function sameTypes(op: string, x: readonly Tensor[]): Shape {
  if (x.some((t) => t.dtype !== x[0]?.dtype)) throw fault(op, x, 'the element types differ');
  return broadcast(op, x);
}

type Rule = Op['vjp'];
const unary = (name: OpName, vjp: Rule, lower?: Op['lower']): Op => ({
  name,
  shape: ([x]) => x?.shape ?? [],
  vjp,
  lower,
});
const binary = (name: OpName, vjp: Rule): Op => ({ name, shape: (x) => sameTypes(name, x), vjp });
const comparison = (name: OpName): Op => ({ ...binary(name, 'none'), dtype: () => 'bool' });

const at = (x: readonly Tensor[], i: number): Tensor => {
  const t = x[i];
  if (!t) throw fault('operator', x, `input ${i} is missing`);
  return t;
};

export const Add = binary('Add', ({ g }) => [g, g]);
export const Sub = binary('Sub', ({ g }) => [g, neg(g)]);
export const Mul = binary('Mul', ({ g, x }) => [mul(g, at(x, 1)), mul(g, at(x, 0))]);
export const Div = binary('Div', ({ g, x, y }) => [div(g, at(x, 1)), neg(div(mul(g, y), at(x, 1)))]);
export const Max = binary('Max', ({ g, x }) => choose(greaterOrEqual(at(x, 0), at(x, 1)), g));
export const Min = binary('Min', ({ g, x }) => choose(lessOrEqual(at(x, 0), at(x, 1)), g));
export const Equal = comparison('Equal');
export const Greater = comparison('Greater');
export const GreaterOrEqual = comparison('GreaterOrEqual');
export const Less = comparison('Less');
export const LessOrEqual = comparison('LessOrEqual');
export const And = comparison('And');
export const Or = comparison('Or');
export const Not = unary('Not', 'none');

export const Where: Op = {
  name: 'Where',
  shape: (x) => {
    if (at(x, 0).dtype !== 'bool' || at(x, 1).dtype !== at(x, 2).dtype) throw fault('Where', x, 'types do not fit');
    return broadcast('Where', x);
  },
  dtype: (x) => at(x, 1).dtype,
  vjp: ({ g, x }) => [null, ...choose(at(x, 0), g)],
};

/** The cotangents of the two branches of a choice. */
function choose(condition: Tensor, g: Tensor): [Tensor, Tensor] {
  return [where(condition, g, 0), where(condition, 0, g)];
}

export const Neg = unary('Neg', ({ g }) => [neg(g)]);
export const Exp = unary('Exp', ({ g, y }) => [mul(g, y)]);
export const Log = unary('Log', ({ g, x }) => [div(g, at(x, 0))]);
export const Sqrt = unary('Sqrt', ({ g, y }) => [div(mul(g, 0.5), y)]);
export const Reciprocal = unary('Reciprocal', ({ g, y }) => [neg(mul(g, mul(y, y)))]);
export const Sigmoid = unary('Sigmoid', ({ g, y }) => [mul(g, mul(y, sub(1, y)))]);
export const Tanh = unary('Tanh', ({ g, y }) => [mul(g, sub(1, mul(y, y)))]);
export const Sin = unary('Sin', ({ g, x }) => [mul(g, cos(at(x, 0)))]);
export const Cos = unary('Cos', ({ g, x }) => [neg(mul(g, sin(at(x, 0))))]);
export const Floor = unary('Floor', 'none');
export const Relu = unary('Relu', ({ g, x }) => [where(greater(at(x, 0), 0), g, 0)]);
export const Abs = unary('Abs', ({ g, x }) => [where(less(at(x, 0), 0), neg(g), g)]);
export const Erf = unary('Erf', ({ g, x }) => [mul(g, mul(exp(neg(mul(at(x, 0), at(x, 0)))), 2 / Math.sqrt(Math.PI)))]);

export const Pow: Op = {
  ...unary('Pow', ({ g, x, attrs }) => [mul(g, mul(pow(at(x, 0), exponentOf(attrs) - 1), exponentOf(attrs)))]),
  lower: (l, [x = ''], t) => l.emit('Pow', [x, l.number(exponentOf(t.attrs), t.dtype)]),
};
const exponentOf = (attrs: Tensor['attrs']): number => Number(attrs.exponent);

export const Clip: Op = {
  ...unary('Clip', ({ g, x, attrs }) => {
    const inside = and(greaterOrEqual(at(x, 0), Number(attrs.low)), lessOrEqual(at(x, 0), Number(attrs.high)));
    return [where(inside, g, 0)];
  }),
  lower: (l, [x = ''], t) =>
    l.emit('Clip', [x, l.number(Number(t.attrs.low), t.dtype), l.number(Number(t.attrs.high), t.dtype)]),
};

const onnxType: Record<DType, number> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
};
export const Cast: Op = {
  ...unary('Cast', ({ g, x }) => [at(x, 0).dtype.startsWith('float') ? cast(g, at(x, 0).dtype) : null]),
  dtype: (_, attrs) => attrs.to as DType,
  lower: (l, [x = ''], t) => l.emit('Cast', [x], { to: onnxType[t.dtype] }),
};

/** Exact GELU. ONNX Runtime's fused operator exists in float32 only. */
export const Gelu: Op = {
  ...unary('Gelu', ({ g, x }) => {
    const [v] = [at(x, 0)];
    const density = mul(exp(mul(mul(v, v), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    const below = mul(add(erf(mul(v, Math.SQRT1_2)), 1), 0.5);
    return [mul(g, add(below, mul(v, density)))];
  }),
  lower: (l, [x = ''], t) => {
    if (t.dtype === 'float32') return l.emit('Gelu', [x]);
    const half = l.emit('Mul', [x, l.number(0.5, t.dtype)]);
    const e = l.emit('Erf', [l.emit('Mul', [x, l.number(Math.SQRT1_2, t.dtype)])]);
    return l.emit('Mul', [half, l.emit('Add', [e, l.number(1, t.dtype)])]);
  },
};

/** x * sigmoid(alpha * x): SiLU for alpha 1, QuickGELU for 1.702. */
export const QuickGelu: Op = {
  ...unary('QuickGelu', ({ g, x, y, attrs }) => {
    const alpha = Number(attrs.alpha);
    const s = sigmoid(alpha === 1 ? at(x, 0) : mul(at(x, 0), alpha));
    return [mul(g, add(s, mul(alpha === 1 ? y : mul(y, alpha), sub(1, s))))];
  }),
  lower: (l, [x = ''], t) => {
    const alpha = Number(t.attrs.alpha);
    if (l.target === 'cpu' && t.dtype === 'float32')
      return l.emit('QuickGelu', [x], { alpha: { float: alpha } }, 'com.microsoft');
    return l.emit('Mul', [x, l.emit('Sigmoid', [l.emit('Mul', [x, l.number(alpha, t.dtype)])])]);
  },
};

type Operand = Tensor | number;

function pair(op: Op, a: Operand, b: Operand): Tensor {
  const dtype = typeof a !== 'number' ? a.dtype : typeof b !== 'number' ? b.dtype : 'float32';
  return apply(op, [toTensor(a, dtype), toTensor(b, dtype)]);
}
const toTensor = (x: Operand, dtype: DType): Tensor => (typeof x === 'number' ? scalar(x, dtype) : x);

export const add = (a: Operand, b: Operand): Tensor => pair(Add, a, b);
export const sub = (a: Operand, b: Operand): Tensor => pair(Sub, a, b);
export const mul = (a: Operand, b: Operand): Tensor => pair(Mul, a, b);
export const div = (a: Operand, b: Operand): Tensor => pair(Div, a, b);
export const max = (a: Operand, b: Operand): Tensor => pair(Max, a, b);
export const min = (a: Operand, b: Operand): Tensor => pair(Min, a, b);
export const equal = (a: Operand, b: Operand): Tensor => pair(Equal, a, b);
export const greater = (a: Operand, b: Operand): Tensor => pair(Greater, a, b);
export const greaterOrEqual = (a: Operand, b: Operand): Tensor => pair(GreaterOrEqual, a, b);
export const less = (a: Operand, b: Operand): Tensor => pair(Less, a, b);
export const lessOrEqual = (a: Operand, b: Operand): Tensor => pair(LessOrEqual, a, b);
export const and = (a: Tensor, b: Tensor): Tensor => pair(And, a, b);
export const or = (a: Tensor, b: Tensor): Tensor => pair(Or, a, b);
export const not = (x: Tensor): Tensor => apply(Not, [x]);

/** Element of `a` where `condition` holds, else of `b`. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const dtype = typeof a !== 'number' ? a.dtype : typeof b !== 'number' ? b.dtype : 'float32';
  return apply(Where, [condition, toTensor(a, dtype), toTensor(b, dtype)]);
}

export const neg = (x: Tensor): Tensor => apply(Neg, [x]);
export const exp = (x: Tensor): Tensor => apply(Exp, [x]);
export const log = (x: Tensor): Tensor => apply(Log, [x]);
export const sqrt = (x: Tensor): Tensor => apply(Sqrt, [x]);
export const reciprocal = (x: Tensor): Tensor => apply(Reciprocal, [x]);
export const sigmoid = (x: Tensor): Tensor => apply(Sigmoid, [x]);
export const tanh = (x: Tensor): Tensor => apply(Tanh, [x]);
export const sin = (x: Tensor): Tensor => apply(Sin, [x]);
export const cos = (x: Tensor): Tensor => apply(Cos, [x]);
export const erf = (x: Tensor): Tensor => apply(Erf, [x]);
export const floor = (x: Tensor): Tensor => apply(Floor, [x]);
export const relu = (x: Tensor): Tensor => apply(Relu, [x]);
export const abs = (x: Tensor): Tensor => apply(Abs, [x]);
export const gelu = (x: Tensor): Tensor => apply(Gelu, [x]);
export const silu = (x: Tensor): Tensor => apply(QuickGelu, [x], { alpha: 1 });
export const quickGelu = (x: Tensor): Tensor => apply(QuickGelu, [x], { alpha: 1.702 });
export const pow = (x: Tensor, exponent: number): Tensor => apply(Pow, [x], { exponent });
export const clip = (x: Tensor, low: number, high: number): Tensor => apply(Clip, [x], { low, high });
export const cast = (x: Tensor, to: DType): Tensor => (x.dtype === to ? x : apply(Cast, [x], { to }));
