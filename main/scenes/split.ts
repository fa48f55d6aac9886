// Says which split a seed belongs to (training, validation or test), and which pairs of thing and colour are kept for the test.
import type { Colour } from './colours.ts';
import { kindOf } from './things.ts';

export type Split = 'train' | 'validation' | 'test';

// Train owns seeds [0, 2^30), validation [2^30, 2^31), test [2^31, 3 * 2^30): no seed can be in two splits.
/** Seeds of one split. */
export const splitSize = 2 ** 30;
const ORDER: readonly Split[] = ['train', 'validation', 'test'];

export function splitOf(seed: number): Split {
  const found = Number.isInteger(seed) && seed >= 0 ? ORDER[Math.floor(seed / splitSize)] : undefined;
  if (!found)
    throw new Error(`scene seed ${seed} is outside 0 to ${splitSize * ORDER.length - 1}; take one from seedOf`);
  return found;
}

/** The seed of the index-th scene of a split. */
export function seedOf(split: Split, index: number): number {
  if (!Number.isInteger(index) || index < 0 || index >= splitSize)
    throw new Error(`scene index ${index} is outside 0 to ${splitSize - 1}`);
  return ORDER.indexOf(split) * splitSize + index;
}

// FNV-1a.
const hash = (text: string): number =>
  [...text].reduce((h, c) => Math.imul(h ^ (c.codePointAt(0) ?? 0), 16777619) >>> 0, 2166136261);

/** True for the one colour of each thing of four or more colours that is drawn and spoken of only in the test split. */
export function heldOut(name: string, colour: Colour): boolean {
  const { colours } = kindOf(name);
  return colours.length >= 4 && colours[hash(name) % colours.length] === colour;
}

/** The colours that a thing may have in one split; empty for things without a colour word. */
export const coloursIn = (split: Split, name: string): readonly Colour[] =>
  kindOf(name).colours.filter((colour) => split === 'test' || !heldOut(name, colour));
