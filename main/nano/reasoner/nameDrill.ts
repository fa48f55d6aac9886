// Makes exercises of the reasoner: many names in one prompt, each answered with its numbers in the list or with "none".

import type { Random } from '../../contract/random.ts';
import { absentColours, groupsOf, nameable, namesOf, numbers, type ThingGroup } from '../../scenes/prompts/draft.ts';
import type { Scene, ScenePrompt } from '../../scenes/scene.ts';
import { familyMembers } from '../../scenes/things.ts';

/** At most so many of each kind of call. */
const most = { sole: 3, several: 2, absent: 2 };

/**
 * "find dog, car, fox" -> "dog 3. car 1, 4. fox none." Most prompts look up a single name, which is too little to learn it
 * from: after 30,000 scenes a name that stands once in the list was still found in half of the cases. Null where nothing
 * can be called so that it ends in one answer.
 */
export function nameDrill(scene: Scene, random: Random): ScenePrompt | null {
  const sole = nameable(scene, random)
    .slice(0, most.sole)
    .map(({ index, what }) => ({ what, members: [index] }));
  const several = random.shuffle(groupsOf(scene).filter(({ what }) => what !== 'thing')).slice(0, most.several);
  const single = random.shuffle([...sole, ...absent(scene, random)]);
  const last = single.pop();
  if (last === undefined) return null;
  const called = [...random.shuffle([...single, ...several]), last];
  return {
    category: 'name',
    text: `find ${called.map(({ what }) => what).join(', ')}`,
    decision: called.map(told).join(' '),
    target: last.members[0] ?? null,
  };
}

/** Names like those that are there, and their colours that are not. */
function absent(scene: Scene, random: Random): ThingGroup[] {
  const there = new Set(namesOf(scene));
  const names = scene.things.flatMap(({ family }) => familyMembers(family)).filter((name) => !there.has(name));
  const coloured = [...there].flatMap((name) => absentColours(scene, name).map((colour) => `${colour} ${name}`));
  const some = [...random.shuffle([...new Set(names)]).slice(0, 2), ...random.shuffle(coloured).slice(0, 2)];
  return random
    .shuffle(some)
    .slice(0, random.int(0, most.absent))
    .map((what) => ({ what, members: [] }));
}

const told = ({ what, members }: ThingGroup): string => `${what} ${members.length > 0 ? numbers(members) : 'none'}.`;
