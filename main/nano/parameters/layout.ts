// Holds the fixed sizes of the nano: how it sees a picture, and how its training steps are packed.
import type { ImageConfig } from '../../../models/qwen/processor.ts';
import { lensImageConfig } from '../../../models/qwen/processor.ts';
import { nanoSam2Config } from '../../../models/sam2/config.ts';
import { objectives } from '../../../models/train/grpo.ts';
import { recipeFrom } from '../../weights/recipe.ts';

/** The reasoner's frame, pixels: answers name boxes in it. */
export const frame = 224;
/** The reasoner's picture settings: LENS's patches and normalisation. */
export const imageConfig: ImageConfig = lensImageConfig;
/** Patches a side, and merged cells (= image tokens) a side. */
export const grid = frame / imageConfig.patch;
export const cells = grid / imageConfig.merge;
export const coordinates = { count: frame / 2 + 1, step: 2 };

export const towerBatch = { scenes: 16 };
/** Scenes and drills a step, tokens of each with all its turns, and the most tokens of answers and of drilled decisions. */
export interface ReasonerBatch {
  scenes: number;
  drills: number;
  tokens: number;
  predictors: number;
  decided: number;
}
/** Scenes of few things: short lists, so that more of them fit into a step. */
export const listBatch: ReasonerBatch = { scenes: 16, drills: 4, tokens: 176, predictors: 1408, decided: 400 };
export const reasonerBatch: ReasonerBatch = { scenes: 10, drills: 8, tokens: 256, predictors: 1536, decided: 1100 };

/** Side of the segmenter's square frame, and of the maps its masks are compared at. */
export const samSide = nanoSam2Config.imageSize;
export const targetSide = samSide / 4;
/** A box (two corners) and up to six clicks; empty slots are told to be no point. */
export const promptSlots = 8;
export const alignmentBatch = { scenes: 3, turns: 3, tokens: 416 };
/** One prompt of each of so many scenes. */
export const reinforceBatch = { questions: 2, turns: 6, answer: 120, tokens: 1024, objective: objectives.lens };
/** Pictures a step, and prompts of each. */
export const segmenterBatch = { scenes: 8, perScene: 4 };
/** Photographs a step of the detector, and cells that box a thing in all of them at most. */
export const detectorBatch = { pictures: 16, places: 1024 };
/** Cells a side that the detector looks at; what it names is of a kind shown so many times at least. */
export const detectorGrid = samSide / 16;
export const detectorShape = { width: 96, blocks: 3, least: 10 };
/** What the segmenter looks at: so many times the longer side of what is pointed at, or parts of the picture around clicks. */
export const crop = { context: 1.3, search: [1, 0.5, 0.25] };
/** How the nano wants to be asked. */
export const changedRecipe = { base: 'nano', segmenter: { slots: promptSlots, crop } };
export const askedRecipe = recipeFrom(changedRecipe);
/** Photographs to learn from are kept in memory no larger than this. */
export const photoSide = 512;
/** Different scenes that the segmenter sees; each is drawn once and seen in many parts. */
export const lessonScenes = 1200;
