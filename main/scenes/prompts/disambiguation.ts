// Prompts that choose among look-alikes: by colour, by size, or by a name beside that of a similar thing.
import { sizesOf } from '../measures.ts';
import { DECISIONS, DISAMBIGUATION, fill } from '../phrases.ts';
import { thingAt } from '../relations.ts';
import {
  ask,
  type Builder,
  coloursOf,
  firstOf,
  groupOf,
  namedDecision,
  namesOf,
  numberOf,
  sharingName,
  soleName,
} from './draft.ts';

const byColour: Builder = (stage, random) =>
  firstOf(random, [...stage.things.keys()], (target) => {
    const { name, colour } = thingAt(stage, target);
    if (!colour || soleName(stage, target) !== `${colour} ${name}`) return null;
    const same = sharingName(stage, name);
    const other = same.find((index) => index !== target);
    const otherColour = other === undefined ? null : thingAt(stage, other).colour;
    const negated = same.length === 2 && otherColour !== null && random.chance(0.4);
    const told = { name, colours: coloursOf(stage, same), wanted: `not ${otherColour}`, n: numberOf(target) };
    const decision = negated ? fill(DECISIONS.colours, told) : namedDecision(`${colour} ${name}`, target);
    const phrase = random.pick(negated ? DISAMBIGUATION.other : DISAMBIGUATION.colour);
    return { text: ask(random, fill(phrase, { name, colour: negated ? otherColour : colour })), decision, target };
  });

const bySize: Builder = (stage, random) =>
  firstOf(random, [...stage.things.keys()], (target) => {
    const { name, size } = thingAt(stage, target);
    const same = sharingName(stage, name);
    if (!size || same.length !== 2) return null;
    const text = ask(random, fill(random.pick(DISAMBIGUATION[size]), { name }));
    const group = groupOf({ what: name, members: same });
    const slots = { group, sizes: sizesOf(stage, same), extreme: size, n: numberOf(target) };
    return { text, decision: fill(DECISIONS.sizes, slots), target };
  });

const byFamily: Builder = (stage, random) => {
  const sole = namesOf(stage).flatMap((name) => {
    const [index, ...more] = sharingName(stage, name);
    return index === undefined || more.length > 0 ? [] : [{ name, index, family: thingAt(stage, index).family }];
  });
  return firstOf(random, sole, ({ name, index: target, family }) => {
    const other = sole.find((candidate) => candidate.family === family && candidate.name !== name);
    if (!other) return null;
    const text = ask(random, fill(random.pick(DISAMBIGUATION.lookalike), { name, other: other.name }));
    const slots = { other: other.name, a: numberOf(other.index), name, n: numberOf(target) };
    return { text, decision: fill(DECISIONS.lookalike, slots), target };
  });
};

export const disambiguation: Builder = (stage, random) =>
  firstOf(random, [byColour, bySize, byFamily], (kind) => kind(stage, random));
