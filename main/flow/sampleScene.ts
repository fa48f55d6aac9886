// A place in the test split to its scene as a PNG, and the sentence that may be asked about it.
import { buildAtlas } from '../scenes/atlas.ts';
import { makeScene } from '../scenes/make.ts';
import type { PromptCategory, Scene } from '../scenes/scene.ts';
import { seedOf } from '../scenes/split.ts';
import { rasterise, writePng } from './image.ts';

/** A crowded scene, asked about without a name. */
const PLACE = 20;
const CATEGORY: PromptCategory = 'implicit';
/** Twice the side that the embedded weights see: people look at the overlay. */
const SIDE = 448;

export interface Sample {
  readonly prompt: string;
  readonly scene: Scene;
  /** Index into the scene's things; null when nothing matches. */
  readonly target: number | null;
}

/** The same place and category always give the same picture and sentence, of a scene that no training has seen. */
export async function drawSample(
  file: string,
  { place = PLACE, category = CATEGORY }: { place?: number; category?: PromptCategory } = {},
): Promise<Sample> {
  const seed = seedOf('test', place);
  const scene = makeScene(await buildAtlas(rasterise), seed, { width: SIDE, height: SIDE });
  const asked = scene.prompts.find((prompt) => prompt.category === category);
  if (!asked) throw new Error(`scene ${seed} has no prompt of the category ${category}; take another place`);
  await writePng(file, { ...scene.image, channels: 3 });
  return { prompt: asked.text, scene, target: asked.target };
}
