// SAM 1 and MobileSAM against transformers' SamModel and timm's TinyVit: the same numbers from the same random weights.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSam } from '../../main/weights/openSam.ts';
import { input } from '../../models/graph/tensor.ts';
import type { NamedValues } from '../../models/graph/value.ts';
import { channelsFirst } from '../../models/nn/featureMap.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { frozenWeights } from '../../models/runtime/frozen.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { samImageEncoder } from '../../models/sam/imageEncoder.ts';
import { tinyVit } from '../../models/sam/tinyVit.ts';
import { maskDecoder } from '../../models/sam2/maskDecoder.ts';
import { type Prompts, promptEncoder } from '../../models/sam2/promptEncoder.ts';
import { evaluate } from '../evaluate.ts';
import { largestDifference, openFixture } from '../tensors.ts';
import { mobileSamFixture, samFixture, toyMobileSam, toySam, weightsOf } from './fixture.ts';

const tolerance = 2e-5;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-sam-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function opened() {
  const file = path.join(folder, 'model.safetensors');
  await writeSafetensors(file, await weightsOf(samFixture));
  const weights = await openSam(file, { toy: toySam });
  return { p: weights.params.at('sam'), folder: weights.folder, fixture: await openFixture(samFixture) };
}

const clicks = { at: Float32Array.of(30, 40, 70, 12), labels: BigInt64Array.of(1n, 0n) };
const points = { at: input('at', [1, 2, 2]), labels: input('labels', [1, 2], 'int64') };
const box = Float32Array.of(10, 20, 60, 80);

/** Of each case in the fixture the prompts as a graph takes them, and what it is fed. */
const cases: readonly [string, Prompts, NamedValues][] = [
  ['clicks', { points }, clicks],
  ['box', { box: input('box', [1, 4]) }, { box }],
  ['both', { points, box: input('box', [1, 4]) }, { ...clicks, box }],
  ['rough', { points, mask: input('mask', [1, 1, 24, 24]) }, clicks],
  // As the segmenter passes a box: its corners are points, and no padding follows them.
  [
    'both',
    { points: { at: input('at', [1, 4, 2]), labels: input('labels', [1, 4], 'int64'), hasBox: true } },
    {
      at: Float32Array.of(10, 20, 60, 80, 30, 40, 70, 12),
      labels: BigInt64Array.of(2n, 3n, 1n, 0n),
    },
  ],
];

describe("SAM 1 beside transformers' SamModel", () => {
  it('encodes the picture alike: padded windows, the whole map, positions by distance, neck', async () => {
    const { p, folder: where, fixture } = await opened();
    const features = samImageEncoder(p, toySam, input('image', [1, 3, 96, 96]));
    const { embed } = await evaluate(
      { ...features },
      { image: await fixture.floats('golden.image') },
      { folder: where },
    );
    expect(features.embed.shape).toEqual(fixture.shape('golden.embed'));
    expect(largestDifference(embed ?? [], await fixture.floats('golden.embed'))).toBeLessThan(tolerance);
  });

  it.each(cases)('decodes %s alike: four masks and what it thinks of each', async (name, prompts, feeds) => {
    const { p, folder: where, fixture } = await opened();
    const embed = input('embed', fixture.shape('golden.embed'));
    const { masks, iou } = maskDecoder(p, toySam, { embed }, promptEncoder(p, toySam, prompts));
    const all = {
      ...{ ...feeds, embed: await fixture.floats('golden.embed') },
      ...(prompts.mask && { mask: await fixture.floats('golden.mask') }),
    };
    const found = await evaluate({ masks, iou }, all, { folder: where });
    expect(largestDifference(found.masks ?? [], await fixture.floats(`golden.${name}.masks`))).toBeLessThan(tolerance);
    expect(largestDifference(found.iou ?? [], await fixture.floats(`golden.${name}.iou`))).toBeLessThan(tolerance);
  });
});

describe("MobileSAM beside timm's TinyVit", () => {
  it('encodes the picture alike: batch norms folded, padded windows and whole ones, the last step at stride 1', async () => {
    const file = await openSafetensors(mobileSamFixture);
    const fixture = await openFixture(mobileSamFixture);
    const weights = frozenWeights([file]);
    const p = paramsFrom(weights);
    const image = input('image', [1, 3, 128, 128]);
    if (toyMobileSam.encoder.kind !== 'tiny vit') throw new Error('unreachable');
    const outputs = {
      trunk: channelsFirst(tinyVit(p.at('image_encoder'), toyMobileSam.encoder, image)),
      ...samImageEncoder(p, toyMobileSam, image),
    };
    const found = await evaluate(outputs, { image: await fixture.floats('golden.image') }, { folder: weights.folder });
    for (const name of ['trunk', 'embed'] as const) {
      const wanted = await fixture.floats(`golden.${name}`);
      const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      expect(largestDifference(found[name] ?? [], wanted) / largest, name).toBeLessThan(tolerance);
    }
  });
});
