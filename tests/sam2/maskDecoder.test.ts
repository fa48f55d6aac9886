// Masks, qualities and tokens against the original; batches; gradients against the reference's training step.

import { describe, expect, it } from 'vitest';
import { grad } from '../../models/graph/grad.ts';
import { concat, slice, squeeze } from '../../models/graph/shape.ts';
import { input, type Shape, type Tensor } from '../../models/graph/tensor.ts';
import type { Value } from '../../models/graph/value.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { nanoSam2Config, parseSam2Config } from '../../models/sam2/config.ts';
import { maskDecoder } from '../../models/sam2/maskDecoder.ts';
import { promptEncoder } from '../../models/sam2/promptEncoder.ts';
import { segmenter } from '../../models/sam2/segmenter.ts';
import { segLoss, segTerms } from '../../models/train/losses.ts';
import { evaluate } from '../evaluate.ts';
import { golden, goldenJson, haveGolden } from '../golden.ts';
import { askedParams, feedsFrom, madeFeeds } from '../parameters.ts';
import { largestDifference, openFixture } from '../tensors.ts';
import { promptInputs, type TinySam2, tinySam2 } from './fixture.ts';

const featureNames = ['embed', 's0', 's1'] as const;

async function features({ encoder }: TinySam2) {
  const [embed, s0, s1] = featureNames.map((name) => input(name, encoder.shape(name)));
  if (!embed || !s0 || !s1) throw new Error('unreachable');
  const feeds: Record<string, Value> = {};
  for (const name of featureNames) feeds[name] = await encoder.floats(name);
  return { maps: { embed, s0, s1 }, feeds };
}

describe.skipIf(!haveGolden)('against the original', () => {
  it('decodes every prompt', async () => {
    const tiny = await tinySam2();
    const { maps, feeds: image } = await features(tiny);
    for (const one of tiny.json.prompts) {
      const { prompts, feeds } = await promptInputs(tiny, one);
      const decoded = maskDecoder(tiny.params, tiny.config, maps, promptEncoder(tiny.params, tiny.config, prompts));
      const got = await tiny.run({ ...decoded }, { ...image, ...feeds });
      const expected = {
        masks: await tiny.prompts.floats(`${one.name}.masks`),
        tokens: await tiny.prompts.floats(`${one.name}.tokens`),
        iou: one.iou,
        object_score: [one.object_score],
      };
      for (const kind of ['masks', 'tokens', 'iou', 'object_score'] as const) {
        const error = largestDifference(got[kind === 'object_score' ? 'objectScore' : kind] ?? [], expected[kind]);
        expect(error, `${one.name} ${kind}`).toBeLessThan(tiny.json.tolerance[kind]);
      }
    }
  });

  it('goes from picture to masks in one graph', async () => {
    const tiny = await tinySam2();
    const one = tiny.json.prompts.find(({ inputs }) => inputs.points && inputs.box) ?? tiny.json.prompts[0];
    if (!one) throw new Error('no prompts');
    const { prompts, feeds } = await promptInputs(tiny, one);
    const image = input('image', tiny.encoder.shape('image'));
    const { masks } = segmenter(tiny.params, tiny.config, image, prompts);
    const got = await tiny.run({ masks }, { ...feeds, image: await tiny.encoder.floats('image') });
    const error = largestDifference(got.masks ?? [], await tiny.prompts.floats(`${one.name}.masks`));
    expect(error).toBeLessThan(tiny.json.tolerance.masks);
  });
});

