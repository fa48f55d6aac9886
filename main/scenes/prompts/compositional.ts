// Long prompts that hold only together: "the small blue umbrella to the left of the tree, above the car".

import type { Random } from '../../contract/random.ts';
import { COMPOSITIONAL, DECISIONS, fill, RELATIONS } from '../phrases.ts';
import { lies, SIDES, type Side, thingAt } from '../relations.ts';
import type { Arrangement, SceneThing } from '../scene.ts';
import {
  type Builder,
  firstOf,
  indicesOf,
  nameable,
  numberOf,
  numbers,
  type PromptDraft,
  sharingName,
} from './draft.ts';

interface Part {
  readonly side: Side;
  readonly anchor: number;
  readonly what: string;
}

const headOf = ({ name, colour }: SceneThing, withColour: boolean): string =>
  colour && withColour ? `${colour} ${name}` : name;

/** Two true relations to two different things; those that also tell the target from its namesakes come first. */
function partsFor(stage: Arrangement, random: Random, target: number, rivals: readonly number[]): [Part, Part] | null {
  const all = nameable(stage, random).flatMap(({ index: anchor, what }) =>
    SIDES.map((side) => ({ side, anchor, what })),
  );
  const usable = all.filter(({ side, anchor }) => anchor !== target && lies(stage, side, target, anchor) === 'yes');
  const excludes = ({ side, anchor }: Part): number =>
    rivals.filter((rival) => rival !== anchor && lies(stage, side, rival, anchor) === 'no').length;
  const [first] = usable.toSorted((a, b) => excludes(b) - excludes(a));
  const second = random.shuffle(usable).find(({ anchor }) => anchor !== first?.anchor);
  return first && second ? [first, second] : null;
}

/** Every rival clearly fails one of the parts; an anchor is no rival of its own. */
const isUnique = (stage: Arrangement, parts: readonly Part[], rivals: readonly number[]): boolean =>
  rivals.every((rival) =>
    parts.some(({ side, anchor }) => rival === anchor || lies(stage, side, rival, anchor) === 'no'),
  );

function compose(stage: Arrangement, random: Random, target: number): PromptDraft | null {
  const thing = thingAt(stage, target);
  const head = headOf(thing, random.chance(0.7));
  const matching = indicesOf(stage, (other) => headOf(other, head !== other.name) === head);
  const rivals = matching.filter((index) => index !== target);
  const parts = partsFor(stage, random, target, rivals);
  if (!parts || !isUnique(stage, parts, rivals)) return null;
  const [one, two] = random.shuffle(parts);
  if (!one || !two) return null;
  const what = thing.size ? `${thing.size} ${head}` : head;
  const phrase = random.pick(COMPOSITIONAL);
  const slots = {
    what,
    first: random.pick(RELATIONS[one.side]),
    a: one.what,
    second: random.pick(RELATIONS[two.side]),
    b: two.what,
  };
  const decision = fill(DECISIONS.composed, {
    what: head,
    order: numbers(matching),
    anchorA: one.what,
    anchorB: two.what,
    a: numberOf(one.anchor),
    b: numberOf(two.anchor),
    first: RELATIONS[one.side][0],
    second: RELATIONS[two.side][0],
    n: numberOf(target),
  });
  return { text: fill(phrase, slots), decision, target };
}

/** Things that have namesakes first: there the parts decide. */
export const compositional: Builder = (stage, random) => {
  const alone = (index: number): boolean => sharingName(stage, thingAt(stage, index).name).length === 1;
  const all = [...stage.things.keys()];
  const attempt = (targets: number[]): PromptDraft | null =>
    firstOf(random, targets, (target) => compose(stage, random, target));
  return attempt(all.filter((index) => !alone(index))) ?? attempt(all.filter(alone));
};
