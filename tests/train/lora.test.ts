// LoRA: which weights, how they start, what they compute and how they are named.
import { describe, expect, it } from 'vitest';
import { mul } from '../../models/graph/elementwise.ts';
import { grad } from '../../models/graph/grad.ts';
import { reduceSum } from '../../models/graph/reduce.ts';
import { input, type Shape, type Tensor } from '../../models/graph/tensor.ts';
import { fusedLinear, linear } from '../../models/nn/linear.ts';
import { type ParamSource, paramsFrom } from '../../models/nn/params.ts';
import {
  fromPeft,
  initLora,
  isLoraTarget,
  type Lora,
  loraFactors,
  mergeLora,
  toPeft,
  withLora,
} from '../../models/train/lora.ts';
import { evaluate } from '../evaluate.ts';
import { largestDifference } from '../tensors.ts';

const lora: Lora = { rank: 2, alpha: 6, targets: ['q_proj', 'v_proj'], within: 'model.layers' };
const key = 'model.layers.0.self_attn.q_proj.weight';

describe('targets', () => {
  it.each([
    [key, true],
    ['model.layers.11.self_attn.v_proj.weight', true],
    ['model.layers.0.self_attn.k_proj.weight', false],
    ['model.layers.0.self_attn.q_proj.bias', false],
    ['model.layers.0.self_attn.my_q_proj.weight', false],
    ['visual.blocks.0.attn.q_proj.weight', false],
  ])('%s: %s', (name, wanted) => {
    expect(isLoraTarget(name, lora)).toBe(wanted);
  });

  it('may be a whole path, anywhere', () => {
    expect(isLoraTarget('lm_head.weight', { ...lora, targets: ['lm_head'], within: '' })).toBe(true);
  });
});

describe('start', () => {
  const weights: [string, Shape][] = [
    [key, [3, 16]],
    ['model.layers.0.self_attn.v_proj.weight', [5, 16]],
    ['model.layers.0.mlp.up_proj.weight', [7, 16]],
    ['model.layers.0.self_attn.q_proj.bias', [3]],
  ];

  it('has A within 1 / sqrt(in) and B zero, and uses the numbers given', () => {
    let calls = 0;
    const factors = initLora(weights, lora, () => (calls++ % 4) / 4);
    expect([...factors].map(([name, values]) => [name, values.length])).toEqual([
      ['model.layers.0.self_attn.q_proj.lora_A.weight', 32],
      ['model.layers.0.self_attn.q_proj.lora_B.weight', 6],
      ['model.layers.0.self_attn.v_proj.lora_A.weight', 32],
      ['model.layers.0.self_attn.v_proj.lora_B.weight', 10],
    ]);
    const a = factors.get('model.layers.0.self_attn.q_proj.lora_A.weight') ?? new Float32Array();
    expect([...a.slice(0, 4)]).toEqual([-0.25, -0.125, 0, 0.125]);
    expect(factors.get('model.layers.0.self_attn.q_proj.lora_B.weight')?.every((x) => x === 0)).toBe(true);
  });
});

