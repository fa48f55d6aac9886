import { describe, expect, test } from 'vitest';
import { input, size, type Tensor } from '../../models/graph/tensor.ts';
import { type ParamSource, paramsFrom } from '../../models/nn/params.ts';
import { nanoConfig, published, publishedKey, type QwenConfig, qwenConfigFrom } from '../../models/qwen/config.ts';
import { decoder, embedTokens, logitsAt } from '../../models/qwen/language.ts';
import { patchWidth, visionTower } from '../../models/qwen/vision.ts';
import { golden, haveGolden } from '../golden.ts';
import { json, openCheckpoint } from './checkpoint.ts';

/** The sizes of every parameter that the graphs ask for. */
function parameterSizes({ language, vision }: QwenConfig): Map<string, number> {
  const tensors = new Map<string, Tensor>();
  const source: ParamSource = {
    has: () => true,
    get: (name, shape) => {
      const tensor = tensors.get(name) ?? input(name, shape);
      tensors.set(name, tensor);
      return tensor;
    },
  };
  const p = paramsFrom(source);
  const side = vision.merge * 2;
  const pixels = input('pixels', [side * side, patchWidth(vision)]);
  visionTower(p.at('visual'), pixels, { grids: [{ t: 1, h: side, w: side }], config: vision });
  const table = input('table', [1, 1, 4, language.headWidth]);
  const places = { cosine: table, sine: table, mask: input('mask', [1, 1, 4, 4]) };
  const x = embedTokens(p, input('ids', [1, 4], 'int32'), language);
  logitsAt(p, decoder(p, x, places, { config: language }).hidden, language);
  return new Map([...tensors].map(([name, { shape }]) => [name, size(shape)]));
}

const sum = (sizes: Iterable<number>): number => [...sizes].reduce((a, b) => a + b, 0);

describe('published sizes', () => {
  test.for([
    ['3B', 3_754_622_976, 668_684_288],
    ['7B', 8_292_166_656, 676_550_144],
  ] as const)('%s has the parameters of the checkpoint', ([name, total, vision]) => {
    const sizes = parameterSizes(published[name]);
    expect(sum(sizes.values())).toBe(total);
    expect(sum([...sizes].filter(([key]) => key.startsWith('visual.')).map(([, n]) => n))).toBe(vision);
  });
});

describe('nanoConfig', () => {
  const config = nanoConfig({ vocabulary: 1100, imageToken: 260 });

  test('has 7 to 8 million parameters', () => {
    const total = sum(parameterSizes(config).values());
    expect(total).toBeGreaterThan(7e6);
    expect(total).toBeLessThan(8e6);
  });

  test('has heads that divide and frequencies that add up', () => {
    const { language, vision } = config;
    expect(sum(language.sections) * 2).toBe(language.headWidth);
    expect(language.heads % language.kvHeads).toBe(0);
    expect(vision.hidden % (4 * vision.heads)).toBe(0);
    expect(vision.out).toBe(language.hidden);
    expect(Math.max(...vision.fullBlocks)).toBeLessThan(vision.depth);
  });

  const { theta, sections, headWidth } = config.language;
  const frequency = (pair: number): number => theta ** (-pair / (headWidth / 2));

  test('lets the columns of its picture be told apart: the last differs from the first by a radian of some pair', () => {
    expect(7 * frequency(sections[0] + sections[1])).toBeGreaterThan(1);
  });

  test('lets a word find its thing by content from anywhere in an answer: some pairs hardly turn in 200 tokens', () => {
    const still = Array.from({ length: headWidth / 2 }, (_, pair) => 200 * frequency(pair)).filter(
      (angle) => angle < 1,
    );
    expect(still.length).toBeGreaterThanOrEqual(4);
  });
});

const flat = {
  ...{ model_type: 'qwen2_5_vl', image_token_id: 7, vocab_size: 50, hidden_size: 32, num_hidden_layers: 2 },
  ...{ num_attention_heads: 4, num_key_value_heads: 2, intermediate_size: 48, rope_theta: 100 },
  rope_scaling: { type: 'mrope', mrope_section: [2, 1, 1] },
  vision_config: { depth: 3, hidden_size: 16, intermediate_size: 24, num_heads: 2, fullatt_block_indexes: [1] },
};

describe('qwenConfigFrom', () => {
  test('reads the flat layout, with the published defaults for what is absent', () => {
    const { language, vision, imageToken } = qwenConfigFrom(flat);
    expect(imageToken).toBe(7);
    expect(language).toMatchObject({ headWidth: 8, epsilon: 1e-6, theta: 100, sections: [2, 1, 1], tied: false });
    expect(vision).toMatchObject({ patch: 14, merge: 2, temporal: 2, window: 4, out: 32, fullBlocks: [1] });
  });

  test('reads the layout of newer libraries', () => {
    const { model_type, image_token_id, vision_config, rope_scaling, rope_theta, ...text } = flat;
    const nested = {
      ...{ model_type, image_token_id, vision_config, tie_word_embeddings: true },
      text_config: { ...text, rope_parameters: { mrope_section: rope_scaling.mrope_section, rope_theta } },
    };
    const tied = { ...qwenConfigFrom(flat).language, tied: true };
    expect(qwenConfigFrom(nested)).toEqual({ ...qwenConfigFrom(flat), language: tied });
  });

  test('reads the older tower, whose attention is never cut', () => {
    const tower = { depth: 3, embed_dim: 16, mlp_ratio: 3, num_heads: 2 };
    const { vision } = qwenConfigFrom({ ...flat, model_type: 'qwen2_vl', vision_config: tower });
    expect(vision).toMatchObject({ style: 'qwen2', hidden: 16, inner: 48, out: 32, fullBlocks: [0, 1, 2] });
  });

  test.for<[string, object]>([
    ['model_type', { model_type: 'llama' }],
    ['vocab_size', { vocab_size: -1 }],
    ['num_hidden_layers', { num_hidden_layers: undefined }],
    ['mrope_section', { rope_scaling: null }],
    ['does not add up', { rope_scaling: { mrope_section: [2, 2, 2] } }],
    ['do not divide', { num_attention_heads: 5 }],
    ['do not divide', { num_key_value_heads: 3 }],
    ['window', { vision_config: { ...flat.vision_config, window_size: 14 } }],
    ['vision_config', { vision_config: { depth: 'many' } }],
  ])('refuses a file that is wrong about %s', ([reason, change]) => {
    expect(() => qwenConfigFrom({ ...flat, ...change })).toThrow(reason);
    expect(() => qwenConfigFrom({ ...flat, ...change })).toThrow('config.json');
  });

  test.skipIf(!haveGolden)('asks for exactly the tensors that the checkpoints hold', async () => {
    for (const folder of ['qwen25vl-tiny', 'qwen2vl-tiny']) {
      const { weights } = await openCheckpoint(folder);
      const sizes = parameterSizes(qwenConfigFrom(json(golden(folder, 'config.json'))));
      const held = new Map([...weights].map(([name, values]) => [name, values.length]));
      expect(new Map(sizes)).toEqual(held);
    }
  });
});

describe('publishedKey', () => {
  test.for([
    ['model.language_model.layers.0.mlp.up_proj.weight', 'model.layers.0.mlp.up_proj.weight'],
    ['model.visual.merger.ln_q.weight', 'visual.merger.ln_q.weight'],
    ['model.layers.3.self_attn.q_proj.bias', 'model.layers.3.self_attn.q_proj.bias'],
    ['lm_head.weight', 'lm_head.weight'],
  ] as const)('%s is %s', ([key, old]) => {
    expect(publishedKey(key)).toBe(old);
  });
});
