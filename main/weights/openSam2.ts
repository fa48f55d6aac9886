// Opens a SAM 2 or 2.1 checkpoint, in its authors' layout or the Hub's, for the native segmenter; the file stays as it is.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Shape } from '../../models/graph/tensor.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { frozenWeights } from '../../models/runtime/frozen.ts';
import { bytesPer, type WeightSpan, type WeightsFile, weightsFile } from '../../models/runtime/weightsFile.ts';
import { parseSam2Config, type Sam2Config, sam2Variants } from '../../models/sam2/config.ts';
import { BadInput } from '../contract/badInput.ts';
import { recipes } from './recipe.ts';
import { checkSegmenter, openTensors, type SegmenterWeights, segmenterFileAt } from './segmenterFile.ts';

/** By name. */
export type Variants = Readonly<Record<string, Sam2Config>>;

/** With its tensors, which can learn. */
export interface Sam2Weights extends SegmenterWeights {
  readonly segmenter: Sam2Config;
  readonly shapes: ReadonlyMap<string, Shape>;
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
}

/** `place`: the file, or the folder that holds one. Tensors of `taught` take the place of its own. */
export async function openSam2(
  place: string,
  variants: Variants = sam2Variants,
  taught?: WeightsFile,
): Promise<Sam2Weights> {
  const file = await segmenterFileAt(place);
  const opened = await openTensors(file);
  const known = { ...variants, ...(await ownVariant(path.dirname(file))) };
  const { name, config, file: named } = sam2Within(file, opened, known);
  // Modules for video lie beside what is asked for.
  checkSegmenter(file, named, { config });
  const whole = taught ? weightsFile(file, new Map([...named.tensors, ...taught.tensors]), named.metadata) : named;
  if (taught) checkSegmenter(file, whole, { config });
  const frozen = frozenWeights([whole]);
  return {
    ...{ name: `sam2-${name}`, segmenter: config, context: null, params: paramsFrom(frozen), folder: frozen.folder },
    recipe: { segmenter: recipes['seg-zero'].segmenter },
    shapes: new Map([...whole.tensors].map(([key, { shape }]) => [key, shape])),
    read: (key) => whole.read(key),
  };
}

const segmenterFile = 'segmenter.json';

/** Sizes of a SAM 2 that is none of the published, in the words of SAM 2's own configuration files. */
export async function ownVariant(folder: string): Promise<Variants> {
  const file = path.join(folder, segmenterFile);
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return {};
  try {
    return { own: parseSam2Config(JSON.parse(text)) };
  } catch (error) {
    throw new BadInput(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The segmenter among the tensors of a file, of which others may be of other models: its size, and its own tensors. */
export function sam2Within(label: string, opened: WeightsFile, variants: Variants = sam2Variants) {
  const named = inOwnNames(label, opened);
  return { ...variantOf(label, named, variants), file: named };
}

/** The Hub's words to those of the authors, in this order. */
const hubWords: readonly (readonly [RegExp, string])[] = [
  [/^vision_encoder\.backbone\./, 'image_encoder.trunk.'],
  [/^vision_encoder\.neck\.convs\.(\d+)\./, 'image_encoder.neck.convs.$1.conv.'],
  [/^prompt_encoder\.shared_embedding\.positional_embedding$/, 'shared_image_embedding.positional_embedding'],
  [/^shared_image_embedding\.positional_embedding$/, 'sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix'],
  [/^prompt_encoder\.mask_embed\.conv1\./, 'sam_prompt_encoder.mask_downscaling.0.'],
  [/^prompt_encoder\.mask_embed\.layer_norm1\./, 'sam_prompt_encoder.mask_downscaling.1.'],
  [/^prompt_encoder\.mask_embed\.conv2\./, 'sam_prompt_encoder.mask_downscaling.3.'],
  [/^prompt_encoder\.mask_embed\.layer_norm2\./, 'sam_prompt_encoder.mask_downscaling.4.'],
  [/^prompt_encoder\.mask_embed\.conv3\./, 'sam_prompt_encoder.mask_downscaling.6.'],
  [/^prompt_encoder\./, 'sam_prompt_encoder.'],
  [/^mask_decoder\.upscale_conv1\./, 'sam_mask_decoder.output_upscaling.0.'],
  [/^mask_decoder\.upscale_layer_norm\./, 'sam_mask_decoder.output_upscaling.1.'],
  [/^mask_decoder\.upscale_conv2\./, 'sam_mask_decoder.output_upscaling.3.'],
  [/^mask_decoder\./, 'sam_mask_decoder.'],
  [/(_head|mlps\.\d+)\.layers\.0\./, '$1.layers.1.'],
  [/(_head|mlps\.\d+)\.proj_in\./, '$1.layers.0.'],
  [/(_head|mlps\.\d+)\.proj_out\./, '$1.layers.2.'],
  [/\.mlp\.proj_in\./, '.mlp.layers.0.'],
  [/\.mlp\.proj_out\./, '.mlp.layers.1.'],
  [/\.o_proj\./, '.out_proj.'],
  [/\.layer_norm_final_attn\./, '.norm_final_attn.'],
  [/\.layer_norm(\d)\./, '.norm$1.'],
  [/\.patch_embed\.projection\./, '.patch_embed.proj.'],
  [/^no_memory_embedding$/, 'no_mem_embed'],
];

/** Every tensor under the name that the graphs ask for, `sam.` before it. */
function inOwnNames(file: string, { tensors: all }: WeightsFile): WeightsFile {
  const isWithin = [...all.keys()].some((name) => name.startsWith('sam.'));
  const tensors = isWithin ? [...all].filter(([name]) => name.startsWith('sam.')) : [...all];
  const isHub = tensors.some(([name]) => name.startsWith('vision_encoder.'));
  const own = new Map<string, WeightSpan>();
  for (const [name, span] of tensors) {
    if (isHub && name === 'prompt_encoder.point_embed.weight') {
      for (const [row, one] of rowsOf(span).entries())
        own.set(`sam.sam_prompt_encoder.point_embeddings.${row}.weight`, one);
      continue;
    }
    const original = isHub ? hubWords.reduce((text, [from, to]) => text.replace(from, to), name) : name;
    own.set(`sam.${original.replace(/^sam\./, '')}`, span);
  }
  return weightsFile(file, own, new Map());
}

/** A table [rows, width] as one tensor [1, width] a row. */
function rowsOf(span: WeightSpan): WeightSpan[] {
  const [rows = 0, width = 0] = span.shape;
  const length = width * bytesPer[span.dtype];
  return Array.from({ length: rows }, (_, row) => ({
    ...{ ...span, shape: [1, width], length },
    offset: span.offset + row * length,
  }));
}

function variantOf(file: string, { tensors }: WeightsFile, variants: Variants) {
  const kernel = tensors.get('sam.image_encoder.trunk.patch_embed.proj.weight');
  if (!kernel) throw new BadInput(`${file}: holds no SAM 2; it has no image_encoder.trunk.patch_embed.proj.weight`);
  const numbers = [...tensors.keys()].map((name) => /trunk\.blocks\.(\d+)\./.exec(name)?.[1]).map(Number);
  const blocks = Math.max(-1, ...numbers.filter(Number.isInteger)) + 1;
  for (const [name, config] of Object.entries(variants)) {
    const total = config.stages.reduce((sum, count) => sum + count, 0);
    if (config.embedDim === kernel.shape[0] && total === blocks) return { name, config };
  }
  throw new BadInput(
    `${file}: a SAM 2 of ${blocks} blocks from a width of ${kernel.shape[0]} is none of the published`,
  );
}
