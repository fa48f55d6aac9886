// The image encoder, stage by stage, against the original modules; batches, padding and gradients on made numbers.
import { describe, expect, it } from 'vitest';
import { transpose } from '../../models/graph/shape.ts';
import { input, type Tensor } from '../../models/graph/tensor.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { parseSam2Config, type Sam2Config } from '../../models/sam2/config.ts';
import { imageEncoder, neck, positions, trunk } from '../../models/sam2/imageEncoder.ts';
import { directional, weightedSum } from '../directional.ts';
import { evaluate } from '../evaluate.ts';
import { haveGolden } from '../golden.ts';
import { askedParams, madeFeeds } from '../parameters.ts';
import { largestDifference } from '../tensors.ts';
import { tinySam2 } from './fixture.ts';

const channelsFirst = (x: Tensor) => transpose(x, [0, 3, 1, 2]);

describe.skipIf(!haveGolden)('against the original', () => {
  it('gives every stage, neck map and feature', async () => {
    const { config, params, encoder, json, run } = await tinySam2();
    const image = input('image', encoder.shape('image'));
    const stages = trunk(params, config, image);
    const levels = neck(params.at('image_encoder.neck'), config, stages);
    const outputs: Record<string, Tensor> = {
      ...imageEncoder(params, config, image),
      pos_embed: positions(params.at('image_encoder.trunk'), config, config.imageSize / 4),
    };
    for (const [i, stage] of stages.entries()) outputs[`trunk.${i}`] = channelsFirst(stage);
    for (const [i, level] of levels.entries()) outputs[`neck.${i}`] = channelsFirst(level);
    const got = await run(outputs, { image: await encoder.floats('image') });
    const errors: Record<string, number> = {};
    for (const name of Object.keys(outputs)) {
      expect(outputs[name]?.shape, name).toEqual(encoder.shape(name));
      errors[name] = largestDifference(got[name] ?? [], await encoder.floats(name));
    }
    for (const [name, error] of Object.entries(errors)) expect(error, name).toBeLessThan(json.tolerance.encoder);
  });
});

/** Windows that need padding, a pooling block with global attention, and only three stages. */
const shapes: Record<string, Partial<Record<string, unknown>>> = {
  padded: { window_spec: [8, 6, 6, 3], global_att_blocks: [] },
  'globally pooled': { global_att_blocks: [1, 3] },
  'three-stage': { stages: [1, 2, 1], window_spec: [8, 4, 2], global_att_blocks: [] },
};
const base = {
  image_size: 64,
  embed_dim: 8,
  num_heads: 1,
  stages: [1, 1, 2, 1],
  window_spec: [8, 4, 2, 2],
  global_att_blocks: [3],
  bkg: [3, 5],
  d_model: 16,
  dec_heads: 2,
  dec_mlp: 16,
  iou_hidden: 16,
  mask_in_chans: 16,
};

const pixels = (batch: number, side: number) =>
  Float32Array.from({ length: batch * 3 * side * side }, (_, i) => Math.sin(i * 0.37) + Math.cos(i * i * 0.011));

const featuresOf = async (config: Sam2Config, data: Float32Array, batch: number) => {
  const source = askedParams();
  const image = input('image', [batch, 3, config.imageSize, config.imageSize]);
  const outputs = { ...imageEncoder(paramsFrom(source), config, image) };
  return evaluate(outputs, { image: data, ...madeFeeds(source) });
};

describe.each(Object.entries(shapes))('a %s encoder', (_, changes) => {
  const config = parseSam2Config({ ...base, ...changes });

  it('treats the pictures of a batch apart', async () => {
    const side = config.imageSize;
    const both = pixels(2, side);
    const batched = await featuresOf(config, both, 2);
    for (const i of [0, 1]) {
      const one = await featuresOf(config, both.slice(i * 3 * side * side, (i + 1) * 3 * side * side), 1);
      for (const [name, values] of Object.entries(one)) {
        const mine = batched[name]?.slice(i * values.length, (i + 1) * values.length) ?? [];
        expect(largestDifference(values, mine), name).toBeLessThan(2e-5);
      }
    }
  });

  it('has gradients that agree with differences', async () => {
    const source = askedParams();
    const image = input('image', [1, 3, config.imageSize, config.imageSize]);
    const features = imageEncoder(paramsFrom(source), config, image);
    const loss = weightedSum(Object.values(features));
    const feeds = { image: pixels(1, config.imageSize), ...madeFeeds(source) };
    const { analytic, numeric } = await directional(loss, source, feeds);
    expect(Math.abs(analytic - numeric) / Math.abs(numeric)).toBeLessThan(0.02);
  });
});

describe('a wrong picture', () => {
  it('is refused with its shape', () => {
    const config = parseSam2Config(base);
    const build = () => imageEncoder(paramsFrom(askedParams()), config, input('image', [1, 3, 32, 64]));
    expect(build).toThrow('imageEncoder: [1,3,32,64] is no picture of side 64.');
  });
});
