// One atlas for the tests of a file, and scenes drawn with it.
import { rasterise } from '../../main/pictures/image.ts';
import { buildAtlas } from '../../main/scenes/atlas.ts';
import { makeScene } from '../../main/scenes/make.ts';
import type { Scene, ScenePrompt } from '../../main/scenes/scene.ts';
import { type Split, seedOf } from '../../main/scenes/split.ts';

export const atlas = await buildAtlas(rasterise);

export const scenesOf = (split: Split, count: number): Scene[] =>
  Array.from({ length: count }, (_, i) => makeScene(atlas, seedOf(split, i)));

export interface Asked {
  readonly scene: Scene;
  readonly prompt: ScenePrompt;
}

export const promptsIn = (scenes: readonly Scene[]): Asked[] =>
  scenes.flatMap((scene) => scene.prompts.map((prompt) => ({ scene, prompt })));
