// Mistakes are named when a node is made: operator, types and shapes.
import { describe, expect, it } from 'vitest';
import { conv, convTranspose } from '../../models/graph/conv.ts';
import { add, cast, where } from '../../models/graph/elementwise.ts';
import { gather, gatherElements, permute, scatterAdd } from '../../models/graph/gather.ts';
import { matmul } from '../../models/graph/linear.ts';
import { layerNorm } from '../../models/graph/norm.ts';
import { recompute } from '../../models/graph/recompute.ts';
import { reduceSum } from '../../models/graph/reduce.ts';
import { concat, expand, pad, reshape, slice, split, squeeze, transpose, unsqueeze } from '../../models/graph/shape.ts';
import { constant, dim, input, stored, type Tensor } from '../../models/graph/tensor.ts';

const x = input('x', [2, 3]);
const ids = input('ids', [2], 'int64');
const image = input('image', [1, 4, 6, 6]);
const kernel = input('kernel', [2, 4, 3, 3]);

const mistakes: [string, () => Tensor | Tensor[] | number, string][] = [
  ['broadcast', () => add(x, input('y', [4])), 'Add(float32[2,3], float32[4]): the shapes do not broadcast'],
  ['types', () => add(x, input('y', [3], 'float64')), 'the element types differ'],
  ['condition', () => where(x, x, x), 'Where(float32[2,3], float32[2,3], float32[2,3]): types do not fit'],
  ['product', () => matmul(x, x), 'MatMul(float32[2,3], float32[2,3]): inner lengths 3 and 2 differ'],
  ['vector product', () => matmul(x, input('y', [3])), 'needs two matrices of one type'],
  ['batch', () => matmul(input('a', [2, 3, 3]), input('b', [4, 3, 3])), 'the batch axes do not broadcast'],
  ['reshape', () => reshape(x, [4, 2]), 'Reshape(float32[2,3]): cannot become [4,2]'],
  ['reshape rest', () => reshape(x, [4, -1]), 'cannot become [4,-1]'],
  ['transpose', () => transpose(x, [0, 0]), '[0,0] is no permutation of its axes'],
  ['expand', () => expand(x, [2, 4]), 'Expand'],
  ['slice', () => slice(x, [2], [2]), 'nothing is left'],
  ['split', () => split(x, [1, 1], 1), 'lengths [1,1] do not fill axis 1'],
  ['concat', () => concat([x, input('y', [3, 3])], 1), 'the inputs do not line up along axis 1'],
  ['concat of nothing', () => concat([], 0), 'needs at least one input'],
  ['pad', () => pad(x, [1, 1]), 'Pad(float32[2,3]): bad pads'],
  ['squeeze', () => squeeze(x, [0]), 'axes [0] are not all 1 long'],
  ['reduce', () => reduceSum(x, [2]), 'ReduceSum(float32[2,3]): no axes [2]'],
  ['gather', () => gather(x, x), 'Gather(float32[2,3], float32[2,3]): needs data and whole-number indices'],
  ['gatherElements', () => gatherElements(x, ids, 0), 'the ranks differ'],
  ['scatter', () => scatterAdd(x, input('i', [1, 3], 'int64'), x, 0), 'indices and updates must be alike'],
  ['permute', () => permute(x, [0, 0, 1], 1), '3 indices are no permutation of axis 1'],
  ['conv', () => conv(image, input('k', [2, 3, 3, 3]), null), 'the channels do not fit (group 1)'],
  ['convTranspose', () => convTranspose(image, kernel, null, { strides: [2, 2] }), 'the kernel must equal the stride'],
  ['layerNorm', () => layerNorm(x, input('w', [2]), input('b', [3]), 1e-6), 'scale and bias must be [3]'],
  ['constant', () => constant([1, 2], [3]), 'Constant: 2 values do not fill [3]'],
  ['input', () => input('half', [1.5]), 'Input half: shape [1.5] is not whole numbers'],
  ['recompute', () => recompute([x], x), 'the output is one of the inputs'],
  ['axis', () => dim(x, 2), 'float32[2,3] has no axis 2'],
];

describe('a wrong shape is refused with a sentence', () => {
  it.each(mistakes)('%s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('builders', () => {
  it('drop what changes nothing', () => {
    expect(reshape(x, [2, -1])).toBe(x);
    expect(transpose(x, [0, 1])).toBe(x);
    expect(slice(x, [0, 0], [2, 3])).toBe(x);
    expect(cast(x, 'float32')).toBe(x);
    expect(concat([x], 0)).toBe(x);
    expect(permute(x, [0, 1], 0)).toBe(x);
  });

  it('normalise negative axes and open ends', () => {
    expect(slice(x, [-1], [99], [-1]).shape).toEqual([2, 1]);
    expect(unsqueeze(x, [0, -1]).shape).toEqual([1, 2, 3, 1]);
    expect(gather(x, ids, -1).shape).toEqual([2, 2]);
    expect(conv(image, kernel, null, { strides: [2, 2], pads: [1, 1, 0, 0] }).shape).toEqual([1, 2, 3, 3]);
  });

  it('leave tensors frozen', () => {
    expect(Object.isFrozen(add(x, 1))).toBe(true);
    expect(() =>
      Object.assign(stored('w', [1], { file: 'f', offset: 0, length: 4, dtype: 'float32' }), { id: 0 }),
    ).toThrow();
  });
});
