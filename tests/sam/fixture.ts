// Small SAM 1 models of random values and what the reference implementations make of them, committed beside the tests.
import path from 'node:path';
import type { TensorToWrite } from '../../models/runtime/writeSafetensors.ts';
import type { SamConfig } from '../../models/sam/config.ts';
import { openFixture } from '../tensors.ts';

const fixtures = path.resolve(import.meta.dirname, '../fixtures');

/**
 * Made by transformers' SamModel with the decoder's epsilon of SAM's authors (1e-5): its weights in the Hub's layout, and
 * under `golden.` inputs and outputs.
 */
export const samFixture = path.join(fixtures, 'sam-tiny.safetensors');
/** Made by timm's TinyVit with the last step at stride 1 and a neck behind it, in MobileSAM's names. */
export const mobileSamFixture = path.join(fixtures, 'mobile-sam-tiny.safetensors');
/** Names and shapes of the full-size models, as transformers and timm build them. */
export const shapesFile = path.join(fixtures, 'sam-shapes.json');

const decoder = { width: 16, decoderHeads: 2, decoderMlp: 32, iouHidden: 16, maskChannels: 16, isSam1: true } as const;

/** Windows of 4 on a map of 6, so that they are padded; one block sees all. */
export const toySam: SamConfig = {
  ...{ ...decoder, imageSize: 96 },
  encoder: { kind: 'vit', width: 16, blocks: 3, heads: 2, window: 4, globalBlocks: [2] },
};

/** Windows that are padded, and one that is the whole map. */
export const toyMobileSam: SamConfig = {
  ...{ ...decoder, imageSize: 128 },
  encoder: { kind: 'tiny vit', widths: [8, 12, 16, 20], depths: [1, 1, 2, 1], heads: [3, 4, 5], windows: [7, 3, 8] },
};

/** All tensors but the inputs and outputs and counters, to write a checkpoint of. */
export async function weightsOf(file: string): Promise<Record<string, TensorToWrite>> {
  const { names, shape, floats } = await openFixture(file);
  const weights: Record<string, TensorToWrite> = {};
  for (const name of names)
    if (!name.startsWith('golden.') && !name.endsWith('.num_batches_tracked'))
      weights[name] = { shape: [...shape(name)], data: await floats(name) };
  return weights;
}

/** The names of SAM 1's authors for those of the Hub, written down apart from the reader's own table. */
export function authorsName(name: string): string {
  return name
    .replace('vision_encoder.neck.conv1', 'image_encoder.neck.0')
    .replace('vision_encoder.neck.layer_norm1', 'image_encoder.neck.1')
    .replace('vision_encoder.neck.conv2', 'image_encoder.neck.2')
    .replace('vision_encoder.neck.layer_norm2', 'image_encoder.neck.3')
    .replace('vision_encoder.layers', 'image_encoder.blocks')
    .replace('vision_encoder', 'image_encoder')
    .replace('patch_embed.projection', 'patch_embed.proj')
    .replace(
      'shared_image_embedding.positional_embedding',
      'prompt_encoder.pe_layer.positional_encoding_gaussian_matrix',
    )
    .replace('prompt_encoder.point_embed', 'prompt_encoder.point_embeddings')
    .replace('mask_embed.conv1', 'mask_downscaling.0')
    .replace('mask_embed.layer_norm1', 'mask_downscaling.1')
    .replace('mask_embed.conv2', 'mask_downscaling.3')
    .replace('mask_embed.layer_norm2', 'mask_downscaling.4')
    .replace('mask_embed.conv3', 'mask_downscaling.6')
    .replace('upscale_conv1', 'output_upscaling.0')
    .replace('upscale_layer_norm', 'output_upscaling.1')
    .replace('upscale_conv2', 'output_upscaling.3')
    .replace(/(head|mlps\.\d)\.layers\.0/, '$1.layers.1')
    .replace(/(head|mlps\.\d)\.proj_in/, '$1.layers.0')
    .replace(/(head|mlps\.\d)\.proj_out/, '$1.layers.2')
    .replace('layer_norm_final_attn', 'norm_final_attn')
    .replace(/layer_norm(\d)/, 'norm$1');
}

/** The tensors under the names of SAM 1's authors. */
export const inAuthorsNames = <T>(tensors: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [authorsName(name), tensor]));
