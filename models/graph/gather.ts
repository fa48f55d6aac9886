// Operators that pick elements by index and put them back.
import { add, mul } from './elementwise.ts';
import { expand, inverse, reshape, zeros } from './shape.ts';
import { apply, constant, dim, fault, type Op, size, type Tensor } from './tensor.ts';

function pair(op: string, x: readonly Tensor[]): [Tensor, Tensor] {
  const [data, indices] = x;
  if (!data || !indices?.dtype.startsWith('int')) throw fault(op, x, 'needs data and whole-number indices');
  return [data, indices];
}

export const Gather: Op = {
  name: 'Gather',
  shape: (x, attrs) => {
    const [data, indices] = pair('Gather', x);
    const axis = Number(attrs.axis);
    return [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)];
  },
  vjp: ({ g, x, attrs }) => {
    const [data, indices] = pair('Gather', x);
    return [
      attrs.bijective === 1 ? regather(g, indices, Number(attrs.axis)) : putBack(g, data, indices, Number(attrs.axis)),
      null,
    ];
  },
  lower: (l, names, t) => l.emit('Gather', names, { axis: Number(t.attrs.axis) }),
};

/** The cotangent of a permutation is the inverse permutation: a gather, not a scatter. */
function regather(g: Tensor, indices: Tensor, axis: number): Tensor {
  return permute(g, inverse([...(indices.value ?? [])]), axis);
}

/** Adds the cotangent's rows into zeros. ScatterElements on CPU is single-threaded and right; ScatterND races. */
function putBack(g: Tensor, data: Tensor, indices: Tensor, axis: number): Tensor {
  const rows = size(indices.shape);
  if (axis === 0) return putRowsBack(g, data, reshape(indices, [rows, 1]));
  const shape = [...data.shape.slice(0, axis), rows, ...data.shape.slice(axis + 1)];
  const spread = shape.map((_, i) => (i === axis ? rows : 1));
  return scatterAdd(zeros(data.shape, g.dtype), expand(reshape(indices, spread), shape), reshape(g, shape), axis);
}

/** `indices` [rows, 1]. Number by number in one dimension: the kernel counts along every axis it is given, which takes it twice as long. */
function putRowsBack(g: Tensor, data: Tensor, indices: Tensor): Tensor {
  const width = size(data.shape.slice(1));
  const columns = constant(
    Array.from({ length: width }, (_, i) => i),
    [1, width],
    indices.dtype,
  );
  const places = add(mul(indices, width), columns);
  const flat = zeros([size(data.shape)], g.dtype);
  return reshape(scatterAdd(flat, reshape(places, [-1]), reshape(g, [-1]), 0), data.shape);
}

/** Slices of x along `axis` at the indices, whose shape replaces that axis. */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  dim(x, axis);
  return apply(Gather, [x, indices], { axis: axis < 0 ? axis + x.shape.length : axis });
}

/** Reorders one axis; `order` must hold each index once. */
export function permute(x: Tensor, order: readonly number[], axis: number): Tensor {
  if (order.length !== dim(x, axis) || new Set(order).size !== order.length)
    throw fault('Gather', [x], `${order.length} indices are no permutation of axis ${axis}`);
  if (order.every((from, to) => from === to)) return x;
  return apply(Gather, [x, constant(order, [order.length], 'int64')], { axis, bijective: 1 });
}

export const GatherElements: Op = {
  name: 'GatherElements',
  shape: (x) => {
    const [data, indices] = pair('GatherElements', x);
    if (data.shape.length !== indices.shape.length) throw fault('GatherElements', x, 'the ranks differ');
    return indices.shape;
  },
  vjp: ({ g, x, attrs }) => {
    const [data, indices] = pair('GatherElements', x);
    return [scatterAdd(zeros(data.shape, g.dtype), indices, g, Number(attrs.axis)), null];
  },
};

export function gatherElements(x: Tensor, indices: Tensor, axis: number): Tensor {
  return apply(GatherElements, [x, indices], { axis: axis < 0 ? axis + x.shape.length : axis });
}

/** reduction = add, always. */
export const ScatterElements: Op = {
  name: 'ScatterElements',
  shape: (x) => {
    const [data, indices] = pair('ScatterElements', x);
    const same = indices.shape.length === x[2]?.shape.length && indices.shape.every((n, i) => n === x[2]?.shape[i]);
    if (!same || data.dtype !== x[2]?.dtype) throw fault('ScatterElements', x, 'indices and updates must be alike');
    return data.shape;
  },
  vjp: ({ g, x, attrs }) => [g, null, gatherElements(g, pair('ScatterElements', x)[1], Number(attrs.axis))],
  lower: (l, names, t) => l.emit('ScatterElements', names, { axis: Number(t.attrs.axis), reduction: 'add' }),
};

/** x with `updates` added at `indices` along `axis`; indices may repeat. */
export function scatterAdd(x: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor {
  return apply(ScatterElements, [x, indices, updates], { axis: axis < 0 ? axis + x.shape.length : axis });
}
