// The matrix product, with transposes that cost nothing where ONNX Runtime has them for free.
import { apply, dim, fault, type Lowering, type Op, type Shape, size, type Tensor } from './tensor.ts';

export interface MatMulOptions {
  transA?: boolean;
  transB?: boolean;
  /** Scales the product. */
  alpha?: number;
}

export const MatMul: Op = {
  name: 'MatMul',
  shape: (x, attrs) => productShape(x, attrs.transA === 1, attrs.transB === 1),
  vjp: ({ g, x: [a, b], attrs, y }) => {
    if (!a || !b) throw fault('MatMul', y.inputs, 'needs two inputs');
    const alpha = Number(attrs.alpha);
    const [ta, tb] = [attrs.transA === 1, attrs.transB === 1];
    const da = ta ? matmul(b, g, { transA: tb, transB: true, alpha }) : matmul(g, b, { transB: !tb, alpha });
    const db = tb ? matmul(g, a, { transA: true, transB: ta, alpha }) : matmul(a, g, { transA: !ta, alpha });
    return [da, db];
  },
  lower: lowerMatMul,
};

function productShape(x: readonly Tensor[], transA: boolean, transB: boolean): Shape {
  const [a, b] = x;
  if (!a || !b || a.shape.length < 2 || b.shape.length < 2 || a.dtype !== b.dtype)
    throw fault('MatMul', x, 'needs two matrices of one type');
  const [rows, inner] = transA ? [dim(a, -1), dim(a, -2)] : [dim(a, -2), dim(a, -1)];
  const [depth, columns] = transB ? [dim(b, -1), dim(b, -2)] : [dim(b, -2), dim(b, -1)];
  if (inner !== depth) throw fault('MatMul', x, `inner lengths ${inner} and ${depth} differ`);
  return [...batchShape(x, a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns];
}

function batchShape(x: readonly Tensor[], a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [n, m] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1];
    if (n !== m && n !== 1 && m !== 1) throw fault('MatMul', x, 'the batch axes do not broadcast');
    return n === 1 ? m : n;
  });
}

/** Gemm for flat transposed products, FusedMatMul for batched ones on CPU, explicit transposes elsewhere. */
function lowerMatMul(l: Lowering, names: readonly string[], t: Tensor): string {
  const [transA, transB, alpha] = [Number(t.attrs.transA), Number(t.attrs.transB), Number(t.attrs.alpha)];
  if (transA === 0 && transB === 0 && alpha === 1) return l.emit('MatMul', names);
  const flat = t.inputs.every((x) => x.shape.length === 2);
  if (flat && l.target === 'cpu' && transA === 1 && transB === 0) return lowerTowardsWeight(l, names, t);
  if (flat) return l.emit('Gemm', names, { transA, transB, alpha: { float: alpha } });
  if (l.target === 'cpu' && t.dtype === 'float32')
    return l.emit('FusedMatMul', names, { transA, transB, alpha: { float: alpha } }, 'com.microsoft');
  const turned = names.map((name, i) => {
    const x = t.inputs[i];
    return x && t.attrs[i === 0 ? 'transA' : 'transB'] === 1 ? turn(l, name, x) : name;
  });
  const product = l.emit('MatMul', turned);
  return alpha === 1 ? product : l.emit('Mul', [product, l.number(alpha, t.dtype)]);
}

/**
 * a [k, n] and b [k, m], both the other way round in memory: the gradient of a weight. ONNX Runtime's kernel turns pieces of
 * `a` anew for every 128 columns of the product, each time for a third (wide) to two thirds (narrow) of what turning `a` once takes. Either `a` is
 * turned beforehand, or `b` and the product: `b`, what went into the layer, serves the layers beside it too.
 */
function lowerTowardsWeight(l: Lowering, names: readonly string[], t: Tensor): string {
  const [a = '', b = ''] = names;
  const [n, m] = [dim(t, 0), dim(t, 1)];
  const k = size(t.inputs[0]?.shape ?? []) / n;
  const alpha = { float: Number(t.attrs.alpha) };
  const turned = (name: string, columns: number) =>
    l.once(`turned ${name}`, () =>
      l.emitAs({ dtype: t.dtype, shape: [columns, k] }, 'Transpose', [name], { perm: [1, 0] }),
    );
  const kernelTurns = 0.6 * k * n * Math.ceil(m / 128);
  if (n < m && kernelTurns > k * n) return l.emit('Gemm', [turned(a, n), b], { alpha });
  if (n < m || kernelTurns < (k + n) * m) return l.emit('Gemm', names, { transA: 1, transB: 0, alpha });
  const product = l.emitAs({ dtype: t.dtype, shape: [m, n] }, 'Gemm', [turned(b, m), a], { alpha });
  return l.emit('Transpose', [product], { perm: [1, 0] });
}

function turn(l: Lowering, name: string, t: Tensor): string {
  const rank = t.shape.length;
  const perm = t.shape.map((_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
  return l.emit('Transpose', [name], { perm });
}

/** a [..., n, k] times b [..., k, m]; transA and transB read the last two axes the other way round. */
export function matmul(a: Tensor, b: Tensor, options: MatMulOptions = {}): Tensor {
  const attrs = { transA: options.transA ? 1 : 0, transB: options.transB ? 1 : 0, alpha: options.alpha ?? 1 };
  return apply(MatMul, [a, b], attrs);
}
