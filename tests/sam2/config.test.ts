// Configurations: the plan of every block, the published tensors by name and shape, the nano's size, and refusals.
import { describe, expect, it } from 'vitest';
import { input, type Shape, type Tensor } from '../../models/graph/tensor.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import {
  blockPlans,
  nanoSam2Config,
  parseSam2Config,
  type Sam2Config,
  sam2Variants,
} from '../../models/sam2/config.ts';
import { imageEncoder } from '../../models/sam2/imageEncoder.ts';
import { maskDecoder } from '../../models/sam2/maskDecoder.ts';
import { type Prompts, promptEncoder } from '../../models/sam2/promptEncoder.ts';
import { goldenJson, haveGolden } from '../golden.ts';
import { askedParams, countParameters, shapesOf } from '../parameters.ts';
import { tinySam2 } from './fixture.ts';

/** Every parameter that any prompt can need. */
function everything(config: Sam2Config) {
  const source = askedParams();
  const p = paramsFrom(source);
  const side = config.imageSize / 4;
  const features = imageEncoder(p, config, input('image', [1, 3, config.imageSize, config.imageSize]));
  const points = { at: input('at', [1, 1, 2]), labels: input('labels', [1, 1], 'int64') };
  const prompts: Prompts[] = [{ points, mask: input('mask', [1, 1, side, side]) }, {}];
  const decoded: Tensor[] = prompts.map((one) => maskDecoder(p, config, features, promptEncoder(p, config, one)).masks);
  expect(decoded.map(({ shape }) => shape)).toEqual([
    [1, 4, side, side],
    [1, 4, side, side],
  ]);
  return source;
}

const ofVideo =
  /^(memory_attention|memory_encoder|mask_downsample|obj_ptr_\w+)\.|^(maskmem_tpos_enc|no_mem_pos_enc|no_obj_ptr|no_obj_embed_spatial)$/;

interface Published {
  parameters: number;
  shapes?: Record<string, Shape>;
  'shapes_beyond_2.0'?: Record<string, Shape>;
  'missing_from_2.0'?: string[];
}

const keys = { tiny: 'tiny', small: 'small', base_plus: 'basePlus', large: 'large' } as const;

describe.skipIf(!haveGolden)('the published models', () => {
  it.each(Object.entries(keys))('%s has the tensors that the builders ask for, and no other', (name, key) => {
    const all = goldenJson<Record<string, Published>>('sam2-tiny', 'real-shapes.json');
    const shapes = Object.entries(all[`sam2.0-${name}`]?.shapes ?? {});
    const ofImages = Object.fromEntries(shapes.filter(([tensor]) => !ofVideo.test(tensor)));
    expect(Object.keys(ofImages).length).toBeGreaterThan(300);
    expect(shapesOf(everything(sam2Variants[key]))).toEqual(ofImages);
    const later = all[`sam2.1-${name}`];
    expect(later?.['missing_from_2.0'] ?? []).toEqual([]);
    expect(Object.keys(later?.['shapes_beyond_2.0'] ?? {}).every((tensor) => ofVideo.test(tensor))).toBe(true);
  });

  it('are planned block by block as the fixture says', async () => {
    const { json, config } = await tinySam2();
    const planned = blockPlans(config).map((plan) => ({
      ...{ dim: plan.width, dim_out: plan.outWidth, heads: plan.heads, window: plan.window, pool: plan.pools },
    }));
    expect(planned).toEqual(json.derived.blocks);
  });

  it('holds every tensor of the fixture’s image part', async () => {
    const { file, config } = await tinySam2();
    const stored = [...file.tensors].map(([name, { shape }]): [string, Shape] => [name, shape]);
    expect(shapesOf(everything(config))).toEqual(Object.fromEntries(stored.filter(([name]) => !ofVideo.test(name))));
  });
});

describe('the published counts', () => {
  const below = (config: Sam2Config, prefix: string) => {
    const source = everything(config);
    return countParameters({
      ...source,
      asked: new Map([...source.asked].filter(([name]) => name.startsWith(prefix))),
    });
  };

  it.each([
    ['tiny', 26_849_472],
    ['small', 33_947_328],
    ['basePlus', 68_675_712],
    ['large', 212_149_296],
  ] as const)('of the trunk of %s', (name, count) => {
    expect(below(sam2Variants[name], 'image_encoder.trunk.')).toBe(count);
  });

  it('of neck, prompt encoder and mask decoder', () => {
    expect(below(sam2Variants.large, 'image_encoder.neck.')).toBe(553_984);
    expect(below(sam2Variants.large, 'sam_mask_decoder.')).toBe(4_215_109);
    // The 2 x 128 frequencies are drawn once and never trained, so they are not counted as parameters.
    expect(below(sam2Variants.large, 'sam_prompt_encoder.')).toBe(6_220 + 256);
  });
});

describe('the nano', () => {
  it('has 2.5 to 3.1 million parameters and heads of at least 16', () => {
    const count = countParameters(everything(nanoSam2Config));
    expect(count).toBeGreaterThan(2_500_000);
    expect(count).toBeLessThan(3_100_000);
    const heads = blockPlans(nanoSam2Config).map(({ outWidth, heads: n }) => outWidth / n);
    expect(Math.min(...heads, nanoSam2Config.width / 2 / nanoSam2Config.decoderHeads)).toBeGreaterThanOrEqual(16);
  });
});

describe('parseSam2Config', () => {
  const good = {
    ...{ image_size: 128, embed_dim: 16, num_heads: 2, stages: [1, 2, 3, 1], window_spec: [8, 4, 6, 3] },
    ...{ global_att_blocks: [2], bkg: [7, 7], d_model: 32, dec_heads: 4, dec_mlp: 64, iou_hidden: 32 },
    mask_in_chans: 16,
  };

  it('reads the names of the original', () => {
    expect(parseSam2Config(good)).toMatchObject({ imageSize: 128, embedDim: 16, windows: [8, 4, 6, 3], width: 32 });
  });

  it.each([
    [{ image_size: 1000 }, /image_size/],
    [{ image_size: 16 * 7 }, /image size 112 is not a multiple of 32/],
    [{ stages: [1, 2] }, /stages/],
    [{ window_spec: [8, 4, 6] }, /3 windows for 4 stages/],
    [{ window_spec: [7, 4, 6, 3] }, /window 7 does not tile a map of 32; a window that is pooled must be even/],
    [{ num_heads: 3 }, /3 heads do not divide width 16/],
    [{ dec_heads: 5 }, /5 decoder heads do not divide half of width 32/],
    [{ embed_dim: '16' }, /embed_dim/],
    [{ bkg: [7] }, /bkg/],
  ])('refuses %j', (change, message) => {
    expect(() => parseSam2Config({ ...good, ...change })).toThrow(message);
    expect(() => parseSam2Config({ ...good, ...change })).toThrow(/^The segmenter's configuration/);
  });
});
