// Opens SAM 1 (ViT-B, L, H) in its authors' layout or the Hub's, and MobileSAM, for the native segmenter; the file stays as it is.
import { paramsFrom } from '../../models/nn/params.ts';
import { frozenWeights } from '../../models/runtime/frozen.ts';
import { type WeightSpan, type WeightsFile, weightsFile } from '../../models/runtime/weightsFile.ts';
import { type SamConfig, samVariants } from '../../models/sam/config.ts';
import { BadInput } from '../contract/badInput.ts';
import { openSam2, type Sam2Weights } from './openSam2.ts';
import { samPredictor } from './recipe.ts';
import { checkSegmenter, openTensors, type SegmenterWeights, segmenterFileAt } from './segmenterFile.ts';

/** By name. */
export type SamVariants = Readonly<Record<string, SamConfig>>;

/** Names of the tensor that cuts the picture into patches, by which a file of SAM 1 is known. */
const patches = {
  vit: 'image_encoder.patch_embed.proj.weight',
  hub: 'vision_encoder.patch_embed.projection.weight',
  tiny: 'image_encoder.patch_embed.seq.0.c.weight',
} as const;

export const isSam1 = (tensors: ReadonlySet<string> | ReadonlyMap<string, unknown>): boolean =>
  Object.values(patches).some((name) => tensors.has(name));

/** A segmenter of any kind that Loupe computes itself: SAM 1, MobileSAM, SAM 2 or 2.1; the latter with what was taught of it. */
export async function openSegmenter(place: string, taught?: WeightsFile): Promise<SegmenterWeights | Sam2Weights> {
  const file = await segmenterFileAt(place);
  return isSam1((await openTensors(file)).tensors) ? openSam(file) : openSam2(file, undefined, taught);
}

/** `place`: the file, or the folder that holds one. Throws one sentence that lists the tensors that do not fit. */
export async function openSam(place: string, variants: SamVariants = samVariants): Promise<SegmenterWeights> {
  const file = await segmenterFileAt(place);
  const named = inOwnNames(file, await openTensors(file));
  const [name, config] = variantOf(file, named, variants);
  checkSegmenter(file, named, { config, mayHold: unused });
  const { folder, ...frozen } = frozenWeights([named]);
  return {
    ...{ name, segmenter: config, context: null, params: paramsFrom(frozen), folder },
    recipe: { segmenter: samPredictor },
  };
}

/** What MobileSAM's file holds of TinyViT's training, and SAM's own normalisation. */
const unused = /^image_encoder\.(norm_head|head)\.|\.num_batches_tracked$|\.attention_bias_idxs$|^pixel_(mean|std)$/;

/** The Hub's words to those of the authors, in this order. */
const hubWords: readonly (readonly [RegExp, string])[] = [
  [/^vision_encoder\.neck\.conv1\./, 'image_encoder.neck.0.'],
  [/^vision_encoder\.neck\.layer_norm1\./, 'image_encoder.neck.1.'],
  [/^vision_encoder\.neck\.conv2\./, 'image_encoder.neck.2.'],
  [/^vision_encoder\.neck\.layer_norm2\./, 'image_encoder.neck.3.'],
  [/^vision_encoder\.layers\./, 'image_encoder.blocks.'],
  [/^vision_encoder\./, 'image_encoder.'],
  [/\.patch_embed\.projection\./, '.patch_embed.proj.'],
  [/^prompt_encoder\.shared_embedding\./, 'shared_image_embedding.'],
  [/^shared_image_embedding\.positional_embedding$/, 'prompt_encoder.pe_layer.positional_encoding_gaussian_matrix'],
  [/^prompt_encoder\.point_embed\./, 'prompt_encoder.point_embeddings.'],
  [/\.mask_embed\.conv1\./, '.mask_downscaling.0.'],
  [/\.mask_embed\.layer_norm1\./, '.mask_downscaling.1.'],
  [/\.mask_embed\.conv2\./, '.mask_downscaling.3.'],
  [/\.mask_embed\.layer_norm2\./, '.mask_downscaling.4.'],
  [/\.mask_embed\.conv3\./, '.mask_downscaling.6.'],
  [/\.upscale_conv1\./, '.output_upscaling.0.'],
  [/\.upscale_layer_norm\./, '.output_upscaling.1.'],
  [/\.upscale_conv2\./, '.output_upscaling.3.'],
  [/(_head|mlps\.\d+)\.layers\.0\./, '$1.layers.1.'],
  [/(_head|mlps\.\d+)\.proj_in\./, '$1.layers.0.'],
  [/(_head|mlps\.\d+)\.proj_out\./, '$1.layers.2.'],
  [/\.layer_norm_final_attn\./, '.norm_final_attn.'],
  [/\.layer_norm(\d)\./, '.norm$1.'],
];

/** Every tensor under the name that the graphs ask for, `sam.` before it. */
function inOwnNames(file: string, { tensors }: WeightsFile): WeightsFile {
  const isHub = tensors.has(patches.hub);
  const own = new Map<string, WeightSpan>();
  for (const [name, span] of tensors)
    own.set(`sam.${isHub ? hubWords.reduce((text, [from, to]) => text.replace(from, to), name) : name}`, span);
  return weightsFile(file, own, new Map());
}

function variantOf(file: string, { tensors }: WeightsFile, variants: SamVariants): [string, SamConfig] {
  const [vit, tiny] = [patches.vit, patches.tiny].map((name) => tensors.get(`sam.${name}`)?.shape[0]);
  if (vit === undefined && tiny === undefined)
    throw new BadInput(`${file}: holds no SAM; it has neither ${patches.vit} nor ${patches.tiny}`);
  const blocks = [...tensors.keys()].map((name) =>
    Number(/^sam\.image_encoder\.blocks\.(\d+)\./.exec(name)?.[1] ?? -1),
  );
  const count = Math.max(...blocks) + 1;
  const found = Object.entries(variants).find(([, { encoder }]) =>
    encoder.kind === 'vit' ? encoder.width === vit && encoder.blocks === count : encoder.widths[0] / 2 === tiny,
  );
  if (found) return found;
  const sizes = vit === undefined ? `TinyViT from a width of ${tiny}` : `ViT of ${count} blocks of width ${vit}`;
  throw new BadInput(`${file}: a SAM with a ${sizes} is none of the published`);
}
