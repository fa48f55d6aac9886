// Prompts that mean several things at once: "all frogs", "the two red cars", "the dog and the cat", or none of that kind.
import type { Random } from '../../contract/random.ts';
import { sizesOf, topsOf } from '../measures.ts';
import { ASK_MANY, DECISIONS, fill, PLURAL, RELATIONS } from '../phrases.ts';
import { pluralOf } from '../plurals.ts';
import { lies, SIDES, thingAt } from '../relations.ts';
import type { Arrangement, ScenePrompt } from '../scene.ts';
import { clearlyLarger } from '../sizes.ts';
import { familyMembers } from '../things.ts';
import {
  absentColours,
  type Builder,
  firstOf,
  groupOf,
  groupsOf,
  nameable,
  namedDecision,
  namesOf,
  numberOf,
  numbers,
  type PromptDraft,
  type ThingGroup,
} from './draft.ts';

/** A draft for things that are given in any order. */
function draft(text: string, decision: string, members: readonly number[]): PromptDraft {
  const targets = members.toSorted((a, b) => a - b);
  return { text, decision, target: targets[0] ?? null, targets };
}

const askMany = (random: Random, it: string): string => fill(random.pick(ASK_MANY), { it });

/** "frog 1, 3, 4.", or "frog none.": as a list calls them. */
const named = (what: string, members: readonly number[]): string =>
  fill(DECISIONS.named, { what, n: members.length > 0 ? numbers(members) : numberOf(null) });

const several = (stage: Arrangement): ThingGroup[] => groupsOf(stage).filter(({ what }) => what !== 'thing');

const everyOne: Builder = (stage, random) =>
  firstOf(random, several(stage), ({ what, members }) => {
    const slots = { what, many: pluralOf(what), count: members.length };
    const counted = members.length === 2 ? [...PLURAL.two, ...PLURAL.counted] : PLURAL.counted;
    const phrase = random.pick(random.chance(0.35) ? counted : PLURAL.all);
    return draft(askMany(random, fill(phrase, slots)), named(what, members), members);
  });

/** Words for many where there is one. */
const onlyOne: Builder = (stage, random) =>
  firstOf(random, nameable(stage, random), ({ index, what }) => {
    const text = askMany(random, fill(random.pick(PLURAL.all), { what, many: pluralOf(what) }));
    return draft(text, namedDecision(what, index), [index]);
  });

/** Words for many where there is none: a look-alike's name, or a colour that is not there. */
const absent: Builder = (stage, random) => {
  const there = new Set(namesOf(stage));
  const near = stage.things.flatMap(({ family }) => familyMembers(family)).filter((name) => !there.has(name));
  const coloured = [...there].flatMap((name) => absentColours(stage, name).map((colour) => `${colour} ${name}`));
  return firstOf(random, [...new Set([...near, ...coloured])], (what) => {
    const text = askMany(random, fill(random.pick(PLURAL.all), { what, many: pluralOf(what) }));
    return draft(text, namedDecision(what, null), []);
  });
};

const pair: Builder = (stage, random) => {
  const [one, other] = nameable(stage, random);
  if (!one || !other) return null;
  const text = askMany(random, fill(random.pick(PLURAL.pair), { a: one.what, b: other.what }));
  const decision = `${namedDecision(one.what, one.index)} ${namedDecision(other.what, other.index)}`;
  return draft(text, decision, [one.index, other.index]);
};

/** Some of a group, and not all, lie clearly to one side of a thing; the others clearly do not. */
const beside: Builder = (stage, random) =>
  firstOf(random, several(stage), (group) =>
    firstOf(random, nameable(stage, random), ({ index: anchor, what: anchorName }) => {
      const { what, members } = group;
      const side = random.pick(SIDES);
      const verdicts = members.map((index) => ({ index, is: lies(stage, side, index, anchor) }));
      const found = verdicts.filter(({ is }) => is === 'yes').map(({ index }) => index);
      if (members.includes(anchor) || found.length < 2 || verdicts.some(({ is }) => is === 'unclear')) return null;
      const relation = RELATIONS[side][0];
      const slots = { many: pluralOf(what), relation, anchor: anchorName };
      const decision = fill(side === 'left' || side === 'right' ? DECISIONS.beside : DECISIONS.above, {
        ...{ group: groupOf(group), anchor: anchorName, a: numberOf(anchor), relation, n: numbers(found) },
        tops: topsOf(stage, [...members, anchor]),
      });
      return draft(askMany(random, fill(random.pick(PLURAL.beside), slots)), decision, found);
    }),
  );

/** Two of a group of three or more that are each clearly larger, or smaller, than all others of it. */
const extremes: Builder = (stage, random) =>
  firstOf(random, several(stage), (group) => {
    const word = random.pick(['largest', 'smallest'] as const);
    const wins = (a: number, b: number) =>
      word === 'largest'
        ? clearlyLarger(thingAt(stage, a), thingAt(stage, b), stage)
        : clearlyLarger(thingAt(stage, b), thingAt(stage, a), stage);
    const { what, members } = group;
    const found = members.filter((index) => members.filter((other) => wins(index, other)).length >= members.length - 2);
    if (members.length < 3 || found.length !== 2) return null;
    const slots = { group: groupOf(group), sizes: sizesOf(stage, members), extreme: word, n: numbers(found) };
    const text = askMany(random, fill(random.pick(PLURAL[word]), { many: pluralOf(what) }));
    return draft(text, fill(DECISIONS.sizes, slots), found);
  });

/** What is asked of a list alone, plain groups most often. */
export const pluralKinds: readonly Builder[] = [everyOne, everyOne, everyOne, pair, beside, extremes, onlyOne, absent];

/** Gives at most `count` prompts, no text twice. */
export function makePlurals(stage: Arrangement, random: Random, count: number): ScenePrompt[] {
  const prompts = new Map<string, ScenePrompt>();
  for (let attempt = 0; prompts.size < count && attempt < 2 * count; attempt++) {
    const made = firstOf(random, pluralKinds, (kind) => kind(stage, random));
    if (made) prompts.set(made.text, { category: 'plural', ...made });
  }
  return [...prompts.values()];
}
