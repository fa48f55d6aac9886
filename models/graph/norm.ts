// Normalisations: fused operators forward, ordinary nodes backward.
import { add, mul, reciprocal, sqrt, sub } from './elementwise.ts';
import { matmul } from './linear.ts';
import { reduceMean } from './reduce.ts';
import { reshape } from './shape.ts';
import { apply, dim, fault, type Op, type Tensor } from './tensor.ts';

const need = (x: readonly Tensor[], i: number): Tensor => {
  const t = x[i];
  if (!t) throw fault('normalisation', x, `input ${i} is missing`);
  return t;
};

function lastAxisShape(op: string, x: readonly Tensor[]): readonly number[] {
  const width = dim(need(x, 0), -1);
  if (x.slice(1).some((t) => t.shape.length !== 1 || t.shape[0] !== width))
    throw fault(op, x, `scale and bias must be [${width}]`);
  return need(x, 0).shape;
}

/** 1 / sqrt(mean of squares over the last axis + epsilon). */
const inverseRms = (x: Tensor, epsilon: number): Tensor =>
  reciprocal(sqrt(add(reduceMean(mul(x, x), [-1], true), epsilon)));

/** Inputs: x, and what RMSNormalization made of it, whose kernel has the number at hand. x [..., D] -> [..., 1]. */
export const InverseRms: Op = {
  name: 'InverseRms',
  shape: (x) => [...need(x, 0).shape.slice(0, -1), 1],
  vjp: ({ g, x, y }) => {
    const width = dim(need(x, 0), -1);
    return [mul(need(x, 0), mul(mul(g, -1 / width), mul(y, mul(y, y)))), null];
  },
  lower: (l, [x = '', normal = ''], t) => {
    if (l.target === 'cpu' && t.dtype === 'float32') return l.second(normal);
    const wide = { dtype: t.dtype, shape: need(t.inputs, 0).shape };
    const mean = l.emit('ReduceMean', [l.emitAs(wide, 'Mul', [x, x]), l.ints([-1])], { keepdims: 1 });
    const above = l.emit('Add', [mean, l.number(Number(t.attrs.epsilon), t.dtype)]);
    return l.emit('Reciprocal', [l.emit('Sqrt', [above])]);
  },
};

/** The factor by which `normal`, an RMSNormalization, multiplied each row of its input. */
export function rowFactor(normal: Tensor): Tensor {
  if (normal.op.name !== 'RMSNormalization') throw fault('InverseRms', [normal], 'needs what RMSNormalization made');
  return apply(InverseRms, [need(normal.inputs, 0), normal], { epsilon: Number(normal.attrs.epsilon) });
}

export const LayerNormalization: Op = {
  name: 'LayerNormalization',
  shape: (x) => lastAxisShape('LayerNormalization', x),
  vjp: ({ g, x, attrs }) => {
    const centred = sub(need(x, 0), reduceMean(need(x, 0), [-1], true));
    const inverse = inverseRms(centred, Number(attrs.epsilon));
    const normal = mul(centred, inverse);
    const gw = mul(g, need(x, 1));
    const along = sub(sub(gw, reduceMean(gw, [-1], true)), mul(normal, reduceMean(mul(gw, normal), [-1], true)));
    return [mul(along, inverse), mul(g, normal), g];
  },
  lower: (l, names, t) =>
    l.emit('LayerNormalization', names, { axis: -1, epsilon: { float: Number(t.attrs.epsilon) } }),
};

/** Normalises over the last axis; weight and bias [width]. */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
  return apply(LayerNormalization, [x, weight, bias], { epsilon });
}

export const RMSNormalization: Op = {
  name: 'RMSNormalization',
  shape: (x) => lastAxisShape('RMSNormalization', x),
  // In rows, so that both sums over g * x are products with a vector: whole passes over x are what costs here.
  vjp: ({ g, x, y }) => {
    const [shape, width] = [need(x, 0).shape, dim(need(x, 0), -1)];
    const [rows, scale] = [reshape(need(x, 0), [-1, width]), need(x, 1)];
    const cotangent = reshape(g, rows.shape);
    const inverse = reshape(rowFactor(y), [-1, 1]);
    const gx = mul(cotangent, rows);
    const along = mul(matmul(gx, reshape(scale, [width, 1])), 1 / width);
    const share = mul(mul(mul(along, inverse), inverse), inverse);
    const dx = sub(mul(mul(cotangent, scale), inverse), mul(rows, share));
    return [reshape(dx, shape), reshape(matmul(reshape(inverse, [1, -1]), gx), [width])];
  },
  lower: (l, names, t) => {
    const attrs = { axis: -1, epsilon: { float: Number(t.attrs.epsilon) } };
    return l.emit(l.target === 'cpu' ? 'SimplifiedLayerNormalization' : 'RMSNormalization', names, attrs);
  },
};

/** Normalises over the last axis; weight [width]. */
export function rmsNorm(x: Tensor, weight: Tensor, epsilon: number): Tensor {
  return apply(RMSNormalization, [x, weight], { epsilon });
}

/** Normalises over the channels of x [N,C,H,W], decomposed on axis 1: cheaper than moving channels last. */
export function layerNorm2d(x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
  const channels = [1, dim(x, 1), 1, 1];
  const centred = sub(x, reduceMean(x, [1], true));
  const inverse = reciprocal(sqrt(add(reduceMean(mul(centred, centred), [1], true), epsilon)));
  return add(mul(mul(centred, inverse), reshape(weight, channels)), reshape(bias, channels));
}
