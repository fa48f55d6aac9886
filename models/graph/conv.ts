// Two-dimensional convolution, its gradients by the recipes that are fast on CPU, and image resizing as matrix products.
import { add } from './elementwise.ts';
import { matmul } from './linear.ts';
import { reduceMax, reduceSum } from './reduce.ts';
import { concat, dilate, flip, pad, reshape, slice, stridedSlice, transpose } from './shape.ts';
import { type Attrs, apply, constant, dim, entry, fault, type Op, size, type Tensor } from './tensor.ts';

export interface ConvOptions {
  /** Default [1, 1]. */
  strides?: readonly [number, number];
  /** top, left, bottom, right; default none. */
  pads?: readonly [number, number, number, number];
  group?: number;
}

interface Geometry {
  strides: readonly [number, number];
  pads: readonly [number, number, number, number];
  group: number;
}

const numbers = (attrs: Attrs, name: string): readonly number[] => attrs[name] as readonly number[];

function stridesOf(attrs: Attrs): [number, number] {
  const [down = 1, across = 1] = numbers(attrs, 'strides');
  return [down, across];
}

function geometry({ attrs }: Tensor): Geometry {
  const [top = 0, left = 0, bottom = 0, right = 0] = numbers(attrs, 'pads');
  return { strides: stridesOf(attrs), pads: [top, left, bottom, right], group: Number(attrs.group) };
}

function two(x: readonly Tensor[], op: string): [Tensor, Tensor] {
  const [a, b] = x;
  if (!a || !b) throw fault(op, x, 'needs an image and a kernel');
  return [a, b];
}

export const Conv: Op = {
  name: 'Conv',
  shape: (x, attrs) => {
    const [image, kernel] = two(x, 'Conv');
    const pads = attrs.pads as readonly number[];
    const strides = attrs.strides as readonly number[];
    if (image.shape.length !== 4 || dim(image, 1) !== dim(kernel, 1) * Number(attrs.group))
      throw fault('Conv', x, `the channels do not fit (group ${attrs.group})`);
    const out = [0, 1].map((i) => {
      const room = dim(image, i + 2) + entry(pads, i, 'pads') + entry(pads, i + 2, 'pads') - dim(kernel, i + 2);
      return Math.floor(room / entry(strides, i, 'strides')) + 1;
    });
    return [dim(image, 0), dim(kernel, 0), ...out];
  },
  vjp: ({ g, x, y }) => {
    const [image, kernel] = two(x, 'Conv');
    return [convImageGradient(g, image, kernel, geometry(y)), convKernelGradient(g, image, kernel, geometry(y))];
  },
};

/** x [N,C,H,W], w [M,C/group,kh,kw], bias [M] -> [N,M,h,w]. */
export function conv(x: Tensor, w: Tensor, bias: Tensor | null, options: ConvOptions = {}): Tensor {
  const { strides = [1, 1], pads = [0, 0, 0, 0], group = 1 } = options;
  const y = apply(Conv, [x, w], { strides, pads, group });
  return bias ? add(y, reshape(bias, [1, dim(w, 0), 1, 1])) : y;
}

/** dX: a stride-1 convolution of the spread-out cotangent with the flipped kernel, channels swapped inside each group. */
function convImageGradient(g: Tensor, image: Tensor, kernel: Tensor, { strides, pads, group }: Geometry): Tensor {
  const [filters, perGroup, kh, kw] = kernel.shape as [number, number, number, number];
  const grouped = reshape(kernel, [group, filters / group, perGroup, kh, kw]);
  const swapped = reshape(transpose(grouped, [0, 2, 1, 3, 4]), [group * perGroup, filters / group, kh, kw]);
  const spread = dilate(g, [1, 1, ...strides]);
  const before = [kh - 1 - pads[0], kw - 1 - pads[1]] as const;
  const after = [0, 1].map(
    (i) => dim(image, i + 2) - dim(spread, i + 2) - entry(before, i, 'before') + ((i ? kw : kh) - 1),
  );
  const [top, left, bottom, right] = [...before, ...after].map((n) => Math.max(n, 0)) as [
    number,
    number,
    number,
    number,
  ];
  const full = conv(spread, flip(swapped, [2, 3]), null, { pads: [top, left, bottom, right], group });
  const offset = [top - before[0], left - before[1]] as const;
  return slice(full, offset, [offset[0] + dim(image, 2), offset[1] + dim(image, 3)], [2, 3]);
}

/** dW: shifted views of the padded image times the cotangent, as one matrix product per group, summed over the batch. */
function convKernelGradient(g: Tensor, image: Tensor, kernel: Tensor, shape: Geometry): Tensor {
  const [filters, perGroup, kh, kw] = kernel.shape as [number, number, number, number];
  if (perGroup === 1 && filters === shape.group) return depthwiseKernelGradient(g, image, kernel, shape);
  const [batch, , h, w] = g.shape as [number, number, number, number];
  const { pads, strides, group } = shape;
  const padded = pad(image, [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]]);
  const views = Array.from({ length: kh * kw }, (_, k) => {
    const [i, j] = [Math.floor(k / kw), k % kw];
    const ends = [i + (h - 1) * strides[0] + 1, j + (w - 1) * strides[1] + 1];
    return reshape(stridedSlice(padded, { starts: [i, j], ends, axes: [2, 3], steps: strides }), [
      batch,
      group,
      1,
      perGroup,
      h * w,
    ]);
  });
  const stacked = reshape(concat(views, 2), [batch, group, kh * kw * perGroup, h * w]);
  const perImage = matmul(reshape(g, [batch, group, filters / group, h * w]), stacked, { transB: true });
  const summed = reshape(reduceSum(perImage, [0]), [filters, kh * kw, perGroup]);
  return reshape(transpose(summed, [0, 2, 1]), [filters, perGroup, kh, kw]);
}

