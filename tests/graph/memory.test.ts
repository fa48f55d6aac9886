// The memory forecast, rule by rule on graphs small enough to count by hand; tests/runtime measures the real thing.
import { describe, expect, it } from 'vitest';
import { transformerStep } from '../../main/evaluate/bench/engineBench.ts';
import { rotate } from '../../models/graph/attention.ts';
import { exp, mul, sigmoid } from '../../models/graph/elementwise.ts';
import { lower, type OnnxGraph } from '../../models/graph/lower.ts';
import { estimatePeakBytes, forecastBytes, inputBytes, packsWeights } from '../../models/graph/memory.ts';
import { dequantised, quantisedMatmul } from '../../models/graph/quantised.ts';
import { reduceSum } from '../../models/graph/reduce.ts';
import { type NodeOrder, orderNodes } from '../../models/graph/schedule.ts';
import { reshape } from '../../models/graph/shape.ts';
import { input, type Shape, size, stored, type Tensor } from '../../models/graph/tensor.ts';

type Link = readonly [op: string, from: readonly string[], output: string, shape?: Shape];

/** Nodes over input x; the last one is the output. Shapes are [25] floats, 100 bytes, unless said. */
function chain(links: readonly Link[]): OnnxGraph {
  const port = (name: string, shape: Shape) => ({
    ...{ name, shape, dtype: 'float32' as const, declared: 'float32' as const },
  });
  const nodes = links.map(([op, inputs, output, shape = [25]]) => ({
    ...{ op, domain: '', inputs, output, attrs: {}, dtype: 'float32' as const, shape },
  }));
  const last = nodes.at(-1);
  return { nodes, initializers: [], inputs: [port('x', [25])], outputs: [port(last?.output ?? '', last?.shape ?? [])] };
}

describe('estimatePeakBytes', () => {
  it.each<[string, number, Link[]]>([
    [
      'a view is its input',
      200,
      [
        ['Exp', ['x'], 'a'],
        ['Reshape', ['a'], 'r', [5, 5]],
        ['Exp', ['r'], 'y'],
      ],
    ],
    [
      'most kernels write beside their input',
      200,
      [
        ['Exp', ['x'], 'a'],
        ['Exp', ['a'], 'y'],
      ],
    ],
    [
      'three in a row take turns with two',
      200,
      [
        ['Exp', ['x'], 'a'],
        ['Exp', ['a'], 'b'],
        ['Exp', ['b'], 'c'],
        ['Exp', ['c'], 'y'],
      ],
    ],
    [
      'some write into it',
      200,
      [
        ['Exp', ['x'], 'a'],
        ['Sigmoid', ['a'], 'b'],
        ['Tanh', ['b'], 'c'],
        ['Exp', ['c'], 'y'],
      ],
    ],
    [
      'but not while another still needs it',
      300,
      [
        ['Exp', ['x'], 'a'],
        ['Sigmoid', ['a'], 'b'],
        ['Mul', ['a', 'b'], 'y'],
      ],
    ],
    [
      'never into what was fed',
      200,
      [
        ['Sigmoid', ['x'], 'a'],
        ['Exp', ['a'], 'y'],
      ],
    ],
    [
      'nor when the size changes',
      130,
      [
        ['Exp', ['x'], 'a'],
        ['Cast', ['a'], 'b', [5]],
        ['Exp', ['b'], 'y', [27.5]],
      ],
    ],
    ['Where makes two temporaries', 300, [['Where', ['x', 'x', 'x'], 'y']]],
  ])('%s: %i', (_, bytes, links) => {
    expect(estimatePeakBytes(chain(links))).toBe(bytes);
  });

  it('keeps a dead buffer that will serve again', () => {
    const wide: Shape = [100];
    const links: Link[] = [
      ['Exp', ['x'], 'a'],
      ['Exp', ['a'], 'b', wide],
      ['Exp', ['b'], 'c', [50]],
      // a is dead, but waits for d, which is alike.
      ['Exp', ['c'], 'd'],
      ['Exp', ['d'], 'y', [1]],
    ];
    expect(estimatePeakBytes(chain(links))).toBe(100 + 400 + 200);
  });

  const graphOf = (recompute: boolean, order: NodeOrder): OnnxGraph => {
    const small = { layers: 6, width: 64, heads: 2, hidden: 128, tokens: 64, batch: 4, vocabulary: 64, recompute };
    return orderNodes(lower(transformerStep(small).outputs, 'cpu'), order);
  };
  const peak = (recompute: boolean, order: NodeOrder) => estimatePeakBytes(graphOf(recompute, order));

  it('falls by more than half with recompute, but only when the list is reversed', () => {
    expect(peak(true, 'reversed')).toBeLessThan(0.5 * peak(false, 'reversed'));
    expect(peak(true, 'natural')).toBeGreaterThan(0.8 * peak(false, 'natural'));
  });

  it('still pays in the sorted fallback', () => {
    expect(peak(true, 'sorted')).toBeLessThan(0.7 * peak(false, 'reversed'));
  });
});

