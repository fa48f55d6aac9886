// Holds what every stage of the nano's training shares: configurations, tokenizer, parameters and the icons of the scenes.
import path from 'node:path';
import { nanoLensConfig } from '../../../models/lens/config.ts';
import { nanoPieces } from '../../../models/qwen/chat.ts';
import { nanoConfig, type QwenConfig } from '../../../models/qwen/config.ts';
import { NanoTokenizer } from '../../../models/qwen/nanoTokenizer.ts';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import { nanoSam2Config } from '../../../models/sam2/config.ts';
import { Parameters } from '../../learn/loop/parameters.ts';
import { requestIds, specialId } from '../../learn/turns/turnTokens.ts';
import { rasterise } from '../../pictures/image.ts';
import { type Atlas, buildAtlas } from '../../scenes/atlas.ts';
import { makeScene, type SceneOptions } from '../../scenes/make.ts';
import type { Scene } from '../../scenes/scene.ts';
import { seedOf } from '../../scenes/split.ts';
import { vocabulary } from '../../scenes/vocabulary.ts';
import { nanoInitialiser, seeded } from './initialValues.ts';
import { cells, coordinates } from './layout.ts';
import { linesOf } from './numberLines.ts';
import { sceneIndex } from './seeds.ts';

export interface Nano {
  tokenizer: NanoTokenizer;
  reasoner: QwenConfig;
  segmenter: typeof nanoSam2Config;
  context: typeof nanoLensConfig;
  parameters: Parameters;
  atlas: Atlas;
  /** Seed of the first values, of the scenes and their order, and of what steps draw. */
  seed: number;
}

export async function makeNano(seed: number): Promise<Nano> {
  const tokenizer = new NanoTokenizer({ words: vocabulary(), pieces: nanoPieces, coordinates });
  const imageToken = specialId(tokenizer, '<|image_pad|>');
  const rows = { name: 'model.embed_tokens.weight', lines: linesOf(tokenizer) };
  return {
    tokenizer,
    reasoner: nanoConfig({ vocabulary: tokenizer.size, imageToken }),
    segmenter: nanoSam2Config,
    context: nanoLensConfig,
    parameters: new Parameters(seeded(seed, nanoInitialiser(rows))),
    atlas: await buildAtlas(rasterise),
    seed,
  };
}

/** Scenes `from`, `from` + 1, ... of the training split, counted from a place that follows from the seed. */
export const trainingScenes = (nano: Nano, from: number, count: number, options: SceneOptions = {}): Scene[] =>
  Array.from({ length: count }, (_, i) =>
    makeScene(nano.atlas, seedOf('train', sceneIndex(nano.seed, from + i)), options),
  );

/** Where the picture's tokens begin in every request. */
export function imageStart({ tokenizer }: Nano): number {
  return requestIds(tokenizer, 'x', cells).indexOf(specialId(tokenizer, '<|image_pad|>'));
}

/** Takes over every parameter of a weights folder, so that training goes on from it. */
export async function startFrom({ parameters }: Nano, folder: string): Promise<void> {
  const weights = await openSafetensors(path.join(folder, 'model.safetensors'));
  for (const [name, { shape }] of weights.tensors) parameters.set(name, shape, await weights.read(name));
}
