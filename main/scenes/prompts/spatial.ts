// Prompts about places and sizes: "the third dog from the left", "the thing at 5 o'clock", "the largest car".

import type { Random } from '../../contract/random.ts';
import { awayFromCorner, awayFromMiddle, awayFromThing, hoursOf, sizesOf, topsOf } from '../measures.ts';
import { DECISIONS, fill, ORDINALS, RELATIONS, SPATIAL } from '../phrases.ts';
import { countedFrom, hourOf, isAloneInCorner, isAloneInMiddle, lies, nearest, SIDES, thingAt } from '../relations.ts';
import type { Arrangement } from '../scene.ts';
import { clearlyLarger } from '../sizes.ts';
import {
  ask,
  type Builder,
  countedDecision,
  firstOf,
  groupOf,
  groupsOf,
  nameable,
  numberOf,
  type PromptDraft,
  type ThingGroup,
} from './draft.ts';

/** Sizes are compared one by one in the reasoning: more than this many would be a long list. */
const MOST_SIZES = 4;

type InGroup = (stage: Arrangement, random: Random, group: ThingGroup) => PromptDraft | null;

const inSomeGroup =
  (make: InGroup): Builder =>
  (stage, random) =>
    firstOf(random, groupsOf(stage), (group) => make(stage, random, group));

const nth: InGroup = (stage, random, group) => {
  const { what, members } = group;
  const side = random.chance(0.7) ? random.pick(SIDES.slice(0, 2)) : random.pick(SIDES.slice(2));
  const count = random.int(1, Math.min(members.length, what === 'thing' ? 3 : ORDINALS.length));
  const order = countedFrom(stage, side, members, count);
  const target = order?.at(-1);
  const ordinal = ORDINALS[count - 1];
  if (!order || target === undefined || !ordinal) return null;
  const decision = countedDecision(stage, group, { side, order, ordinal, target });
  const isEnd = count === 1 && random.chance(0.7);
  const phrase = random.pick(isEnd ? SPATIAL.end : SPATIAL.nth);
  return { text: ask(random, fill(phrase, { what, side, ordinal, most: SPATIAL.most[side] })), decision, target };
};

const atHour: InGroup = (stage, random, group) =>
  firstOf(random, group.members, (target) => {
    const { what, members } = group;
    const hour = hourOf(stage, target, members);
    if (hour === null) return null;
    const text = ask(random, fill(random.pick(SPATIAL.hour), { what, hour }));
    const slots = { group: groupOf(group), hours: hoursOf(stage, members), hour, n: numberOf(target) };
    return { text, decision: fill(DECISIONS.hour, slots), target };
  });

const CORNERS = [
  ['top', 'left'],
  ['top', 'right'],
  ['bottom', 'left'],
  ['bottom', 'right'],
] as const;

const inCorner: InGroup = (stage, random, group) =>
  firstOf(random, group.members, (target) => {
    const { what, members } = group;
    const sides = CORNERS.find((pair) => isAloneInCorner(stage, target, members, [...pair]));
    if (!sides) return null;
    const corner = sides.join(' ');
    const text = ask(random, fill(random.pick(SPATIAL.corner), { what, corner }));
    const distances = awayFromCorner(stage, members, sides);
    const slots = { group: groupOf(group), corner, distances, n: numberOf(target) };
    return { text, decision: fill(DECISIONS.corner, slots), target };
  });

const inMiddle: InGroup = (stage, random, group) => {
  const { what, members } = group;
  const target = members.find((index) => isAloneInMiddle(stage, index, members));
  if (target === undefined) return null;
  const text = ask(random, fill(random.pick(SPATIAL.middle), { what }));
  const slots = { group: groupOf(group), distances: awayFromMiddle(stage, members), n: numberOf(target) };
  return { text, decision: fill(DECISIONS.middle, slots), target };
};

/** Exactly one of the group lies on that side of a thing with a sole name, and no other could be said to. */
const beside: InGroup = (stage, random, group) =>
  firstOf(random, nameable(stage, random), ({ index: anchor, what: anchorName }) => {
    const { what, members } = group;
    if (what !== 'thing' && members.includes(anchor)) return null;
    const side = random.pick(SIDES);
    const verdicts = members
      .filter((index) => index !== anchor)
      .map((index) => ({ index, is: lies(stage, side, index, anchor) }));
    const [found, ...more] = verdicts.filter(({ is }) => is !== 'no');
    if (!found || more.length > 0 || found.is !== 'yes') return null;
    const relation = random.pick(RELATIONS[side]);
    const phrase = what === 'thing' ? random.pick(SPATIAL.beside) : SPATIAL.beside[0];
    const slots = { what, relation: phrase === SPATIAL.beside[0] ? relation : RELATIONS[side][0], anchor: anchorName };
    const text = fill(phrase, slots);
    const across = side === 'left' || side === 'right';
    const decision = fill(across ? DECISIONS.beside : DECISIONS.above, {
      group: groupOf(group),
      anchor: anchorName,
      a: numberOf(anchor),
      tops: topsOf(stage, [...new Set([...members, anchor])]),
      relation: RELATIONS[side][0],
      n: numberOf(found.index),
    });
    return { text: text.endsWith('?') ? text : ask(random, text), decision, target: found.index };
  });

const closest: InGroup = (stage, random, group) =>
  firstOf(random, nameable(stage, random), ({ index: anchor, what: anchorName }) => {
    const { what, members } = group;
    const others = members.filter((index) => index !== anchor);
    if (others.length < 2 || (what !== 'thing' && others.length < members.length)) return null;
    const target = nearest(stage, others, anchor);
    if (target === null) return null;
    const text = ask(random, fill(random.pick(SPATIAL.nearest), { what, anchor: anchorName }));
    const distances = awayFromThing(stage, others, anchor);
    const slots = { group: groupOf(group), anchor: anchorName, a: numberOf(anchor), distances, n: numberOf(target) };
    return { text, decision: fill(DECISIONS.nearest, slots), target };
  });

const extreme: InGroup = (stage, random, group) => {
  const { what, members } = group;
  if (members.length > MOST_SIZES) return null;
  const word = random.pick(['largest', 'smallest'] as const);
  const wins = (a: number, b: number): boolean => {
    const [more, less] = word === 'largest' ? [a, b] : [b, a];
    return clearlyLarger(thingAt(stage, more), thingAt(stage, less), stage);
  };
  const target = members.find((index) => members.every((other) => other === index || wins(index, other)));
  if (target === undefined) return null;
  const text = ask(random, fill(random.pick(SPATIAL[word]), { what }));
  const slots = { group: groupOf(group), sizes: sizesOf(stage, members), extreme: word, n: numberOf(target) };
  return { text, decision: fill(DECISIONS.sizes, slots), target };
};

/** One builder for each way in which a place or a size is asked for. */
export const spatialKinds: readonly Builder[] = [nth, atHour, inCorner, inMiddle, beside, closest, extreme].map(
  inSomeGroup,
);

// Counting is asked for more often than the rest: it is what the seed paper shows first.
const KINDS = [...spatialKinds, ...[nth, nth, extreme].map(inSomeGroup)];

export const spatial: Builder = (stage, random) => firstOf(random, KINDS, (kind) => kind(stage, random));
