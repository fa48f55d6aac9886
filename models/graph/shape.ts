// Operators that move elements without computing: reshape, transpose, expand, slice, concat, pad.
import { broadcast } from './elementwise.ts';
import { apply, dim, entry, fault, type Op, type Shape, scalar, size, type Tensor } from './tensor.ts';

const ints = (t: Tensor, name: string): readonly number[] => {
  const value = t.attrs[name];
  if (typeof value !== 'object') throw fault(t.op.name, t.inputs, `attribute ${name} is missing`);
  return value;
};
const only = (x: readonly Tensor[], op: string): Tensor => {
  const [t] = x;
  if (!t) throw fault(op, x, 'needs an input');
  return t;
};

export const Reshape: Op = {
  name: 'Reshape',
  shape: (_, attrs) => attrs.shape as readonly number[],
  vjp: ({ g, x }) => [reshape(g, only(x, 'Reshape').shape)],
  lower: (l, [x = ''], t) => l.emit('Reshape', [x, l.ints(t.shape)]),
};

/** One length may be -1: what is left. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((a, n) => (n === -1 ? a : a * n), 1);
  const full = shape.map((n) => (n === -1 ? size(x.shape) / known : n));
  if (size(full) !== size(x.shape) || full.some((n) => !Number.isInteger(n)))
    throw fault('Reshape', [x], `cannot become [${shape.join(',')}]`);
  if (full.length === x.shape.length && full.every((n, i) => n === x.shape[i])) return x;
  return apply(Reshape, [x], { shape: full });
}

export const Transpose: Op = {
  name: 'Transpose',
  shape: (x, attrs) => (attrs.perm as readonly number[]).map((axis) => dim(only(x, 'Transpose'), axis)),
  vjp: ({ g, y }) => [transpose(g, inverse(ints(y, 'perm')))],
};

/** The permutation that undoes `perm`. */
export function inverse(perm: readonly number[]): number[] {
  const out = new Array<number>(perm.length).fill(0);
  perm.forEach((from, to) => {
    out[from] = to;
  });
  return out;
}

export function transpose(x: Tensor, perm: readonly number[]): Tensor {
  const axes = new Set(perm);
  if (perm.length !== x.shape.length || axes.size !== perm.length || perm.some((a) => a < 0 || a >= perm.length))
    throw fault('Transpose', [x], `[${perm.join(',')}] is no permutation of its axes`);
  return perm.every((axis, i) => axis === i) ? x : apply(Transpose, [x], { perm });
}

/** The cotangent needs no rule of its own: undoing a broadcast is `grad`'s work. */
export const Expand: Op = {
  name: 'Expand',
  shape: (_, attrs) => attrs.shape as readonly number[],
  vjp: ({ g }) => [g],
  lower: (l, [x = ''], t) => l.emit('Expand', [x, l.ints(t.shape)]),
};

export function expand(x: Tensor, shape: Shape): Tensor {
  const target = { ...x, shape };
  const full = broadcast('Expand', [x, target]);
  if (full.some((n, i) => n !== shape[i])) throw fault('Expand', [x], `cannot become [${shape.join(',')}]`);
  return full.length === x.shape.length && full.every((n, i) => n === x.shape[i]) ? x : apply(Expand, [x], { shape });
}

export const zeros = (shape: Shape, dtype: Tensor['dtype'] = 'float32'): Tensor => expand(scalar(0, dtype), shape);

/** Attributes hold one entry for each axis, normalised: start and length in elements of the output, and the step. */
export const Slice: Op = {
  name: 'Slice',
  shape: (_, attrs) => attrs.lengths as readonly number[],
  vjp: ({ g, x, y }) => [unslice(g, only(x, 'Slice').shape, y)],
  lower: (l, [x = ''], t) => {
    const starts = ints(t, 'starts');
    const steps = ints(t, 'steps');
    const axes = starts.map((_, i) => i).filter((i) => !wholeAxis(t, i));
    const ends = axes.map((i) => sliceEnd(entry(starts, i, 'starts'), dim(t, i), entry(steps, i, 'steps')));
    const pick = (name: 'starts' | 'steps') => l.ints(axes.map((i) => entry(ints(t, name), i, name)));
    return l.emit('Slice', [x, pick('starts'), l.ints(ends), l.ints(axes), pick('steps')]);
  },
};

const wholeAxis = (t: Tensor, i: number): boolean => t.shape[i] === t.inputs[0]?.shape[i] && ints(t, 'steps')[i] === 1;

/** ONNX's exclusive end; a step of -1 that runs to the front needs "before the first". */
const sliceEnd = (start: number, length: number, step: number): number =>
  step > 0 ? start + (length - 1) * step + 1 : start - length < 0 ? -(2 ** 31) : start - length;

/** Puts the elements of a slice back where they came from, zeros elsewhere. */
function unslice(g: Tensor, full: Shape, slice: Tensor): Tensor {
  const steps = ints(slice, 'steps');
  const backwards = steps.flatMap((step, i) => (step === -1 ? [i] : []));
  const forward = backwards.length > 0 ? flip(g, backwards) : g;
  const spread = dilate(forward, steps.map(Math.abs));
  const begins = ints(slice, 'starts').map((start, i) => (steps[i] === -1 ? start - dim(g, i) + 1 : start));
  const ends = full.map((n, i) => n - entry(begins, i, 'begins') - dim(spread, i));
  return pad(spread, [...begins, ...ends]);
}

