// All prompts of a scene: at most one of each category, where the scene allows one without doubt.
import type { Random } from '../../contract/random.ts';
import { CATEGORIES, type ScenePrompt, type SingleCategory, type Stage } from '../scene.ts';
import { coarse } from './coarse.ts';
import { compositional } from './compositional.ts';
import { disambiguation } from './disambiguation.ts';
import type { Builder } from './draft.ts';
import { implicit } from './implicit.ts';
import { misleading } from './misleading.ts';
import { name } from './name.ts';
import { nothing } from './nothing.ts';
import { spatial } from './spatial.ts';

const BUILDERS: Readonly<Record<SingleCategory, Builder<Stage>>> = {
  name,
  spatial,
  disambiguation,
  compositional,
  misleading,
  coarse,
  implicit,
  nothing,
};

export const makePrompts = (stage: Stage, random: Random): ScenePrompt[] =>
  CATEGORIES.flatMap((category) => {
    const draft = BUILDERS[category](stage, random);
    return draft ? [{ category, ...draft }] : [];
  });
