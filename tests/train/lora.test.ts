// LoRA: which weights, how they start, what they compute and how they are named.
import { describe, expect, it } from 'vitest';
import { mul } from '../../models/graph/elementwise.ts';
import { grad } from '../../models/graph/grad.ts';
import { reduceSum } from '../../models/graph/reduce.ts';
import { input, type Shape, type Tensor } from '../../models/graph/tensor.ts';
import type { ParamSource } from '../../models/nn/params.ts';
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
  const inputs: ParamSource = { has: () => true, get: (name, shape) => input(name, shape) };
  const [w, a, b] = [
    Float32Array.of(1, 2, 3, 4, 5, 6),
    Float32Array.of(1, 0, -1, 2, 1, 0),
    Float32Array.of(1, 2, 3, 4),
  ];
  const feeds = {
    [key]: w,
    'model.layers.0.self_attn.q_proj.lora_A.weight': a,
    'model.layers.0.self_attn.q_proj.lora_B.weight': b,
  };
  const merged = [1 + 15, 2 + 6, 3 - 3, 4 + 33, 5 + 12, 6 - 9];

  it('adds alpha / rank times B A to a target, in the graph and as numbers', async () => {
    const graph = withLora(inputs, inputs, lora).get(key, [2, 3]);
    expect([...((await evaluate({ graph }, feeds)).graph ?? [])]).toEqual(merged);
    expect([...mergeLora(w, { a, b, lora })]).toEqual(merged);
    expect([...w]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('leaves every other weight as it is', () => {
    const seen: string[] = [];
    const source: ParamSource = {
      has: () => true,
      get(name, shape) {
        seen.push(name);
        return input(name, shape);
      },
    };
    withLora(source, source, lora).get('model.norm.weight', [3]);
    withLora(source, source, lora).get('model.layers.0.self_attn.q_proj.bias', [3]);
    expect(seen).toEqual(['model.norm.weight', 'model.layers.0.self_attn.q_proj.bias']);
  });

  it('gives the factors their gradients and leaves the frozen weight without', async () => {
    const made = new Map<string, Tensor>();
    const factors: ParamSource = {
      has: () => true,
      get(name, shape) {
        const t = input(name, shape);
        made.set(name, t);
        return t;
      },
    };
    const effective = withLora(inputs, factors, lora).get(key, [2, 3]);
    const loss = reduceSum(mul(effective, input('c', [2, 3])), [0, 1]);
    const names = loraFactors(key, [2, 3], lora);
    const [ga = loss, gb = loss] = grad(
      loss,
      [names.a.key, names.b.key].map((name) => made.get(name) ?? loss),
    );
    const got = await evaluate({ ga, gb }, { ...feeds, c: Float32Array.of(1, 0, 0, 0, 0, 1) });
    expect([...(got.ga ?? [])]).toEqual([3, 0, 9, 6, 0, 12]);
    expect([...(got.gb ?? [])]).toEqual([3, 6, -3, 0]);
  });
});

it('names factors as peft does, and back', () => {
  const ours = 'model.layers.0.self_attn.q_proj.lora_A.weight';
  expect(toPeft(ours)).toBe(`base_model.model.${ours}`);
  expect(fromPeft(toPeft(ours))).toBe(ours);
  expect(fromPeft(ours)).toBe(ours);
});
