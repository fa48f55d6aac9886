// Draws the ways in which a visible thing may be pointed at: a box, clicks where a mask is wrong, rough masks, mixtures.

import type { Random } from '../../contract/random.ts';
import { deepest, nextClick } from '../../pictures/distance.ts';
import { samSide } from '../parameters/layout.ts';
import { degrade } from './degrade.ts';
import { boxSlots, jitter, type PromptExample, type Slot } from './segmenterBatch.ts';

/** Side of the copy on which masks are made wrong and clicks are chosen. */
export const roughSide = samSide / 2;
const frame = { width: roughSide, height: roughSide };

/** A thing on that copy. */
export interface PromptedThing {
  /** 0 or 1 per pixel of roughSide * roughSide; at least one is 1. */
  readonly mask: Uint8Array;
  readonly neighbour: Uint8Array | null;
}

export type PromptKind = 'box' | 'firstClick' | 'clicks' | 'rough' | 'mixed';

export function drawPrompt(kind: PromptKind, target: PromptedThing, random: Random): PromptExample {
  if (kind === 'box') return { slots: corners(target, random), rough: null };
  if (kind === 'firstClick') return { slots: [first(target, random)], rough: null };
  const wrong = wrongMask(target, random);
  if (kind === 'rough') {
    const more = random.chance(0.3) ? corners(target, random) : [];
    return { slots: more, rough: wrong };
  }
  if (kind === 'clicks') {
    const slots = clicks(target, wrong, random);
    return { slots, rough: random.chance(0.5) ? wrong : null };
  }
  // Behind a box only six slots are left.
  const slots = [...corners(target, random), ...clicks(target, wrong, random).slice(-4)];
  return { slots, rough: random.chance(0.6) ? wrong : null };
}

/** One mask in twelve is right already and must stay so. */
function wrongMask({ mask, neighbour }: PromptedThing, random: Random): Uint8Array {
  return random.chance(0.08) ? mask : degrade({ ...frame, data: mask }, neighbour, random);
}

function corners({ mask }: PromptedThing, random: Random): Slot[] {
  const box = { x1: roughSide, y1: roughSide, x2: 0, y2: 0 };
  mask.forEach((value, i) => {
    if (value === 0) return;
    const [x, y] = [i % roughSide, Math.floor(i / roughSide)];
    [box.x1, box.y1, box.x2, box.y2] = [
      Math.min(box.x1, x),
      Math.min(box.y1, y),
      Math.max(box.x2, x + 1),
      Math.max(box.y2, y + 1),
    ];
  });
  return boxSlots(random.chance(0.3) ? box : jitter(box, random), roughSide);
}

/** Clicks in the middle of the thing, or anywhere on it. */
function first({ mask }: PromptedThing, random: Random): Slot {
  const middle = random.chance(0.5) ? deepest(mask, frame) : null;
  if (middle) return slotAt({ ...middle, inside: true }, random);
  const count = mask.reduce((sum, value) => sum + value, 0);
  let left = random.int(0, Math.max(0, count - 1));
  const i = mask.findIndex((value) => value === 1 && left-- === 0);
  return slotAt({ x: Math.max(0, i) % roughSide, y: Math.floor(Math.max(0, i) / roughSide), inside: true }, random);
}

/** The first one, earlier ones where other masks were wrong, and the last where this one is. */
function clicks(target: PromptedThing, wrong: Uint8Array, random: Random): Slot[] {
  const earlier = Array.from({ length: random.pick([0, 0, 0, 1, 1, 2, 2, 3, 4, 5, 6]) }, () =>
    wrongMask(target, random),
  );
  const found = [...earlier, wrong].flatMap((mask) => {
    const at = nextClick(mask, target.mask, frame);
    return at ? [slotAt(at, random)] : [];
  });
  return [first(target, random), ...found];
}

function slotAt({ x, y, inside }: { x: number; y: number; inside: boolean }, random: Random): Slot {
  const scale = samSide / roughSide;
  return { x: (x + random.next()) * scale, y: (y + random.next()) * scale, label: inside ? 1 : 0 };
}
