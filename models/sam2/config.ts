// The sizes of a SAM 2 image segmenter: read from JSON, of the published variants, and of the nano.
import { z } from 'zod';
import { entry } from '../graph/tensor.ts';

/** The sizes of prompt encoder and mask decoder, which SAM 1 has as well. */
export interface DecoderConfig {
  /** Side of the square picture; points are in its pixels. */
  readonly imageSize: number;
  /** Channels of the neck and of all tokens (256 in every published model). */
  readonly width: number;
  readonly decoderHeads: number;
  readonly decoderMlp: number;
  readonly iouHidden: number;
  readonly maskChannels: number;
  /** Blocks of convolutions in the decoder at strides 8 and 4, which see the rough mask there as well. SAM 2 has none. */
  readonly refine?: readonly [number, number];
  /** Of SAM 1: no finer maps of the picture, no object score, an IoU that is not squashed, and names of its own. */
  readonly isSam1?: true;
}

/** What a checkpoint calls the parts that SAM 1 and SAM 2 share. */
export const partNames = ({ isSam1 }: DecoderConfig): { prompts: string; masks: string; mlp: [string, string] } =>
  isSam1
    ? { prompts: 'prompt_encoder', masks: 'mask_decoder', mlp: ['lin1', 'lin2'] }
    : { prompts: 'sam_prompt_encoder', masks: 'sam_mask_decoder', mlp: ['layers.0', 'layers.1'] };

export interface Sam2Config extends DecoderConfig {
  /** Width and head count of the first stage; both double at every later one. */
  readonly embedDim: number;
  readonly heads: number;
  /** Blocks of each stage; maps have strides 4, 8, 16, ... */
  readonly stages: readonly number[];
  /** Side of the attention window of each stage. */
  readonly windows: readonly number[];
  /** Blocks, counted through all stages, that attend to the whole map. */
  readonly globalBlocks: readonly number[];
  /** Height and width of the stored background position embedding. */
  readonly background: readonly [number, number];
}

/** What one block of the image encoder does to its map. */
export interface BlockPlan {
  readonly width: number;
  readonly outWidth: number;
  readonly heads: number;
  /** 0: the whole map. */
  readonly window: number;
  /** Halves both sides of the map. */
  readonly pools: boolean;
  readonly endsStage: boolean;
}

const count = z.int().positive().max(65536);
const stored = z.object({
  image_size: count.multipleOf(16),
  embed_dim: count,
  num_heads: count,
  stages: z.array(count).min(3).max(8),
  window_spec: z.array(count),
  global_att_blocks: z.array(z.int().nonnegative()),
  bkg: z.tuple([count, count]),
  d_model: count.multipleOf(8),
  dec_heads: count,
  dec_mlp: count,
  iou_hidden: count,
  mask_in_chans: count.multipleOf(4),
  refine: z.tuple([count, count]).optional(),
});

/** From the names of SAM 2's own configuration files. */
export function parseSam2Config(json: unknown): Sam2Config {
  const parsed = stored.safeParse(json);
  if (!parsed.success) throw new Error(`The segmenter's configuration is unusable: ${z.prettifyError(parsed.error)}`);
  const c = parsed.data;
  return checked({
    imageSize: c.image_size,
    embedDim: c.embed_dim,
    heads: c.num_heads,
    stages: c.stages,
    windows: c.window_spec,
    globalBlocks: c.global_att_blocks,
    background: c.bkg,
    width: c.d_model,
    decoderHeads: c.dec_heads,
    decoderMlp: c.dec_mlp,
    iouHidden: c.iou_hidden,
    maskChannels: c.mask_in_chans,
    ...(c.refine && { refine: c.refine }),
  });
}

/** Sizes that contradict each other, before a graph complains in its own words. */
function checked(config: Sam2Config): Sam2Config {
  const { imageSize, stages, windows, embedDim, heads, width, decoderHeads } = config;
  const coarsest = 4 * 2 ** (stages.length - 1);
  const complaints: [boolean, string][] = [
    [windows.length !== stages.length, `${windows.length} windows for ${stages.length} stages`],
    [imageSize % coarsest !== 0, `image size ${imageSize} is not a multiple of ${coarsest}`],
    [(imageSize / 4) % (windows[0] ?? 1) !== 0, `window ${windows[0]} does not tile a map of ${imageSize / 4}`],
    [blockPlans(config).some(({ pools, window }) => pools && window % 2 !== 0), 'a window that is pooled must be even'],
    [embedDim % heads !== 0, `${heads} heads do not divide width ${embedDim}`],
    [width % (2 * decoderHeads) !== 0, `${decoderHeads} decoder heads do not divide half of width ${width}`],
  ];
  const wrong = complaints.filter(([is]) => is).map(([, what]) => what);
  if (wrong.length > 0) throw new Error(`The segmenter's configuration contradicts itself: ${wrong.join('; ')}.`);
  return config;
}

/** Every block in order. The first block of a stage pools, and still uses the window of the stage before. */
export function blockPlans({ stages, embedDim, heads, windows, globalBlocks }: Sam2Config): BlockPlan[] {
  const plans: BlockPlan[] = [];
  for (const [stage, blocks] of stages.entries()) {
    for (let i = 0; i < blocks; i++) {
      const pools = stage > 0 && i === 0;
      const outWidth = embedDim * 2 ** stage;
      plans.push({
        width: pools ? outWidth / 2 : outWidth,
        outWidth,
        heads: heads * 2 ** stage,
        window: globalBlocks.includes(plans.length) ? 0 : entry(windows, pools ? stage - 1 : stage, 'windows'),
        pools,
        endsStage: i === blocks - 1,
      });
    }
  }
  return plans;
}

const published = {
  imageSize: 1024,
  embedDim: 96,
  heads: 1,
  windows: [8, 4, 14, 7],
  background: [7, 7],
  width: 256,
  decoderHeads: 8,
  decoderMlp: 2048,
  iouHidden: 256,
  maskChannels: 16,
} as const;

/** SAM 2 and 2.1 alike: their image parts differ only in the weights. */
export const sam2Variants = {
  tiny: { ...published, stages: [1, 2, 7, 2], globalBlocks: [5, 7, 9] },
  small: { ...published, stages: [1, 2, 11, 2], globalBlocks: [7, 10, 13] },
  basePlus: {
    ...published,
    embedDim: 112,
    heads: 2,
    stages: [2, 3, 16, 3],
    globalBlocks: [12, 16, 20],
    background: [14, 14],
  },
  large: {
    ...published,
    embedDim: 144,
    heads: 2,
    stages: [2, 6, 36, 4],
    windows: [8, 4, 16, 8],
    globalBlocks: [23, 33, 43],
  },
} as const satisfies Record<string, Sam2Config>;

/** The segmenter of `loupe-nano`. Windows of 8 and the whole coarse maps: 64 tokens make better matrix products than 16. */
export const nanoSam2Config: Sam2Config = {
  imageSize: 192,
  embedDim: 40,
  heads: 1,
  stages: [1, 1, 3, 1],
  windows: [8, 8, 12, 6],
  globalBlocks: [3, 4],
  background: [8, 8],
  width: 128,
  decoderHeads: 4,
  decoderMlp: 512,
  iouHidden: 64,
  maskChannels: 16,
  refine: [2, 1],
};
