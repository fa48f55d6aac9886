// The sizes of SAM 1's image segmenters: its three published ones, and MobileSAM.
import type { DecoderConfig } from '../sam2/config.ts';

/** A plain vision transformer on patches of 16 pixels. */
export interface VitPlan {
  readonly kind: 'vit';
  readonly width: number;
  readonly blocks: number;
  readonly heads: number;
  /** Side of the attention window, in patches. */
  readonly window: number;
  /** Blocks that attend to the whole map. */
  readonly globalBlocks: readonly number[];
}

/** TinyViT: convolutions at stride 4, then three stages of windowed attention at strides 8, 16 and 16. */
export interface TinyVitPlan {
  readonly kind: 'tiny vit';
  readonly widths: readonly [number, number, number, number];
  readonly depths: readonly [number, number, number, number];
  /** Of the three stages that attend. */
  readonly heads: readonly [number, number, number];
  readonly windows: readonly [number, number, number];
}

export interface SamConfig extends DecoderConfig {
  readonly isSam1: true;
  readonly encoder: VitPlan | TinyVitPlan;
}

const published = {
  imageSize: 1024,
  width: 256,
  decoderHeads: 8,
  decoderMlp: 2048,
  iouHidden: 256,
  maskChannels: 16,
  isSam1: true,
} as const;
const vit = { kind: 'vit', window: 14 } as const;

/** By name. */
export const samVariants = {
  'sam-vit-b': { ...published, encoder: { ...vit, width: 768, blocks: 12, heads: 12, globalBlocks: [2, 5, 8, 11] } },
  'sam-vit-l': { ...published, encoder: { ...vit, width: 1024, blocks: 24, heads: 16, globalBlocks: [5, 11, 17, 23] } },
  'sam-vit-h': { ...published, encoder: { ...vit, width: 1280, blocks: 32, heads: 16, globalBlocks: [7, 15, 23, 31] } },
  'mobile-sam': {
    ...published,
    encoder: {
      kind: 'tiny vit',
      widths: [64, 128, 160, 320],
      depths: [2, 2, 6, 2],
      heads: [4, 5, 10],
      windows: [7, 14, 7],
    },
  },
} as const satisfies Record<string, SamConfig>;
