// Seeds what a step of a training draws. Seed 1 draws what the released weights were drawn with.
import { type Random, random } from '../../contract/random.ts';
import { splitSize } from '../../scenes/split.ts';

/** Odd, so that no two seeds begin at the same scene; apart by more scenes than a training sees. */
const apart = 9_973_003;
/** Odd: the golden ratio in 32 bits. */
const spread = 0x9e3779b1;

/** The place in the training split of a stage's scene. */
export const sceneIndex = (seed: number, index: number): number =>
  (index + (Math.imul(seed - 1, apart) & (splitSize - 1))) % splitSize;

/** What one step draws for one purpose. */
export const stepDraw = (seed: number, step: number, stream: number): Random =>
  random(step ^ Math.imul(seed - 1, spread), stream);
