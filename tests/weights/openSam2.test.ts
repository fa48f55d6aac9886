// SAM 2 checkpoints in both layouts: the same segmenter, and what is none is one sentence.
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClickSegmenter } from '../../main/flow/clickSegmenter.ts';
import { Segmenter } from '../../main/flow/segmenter/segmenter.ts';
import { openSam2 } from '../../main/weights/openSam2.ts';
import { input, size } from '../../models/graph/tensor.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { parseSam2Config, type Sam2Config } from '../../models/sam2/config.ts';
import { segmenter as whole } from '../../models/sam2/segmenter.ts';
import { golden, goldenJson } from '../golden.ts';
import { askedParams, madeFeeds } from '../parameters.ts';
import { disc, HEIGHT, WIDTH } from '../pictures/disc.ts';
import { writeToySam } from './toyCheckpoint.ts';

const toy: Sam2Config = {
  ...{ imageSize: 128, embedDim: 8, heads: 1, stages: [1, 1, 1], windows: [8, 8, 8], globalBlocks: [2] },
  ...{ background: [8, 8], width: 16, decoderHeads: 2, decoderMlp: 16, iouHidden: 16, maskChannels: 16 },
};
const { image } = disc(12);
const ask = { box: { x1: 20, y1: 10, x2: 50, y2: 45 }, points: [{ x: 36, y: 28, sign: '+' }] } as const;

/** What transformers calls the tensors, written down apart from the reader's own table. */
function hubName(name: string): string {
  return name
    .replace('sam_mask_decoder.output_upscaling.0', 'mask_decoder.upscale_conv1')
    .replace('sam_mask_decoder.output_upscaling.1', 'mask_decoder.upscale_layer_norm')
    .replace('sam_mask_decoder.output_upscaling.3', 'mask_decoder.upscale_conv2')
    .replace('sam_prompt_encoder.mask_downscaling.0', 'prompt_encoder.mask_embed.conv1')
    .replace('sam_prompt_encoder.mask_downscaling.1', 'prompt_encoder.mask_embed.layer_norm1')
    .replace('sam_prompt_encoder.mask_downscaling.3', 'prompt_encoder.mask_embed.conv2')
    .replace('sam_prompt_encoder.mask_downscaling.4', 'prompt_encoder.mask_embed.layer_norm2')
    .replace('sam_prompt_encoder.mask_downscaling.6', 'prompt_encoder.mask_embed.conv3')
    .replace(
      'sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix',
      'shared_image_embedding.positional_embedding',
    )
    .replace('sam_prompt_encoder.', 'prompt_encoder.')
    .replace('sam_mask_decoder.', 'mask_decoder.')
    .replace(/^image_encoder\.neck\.convs\.(\d)\.conv\./, 'vision_encoder.neck.convs.$1.')
    .replace('image_encoder.trunk.', 'vision_encoder.backbone.')
    .replace('patch_embed.proj.', 'patch_embed.projection.')
    .replace(/(head|mlps\.\d)\.layers\.0\./, '$1.proj_in.')
    .replace(/(head|mlps\.\d)\.layers\.1\./, '$1.layers.0.')
    .replace(/(head|mlps\.\d)\.layers\.2\./, '$1.proj_out.')
    .replace('.mlp.layers.0.', '.mlp.proj_in.')
    .replace('.mlp.layers.1.', '.mlp.proj_out.')
    .replace('.out_proj.', '.o_proj.')
    .replace('.norm_final_attn.', '.layer_norm_final_attn.')
    .replace(/\.norm(\d)\./, '.layer_norm$1.')
    .replace(/^no_mem_embed$/, 'no_memory_embedding');
}

let root: string;
let tensors: Record<string, { shape: number[]; data: Float32Array }>;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-sam2-'));
  const source = askedParams();
  const points = { at: input('at', [1, 1, 2]), labels: input('labels', [1, 1], 'int64') };
  const picture = input('image', [1, 3, toy.imageSize, toy.imageSize]);
  const grid = toy.imageSize / 4;
  whole(paramsFrom(source), toy, picture, { points });
  whole(paramsFrom(source), toy, picture, { points, mask: input('rough', [1, 1, grid, grid]) });
  const values = madeFeeds(source);
  tensors = Object.fromEntries(
    [...source.asked].map(([name, { shape }]) => [
      name,
      { shape: [...shape], data: values[name] ?? new Float32Array(size(shape)) },
    ]),
  );
});
afterAll(() => rm(root, { recursive: true }));

