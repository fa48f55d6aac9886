// An exercise of the reasoner: many things of a scene called by name, each answered with its number in the list.
import { nameable, numberOf } from '../scenes/prompts/draft.ts';
import type { Random } from '../scenes/random.ts';
import type { Scene, ScenePrompt } from '../scenes/scene.ts';

const most = 6;

/**
 * "find dog, red car" -> "dog: 3. red car: 1." Most prompts look up a single name, which is too little to learn it from:
 * after 30,000 scenes a name that stands once in the list was still found in half of the cases. Null where no thing has
 * a name of its own.
 */
export function rollCall(scene: Scene, random: Random): ScenePrompt | null {
  const called = nameable(scene, random).slice(0, most);
  const last = called.at(-1);
  if (last === undefined) return null;
  return {
    category: 'name',
    text: `find ${called.map(({ what }) => what).join(', ')}`,
    decision: called.map(({ what, index }) => `${what}: ${numberOf(index)}.`).join(' '),
    target: last.index,
  };
}
