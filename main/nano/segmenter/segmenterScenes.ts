// Draws what the segmenter is trained on: the scenes it is tested on, the same icons larger, and things that have no name.
import type { SegmenterScene } from '../../scenes/scene.ts';
import { makeUnnamed } from '../../scenes/unnamed.ts';
import { type Nano, trainingScenes } from '../parameters/nano.ts';
import { sceneIndex, stepDraw } from '../parameters/seeds.ts';

/** Share of all pictures. Icons are never larger than 0.4 of a scene; in photographs most things are. */
const shares = { unnamed: 0.35, large: 0.2 };
const large = { things: [1, 4], side: [50, 190] } as const;

const stream = 15;

/** Pictures `from`, `from` + 1, ... of the training split. */
export const segmenterScenes = (nano: Nano, from: number, count: number): SegmenterScene[] =>
  Array.from({ length: count }, (_, i) => {
    const roll = stepDraw(nano.seed, from + i, stream).next();
    if (roll < shares.unnamed) return makeUnnamed(sceneIndex(nano.seed, from + i));
    const options = roll < shares.unnamed + shares.large ? large : {};
    return trainingScenes(nano, from + i, 1, options);
  }).flat();