async function maskOf(file: string) {
  const segmenter = await Segmenter.open(await openSam2(file, { toy }), {});
  const mask = await segmenter.segment(image, ask);
  await segmenter.release();
  return mask;
}

describe('a SAM 2 checkpoint', () => {
  it("is the same segmenter in its authors' layout, in the Hub's and inside a LENS", async () => {
    const file = path.join(root, 'original.safetensors');
    await writeSafetensors(file, tensors);
    const mask = await maskOf(file);
    expect(mask.size).toEqual([HEIGHT, WIDTH]);

    const inLens = path.join(root, 'lens.safetensors');
    await writeSafetensors(inLens, Object.fromEntries(Object.entries(tensors).map(([key, t]) => [`sam.${key}`, t])));
    expect(await maskOf(inLens)).toEqual(mask);

    const hub = path.join(root, 'hub.safetensors');
    const rows = [0, 1, 2, 3].map((row) => tensors[`sam_prompt_encoder.point_embeddings.${row}.weight`]?.data ?? []);
    const table = Float32Array.from(rows.flatMap((row) => [...row]));
    const others = Object.entries(tensors).filter(([key]) => !key.includes('point_embeddings'));
    const renamed = Object.fromEntries(others.map(([key, t]) => [hubName(key), t]));
    await writeSafetensors(hub, { ...renamed, 'prompt_encoder.point_embed.weight': { shape: [4, 16], data: table } });
    expect(await maskOf(hub)).toEqual(mask);
  });

  it('that lacks a tensor, is of no published size, or is something else, is one sentence', async () => {
    const file = path.join(root, 'broken.safetensors');
    const { 'image_encoder.trunk.pos_embed': _, ...rest } = tensors;
    await writeSafetensors(file, rest);
    await expect(openSam2(file, { toy })).rejects.toThrow(
      /broken\.safetensors: tensors do not fit: image_encoder\.trunk\.pos_embed \[1, 8, 8, 8\] is missing/,
    );
    await writeSafetensors(file, tensors);
    await expect(openSam2(file)).rejects.toThrow(/a SAM 2 of 3 blocks from a width of 8 is none of the published/);
    await writeSafetensors(file, { other: { shape: [1], data: new Float32Array(1) } });
    await expect(openSam2(file)).rejects.toThrow(/holds no SAM 2/);
    await expect(openSam2(path.join(root, 'nowhere.pt'))).rejects.toThrow(/there is no such file or folder/);
  });

  it.skipIf(!existsSync(golden('sam2-tiny', 'sam2_tiny.pt')))('of torch opens as it is', async () => {
    const json = goldenJson<{ hyper_parameters: unknown }>('sam2-tiny', 'config.json');
    const { segmenter, name } = await openSam2(golden('sam2-tiny', 'sam2_tiny.pt'), {
      golden: parseSam2Config(json.hyper_parameters),
    });
    expect([name, segmenter.width]).toEqual(['sam2-golden', parseSam2Config(json.hyper_parameters).width]);
  });
});

describe('a place named as segmenter', () => {
  it('that holds none is one sentence', async () => {
    await expect(openClickSegmenter(path.join(root, 'none'))).rejects.toThrow(/there is no such segmenter/);
    const text = path.join(root, 'text.safetensors');
    await writeFile(text, 'no weights');
    await expect(openClickSegmenter(text)).rejects.toThrow(/text\.safetensors/);
  });
});

describe('a SAM 2 of sizes that nobody published', { timeout: 60_000 }, () => {
  it('opens where segmenter.json beside it gives them, and is named as none without', async () => {
    const folder = await writeToySam(path.join(root, 'own sizes'));
    const { name, segmenter } = await openSam2(folder);
    expect(name).toBe('sam2-own');
    expect(segmenter).toMatchObject({ imageSize: 128, embedDim: 8, width: 16 });
    await rm(path.join(folder, 'segmenter.json'));
    await expect(openSam2(folder)).rejects.toThrow('is none of the published');
  });
});
