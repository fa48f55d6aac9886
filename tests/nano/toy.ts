// A nano of toy widths, whose steps take a fraction of a second, and its weights folder.
import { type FolderConfig, saveWeights } from '../../main/flow/weights.ts';
import { alignmentGraph } from '../../main/nano/contextGraph.ts';
import { coordinates, frame, promptSlots } from '../../main/nano/layout.ts';
import type { Nano } from '../../main/nano/nano.ts';
import { nanoInitialiser, Parameters } from '../../main/nano/parameters.ts';
import type { Atlas } from '../../main/scenes/atlas.ts';
import { vocabulary } from '../../main/scenes/vocabulary.ts';
import type { LensConfig } from '../../models/lens/config.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { nanoPieces } from '../../models/qwen/chat.ts';
import type { QwenConfig } from '../../models/qwen/config.ts';
import { NanoTokenizer } from '../../models/qwen/nanoTokenizer.ts';
import type { Sam2Config } from '../../models/sam2/config.ts';

export const tokenizer = new NanoTokenizer({ words: vocabulary(), pieces: nanoPieces, coordinates });
const imageToken = tokenizer.special.get('<|image_pad|>') ?? 0;
export const rows = {
  name: 'model.embed_tokens.weight',
  first: tokenizer.coordinateId(0) ?? 0,
  count: coordinates.count,
};

export const reasoner: QwenConfig = {
  language: {
    ...{ vocabulary: tokenizer.size, hidden: 32, layers: 2, heads: 2, kvHeads: 1, headWidth: 16, inner: 48 },
    ...{ epsilon: 1e-6, theta: 10, sections: [2, 3, 3], tied: true },
  },
  vision: {
    ...{ style: 'qwen2.5', hidden: 16, depth: 2, heads: 2, inner: 24, out: 32, channels: 3, patch: 14 },
    ...{ temporal: 2, merge: 2, window: 4, fullBlocks: [1] },
  },
  imageToken,
};

export const segmenter: Sam2Config = {
  ...{ imageSize: 256, embedDim: 8, heads: 1, stages: [1, 1, 1], windows: [8, 8, 8], globalBlocks: [2] },
  ...{ background: [8, 8], width: 16, decoderHeads: 2, decoderMlp: 16, iouHidden: 8, maskChannels: 4 },
};

export const context: LensConfig = { hidden: 32, numOfQuery: 4, blocks: 1, heads: 2, mlpRatio: 2, samWidth: 16 };

const noAtlas: Atlas = {
  sprite: () => {
    throw new Error('This nano draws no scenes.');
  },
};

export const toyNano = ({ seed = 1, atlas = noAtlas }: { seed?: number; atlas?: Atlas } = {}): Nano => ({
  ...{ tokenizer, reasoner, segmenter, context, atlas },
  parameters: new Parameters(seed, nanoInitialiser(rows)),
});

/** The same sizes in the words of a weights folder. */
export const folderConfig: FolderConfig = {
  name: 'toy',
  dialect: 'loupe',
  reasoner: qwenFile(reasoner),
  segmenter: {
    ...{ image_size: 256, embed_dim: 8, num_heads: 1, stages: [1, 1, 1], window_spec: [8, 8, 8] },
    ...{ global_att_blocks: [2], bkg: [8, 8], d_model: 16, dec_heads: 2, dec_mlp: 16, iou_hidden: 8 },
    mask_in_chans: 4,
  },
  context: { hidden: 32, num_of_query: 4, connector_depth: 1, connector_heads: 2, mlp_ratio: 2, sam_dim: 16 },
  frame,
  promptSlots,
};

function qwenFile({ language, vision }: QwenConfig) {
  return {
    ...{ model_type: 'qwen2_5_vl', image_token_id: imageToken, tie_word_embeddings: true },
    ...{ vocab_size: language.vocabulary, hidden_size: language.hidden, num_hidden_layers: language.layers },
    ...{ num_attention_heads: language.heads, num_key_value_heads: language.kvHeads },
    ...{ intermediate_size: language.inner, rope_theta: language.theta },
    rope_scaling: { mrope_section: language.sections },
    vision_config: {
      ...{ depth: vision.depth, num_heads: vision.heads, hidden_size: vision.hidden },
      ...{ intermediate_size: vision.inner, window_size: vision.window * vision.patch * vision.merge },
      fullatt_block_indexes: vision.fullBlocks,
    },
  };
}

/** Every parameter of a nano, made now. */
export function allParameters(nano: Nano): Parameters {
  const shape = { scenes: 1, turns: 1, tokens: 96 };
  alignmentGraph(paramsFrom(nano.parameters.source()), nano, shape, 8);
  return nano.parameters;
}

/** Writes the folder of a nano; `without` leaves out tensors by name. */
export async function saveToy(folder: string, nano: Nano, without: readonly string[] = []): Promise<void> {
  const kept = [...allParameters(nano).all].filter(([name]) => !without.includes(name));
  const tensors = Object.fromEntries(kept.map(([name, { shape, values }]) => [name, { shape, data: values }]));
  await saveWeights(folder, { config: folderConfig, vocabulary: nano.tokenizer.vocabulary, tensors });
}
