// Prompt tokens and dense maps against the original; labels as data; shapes that do not fit.

import { describe, expect, it } from 'vitest';
import { expand } from '../../models/graph/shape.ts';
import { input, type Tensor } from '../../models/graph/tensor.ts';
import type { Value } from '../../models/graph/value.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { nanoSam2Config } from '../../models/sam2/config.ts';
import { densePositions, promptEncoder } from '../../models/sam2/promptEncoder.ts';
import { evaluate } from '../evaluate.ts';
import { haveGolden } from '../golden.ts';
import { askedParams, madeFeeds } from '../parameters.ts';
import { largestDifference } from '../tensors.ts';
import { promptInputs, type TinySam2, tinySam2 } from './fixture.ts';

describe.skipIf(!haveGolden)('against the original', () => {
  it('encodes every prompt', async () => {
    const tiny = await tinySam2();
    for (const one of tiny.json.prompts) {
      const { prompts, feeds } = await promptInputs(tiny, one);
      const { sparse, dense } = promptEncoder(tiny.params, tiny.config, prompts);
      expect(6 + (sparse?.shape[1] ?? 0), one.name).toBe(one.tokens);
      const outputs: Record<string, Tensor> = sparse ? { sparse, dense } : { dense };
      const got = await tiny.run(outputs, feeds);
      await compare(tiny, one.name, got);
    }
  });

  it('places the cells of the image map', async () => {
    const { config, params, encoder, run } = await tinySam2();
    const { positions = [] } = await run({ positions: densePositions(params, config) }, {});
    const expected = await encoder.floats('dense_pe');
    const cells = (config.imageSize / 16) ** 2;
    const turned = Float64Array.from(
      expected,
      (_, i) => positions[(i % cells) * config.width + Math.floor(i / cells)] ?? 9,
    );
    expect(largestDifference(turned, expected)).toBeLessThan(1e-5);
  });
});

async function compare({ json, prompts }: TinySam2, name: string, got: Record<string, ArrayLike<number>>) {
  const dense = prompts.names.includes(`${name}.dense`) ? `${name}.dense` : 'no_mask_dense';
  const denseError = largestDifference(got.dense ?? [], await prompts.floats(dense));
  const sparseError = largestDifference(got.sparse ?? [], await prompts.floats(`${name}.sparse`));
  expect(denseError, name).toBeLessThan(json.tolerance.dense);
  expect(sparseError, name).toBeLessThan(json.tolerance.sparse);
}

describe('points', () => {
  const config = { ...nanoSam2Config, width: 32, decoderHeads: 4 };
  const kinds = ['point_embeddings.0', 'point_embeddings.1', 'point_embeddings.2', 'point_embeddings.3'];
  const encode = async (coords: number[], labels: number[], type: 'int64' | 'float32' = 'int64') => {
    const source = askedParams();
    const at = input('at', [1, labels.length, 2]);
    const { sparse } = promptEncoder(paramsFrom(source), config, {
      points: { at, labels: input('labels', [1, labels.length], type) },
    });
    if (!sparse) throw new Error('no tokens');
    const given: Value = type === 'int64' ? BigInt64Array.from(labels, BigInt) : Float32Array.from(labels);
    const feeds = madeFeeds(source);
    const got = await evaluate({ sparse }, { at: Float32Array.from(coords), labels: given, ...feeds });
    const rows = Array.from({ length: labels.length + 1 }, (_, i) => got.sparse?.slice(i * 32, (i + 1) * 32) ?? []);
    return { rows, feeds };
  };

  it('differ by their label alone when they lie on one spot', async () => {
    const { rows, feeds } = await encode([40, 90, 40, 90, 40, 90, 40, 90], [0, 1, 2, 3]);
    const place = rows.slice(0, 4).map((row, i) => {
      const kind = feeds[`sam_prompt_encoder.${kinds[i]}.weight`] ?? [];
      return Float64Array.from(row, (v, k) => v - (kind[k] ?? 0));
    });
    for (const other of place.slice(1)) expect(largestDifference(place[0] ?? [], other)).toBeLessThan(1e-6);
    expect(Math.max(...(place[0] ?? []))).toBeGreaterThan(0.1);
  });

  it('end with one that is none, wherever it lies', async () => {
    const { rows, feeds } = await encode([10, 20, 200, 3], [1, -1]);
    const none = feeds['sam_prompt_encoder.not_a_point_embed.weight'] ?? [];
    expect(largestDifference(rows[1] ?? [], none)).toBe(0);
    expect(largestDifference(rows[2] ?? [], none)).toBe(0);
    expect(largestDifference(rows[0] ?? [], none)).toBeGreaterThan(0.1);
  });

  it('take labels of any number type', async () => {
    const whole = await encode([10, 20, 200, 3], [1, 0]);
    const floating = await encode([10, 20, 200, 3], [1, 0], 'float32');
    expect(floating.rows).toEqual(whole.rows);
  });

  it('must be pairs', () => {
    const points = { at: input('at', [1, 3, 4]), labels: input('labels', [1, 3], 'int64') };
    expect(() => promptEncoder(paramsFrom(askedParams()), config, { points })).toThrow(
      'promptEncoder: points [1,3,4] and labels [1,3] are not [B, N, 2] and [B, N].',
    );
  });
});

describe('the order of tokens', () => {
  const config = { ...nanoSam2Config, width: 32 };
  const tokens = async (outputs: (named: ReturnType<typeof inputs>) => Tensor | null) => {
    const source = askedParams();
    const named = inputs(source);
    const sparse = outputs(named);
    if (!sparse) throw new Error('no tokens');
    const got = await evaluate(
      { sparse: expand(sparse, [1, ...sparse.shape.slice(1)]) },
      {
        ...{ at: Float32Array.of(9, 8), labels: BigInt64Array.of(1n), box: Float32Array.of(1, 2, 30, 40) },
        ...{ text: Float32Array.from({ length: 64 }, (_, i) => i), ...madeFeeds(source) },
      },
    );
    return [...(got.sparse ?? [])];
  };
  const inputs = (source: ReturnType<typeof askedParams>) => ({
    p: paramsFrom(source),
    points: { at: input('at', [1, 1, 2]), labels: input('labels', [1, 1], 'int64') },
    box: input('box', [1, 4]),
    text: input('text', [1, 2, 32]),
  });

  it('is clicks, box, text; the box takes the place of the padding point', async () => {
    const all = await tokens(({ p, points, box, text }) => promptEncoder(p, config, { points, box, text }).sparse);
    const box = await tokens(({ p, box: only }) => promptEncoder(p, config, { box: only }).sparse);
    const clicks = await tokens(({ p, points }) => promptEncoder(p, config, { points }).sparse);
    expect(all).toHaveLength(5 * 32);
    expect(all.slice(0, 32)).toEqual(clicks.slice(0, 32));
    expect(all.slice(32, 96)).toEqual(box);
    expect(all.slice(96)).toEqual(Array.from({ length: 64 }, (_, i) => i));
  });
});
