// Prompts that come with a rough mask of the target beside the words.

import type { Random } from '../../contract/random.ts';
import { coarsen, type PixelWindow, windowAround } from '../coarsen.ts';
import { COARSE, fill } from '../phrases.ts';
import { thingAt } from '../relations.ts';
import type { Stage } from '../scene.ts';
import { type Builder, firstOf, nameable, namedDecision } from './draft.ts';

/** The pixels of one id inside the window, 0 or 1. */
function cut({ ids, image }: Stage, id: number, { left, top, width, height }: PixelWindow): Uint8Array {
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const from = (top + y) * image.width + left;
    for (let x = 0; x < width; x++) if (ids[from + x] === id) data[y * width + x] = 1;
  }
  return data;
}

/** A rough mask at full size, made within the window since roughening costs time for every pixel. */
function roughMask(stage: Stage, target: number, random: Random): Uint8Array | null {
  const { width, height } = stage.image;
  const window = windowAround(thingAt(stage, target).box, width, height);
  const rough = coarsen({ ...window, data: cut(stage, target + 1, window) }, random);
  if (!rough) return null;
  const full = new Uint8Array(width * height);
  for (let y = 0; y < window.height; y++) {
    full.set(rough.subarray(y * window.width, (y + 1) * window.width), (window.top + y) * width + window.left);
  }
  return full;
}

export const coarse: Builder<Stage> = (stage, random) =>
  firstOf(random, nameable(stage, random), ({ index: target, what }) => {
    const rough = roughMask(stage, target, random);
    if (!rough) return null;
    return { text: fill(random.pick(COARSE), { what }), decision: namedDecision(what, target), target, coarse: rough };
  });
