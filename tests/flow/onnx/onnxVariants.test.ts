// Files of a known dialect with something else about them: run right, or refused in one sentence that names the file.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecodedImage } from '../../../main/contract/records.ts';
import { maskIou } from '../../../main/contract/rle.ts';
import { OnnxSegmenter } from '../../../main/flow/onnx/onnxSegmenter.ts';
import { exportNano } from '../../../main/nano/export.ts';
import { openWeights, type Weights } from '../../../main/weights/open.ts';
import { add, cast, mul } from '../../../models/graph/elementwise.ts';
import { slice } from '../../../models/graph/shape.ts';
import { constant, input, type Tensor } from '../../../models/graph/tensor.ts';
import { imageEncoder } from '../../../models/sam2/imageEncoder.ts';
import { samMean, samStd } from '../../../models/sam2/processor.ts';
import { toyNano } from '../../nano/toy.ts';
import { decoderOf, encoderOf, write, writeDialect } from './onnxFiles.ts';

const side = 192;
/** As large as the encoder's square: nothing is resized, so bytes are the very pixels. */
const image: DecodedImage = {
  ...{ width: side, height: side },
  data: Uint8Array.from({ length: side * side * 3 }, (_, i) => (i * 37 + Math.floor(i / 7) * 11) % 251),
};
const ask = { points: [{ x: 90, y: 80, sign: '+' as const }] };
const names = ['image_embed', 'high_res_feats_0', 'high_res_feats_1'];
const encoder = encoderOf('image', names);
const decoder = decoderOf({
  ...{ points: 'point_coords', labels: 'point_labels', labelType: 'float32', lead: [1], rough: true },
  ...{ features: names, outputs: ['masks', 'iou_predictions'] },
});
type Outputs = Record<string, Tensor>;
const each = (outputs: Outputs, change: (tensor: Tensor, name: string) => Tensor): Outputs =>
  Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, change(tensor, name)]));

let root: string;
let weights: Weights;
let other: Weights;
const opened: OnnxSegmenter[] = [];
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-onnx-variants-'));
  await exportNano(toyNano({ seed: 6 }), path.join(root, 'toy'));
  await exportNano(toyNano({ seed: 7 }), path.join(root, 'other'));
  [weights, other] = await Promise.all([openWeights(path.join(root, 'toy')), openWeights(path.join(root, 'other'))]);
  await writeDialect(weights, path.join(root, 'base'), { encoder, decoder });
});
afterAll(async () => {
  for (const one of opened) await one.release();
  await rm(root, { recursive: true });
});

async function open(name: string): Promise<OnnxSegmenter> {
  const segmenter = await OnnxSegmenter.open(path.join(root, name), { threads: 1 });
  opened.push(segmenter);
  return segmenter;
}

const likeBase = async (segmenter: OnnxSegmenter) =>
  maskIou(await segmenter.segment(image, ask), await (await open('base')).segment(image, ask));

it('an encoder that takes bytes and normalises them by itself is given the pixels as they are', async () => {
  const perChannel = (values: readonly number[]) => constant(Float32Array.from(values), [1, 3, 1, 1]);
  await writeDialect(weights, path.join(root, 'bytes'), {
    encoder: ({ params, segmenter }) => {
      const bytes = cast(input('image', [1, 3, side, side], 'uint8'), 'float32');
      const pixels = mul(
        add(bytes, perChannel(samMean.map((mean) => -mean))),
        perChannel(samStd.map((std) => 1 / std)),
      );
      const { embed, s0, s1 } = imageEncoder(params.at('sam'), segmenter, pixels);
      return { image_embed: embed, high_res_feats_0: s0, high_res_feats_1: s1 };
    },
    decoder,
  });
  expect(await likeBase(await open('bytes'))).toBeGreaterThan(0.999);
});

