// Reads the sizes that graphs are built from out of a published config.json; holds known sizes, and other names of tensors in newer libraries.
import { z } from 'zod';

export interface LanguageConfig {
  readonly vocabulary: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headWidth: number;
  readonly inner: number;
  readonly epsilon: number;
  readonly theta: number;
  /** How many frequencies turn with the time, row and column id; together half a head. */
  readonly sections: readonly [number, number, number];
  /** Whether the output matrix is the embedding. */
  readonly tied: boolean;
}

export interface VisionConfig {
  /** qwen2.5: RMSNorm, gated MLP, windows; qwen2: LayerNorm, QuickGELU, full attention in every block. */
  readonly style: 'qwen2.5' | 'qwen2';
  readonly hidden: number;
  readonly depth: number;
  readonly heads: number;
  readonly inner: number;
  /** Width of a feature: that of the language model. */
  readonly out: number;
  readonly channels: number;
  readonly patch: number;
  /** Frames per patch. */
  readonly temporal: number;
  /** Patches that become one token, per axis. */
  readonly merge: number;
  /** Side of a window in merged cells. */
  readonly window: number;
  /** Blocks whose attention is not cut into windows. */
  readonly fullBlocks: readonly number[];
}

export interface QwenConfig {
  readonly language: LanguageConfig;
  readonly vision: VisionConfig;
  /** Id of `<|image_pad|>`, the placeholder of one image feature. */
  readonly imageToken: number;
}

const count = z.int().min(1);
const LanguageFile = z.object({
  vocab_size: count,
  hidden_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count,
  head_dim: count.nullish(),
  intermediate_size: count,
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_theta: z.number().positive().nullish(),
  rope_scaling: z.object({ mrope_section: z.tuple([count, count, count]) }).nullish(),
  rope_parameters: z
    .object({ mrope_section: z.tuple([count, count, count]), rope_theta: z.number().positive() })
    .nullish(),
  tie_word_embeddings: z.boolean().nullish(),
});

const commonVision = {
  depth: count.default(32),
  num_heads: count.default(16),
  in_chans: count.nullish(),
  in_channels: count.nullish(),
  patch_size: count.default(14),
  temporal_patch_size: count.default(2),
  spatial_merge_size: count.default(2),
};
const NewVision = z.object({
  ...commonVision,
  hidden_size: count.default(1280),
  intermediate_size: count.default(3420),
  window_size: count.default(112),
  fullatt_block_indexes: z.array(z.int().min(0)).default([7, 15, 23, 31]),
});
const OldVision = z.object({ ...commonVision, embed_dim: count.default(1280), mlp_ratio: z.number().default(4) });

const ConfigFile = z.object({
  model_type: z.enum(['qwen2_5_vl', 'qwen2_vl']),
  image_token_id: z.int().min(0),
  tie_word_embeddings: z.boolean().nullish(),
  text_config: z.unknown().optional(),
  vision_config: z.unknown().optional(),
});

/** Parsed `config.json`, in the flat layout of the published checkpoints or with the language model in `text_config`. */
export function qwenConfigFrom(json: unknown): QwenConfig {
  const file = parse(ConfigFile, json, '');
  const text = parse(LanguageFile, file.text_config ?? json, file.text_config ? 'text_config: ' : '');
  const language = languageConfig({
    ...text,
    tie_word_embeddings: text.tie_word_embeddings ?? file.tie_word_embeddings,
  });
  const vision = visionConfig(file.model_type, file.vision_config ?? {}, language.hidden);
  return { language, vision, imageToken: file.image_token_id };
}