describe('computing', () => {
  const [w, a, b] = [
    Float32Array.of(1, 2, 3, 4, 5, 6),
    Float32Array.of(1, 0, -1, 2, 1, 0),
    Float32Array.of(1, 2, 3, 4),
  ];
  const names = loraFactors(key, [2, 3], lora);
  const feeds = { [key]: w, [names.a.key]: a, [names.b.key]: b, x: Float32Array.of(1, 0, 0, 0, 1, 2) };
  const merged = [1 + 15, 2 + 6, 3 - 3, 4 + 33, 5 + 12, 6 - 9];

  const layer = (path = key) => {
    const made = new Map<string, Tensor>();
    const source: ParamSource = {
      has: (name) => made.has(name),
      get(name, shape) {
        const t = made.get(name) ?? input(name, shape);
        made.set(name, t);
        return t;
      },
    };
    const p = paramsFrom(withLora(source, source, lora), path.slice(0, -'.weight'.length));
    return { made, y: linear(p, input('x', [2, 3]), 2, { bias: false }) };
  };

  it('adds alpha / rank times B A to a target, beside the weight and merged into it', async () => {
    const { y } = layer();
    const got = [...((await evaluate({ y }, feeds)).y ?? [])];
    const [m0 = 0, m1 = 0, m2 = 0, m3 = 0, m4 = 0, m5 = 0] = merged;
    expect(got).toEqual([m0, m3, m1 + 2 * m2, m4 + 2 * m5]);
    expect([...mergeLora(w, { a, b, lora })]).toEqual(merged);
    expect([...w]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('refuses factors of another size', () => {
    expect(() => mergeLora(w, { a, b: b.slice(0, -1), lora })).toThrow(/do not update a weight of 6/);
  });

  it('leaves every other weight as it is', () => {
    const other = 'model.layers.0.self_attn.k_proj.weight';
    expect([...layer(other).made.keys()]).toEqual([other]);
  });

  it('gives the factors the gradients of the merged weight', async () => {
    const { made, y } = layer();
    const loss = reduceSum(mul(y, input('c', [2, 2])), [0, 1]);
    const [ga = loss, gb = loss] = grad(
      loss,
      [names.a.key, names.b.key].map((name) => made.get(name) ?? loss),
    );
    const got = await evaluate({ ga, gb }, { ...feeds, c: Float32Array.of(1, 0, 0, 1) });
    // d loss / d merged is [[1, 0, 0], [0, 1, 2]]; times 3 = alpha / rank: B^T of it, and it times A^T.
    expect([...(got.ga ?? [])]).toEqual([3, 9, 18, 6, 12, 24]);
    expect([...(got.gb ?? [])]).toEqual([3, 6, -6, 3]);
  });
});

describe('targets', () => {
  const source = { has: () => true, get: (name: string, shape: Shape) => input(name, shape) };
  const fused: Lora = { rank: 2, alpha: 4, targets: ['qkv', 'table'], within: '' };

  it('that no graph uses are an error, not silence', () => {
    const adapted = withLora(source, source, fused);
    const keys = (name: string) => [`${name}.lora_A.weight`, `${name}.lora_B.weight`];
    fusedLinear(paramsFrom(adapted, 'attn.qkv'), input('x', [2, 4]), 3, 4);
    expect(() => adapted.checkUsed(keys('attn.qkv'))).not.toThrow();
    expect(() => adapted.checkUsed([...keys('attn.qkv'), ...keys('table')])).toThrow(
      'No graph uses table.lora_A.weight, table.lora_B.weight: a low-rank update works only beside a linear map',
    );
  });

  it('that no weight belongs to are an error before anything is trained', () => {
    expect(() => initLora([['attn.qkv.weight', [12, 4]]], fused, () => 0.5)).toThrow('belongs to a linear "table"');
  });

  it('may be fused: each part gets its rows of the update', async () => {
    const made = new Map<string, Tensor>();
    const once: ParamSource = {
      has: () => true,
      get(name, shape) {
        const t = made.get(name) ?? input(name, shape);
        made.set(name, t);
        return t;
      },
    };
    const p = paramsFrom(withLora(once, once, fused), 'qkv');
    const x = input('x', [2, 4]);
    const [q = x, k = x, v = x] = fusedLinear(p, x, 3, 2);
    const whole = linear(p, x, 6);
    const feeds = Object.fromEntries(
      [...made, ['x', x] as const].map(([name, { shape }]) => [
        name,
        Float32Array.from({ length: (shape[0] ?? 1) * (shape[1] ?? 1) }, (_, i) => Math.sin(i + name.length)),
      ]),
    );
    const got = await evaluate({ q, k, v, whole }, feeds);
    const parts = [0, 1].flatMap((row) =>
      [got.q, got.k, got.v].flatMap((y) => [...(y ?? []).slice(2 * row, 2 * row + 2)]),
    );
    expect(largestDifference(parts, got.whole ?? [])).toBeLessThan(1e-6);
  });
});

it('names factors as peft does, and back', () => {
  const ours = 'model.layers.0.self_attn.q_proj.lora_A.weight';
  expect(toPeft(ours)).toBe(`base_model.model.${ours}`);
  expect(fromPeft(toPeft(ours))).toBe(ours);
  expect(fromPeft(ours)).toBe(ours);
});
