// Everything that buttons, keys, menus and the palette can make happen, in one object.
import type { ActionContext } from './actionContext.ts';
import { createImages, type ImageActions } from './images.ts';
import { createPrompts, type PromptActions } from './prompts.ts';
import { createShapes, type ShapeActions } from './shapes.ts';

export interface Actions extends ImageActions, PromptActions, ShapeActions {}

export function createActions(context: ActionContext): Actions {
  const images = createImages(context);
  return { ...images, ...createPrompts(context, images), ...createShapes(context, images) };
}
