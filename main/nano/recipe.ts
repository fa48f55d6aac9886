// The stages of the nano's training in order: how long, how fast, on which scenes. Everything else follows from the seed.
import type { TrainerSettings } from '../../models/train/trainer.ts';
import type { CocoSource } from '../evaluate/cocoPhotos.ts';
import type { StageName } from './stageNames.ts';

export interface StageRecipe {
  steps: number;
  learningRate: number;
  warmup: number;
  /** First scene of the training split that this stage sees; stages do not share scenes. */
  firstScene: number;
  /** Fewest and most things of a scene. Default: as hard as they are tested. */
  things?: readonly [number, number];
  /** Most prompts with several targets that a scene has beside the others. Default none. */
  plural?: number;
  /** Factors on the learning rate, by the beginning of parameter names. What is trained already moves more slowly. */
  rates?: Readonly<Record<string, number>>;
  /** What the segmenter learns from beside drawn scenes. */
  photos?: CocoSource;
  /** Share of scenes among the segmenter's pictures; all are scenes where there are no photographs. */
  sceneShare?: number;
}

export type Curriculum = Readonly<Record<StageName, StageRecipe>>;

/** About five hours on 2 cores. What the released run really did is in docs/nano.md. */
export const nanoRecipe: Curriculum = {
  tower: { steps: 3000, learningRate: 1e-3, warmup: 100, firstScene: 0 },
  lists: {
    ...{ steps: 1500, learningRate: 1e-3, warmup: 100, firstScene: 500_000, things: [2, 4], plural: 1 },
    rates: { 'visual.': 0.15 },
  },
  reasoner: {
    ...{ steps: 6000, learningRate: 1e-3, warmup: 100, firstScene: 1_000_000, plural: 2 },
    rates: { 'visual.': 0.5 },
  },
  segmenter: { steps: 5000, learningRate: 8e-4, warmup: 100, firstScene: 2_000_000, sceneShare: 0.25 },
  alignment: { steps: 300, learningRate: 3e-4, warmup: 20, firstScene: 3_000_000, plural: 1 },
  reinforcement: { steps: 150, learningRate: 1e-5, warmup: 0, firstScene: 4_000_000 },
};

/** AdamW with a cosine to a hundredth; decay on matrices only. */
export function settingsOf({ steps, learningRate, warmup, rates = {} }: StageRecipe): TrainerSettings {
  return {
    schedule: { kind: 'cosine', base: learningRate, warmup, total: steps, floor: 0.01 },
    optimiser: { weightDecay: 0.02, betas: [0.9, 0.98] },
    rateOf: (name) => Object.entries(rates).find(([prefix]) => name.startsWith(prefix))?.[1] ?? 1,
    decays: (name) => name.endsWith('weight') && !/norm/.test(name),
  };
}
