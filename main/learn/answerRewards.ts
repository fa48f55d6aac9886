// Rewards answers by the rules of a recipe's own authors: Seg-Zero's five rewards, VisionReasoner's pairs of boxes and points.

import type { Frame } from '../contract/geometry.ts';
import { unpackMask } from '../contract/project.ts';
import { unionOf } from '../contract/rle.ts';
import { segZeroReward } from '../reward/segZero.ts';
import { visionReasonerReward } from '../reward/visionReasoner.ts';
import type { Parser, Recipe } from '../weights/recipe.ts';
import { type PointedThing, pointedThing } from './inscribedCircles.ts';
import type { Sample } from './sample.ts';

export interface AnswerReward {
  readonly total: number;
  /** The part that knows no truth. */
  readonly format: number;
}

export type RewardOf = (text: string) => AnswerReward;

/** What is meant, in the frame that the answers count in. Null: nothing that could be found by it. */
type Rewarder = (sample: Sample, frame: Frame) => RewardOf | null;

const rewarders: Partial<Record<Parser, Rewarder>> = {
  /** All that matches as one thing; the strict reward, as its reader wants the same keys. */
  'seg zero': ({ objects }, frame) => {
    const all = unionOf(objects.flatMap(({ mask }) => (mask ? [unpackMask(mask)] : [])));
    const target = all && pointedThing(all, frame);
    if (!target) return null;
    return (text) => {
      const { think, format, total } = segZeroReward(text, target, { strict: true });
      return { format: think + format, total };
    };
  },
  'vision reasoner': ({ objects }, frame) => {
    const things = objects.flatMap(({ mask }): PointedThing[] => (mask && pointed(mask, frame)) ?? []);
    if (things.length === 0) return null;
    const targets = things.map(({ box, points: [point] }) => ({ box, point }));
    return (text) => visionReasonerReward(text, targets);
  },
};

const pointed = (mask: NonNullable<Sample['objects'][number]['mask']>, frame: Frame): PointedThing[] | null => {
  const thing = pointedThing(unpackMask(mask), frame);
  return thing && [thing];
};

/** Null: nobody has published rewards of this recipe that know no mask. */
export const rewarderOf = ({ reasoner }: Pick<Recipe, 'reasoner'>): Rewarder | null =>
  rewarders[reasoner.parser] ?? null;

/** Their authors give nothing where nothing matches, and points need the outline of every object. */
export const isRewarded = ({ objects, prompt: { points, box } }: Sample): boolean =>
  points.length === 0 && box === null && objects.length > 0 && objects.every(({ mask }) => mask !== null);