function parse<T>(schema: z.ZodType<T>, json: unknown, where: string): T {
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new Error(`config.json: ${where}${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function languageConfig(file: z.infer<typeof LanguageFile>): LanguageConfig {
  const [hidden, heads, kvHeads] = [file.hidden_size, file.num_attention_heads, file.num_key_value_heads];
  const headWidth = file.head_dim ?? hidden / heads;
  const sections = file.rope_scaling?.mrope_section ?? file.rope_parameters?.mrope_section;
  if (!sections) throw new Error('config.json: rope_scaling has no mrope_section.');
  if (!Number.isInteger(headWidth) || heads % kvHeads !== 0)
    throw new Error(`config.json: ${heads} heads, ${kvHeads} of them with keys, do not divide a width of ${hidden}.`);
  if (sections[0] + sections[1] + sections[2] !== headWidth / 2)
    throw new Error(`config.json: mrope_section [${sections.join(', ')}] does not add up to half of ${headWidth}.`);
  return {
    ...{ vocabulary: file.vocab_size, hidden, layers: file.num_hidden_layers, heads, kvHeads, headWidth, sections },
    inner: file.intermediate_size,
    epsilon: file.rms_norm_eps,
    theta: file.rope_theta ?? file.rope_parameters?.rope_theta ?? 1e6,
    tied: file.tie_word_embeddings ?? false,
  };
}

function visionConfig(kind: 'qwen2_5_vl' | 'qwen2_vl', json: unknown, out: number): VisionConfig {
  const common = (file: z.infer<typeof NewVision> | z.infer<typeof OldVision>) => ({
    ...{ depth: file.depth, heads: file.num_heads, channels: file.in_chans ?? file.in_channels ?? 3, out },
    ...{ patch: file.patch_size, temporal: file.temporal_patch_size, merge: file.spatial_merge_size },
  });
  if (kind === 'qwen2_vl') {
    const file = parse(OldVision, json, 'vision_config: ');
    const inner = Math.trunc(file.embed_dim * file.mlp_ratio);
    const fullBlocks = Array.from({ length: file.depth }, (_, i) => i);
    return { ...common(file), style: 'qwen2', hidden: file.embed_dim, inner, window: 1, fullBlocks };
  }
  const file = parse(NewVision, json, 'vision_config: ');
  const window = Math.trunc(file.window_size / file.patch_size / file.spatial_merge_size);
  if (window < 1) throw new Error(`config.json: a window of ${file.window_size} pixels holds no merged cell.`);
  const [hidden, inner] = [file.hidden_size, file.intermediate_size];
  return { ...common(file), style: 'qwen2.5', hidden, inner, window, fullBlocks: file.fullatt_block_indexes };
}

const publishedVision: Omit<VisionConfig, 'out'> = {
  ...{ style: 'qwen2.5', hidden: 1280, depth: 32, heads: 16, inner: 3420, channels: 3, patch: 14, temporal: 2 },
  ...{ merge: 2, window: 4, fullBlocks: [7, 15, 23, 31] },
};

/** The released checkpoints; LENS and Seg-Zero build on them. */
export const published: Readonly<Record<'3B' | '7B', QwenConfig>> = {
  '3B': {
    language: {
      ...{ vocabulary: 151_936, hidden: 2048, layers: 36, heads: 16, kvHeads: 2, headWidth: 128, inner: 11_008 },
      ...{ epsilon: 1e-6, theta: 1e6, sections: [16, 24, 24], tied: true },
    },
    vision: { ...publishedVision, out: 2048 },
    imageToken: 151_655,
  },
  '7B': {
    language: {
      ...{ vocabulary: 152_064, hidden: 3584, layers: 28, heads: 28, kvHeads: 4, headWidth: 128, inner: 18_944 },
      ...{ epsilon: 1e-6, theta: 1e6, sections: [16, 24, 24], tied: false },
    },
    vision: { ...publishedVision, out: 3584 },
    imageToken: 151_655,
  },
};

/**
 * The embedded model. Rows and columns take the high frequencies, because a picture of 8 x 8 cells spans 8 positions: at the
 * published sections its columns would turn by less than a hundredth of a radian. The base still leaves frequencies so low
 * that a word can find its thing by content from any distance: at a base of 10 it could not.
 */
export function nanoConfig({ vocabulary, imageToken }: { vocabulary: number; imageToken: number }): QwenConfig {
  return {
    language: {
      ...{ vocabulary, hidden: 256, layers: 6, heads: 4, kvHeads: 2, headWidth: 64, inner: 704, epsilon: 1e-6 },
      ...{ theta: 1000, sections: [2, 6, 24], tied: true },
    },
    vision: {
      ...{ style: 'qwen2.5', hidden: 160, depth: 6, heads: 5, inner: 448, out: 256, channels: 3, patch: 14 },
      ...{ temporal: 2, merge: 2, window: 4, fullBlocks: [2, 5] },
    },
    imageToken,
  };
}

/** Newer libraries write `model.language_model.*` and `model.visual.*`; our graphs ask for the published keys. */
export function publishedKey(key: string): string {
  return key.replace(/^model\.language_model\./, 'model.').replace(/^model\.visual\./, 'visual.');
}
