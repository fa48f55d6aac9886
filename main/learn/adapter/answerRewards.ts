// Rewards answers by the rules of a recipe's own authors: LENS's form, box and mask, Seg-Zero's five rewards, VisionReasoner's pairs.

import { type ReadObject, toFrame } from '../../contract/answer.ts';
import type { Frame } from '../../contract/geometry.ts';
import { unpackMask } from '../../contract/project.ts';
import type { Box, Mask } from '../../contract/records.ts';
import { unionOf } from '../../contract/rle.ts';
import { boxAround } from '../../flow/segmenter/zoom.ts';
import { unifiedReward } from '../../reward/lens.ts';
import { objectsReward } from '../../reward/objects.ts';
import { segZeroReward } from '../../reward/segZero.ts';
import { visionReasonerReward } from '../../reward/visionReasoner.ts';
import type { Parser, Recipe } from '../../weights/recipe.ts';
import { type PointedThing, pointedThing } from '../samples/inscribedCircles.ts';
import type { Sample } from '../samples/sample.ts';

export interface AnswerReward {
  readonly total: number;
  /** The part that knows no truth. */
  readonly format: number;
  /** What the total is the sum of, by the names that a person is shown. */
  readonly terms: Readonly<Record<string, number>>;
  /** What was drawn earned this; missing: a drawing earns nothing. */
  readonly mask?: number;
}

/** What an answer comes to on the picture. */
export interface DrawnObjects {
  /** In image pixels. */
  readonly named: readonly Pick<ReadObject, 'box'>[];
  /** All that is drawn, together; null: nothing. */
  readonly mask: Mask | null;
}

export type RewardOf = (text: string, drawn?: DrawnObjects) => AnswerReward;

/** One thing that is meant, in image pixels. */
export interface MeantThing {
  readonly box: Box;
  readonly mask: Mask;
}

/** What a sample's answers earn. */
export interface Earning {
  readonly rewardOf: RewardOf;
  /** What a mask that is drawn is held against. */
  readonly meant: readonly MeantThing[];
}

/** The picture as its answers count it, and its size. */
export interface SeenSizes {
  readonly frame: Frame;
  readonly size: Frame;
}

/** Null: nothing that could be found by the sample, or said of it. */
type Rewarder = (sample: Sample, seen: SeenSizes) => Earning | null;

/** Rewards of texts whose masks another model draws. */
const textRewarders: Partial<Record<Parser, Rewarder>> = {
  /** All that matches as one thing; the strict reward, as its reader wants the same keys. */
  'seg zero': (sample, { frame }) => {
    const meant = meantThings(sample);
    const all = unionOf(meant.map(({ mask }) => mask));
    const target = all && pointedThing(all, frame);
    if (!target) return null;
    const rewardOf: RewardOf = (text) => {
      const { think, format, iou, boxL1, points, total } = segZeroReward(text, target, { strict: true });
      const terms = { thinking: think, format, overlap: iou, corners: boxL1, points };
      return { format: think + format, terms, total };
    };
    return { rewardOf, meant };
  },
  'vision reasoner': (sample, { frame }) => {
    const meant = meantThings(sample);
    const things = meant.flatMap(({ mask }): PointedThing[] => pointed(mask, frame) ?? []);
    if (things.length === 0) return null;
    const targets = things.map(({ box, points: [point] }) => ({ box, point }));
    const rewardOf: RewardOf = (text) => {
      const { format, accuracy, nonRepeat, total } = visionReasonerReward(text, targets);
      return { format, terms: { format, accuracy, 'no repeats': nonRepeat }, total };
    };
    return { rewardOf, meant };
  },
};

const pointed = (mask: Mask, frame: Frame): PointedThing[] | null => {
  const thing = pointedThing(mask, frame);
  return thing && [thing];
};

/** LENS's own terms, by what is asked for: reasoning has a form to keep, a box alone has none. */
const lensTerms = { pr1_grounding: ['box', 'mask'], samr1_v4: ['format', 'box', 'mask'] } as const;

const nothingDrawn: DrawnObjects = { named: [], mask: null };

/** As LENS was released: all that matches as one thing, its box compared in the frame; an answer cannot say that nothing does. */
const firstBox =
  (terms: readonly ('format' | 'box' | 'mask')[]): Rewarder =>
  (sample, { frame, size }) => {
    const things = meantThings(sample);
    const [box, mask] = [boxAround(things.map((thing) => thing.box)), unionOf(things.map((thing) => thing.mask))];
    if (!box || !mask) return null;
    const target = { box: toFrame(box, size, frame), mask };
    const rewardOf: RewardOf = (text, drawn = nothingDrawn) => {
      const reward = unifiedReward({ text, mask: drawn.mask }, target, { dialect: 'released', terms });
      return { ...reward, terms: Object.fromEntries(terms.map((term) => [term, reward[term]])) };
    };
    return { rewardOf, meant: [{ box, mask }] };
  };

/** Any number of things, or none. */
const everyBox: Rewarder = (sample) => {
  const things = meantThings(sample);
  const meant = { boxes: things.map(({ box }) => box), mask: unionOf(things.map(({ mask }) => mask)) };
  const rewardOf: RewardOf = (text, { named, mask } = nothingDrawn) => {
    const { total, ...terms } = objectsReward({ text, boxes: named.map(({ box }) => box), mask }, meant);
    return { ...terms, terms, total };
  };
  return { rewardOf, meant: things };
};

const meantThings = ({ objects }: Sample): MeantThing[] =>
  objects.flatMap(({ box, mask }) => (mask ? [{ box, mask: unpackMask(mask) }] : []));

function drawnRewarderOf({ parser, template }: Recipe['reasoner']): Rewarder | null {
  if (parser === 'loupe') return everyBox;
  if (parser !== 'first box') return null;
  return template === 'pr1_grounding' || template === 'samr1_v4' ? firstBox(lensTerms[template]) : null;
}

/** Null: nobody has published rewards for this recipe. A mask earns where the context of the answer draws it. */
export const rewarderOf = ({ reasoner, segmenter }: Recipe): Rewarder | null =>
  segmenter.prompts.includes('context') ? drawnRewarderOf(reasoner) : (textRewarders[reasoner.parser] ?? null);

/** Asked by words alone, and with an outline of every object. */
export const isRewarded = ({ objects, prompt: { points, box } }: Sample): boolean =>
  points.length === 0 && box === null && objects.every(({ mask }) => mask !== null);
