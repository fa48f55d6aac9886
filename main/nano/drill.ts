// An exercise of the reasoner: several questions about where and how large things are, answered in one turn.
import { compositional } from '../scenes/prompts/compositional.ts';
import { disambiguation } from '../scenes/prompts/disambiguation.ts';
import type { Builder, Draft } from '../scenes/prompts/draft.ts';
import { spatial } from '../scenes/prompts/spatial.ts';
import type { Random } from '../scenes/random.ts';
import type { Scene, ScenePrompt } from '../scenes/scene.ts';

/** Places are asked for most: that is decided wrongly most often. */
const builders: readonly Builder[] = [spatial, spatial, spatial, disambiguation, compositional];
const most = 3;
const attempts = 6;

/**
 * Questions and decisions one after the other; the answer is the last one's. The list is most of what an answer costs, and
 * one decision a list is little to learn them from. Null where fewer than two questions can be asked.
 */
export function drill(scene: Scene, random: Random): ScenePrompt | null {
  const drafts = new Map<string, Draft>();
  for (let attempt = 0; attempt < attempts && drafts.size < most; attempt++) {
    const draft = random.pick(builders)(scene, random);
    if (draft) drafts.set(draft.decision, draft);
  }
  const asked = [...drafts.values()];
  const last = asked.at(-1);
  if (!last || asked.length < 2) return null;
  return {
    category: 'spatial',
    text: asked.map(({ text }) => text).join(', '),
    decision: asked.map(({ decision }) => decision).join(' '),
    target: last.target,
  };
}
