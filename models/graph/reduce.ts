// Operators that sum, average or pick along axes, and the softmax family.
import { add, cast, div, equal, exp, log, mul, neg, sub } from './elementwise.ts';
import { scatterAdd } from './gather.ts';
import { expand, reshape, squeeze } from './shape.ts';
import { type Attrs, apply, dim, fault, type Op, type OpName, type Shape, type Tensor } from './tensor.ts';

const axesOf = (attrs: Attrs): readonly number[] => attrs.axes as readonly number[];
const kept = (x: Tensor, attrs: Attrs): Shape => x.shape.map((n, i) => (axesOf(attrs).includes(i) ? 1 : n));
const count = (x: Tensor, attrs: Attrs): number => axesOf(attrs).reduce((n, axis) => n * dim(x, axis), 1);
const first = (x: readonly Tensor[]): Tensor => {
  const [t] = x;
  if (!t) throw fault('Reduce', x, 'needs an input');
  return t;
};

/** Reductions keep their axes; `reduceX` drops them by a reshape when asked. */
const reduction = (name: OpName, vjp: Op['vjp']): Op => ({
  name,
  shape: (x, attrs) => kept(first(x), attrs),
  vjp,
  lower: (l, [x = ''], t) => l.emit(name, [x, l.ints(axesOf(t.attrs))], { keepdims: 1 }),
});

export const ReduceSum = reduction('ReduceSum', ({ g, x }) => [expand(g, first(x).shape)]);
export const ReduceMean = reduction('ReduceMean', ({ g, x, attrs }) => [
  expand(mul(g, 1 / count(first(x), attrs)), first(x).shape),
]);

/** Ties share the cotangent equally. */
const extreme: Op['vjp'] = ({ g, x, y, attrs }) => {
  const hit = cast(equal(first(x), y), g.dtype);
  return [mul(hit, div(g, apply(ReduceSum, [hit], { axes: axesOf(attrs) })))];
};
export const ReduceMax = reduction('ReduceMax', extreme);
export const ReduceMin = reduction('ReduceMin', extreme);

function reduce(op: Op, x: Tensor, axes: readonly number[], keepdims: boolean): Tensor {
  const normal = axes.map((a) => (a < 0 ? a + x.shape.length : a)).sort((a, b) => a - b);
  if (normal.some((a) => a < 0 || a >= x.shape.length)) throw fault(op.name, [x], `no axes [${axes.join(',')}]`);
  const y = apply(op, [x], { axes: normal });
  return keepdims ? y : squeeze(y, normal);
}

export const reduceSum = (x: Tensor, axes: readonly number[], keepdims = false): Tensor =>
  reduce(ReduceSum, x, axes, keepdims);
export const reduceMean = (x: Tensor, axes: readonly number[], keepdims = false): Tensor =>
  reduce(ReduceMean, x, axes, keepdims);
export const reduceMax = (x: Tensor, axes: readonly number[], keepdims = false): Tensor =>
  reduce(ReduceMax, x, axes, keepdims);
export const reduceMin = (x: Tensor, axes: readonly number[], keepdims = false): Tensor =>
  reduce(ReduceMin, x, axes, keepdims);

export const Softmax: Op = {
  name: 'Softmax',
  shape: (x) => first(x).shape,
  vjp: ({ g, y, attrs }) => {
    const gy = mul(g, y);
    return [sub(gy, mul(y, reduceSum(gy, [Number(attrs.axis)], true)))];
  },
};
export const softmax = (x: Tensor, axis = -1): Tensor => apply(Softmax, [x], { axis: positive(x, axis) });
const positive = (x: Tensor, axis: number): number => (axis < 0 ? axis + x.shape.length : axis);

export const LogSoftmax: Op = {
  name: 'LogSoftmax',
  shape: (x) => first(x).shape,
  vjp: ({ g, y, attrs }) => {
    const axis = Number(attrs.axis);
    const picked = pickedAlong(g, axis);
    if (!picked) return [sub(g, mul(exp(y), reduceSum(g, [axis], true)))];
    // Where few were picked along the axis, g is never written out.
    const [indices, updates] = picked;
    return [scatterAdd(mul(exp(y), neg(reduceSum(updates, [axis], true))), indices, updates, axis)];
  },
  lower: (l, [x = ''], t) => {
    const axis = Number(t.attrs.axis);
    if (l.target === 'cpu') return l.emit('LogSoftmax', [x], { axis });
    const shifted = l.emit('Sub', [x, l.emit('ReduceMax', [x, l.ints([axis])], { keepdims: 1 })]);
    const total = l.emit('ReduceSum', [l.emit('Exp', [shifted]), l.ints([axis])], { keepdims: 1 });
    return l.emit('Sub', [shifted, l.emit('Log', [total])]);
  },
};

/** Indices and updates where `g` is nothing but these, added into zeros along `axis`: the cotangent of GatherElements. */
function pickedAlong(g: Tensor, axis: number): [Tensor, Tensor] | null {
  const [zeros, indices, updates] = g.inputs;
  const whole = updates?.shape.every((n, i) => i === axis || n === g.shape[i]);
  const isZero = zeros?.op.name === 'Expand' && zeros.inputs[0]?.value?.every((v) => v === 0);
  if (g.op.name !== 'ScatterElements' || g.attrs.axis !== axis || !isZero || !whole) return null;
  return indices && updates ? [indices, updates] : null;
}
export const logSoftmax = (x: Tensor, axis = -1): Tensor => apply(LogSoftmax, [x], { axis: positive(x, axis) });

/** log(sum(exp(x))) along one axis, which is dropped. The shift cancels in the gradient too. */
export function logSumExp(x: Tensor, axis: number): Tensor {
  const shift = apply(StopGradient, [reduceMax(x, [axis], true)]);
  return squeeze(add(log(reduceSum(exp(sub(x, shift)), [axis], true)), shift), [axis]);
}

/** The value without its gradient. Lowers to nothing. */
export const StopGradient: Op = {
  name: 'StopGradient',
  shape: (x) => first(x).shape,
  vjp: 'none',
  lower: (_, [x = '']) => x,
};
export const stopGradient = (x: Tensor): Tensor => apply(StopGradient, [x]);

export const ArgMax: Op = {
  name: 'ArgMax',
  shape: (x, attrs) => first(x).shape.filter((_, i) => i !== Number(attrs.axis)),
  dtype: () => 'int64',
  vjp: 'none',
  lower: (l, [x = ''], t) => l.emit('ArgMax', [x], { axis: Number(t.attrs.axis), keepdims: 0 }),
};
export const argMax = (x: Tensor, axis: number): Tensor => apply(ArgMax, [x], { axis: positive(x, axis) });

/** Sums a contribution over the axes along which `shape` was broadcast. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  const extra = x.shape.length - shape.length;
  const axes = x.shape.flatMap((n, i) => (i < extra || (shape[i - extra] === 1 && n !== 1) ? [i] : []));
  return reshape(axes.length > 0 ? reduceSum(x, axes, true) : x, shape);
}