describe('forecastBytes', () => {
  const forecast = (y: Tensor, order: NodeOrder = 'natural') => forecastBytes(orderNodes(lower({ y }, 'cpu'), order));
  const megabyte: Shape = [512, 512];
  const mb = 2 ** 20;

  it('counts what is fed, what is computed and the copy of what comes out', () => {
    const y = exp(exp(input('x', megabyte)));
    const records = forecast(exp(exp(input('x', [1]))));
    expect(inputBytes(lower({ y }, 'cpu'))).toBe(mb);
    // x, two in the arena and the copy; the arena counts 4 % more.
    expect(forecast(y) - records).toBeCloseTo(4.08 * mb, -4);
    expect(forecast(reduceSum(y, [0, 1])) - records).toBeLessThan(3.1 * mb);
  });

  it('counts what lies idle between chunks that do not fit', () => {
    const shapes = [3, 5, 2, 7, 4].map((n): Shape => [n * 64, 1024]);
    let y = input('x', [1]);
    for (const shape of shapes) y = mul(reduceSum(exp(mul(y, input(`w${shape[0]}`, shape))), [0, 1]), 1);
    const graph = lower({ y }, 'cpu');
    const beside = forecastBytes(graph) - inputBytes(graph);
    expect(beside).toBeGreaterThan(estimatePeakBytes(graph));
    expect(beside).toBeLessThan(5 * estimatePeakBytes(graph));
  });

  it('holds one converted weight at a time, forward and backward, however many there are', () => {
    const source = { file: 'f', offset: 0, length: 2 * 2 ** 24, dtype: 'bfloat16' as const };
    const layers = (count: number) => {
      let y = input('x', [1]);
      for (let i = 0; i < count; i++)
        y = reduceSum(sigmoid(mul(y, reshape(stored(`w${i}`, [4096, 4096], source), [2 ** 24]))), [0], true);
      return y;
    };
    for (const order of ['natural', 'reversed', 'sorted'] as const)
      expect(forecast(layers(8), order)).toBeLessThan(1.2 * forecast(layers(3), order));
  });

  it('packs small weights and maps big ones', () => {
    const weight = (megabytes: number) => {
      const source = { file: 'f', offset: 0, length: megabytes * mb, dtype: 'float32' as const };
      return lower({ y: reduceSum(stored('w', [megabytes, 512, 512], source), [0, 1, 2]) }, 'cpu');
    };
    expect([packsWeights(weight(64)), packsWeights(weight(65))]).toEqual([true, false]);
    expect(forecastBytes(weight(64)) - forecastBytes(weight(65))).toBeCloseTo(64 * mb, -4);
  });
});

it('tables of rotary turns have half the width of one head, not that of all heads', () => {
  const [batch, heads, tokens, width] = [2, 16, 64, 32];
  const table = (name: string) => input(name, [batch, 1, tokens, width]);
  const y = rotate(input('x', [batch, heads, tokens, width]), table('cosine'), table('sine'));
  const turned = 4 * size(y.shape);
  expect(estimatePeakBytes(lower({ y }, 'cpu'))).toBeLessThan(1.1 * turned);
});

describe('big quantised weights', () => {
  const graphOf = (rows: number, count: number) => {
    const source = (dtype: 'uint8' | 'float32', length: number) => ({ file: 'w', offset: 0, length, dtype });
    const shape = [count, 16, 64];
    const values = stored('w.quantised', shape, source('uint8', size(shape)));
    const scales = stored('w.scales', [count, 16], source('float32', 4 * 16 * count));
    return lower({ y: quantisedMatmul(input('x', [rows, 2048]), { values, scales, columns: 2048, bits: 4 }) }, 'cpu');
  };

  it.each([
    [1, true],
    [64, true],
    [65, false],
  ])('are packed for %i rows: %s', (rows, packs) => {
    expect(packsWeights(graphOf(rows, 2 ** 17))).toBe(packs);
  });

  it('are packed whatever the rows when small', () => {
    expect(packsWeights(graphOf(500, 1000))).toBe(true);
  });

  it('take a byte for each value while they are unpacked for a gradient, not the four of the result', () => {
    const shape = [2 ** 10, 16, 64];
    const values = input('values', shape, 'uint8');
    const y = dequantised({ values, scales: input('scales', [2 ** 10, 16]), columns: 2048, bits: 4 });
    const floats = 4 * 2 ** 10 * 2048;
    // Halves of bytes, twice, and whole bytes are gone before the result is there.
    expect(estimatePeakBytes(lower({ y }, 'cpu'))).toBeLessThan(1.3 * floats);
  });

  it('count once where they are packed, in the bits that they have', () => {
    const [one, two] = [2 ** 17, 2 ** 18].map((count) => forecastBytes(graphOf(1, count)));
    expect(((two ?? 0) - (one ?? 0)) / (2 ** 17 * 1024)).toBeCloseTo(1, 1);
  });
});
