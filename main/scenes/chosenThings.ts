// Chooses which things a scene shows, in words only: groups of one name, look-alikes of one family, and others.

import type { Random } from '../contract/random.ts';
import type { Colour } from './colours.ts';
import { coloursIn, heldOut, type Split } from './split.ts';
import { familyMembers, THINGS } from './things.ts';

export interface Role {
  readonly name: string;
  readonly colour: Colour | null;
}

function colourFor(random: Random, split: Split, name: string): Colour | null {
  const colours = coloursIn(split, name);
  if (colours.length === 0) return null;
  // The test asks for unseen pairs more often than chance would.
  const kept = colours.filter((colour) => heldOut(name, colour));
  return random.pick(kept.length > 0 && random.chance(0.3) ? kept : colours);
}

/** Several of one name; where it has colours, mostly different ones. */
function group(random: Random, split: Split, count: number): Role[] {
  const coloured = THINGS.filter((kind) => kind.colours.length > 1);
  const { name } = random.pick(random.chance(0.6) ? coloured : THINGS);
  const distinct = random.shuffle(coloursIn(split, name));
  const varied = random.chance(0.75);
  return Array.from({ length: count }, (_, i) => ({
    name,
    colour: (varied ? distinct[i] : undefined) ?? colourFor(random, split, name),
  }));
}

function single(random: Random, split: Split, name = random.pick(THINGS).name): Role {
  return { name, colour: colourFor(random, split, name) };
}

function lookAlikes(random: Random, split: Split): Role[] {
  const { family } = random.pick(THINGS);
  const names = random.shuffle(familyMembers(family));
  return names.slice(0, 2).map((name) => single(random, split, name));
}

/** The roles of one scene, in drawing order (the first lies lowest). */
export function chooseRoles(random: Random, split: Split, count: number): Role[] {
  const roles: Role[] = [];
  if (random.chance(0.85)) roles.push(...group(random, split, Math.min(count - 1, random.int(2, 4))));
  if (random.chance(0.65)) roles.push(...lookAlikes(random, split));
  while (roles.length < count) {
    const extra = single(random, split);
    const isNew = !roles.some(({ name }) => name === extra.name);
    if (isNew || random.chance(0.15)) roles.push(extra);
  }
  return random.shuffle(roles.slice(0, count));
}
