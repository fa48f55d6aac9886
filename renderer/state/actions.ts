// Everything that buttons, keys, menus and the palette can make happen, in one object.
import type { Bench } from './bench.ts';
import { createImages, type ImageActions } from './images.ts';
import { createObjects, type ObjectActions } from './objects.ts';
import { createPrompts, type PromptActions } from './prompts.ts';

export interface Actions extends ImageActions, PromptActions, ObjectActions {}

export function createActions(bench: Bench): Actions {
  const images = createImages(bench);
  return { ...images, ...createPrompts(bench, images), ...createObjects(bench, images) };
}
