// Writes the nano in training as a weights folder by the checkpoints' own keys, without the heads that only training needs.
import type { LensConfig } from '../../models/lens/config.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import type { QwenConfig } from '../../models/qwen/config.ts';
import type { Sam2Config } from '../../models/sam2/config.ts';
import { saveWeights } from '../weights/open.ts';
import { alignmentGraph } from './context/contextGraph.ts';
import { alignmentBatch, changedRecipe } from './parameters/layout.ts';
import { imageStart, type Nano } from './parameters/nano.ts';

export async function exportNano(nano: Nano, folder: string): Promise<void> {
  const source = nano.parameters.source();
  // Building a graph that uses every part asks for every parameter, trained yet or not.
  alignmentGraph(paramsFrom(source), nano, alignmentBatch, imageStart(nano));
  const tensors = [...source.tensors].map(([name, { shape }]) => {
    return [name, { shape: [...shape], data: nano.parameters.values(name) }] as const;
  });
  await saveWeights(folder, {
    config: {
      name: 'loupe-nano',
      recipe: changedRecipe,
      reasoner: reasonerJson(nano.reasoner),
      segmenter: segmenterJson(nano.segmenter),
      context: contextJson(nano.context),
    },
    vocabulary: nano.tokenizer.vocabulary,
    tensors: Object.fromEntries(tensors),
  });
}

/** Writes the configuration as Qwen2.5-VL's config.json has it. */
function reasonerJson({ language: l, vision: v, imageToken }: QwenConfig) {
  return {
    model_type: 'qwen2_5_vl',
    image_token_id: imageToken,
    vocab_size: l.vocabulary,
    hidden_size: l.hidden,
    num_hidden_layers: l.layers,
    num_attention_heads: l.heads,
    num_key_value_heads: l.kvHeads,
    head_dim: l.headWidth,
    intermediate_size: l.inner,
    rms_norm_eps: l.epsilon,
    rope_theta: l.theta,
    rope_scaling: { mrope_section: l.sections },
    tie_word_embeddings: l.tied,
    vision_config: {
      depth: v.depth,
      hidden_size: v.hidden,
      intermediate_size: v.inner,
      num_heads: v.heads,
      in_channels: v.channels,
      patch_size: v.patch,
      temporal_patch_size: v.temporal,
      spatial_merge_size: v.merge,
      window_size: v.window * v.patch * v.merge,
      fullatt_block_indexes: v.fullBlocks,
    },
  };
}

/** Writes the configuration as SAM 2's own files have it. */
const segmenterJson = (c: Sam2Config) => ({
  image_size: c.imageSize,
  embed_dim: c.embedDim,
  num_heads: c.heads,
  stages: c.stages,
  window_spec: c.windows,
  global_att_blocks: c.globalBlocks,
  bkg: c.background,
  d_model: c.width,
  dec_heads: c.decoderHeads,
  dec_mlp: c.decoderMlp,
  iou_hidden: c.iouHidden,
  mask_in_chans: c.maskChannels,
  ...(c.refine && { refine: c.refine }),
});

const contextJson = (c: LensConfig) => ({
  hidden: c.hidden,
  num_of_query: c.numOfQuery,
  connector_depth: c.blocks,
  connector_heads: c.heads,
  mlp_ratio: c.mlpRatio,
  sam_dim: c.samWidth,
});