describe('of several models in one folder', () => {
  it('encoder and decoder that begin alike are taken together, and the rest is named', async () => {
    const folder = path.join(root, 'several');
    await writeDialect(weights, folder, { encoder, decoder });
    await rm(path.join(folder, 'encoder.onnx'));
    await rm(path.join(folder, 'decoder.onnx'));
    await write(folder, 'sam_t_enc.onnx', encoder(weights));
    await write(folder, 'sam_t_mask_decoder.onnx', decoder(weights));
    // Its decoder has the shortest name of all; its weights would lie in the same file, so its own are the same here.
    await write(folder, 'large_encoder.onnx', encoder(weights));
    const zeros = each(decoder(weights), (tensor, name) => (name === 'masks' ? mul(tensor, 0) : tensor));
    await write(folder, 'large_dec.onnx', zeros);
    const segmenter = await open('several');
    expect(await likeBase(segmenter)).toBe(1);
    expect(segmenter.warnings).toEqual([
      'several holds several models or variants: sam_t_enc.onnx and sam_t_mask_decoder.onnx are used, and large_encoder.onnx, large_dec.onnx left out.',
    ]);
  });

  it('the files of one alone are opened without a word', async () => {
    expect((await open('base')).warnings).toEqual([]);
  });
});

describe('one sentence names the file', () => {
  it.each<[string, (all: Outputs) => Outputs, RegExp]>([
    [
      'a half-precision mask',
      (all) => each(all, (tensor, name) => (name === 'masks' ? cast(tensor, 'float16') : tensor)),
      /decoder\.onnx: masks is of an element type \(ONNX number 10\) that cannot be fed; take the float32 files/,
    ],
    [
      'masks that are no numbers',
      (all) => each(all, (tensor, name) => (name === 'masks' ? mul(tensor, Number.NaN) : tensor)),
      /decoder\.onnx: draws masks that are no numbers \(NaN\)/,
    ],
    [
      'whole numbers for masks',
      (all) => each(all, (tensor, name) => (name === 'masks' ? cast(tensor, 'int32') : tensor)),
      /decoder\.onnx: its masks are not float32/,
    ],
  ])('of a decoder that gives %s', async (what, change, sentence) => {
    const folder = what.replaceAll(' ', '-');
    await writeDialect(weights, path.join(root, folder), { encoder, decoder: (own) => change(decoder(own)) });
    await expect(open(folder)).rejects.toThrow(sentence);
  });

  it('of an encoder that takes half precision', async () => {
    const half = ({ params, segmenter }: Weights) => {
      const { embed, s0, s1 } = imageEncoder(
        params.at('sam'),
        segmenter,
        cast(input('image', [1, 3, side, side], 'float16'), 'float32'),
      );
      return { image_embed: embed, high_res_feats_0: s0, high_res_feats_1: s1 };
    };
    await writeDialect(weights, path.join(root, 'half'), { encoder: half, decoder });
    await expect(open('half')).rejects.toThrow(/encoder\.onnx: image is of an element type \(ONNX number 10\)/);
  });

  it('of a decoder that reads maps of another size than its encoder gives', async () => {
    const cut = (own: Weights) => each(encoder(own), (tensor) => slice(tensor, [0], [4], [1]));
    await writeDialect(weights, path.join(root, 'unlike'), { encoder: cut, decoder });
    await expect(open('unlike')).rejects.toThrow(
      /decoder\.onnx: does not run; do encoder and decoder belong to one model\? \(/,
    );
  });

  it('of a file in a newer version of the format', async () => {
    const folder = path.join(root, 'newer');
    await writeDialect(other, folder, { encoder, decoder });
    const bytes = await readFile(path.join(folder, 'encoder.onnx'));
    expect(bytes[0]).toBe(8);
    bytes[1] = 99;
    await writeFile(path.join(folder, 'encoder.onnx'), bytes);
    await expect(open('newer')).rejects.toThrow(/encoder\.onnx: is written in version 99 of ONNX's format, and .* 13/);
  });
});
