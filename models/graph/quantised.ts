// Products with frozen weights that a file stores as 4- or 8-bit whole numbers in blocks, each block with a scale of its own.
import { matmul } from './linear.ts';
import { type Attrs, apply, dim, fault, type Lowering, type Op, type Tensor } from './tensor.ts';

/** A weight [rows, columns]; every row is cut into blocks along its columns, the last one filled up. */
export interface Quantised {
  /** uint8 [rows, blocks, bytes of a block]; of two 4-bit values in a byte the low one comes first. */
  values: Tensor;
  /** float32 [rows, blocks]. A weight is scale * (value - 2^(bits - 1)). */
  scales: Tensor;
  columns: number;
  bits: 4 | 8;
}

/** How a product with quantised weights computes: 4 rounds activations to 8 bits, 1 keeps them float32. */
export type Accuracy = 1 | 4;

interface Blocks {
  values: Tensor;
  scales: Tensor;
  rows: number;
  blocks: number;
  block: number;
  columns: number;
  bits: number;
}

/** The last two inputs, checked against each other and the attributes. */
function blocksOf(op: string, x: readonly Tensor[], attrs: Attrs): Blocks {
  const [values, scales] = x.slice(-2);
  if (values?.dtype !== 'uint8' || values.shape.length !== 3 || scales?.shape.length !== 2)
    throw fault(op, x, 'needs uint8 values [rows, blocks, bytes] and scales [rows, blocks]');
  const [rows = 0, blocks = 0, bytes = 0] = values.shape;
  const [bits, columns] = [Number(attrs.bits), Number(attrs.columns)];
  const block = (bytes * 8) / bits;
  if (dim(scales, 0) !== rows || dim(scales, 1) !== blocks) throw fault(op, x, 'values and scales differ in blocks');
  if (block < 16 || blocks !== Math.ceil(columns / block))
    throw fault(op, x, `${blocks} blocks of ${block} do not hold ${columns} columns`);
  return { values, scales, rows, blocks, block, columns, bits };
}

/** x [..., columns] times the transposed weight -> [..., rows]. The weight is frozen: only x has a gradient. */
export const MatMulNBits: Op = {
  name: 'MatMulNBits',
  shape: (x, attrs) => {
    const { rows, columns } = blocksOf('MatMulNBits', x, attrs);
    const [first] = x;
    if (x.length !== 3 || !first || first.shape.length < 2 || dim(first, -1) !== columns)
      throw fault('MatMulNBits', x, `needs an input of ${columns} columns`);
    return [...first.shape.slice(0, -1), rows];
  },
  vjp: ({ g, x, attrs }) => {
    const { values, scales } = blocksOf('MatMulNBits', x, attrs);
    return [matmul(g, apply(DequantizeLinear, [values, scales], attrs)), null, null];
  },
  lower: (l, names, t) => {
    const { rows, block, columns, bits } = blocksOf('MatMulNBits', t.inputs, t.attrs);
    const attrs = { K: columns, N: rows, bits, block_size: block, accuracy_level: Number(t.attrs.accuracy) };
    return l.emit('MatMulNBits', names, attrs, 'com.microsoft');
  },
};

/** The weight as float32 [rows, columns]. */
export const DequantizeLinear: Op = {
  name: 'DequantizeLinear',
  shape: (x, attrs) => {
    const { rows, columns } = blocksOf('DequantizeLinear', x, attrs);
    return [rows, columns];
  },
  dtype: ([, scales]) => scales?.dtype ?? 'float32',
  vjp: 'none',
  lower: (l, [values = '', scales = ''], t) => {
    const { rows, blocks, block, columns, bits } = blocksOf('DequantizeLinear', t.inputs, t.attrs);
    const whole = bits === 8 ? values : unpacked(l, values, [rows, blocks, block / 2]);
    const wide = [rows, blocks * block];
    const flat = l.emitAs({ dtype: 'uint8', shape: wide }, 'Reshape', [whole, l.ints(wide)]);
    const level = { dtype: 'uint8', shape: [rows, blocks] } as const;
    const middle = l.emitAs(level, 'Expand', [l.number(2 ** (bits - 1), 'uint8'), l.ints([rows, blocks])]);
    const made = { dtype: t.dtype, shape: wide };
    const full = l.emitAs(made, 'DequantizeLinear', [flat, scales, middle], { axis: 1, block_size: block });
    return blocks * block === columns ? full : l.emit('Slice', [full, l.ints([0]), l.ints([columns]), l.ints([1])]);
  },
};

/** Two 4-bit values of each byte as two bytes, the low one first. */
function unpacked(l: Lowering, bytes: string, shape: readonly number[]): string {
  const half = { dtype: 'uint8', shape } as const;
  const column = { dtype: 'uint8', shape: [...shape, 1] } as const;
  const halves = [
    l.emitAs(half, 'BitwiseAnd', [bytes, l.number(15, 'uint8')]),
    l.emitAs(half, 'BitShift', [bytes, l.number(4, 'uint8')], { direction: 'RIGHT' }),
  ];
  return l.emitAs(
    { dtype: 'uint8', shape: [...shape, 2] },
    'Concat',
    halves.map((one) => l.emitAs(column, 'Reshape', [one, l.ints(column.shape)])),
    { axis: 3 },
  );
}

/** x [..., columns] -> [..., rows of the weight]. */
export function quantisedMatmul(x: Tensor, weight: Quantised, accuracy: Accuracy = 4): Tensor {
  const attrs = { bits: weight.bits, columns: weight.columns, accuracy };
  return apply(MatMulNBits, [x, weight.values, weight.scales], attrs);
}

/** The weight as float32 [rows, columns]. */
export const dequantised = ({ values, scales, bits, columns }: Quantised): Tensor =>
  apply(DequantizeLinear, [values, scales], { bits, columns });