describe('a batch', () => {
  const config = { ...nanoSam2Config, imageSize: 64, width: 32, decoderMlp: 32, iouHidden: 16 };
  const shapes = { embed: [1, 32, 4, 4], s0: [1, 4, 16, 16], s1: [1, 8, 8, 8], text: [3, 2, 32] };
  const data = (shape: Shape, phase: number) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 0.7 + phase));
  const decode = async (prompt: number | 'all', images: 1 | 3) => {
    const source = askedParams();
    const [embed, s0, s1] = featureNames.map((name) => input(name, [images, ...shapes[name].slice(1)]));
    const text = input('text', [prompt === 'all' ? 3 : 1, 2, 32]);
    if (!embed || !s0 || !s1) throw new Error('unreachable');
    const p = paramsFrom(source);
    const { masks, iou } = maskDecoder(p, config, { embed, s0, s1 }, promptEncoder(p, config, { text }));
    const all = data(shapes.text, 3);
    const image = (name: (typeof featureNames)[number], phase: number) => {
      const once = data(shapes[name], phase);
      return Float32Array.from({ length: images * once.length }, (_, i) => once[i % once.length] ?? 0);
    };
    return evaluate(
      { masks, iou },
      {
        ...{ embed: image('embed', 0), s0: image('s0', 1), s1: image('s1', 2) },
        ...{ text: prompt === 'all' ? all : all.slice(prompt * 64, prompt * 64 + 64), ...madeFeeds(source) },
      },
    );
  };

  it('of prompts on one picture equals the prompts one by one', async () => {
    const batched = await decode('all', 1);
    for (const i of [0, 1, 2]) {
      const { masks = [], iou = [] } = await decode(i, 1);
      const mine = batched.masks?.slice(i * masks.length, (i + 1) * masks.length) ?? [];
      expect(largestDifference(masks, mine)).toBeLessThan(1e-4);
      expect(largestDifference(iou, batched.iou?.slice(i * 4, i * 4 + 4) ?? [])).toBeLessThan(1e-5);
    }
  });

  it('of pictures with a prompt each equals one picture with all prompts, when the pictures are alike', async () => {
    const [shared, repeated] = [await decode('all', 1), await decode('all', 3)];
    expect(largestDifference(shared.masks ?? [], repeated.masks ?? [])).toBeLessThan(1e-4);
  });

  it('of pictures serves one prompt for all of them', async () => {
    const [one, three] = [await decode(1, 1), await decode(1, 3)];
    expect(three.masks).toHaveLength(3 * (one.masks?.length ?? 0));
    expect(largestDifference(one.masks ?? [], three.masks?.slice(-(one.masks?.length ?? 0)) ?? [])).toBeLessThan(1e-4);
  });
});

interface TrainStep {
  sam: unknown;
  samples: { mask_hw: [number, number] }[];
  stage2: { bce: number; dice: number; vanishing_gradient: string[] };
}

/** Stage 2 of the reference's training step: mask 0 of one picture for every completion's context token. */
describe.skipIf(!haveGolden)('the gradients of a training step', () => {
  it('are the reference’s for all of prompt encoder and mask decoder', async () => {
    const { sam, samples, stage2 } = goldenJson<TrainStep>('train-step', 'config.json');
    const weights = await openSafetensors(golden('train-step', 'weights.safetensors'));
    const inputs = await openFixture(golden('train-step', 'inputs.safetensors'));
    const expected = await openFixture(golden('train-step', 'stage2.safetensors'));
    const count = expected.names.filter((name) => /^context\.\d+$/.test(name)).length;
    const config = parseSam2Config(sam);
    const [height, width] = samples[0]?.mask_hw ?? [0, 0];
    const source = askedParams();
    const texts = Array.from({ length: count }, (_, i) => input(`context.${i}`, [1, 1, config.width]));
    const image = input('image', [1, 3, config.imageSize, config.imageSize]);
    const { masks } = segmenter(paramsFrom(source), config, image, { text: concat(texts, 0) });
    const first = squeeze(slice(masks, [0], [1], [1]), [1]);
    const target = input('target', [1, height, width]);
    const terms = segTerms(
      first,
      concat(
        texts.map(() => target),
        0,
      ),
    );
    const loss = segLoss([terms]);
    const trained = [...source.asked].filter(([name]) => expected.names.includes(`grad.sam.${name}`));
    expect(trained.length).toBeGreaterThan(80);
    const wrt = [...trained.map(([, t]) => t), ...texts];
    const names = [...trained.map(([name]) => name), ...texts.map((_, i) => `context.${i}`)];
    const outputs: Record<string, Tensor> = { loss };
    for (const [i, g] of grad(loss, wrt).entries()) outputs[`grad.${names[i]}`] = g;
    const feeds: Record<string, Value> = await feedsFrom(source, weights, 'sam.');
    feeds.image = await inputs.floats('sam_image.0');
    feeds.target = await inputs.floats('mask.0');
    for (let i = 0; i < count; i++) feeds[`context.${i}`] = await expected.floats(`context.${i}`);
    const got = await evaluate(outputs, feeds, { purpose: 'train' });
    expect(got.loss?.[0]).toBeCloseTo(stage2.bce + stage2.dice, 4);
    let worst = 0;
    for (const [name] of trained) {
      if (stage2.vanishing_gradient.includes(`sam.${name}`)) continue;
      const reference = await expected.floats(`grad.sam.${name}`);
      const largest = largestDifference(reference, new Float32Array(reference.length));
      worst = Math.max(worst, largestDifference(got[`grad.${name}`] ?? [], reference) / largest);
    }
    expect(worst).toBeLessThan(2e-3);
  });
});
