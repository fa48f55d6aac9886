// What every kind of prompt is made with: a stage becomes groups of things that words can mean, and unique names.

import type { Random } from '../../contract/random.ts';
import type { Colour } from '../colours.ts';
import { topsOf } from '../measures.ts';
import { ASK, DECISIONS, fill } from '../phrases.ts';
import { type Side, thingAt } from '../relations.ts';
import type { Arrangement, ScenePrompt, SceneThing } from '../scene.ts';
import { coloursIn } from '../split.ts';

export type PromptDraft = Omit<ScenePrompt, 'category'>;

/** Null where the scene has nothing that this kind of prompt could ask without doubt. */
export type Builder<S extends Arrangement = Arrangement> = (stage: S, random: Random) => PromptDraft | null;

/** The number by which a decision calls a thing. */
export const numberOf = (index: number | null): string => (index === null ? 'none' : String(index + 1));

export const numbers = (indices: readonly number[]): string => indices.map(numberOf).join(', ');

/** A phrase such as "the dog" put as a wish, an order or a question. */
export const ask = (random: Random, it: string): string => fill(random.pick(ASK), { it });

export const indicesOf = (stage: Arrangement, match: (thing: SceneThing) => boolean): number[] =>
  [...stage.things.keys()].filter((index) => match(thingAt(stage, index)));

export const sharingName = (stage: Arrangement, name: string): number[] =>
  indicesOf(stage, (thing) => thing.name === name);

export const namesOf = (stage: Arrangement): string[] => [...new Set(stage.things.map(({ name }) => name))];

/** Things that one word or two can mean together. */
export interface ThingGroup {
  readonly what: string;
  readonly members: readonly number[];
}

/** Everything ("thing"), each name that occurs twice, and each colour and name that occur twice. */
export function groupsOf(stage: Arrangement): ThingGroup[] {
  const phrases = stage.things.flatMap(({ name, colour }) => (colour ? [name, `${colour} ${name}`] : [name]));
  const named = [...new Set(phrases)].map((what) => ({
    what,
    members: indicesOf(stage, ({ name, colour }) => what === name || what === `${colour} ${name}`),
  }));
  return [{ what: 'thing', members: [...stage.things.keys()] }, ...named].filter(({ members }) => members.length > 1);
}

/** "dog 1, 3. ": all that the words could mean, told before one is chosen; nothing where they mean everything. */
export const groupOf = ({ what, members }: ThingGroup): string =>
  what === 'thing' ? '' : `${what} ${numbers(members)}. `;

/** How members are counted from a side: "dog 1, 3. from the right: 3, 1. second: 1."; the list tells left from right itself. */
export function countedDecision(stage: Arrangement, group: ThingGroup, counted: Counted): string {
  const { side, order, ordinal, target } = counted;
  const slots = { group: groupOf(group), side, order: numbers(order), ordinal, n: numberOf(target) };
  if (side === 'left' || side === 'right') return fill(DECISIONS.counted, slots);
  return fill(DECISIONS.stacked, { ...slots, tops: topsOf(stage, group.members) });
}

interface Counted {
  readonly side: Side;
  /** From that side, up to the one that is wanted. */
  readonly order: readonly number[];
  readonly ordinal: string;
  /** Null: there are not as many. */
  readonly target: number | null;
}

/** The shortest words that mean this thing alone: its name, or its colour and name; null when neither does. */
export function soleName(stage: Arrangement, index: number): string | null {
  const { name, colour } = thingAt(stage, index);
  const same = sharingName(stage, name);
  if (same.length === 1) return name;
  const twins = same.filter((other) => thingAt(stage, other).colour === colour);
  return colour && twins.length === 1 ? `${colour} ${name}` : null;
}

/** "red car 3.": a thing looked up in the list by a sole name of it; null: it is not there. */
export const namedDecision = (what: string, index: number | null): string =>
  fill(DECISIONS.named, { what, n: numberOf(index) });

/** "1 red, 4 blue". */
export const coloursOf = (stage: Arrangement, members: readonly number[]): string =>
  members.map((index) => `${numberOf(index)} ${thingAt(stage, index).colour}`).join(', ');

/** The colours that things of a name can have in this split and that none of these has. */
export function absentColours(stage: Arrangement, name: string): Colour[] {
  const seen = sharingName(stage, name).map((index) => thingAt(stage, index).colour);
  return coloursIn(stage.split, name).filter((colour) => !seen.includes(colour));
}

/** The things that have a sole name, in random order. */
export const nameable = (stage: Arrangement, random: Random): { index: number; what: string }[] =>
  random.shuffle([...stage.things.keys()]).flatMap((index) => {
    const what = soleName(stage, index);
    return what ? [{ index, what }] : [];
  });

/** The first draft that any of the makers can give, tried in random order. */
export function firstOf<T>(
  random: Random,
  items: readonly T[],
  make: (item: T) => PromptDraft | null,
): PromptDraft | null {
  for (const item of random.shuffle(items)) {
    const draft = make(item);
    if (draft) return draft;
  }
  return null;
}