/** Writes step-1 zeros between neighbours of each axis. */
export function dilate(x: Tensor, steps: readonly number[]): Tensor {
  if (steps.every((s) => s === 1)) return x;
  const paired = reshape(
    x,
    x.shape.flatMap((n) => [n, 1]),
  );
  const ends = steps.flatMap((s) => [0, s - 1]);
  const padded = pad(paired, [...ends.map(() => 0), ...ends]);
  const joined = reshape(
    padded,
    x.shape.map((n, i) => n * entry(steps, i, 'steps')),
  );
  return slice(
    joined,
    x.shape.map(() => 0),
    x.shape.map((n, i) => (n - 1) * entry(steps, i, 'steps') + 1),
  );
}

/** starts and ends as in Python: ends are exclusive, both are clamped, negative ones count from the end. */
export function slice(
  x: Tensor,
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[] = starts.map((_, i) => i),
): Tensor {
  return stridedSlice(x, { starts, ends, axes, steps: starts.map(() => 1) });
}

export interface SliceRange {
  starts: readonly number[];
  ends: readonly number[];
  axes: readonly number[];
  /** Positive; to turn an axis round there is `flip`. */
  steps: readonly number[];
}

export function stridedSlice(x: Tensor, { starts, ends, axes, steps }: SliceRange): Tensor {
  const attrs = { starts: x.shape.map(() => 0), lengths: [...x.shape], steps: x.shape.map(() => 1) };
  axes.forEach((axis, k) => {
    const i = axis < 0 ? axis + x.shape.length : axis;
    const length = dim(x, i);
    const clamp = (v: number) => Math.min(Math.max(v < 0 ? v + length : v, 0), length);
    const step = entry(steps, k, 'steps');
    const start = clamp(entry(starts, k, 'starts'));
    attrs.starts[i] = start;
    attrs.lengths[i] = Math.max(0, Math.ceil((clamp(entry(ends, k, 'ends')) - start) / step));
    attrs.steps[i] = step;
  });
  if (attrs.lengths.some((n) => n === 0)) throw fault('Slice', [x], 'nothing is left');
  return attrs.lengths.every((n, i) => n === x.shape[i]) ? x : apply(Slice, [x], attrs);
}

/** Reverses the order along the axes. */
export function flip(x: Tensor, axes: readonly number[]): Tensor {
  const backwards = (i: number) => axes.includes(i);
  return apply(Slice, [x], {
    starts: x.shape.map((n, i) => (backwards(i) ? n - 1 : 0)),
    lengths: x.shape,
    steps: x.shape.map((_, i) => (backwards(i) ? -1 : 1)),
  });
}

export const Concat: Op = {
  name: 'Concat',
  shape: (x, attrs) => {
    const axis = Number(attrs.axis);
    const first = only(x, 'Concat');
    const fits = (t: Tensor) =>
      t.dtype === first.dtype &&
      t.shape.length === first.shape.length &&
      t.shape.every((n, i) => i === axis || n === first.shape[i]);
    if (!x.every(fits)) throw fault('Concat', x, `the inputs do not line up along axis ${axis}`);
    return first.shape.map((n, i) => (i === axis ? x.reduce((sum, t) => sum + dim(t, axis), 0) : n));
  },
  vjp: ({ g, x, attrs }) =>
    split(
      g,
      x.map((t) => dim(t, Number(attrs.axis))),
      Number(attrs.axis),
    ),
};

export function concat(xs: readonly Tensor[], axis: number): Tensor {
  const [first] = xs;
  if (!first) throw fault('Concat', xs, 'needs at least one input');
  return xs.length === 1 ? first : apply(Concat, xs, { axis: axis < 0 ? axis + first.shape.length : axis });
}

/** Consecutive slices of the given lengths. */
export function split(x: Tensor, sizes: readonly number[], axis: number): Tensor[] {
  if (sizes.reduce((a, b) => a + b, 0) !== dim(x, axis))
    throw fault('Slice', [x], `lengths [${sizes.join(',')}] do not fill axis ${axis}`);
  let start = 0;
  return sizes.map((n) => {
    start += n;
    return slice(x, [start - n], [start], [axis]);
  });
}

export const Pad: Op = {
  name: 'Pad',
  shape: (x, attrs) => {
    const pads = attrs.pads as readonly number[];
    const t = only(x, 'Pad');
    if (pads.length !== 2 * t.shape.length || pads.some((n) => n < 0)) throw fault('Pad', x, 'bad pads');
    return t.shape.map((n, i) => n + entry(pads, i, 'pads') + entry(pads, i + t.shape.length, 'pads'));
  },
  vjp: ({ g, x, y }) => {
    const begins = ints(y, 'pads').slice(0, y.shape.length);
    return [
      slice(
        g,
        begins,
        begins.map((b, i) => b + dim(only(x, 'Pad'), i)),
      ),
    ];
  },
  lower: (l, [x = ''], t) =>
    l.emit('Pad', [x, l.ints(ints(t, 'pads')), l.number(Number(t.attrs.value), t.dtype)], { mode: 'constant' }),
};

/** pads as ONNX has them: all begins, then all ends. */
export function pad(x: Tensor, pads: readonly number[], value = 0): Tensor {
  return pads.every((n) => n === 0) && pads.length === 2 * x.shape.length ? x : apply(Pad, [x], { pads, value });
}

export function squeeze(x: Tensor, axes: readonly number[]): Tensor {
  const drop = new Set(axes.map((a) => (a < 0 ? a + x.shape.length : a)));
  if ([...drop].some((a) => dim(x, a) !== 1))
    throw fault('Reshape', [x], `axes [${axes.join(',')}] are not all 1 long`);
  return reshape(
    x,
    x.shape.filter((_, i) => !drop.has(i)),
  );
}

/** axes count in the result. */
export function unsqueeze(x: Tensor, axes: readonly number[]): Tensor {
  const rank = x.shape.length + axes.length;
  const added = new Set(axes.map((a) => (a < 0 ? a + rank : a)));
  let next = 0;
  return reshape(
    x,
    Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (x.shape[next++] ?? 1))),
  );
}