/** Depthwise dW at stride 1: one grouped convolution with the cotangent as kernel, the batch folded into channels. */
function depthwiseKernelGradient(g: Tensor, image: Tensor, kernel: Tensor, { pads, strides, group }: Geometry): Tensor {
  const [filters, , kh, kw] = kernel.shape as [number, number, number, number];
  const spread = dilate(g, [1, 1, ...strides]);
  const [batch, , h, w] = spread.shape as [number, number, number, number];
  const padded = pad(image, [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]]);
  const window = slice(padded, [0, 0], [h + kh - 1, w + kw - 1], [2, 3]);
  const folded = reshape(window, [1, batch * group, h + kh - 1, w + kw - 1]);
  const perImage = conv(folded, reshape(spread, [batch * group, 1, h, w]), null, { group: batch * group });
  return reshape(reduceSum(reshape(perImage, [batch, filters, 1, kh, kw]), [0]), [filters, 1, kh, kw]);
}

/** Only kernel = stride: every input pixel paints its own tile. */
export const ConvTranspose: Op = {
  name: 'ConvTranspose',
  shape: (x, attrs) => {
    const [image, kernel] = two(x, 'ConvTranspose');
    const strides = attrs.strides as readonly number[];
    if (dim(image, 1) !== dim(kernel, 0) || strides[0] !== dim(kernel, 2) || strides[1] !== dim(kernel, 3))
      throw fault('ConvTranspose', x, 'the channels must fit and the kernel must equal the stride');
    return [dim(image, 0), dim(kernel, 1), dim(image, 2) * (strides[0] ?? 1), dim(image, 3) * (strides[1] ?? 1)];
  },
  vjp: ({ g, x, attrs }) => {
    const [image, kernel] = two(x, 'ConvTranspose');
    return [conv(g, kernel, null, { strides: stridesOf(attrs) }), tileKernelGradient(g, image, kernel)];
  },
};

function tileKernelGradient(g: Tensor, image: Tensor, kernel: Tensor): Tensor {
  const [batch, inputs, h, w] = image.shape as [number, number, number, number];
  const [, outputs, kh, kw] = kernel.shape as [number, number, number, number];
  const tiles = transpose(reshape(g, [batch, outputs, h, kh, w, kw]), [0, 1, 3, 5, 2, 4]);
  const flat = reshape(tiles, [batch, outputs * kh * kw, h * w]);
  const perImage = matmul(reshape(image, [batch, inputs, h * w]), flat, { transB: true });
  return reshape(reduceSum(perImage, [0]), kernel.shape);
}

/** x [N,C,H,W], w [C,M,k,k], bias [M], stride k -> [N,M,H*k,W*k]. */
export function convTranspose(
  x: Tensor,
  w: Tensor,
  bias: Tensor | null,
  options: { strides: readonly [number, number] },
): Tensor {
  const y = apply(ConvTranspose, [x, w], { strides: options.strides });
  return bias ? add(y, reshape(bias, [1, dim(w, 1), 1, 1])) : y;
}

/** x [N,C,H,W] with even sides -> [N,C,H/2,W/2]. */
export function maxPool2x2(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  return reduceMax(reshape(x, [n, c, h / 2, 2, w / 2, 2]), [3, 5]);
}

/** x [N,C,H,W] -> [N,C,height,width], half-pixel centres, no anti-aliasing: two products with constant matrices. */
export function resizeBilinear(x: Tensor, height: number, width: number): Tensor {
  return resizeWith(x, bilinearMatrix(dim(x, 2), height), bilinearMatrix(dim(x, 3), width));
}

/** Resizes as above with PyTorch's bicubic kernel (a = -0.75). */
export function resizeBicubic(x: Tensor, height: number, width: number): Tensor {
  return resizeWith(x, bicubicMatrix(dim(x, 2), height), bicubicMatrix(dim(x, 3), width));
}

/** rows [height, H], columns [width, W], both flat row-major. */
function resizeWith(x: Tensor, rows: Float64Array, columns: Float64Array): Tensor {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [height, width] = [rows.length / h, columns.length / w];
  if (height === h && width === w) return x;
  const wide = matmul(reshape(x, [n * c * h, w]), constant(columns, [width, w], x.dtype), { transB: true });
  const tall = matmul(constant(rows, [height, h], x.dtype), reshape(wide, [n * c, h, width]));
  if (size(tall.shape) !== n * c * height * width) throw fault('resize', [x], 'sizes do not fit');
  return reshape(tall, [n, c, height, width]);
}

function interpolationMatrix(from: number, to: number, taps: (t: number) => readonly [number, number][]): Float64Array {
  const matrix = new Float64Array(to * from);
  for (let i = 0; i < to; i++) {
    const centre = ((i + 0.5) * from) / to - 0.5;
    const base = Math.floor(centre);
    for (const [offset, weight] of taps(centre - base)) {
      const k = i * from + Math.min(Math.max(base + offset, 0), from - 1);
      matrix[k] = (matrix[k] ?? 0) + weight;
    }
  }
  return matrix;
}

const bilinearMatrix = (from: number, to: number): Float64Array =>
  interpolationMatrix(from, to, (t) => [
    [0, 1 - t],
    [1, t],
  ]);

function bicubicMatrix(from: number, to: number): Float64Array {
  const a = -0.75;
  const near = (d: number) => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number) => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return interpolationMatrix(from, to, (t) => [
    [-1, far(t + 1)],
    [0, near(t)],
    [1, near(1 - t)],
    [2, far(2 - t)],
  ]);
}
