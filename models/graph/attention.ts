// The operators of attention whose gradients are cheaper than those of their parts: turned heads, and values mixed by scores.
import { mul, sub } from './elementwise.ts';
import { matmul } from './linear.ts';
import { reduceSum, softmax } from './reduce.ts';
import { apply, dim, fault, type Lowering, type Op, type Tensor } from './tensor.ts';

function three(op: string, x: readonly Tensor[]): [Tensor, Tensor, Tensor] {
  const [a, b, c] = x;
  if (!a || !b || !c) throw fault(op, x, 'needs three inputs');
  return [a, b, c];
}

/** Inputs: scores, their softmax, values. The cotangent goes to the scores at once, none to their softmax. */
export const Attend: Op = {
  name: 'Attend',
  shape: (x) => {
    const [scores, probabilities, values] = three('Attend', x);
    if (scores.shape.join() !== probabilities.shape.join() || dim(scores, -1) !== dim(values, -2))
      throw fault('Attend', x, 'needs scores, probabilities of the same shape and a value for each column');
    const fits = scores.shape.slice(0, -2).every((n, i) => values.shape[i] === n || values.shape[i] === 1);
    if (!fits || scores.shape.length !== values.shape.length) throw fault('Attend', x, 'the batch axes differ');
    return [...scores.shape.slice(0, -1), dim(values, -1)];
  },
  // What a row of scores loses to its sum is the row of g times that of y, far narrower than the scores.
  vjp: ({ g, x, y }) => {
    const [, probabilities, values] = three('Attend', x);
    const shared = reduceSum(mul(g, y), [-1], true);
    const toScores = mul(probabilities, sub(matmul(g, values, { transB: true }), shared));
    return [toScores, null, matmul(probabilities, g, { transA: true })];
  },
  lower: (l, [, probabilities = '', values = '']) => l.emit('MatMul', [probabilities, values]),
};

/** softmax(scores) times values: [..., Tq, Tk] and [..., Tk, D] -> [..., Tq, D]. Rows as in FlashAttention's gradient (Dao et al. 2022). */
export const attend = (scores: Tensor, values: Tensor): Tensor => apply(Attend, [scores, softmax(scores), values]);

/** Inputs: x, cosine, sine, the first half of the sines negated. Tables are given, not learnt: nothing flows to them. */
export const RotaryEmbedding: Op = {
  name: 'RotaryEmbedding',
  shape: (x) => {
    const [turned, cosine, sine] = three('RotaryEmbedding', x);
    const width = dim(turned, -1);
    if (width % 2 !== 0 || dim(cosine, -1) !== width || cosine.shape.join() !== sine.shape.join())
      throw fault('RotaryEmbedding', x, 'needs an even width, and cosines and sines of that width');
    return turned.shape;
  },
  vjp: ({ g, x, attrs }) => {
    const [, cosine, sine] = three('RotaryEmbedding', x);
    return [apply(RotaryEmbedding, [g, cosine, sine], { back: attrs.back === 1 ? 0 : 1 }), null, null];
  },
  lower: (l, names, t) => lowerFused(l, names, t) ?? lowerApart(l, names, t),
};

/** x [..., D] turned pair by pair (k, k + D/2); `cosine` and `sine` broadcast to x, the first half of the sines negated. */
export const rotate = (x: Tensor, cosine: Tensor, sine: Tensor): Tensor =>
  apply(RotaryEmbedding, [x, cosine, sine], { back: 0 });

/** ONNX Runtime's own operator on CPU, for x [B,H,T,D] and tables of T rows or of B times T; null for others. */
function lowerFused(l: Lowering, [x = '', cosine = '', sine = '']: readonly string[], t: Tensor): string | null {
  const [batch = 0, , tokens = 0, width = 0] = t.shape;
  const [rows = 1, heads = 1, places = 1] = [...[1, 1], ...(t.inputs[1]?.shape ?? [])].slice(-4);
  const fits = t.shape.length === 4 && heads === 1 && places === tokens && (rows === 1 || rows === batch);
  if (!fits || l.target !== 'cpu' || t.dtype !== 'float32') return null;
  const halved: Halved = { dtype: t.dtype, shape: [rows * tokens, width / 2] };
  // All layers turn by the same tables.
  const half = (table: string) => l.once(`half ${table}`, () => lowerHalf(l, table, halved));
  const sines = half(sine);
  const back = () => l.once(`back ${sines}`, () => l.emitAs(halved, 'Neg', [sines]));
  const turned = [x, lowerStarts(l, rows, tokens), half(cosine), t.attrs.back === 1 ? back() : sines];
  return l.emit('RotaryEmbedding', turned, {}, 'com.microsoft');
}

interface Halved {
  dtype: Tensor['dtype'];
  shape: [number, number];
}

/** The second half of each row of a table: the first has the same cosines, and the sines negated. */
function lowerHalf(l: Lowering, table: string, halved: Halved): string {
  const [rows, half] = halved.shape;
  const whole = { dtype: halved.dtype, shape: [rows, 2 * half] };
  const flat = l.emitAs(whole, 'Reshape', [table, l.ints(whole.shape)]);
  return l.emitAs(halved, 'Slice', [flat, l.ints([half]), l.ints([2 * half]), l.ints([1])]);
}

/** Where in the tables each place is: the row in which a shared table starts, or one row for every place of the batch. */
function lowerStarts(l: Lowering, rows: number, tokens: number): string {
  if (rows === 1) return l.ints([0]);
  const shape = [rows, tokens];
  const places = () => l.ints(Array.from({ length: rows * tokens }, (_, i) => i));
  return l.once(`places ${shape}`, () => l.emitAs({ dtype: 'int64', shape }, 'Reshape', [places(), l.ints(shape)]));
}

/** The halves change places as one gather of two. */
function lowerApart(l: Lowering, [x = '', cosine = '', sine = '']: readonly string[], t: Tensor): string {
  const lead = t.shape.slice(0, -1);
  const halves = l.emit('Reshape', [x, l.ints([...lead, 2, dim(t, -1) / 2])]);
  const exchanged = l.emit('Gather', [halves, l.ints([1, 0])], { axis: lead.length });
  const other = l.emit('Mul', [l.emit('Reshape', [exchanged, l.ints(t.shape)]), sine]);
  return l.emit(t.attrs.back === 1 ? 'Sub' : 'Add', [l.emit('Mul', [x, cosine]), other]);
}
