// Everything that buttons, keys, menus and the palette can make happen, in one object.
import type { Bench } from './bench.ts';
import { createImages, type ImageActions } from './images.ts';
import { createPrompts, type PromptActions } from './prompts.ts';
import { createShapes, type ShapeActions } from './shapes.ts';

export interface Actions extends ImageActions, PromptActions, ShapeActions {}

export function createActions(bench: Bench): Actions {
  const images = createImages(bench);
  return { ...images, ...createPrompts(bench, images), ...createShapes(bench, images) };
}
