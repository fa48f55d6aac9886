// Says what of a model can learn in which tier before a run starts, and why where a tier cannot teach it.
import path from 'node:path';
import { WeightsError } from '../../models/runtime/weightsFile.ts';
import { BadInput } from '../contract/badInput.ts';
import type { Tier } from '../contract/learning.ts';
import { recogniseModel } from '../flow/recogniseModel.ts';
import { isSegmenterKind } from '../weights/catalogue.ts';
import { type CheckpointWeights, openModel } from '../weights/openCheckpoint.ts';
import { openSegmenter } from '../weights/openSam.ts';
import { answerForm } from './adapter/answerForms.ts';
import { rewarderOf } from './adapter/answerRewards.ts';
import { cannotAnswer } from './adapter/learnCheckpoint.ts';
import { whyNotSupervised } from './supervised/supervisedTier.ts';

export interface Learner {
  readonly weights: CheckpointWeights;
  /** What draws the boxes of weights that have no segmenter of their own. */
  readonly segmenter: string | null;
  /** Whether that is a checkpoint of SAM 2, whose mask decoder can learn. Default: no. */
  readonly drawerLearns?: boolean;
}

export const learnerOf = async (weights: CheckpointWeights, segmenter: string | null): Promise<Learner> => ({
  ...{ weights, segmenter, drawerLearns: segmenter !== null && (await isSam2(segmenter)) },
});

/** A place that cannot be opened is told where it is used. */
async function isSam2(place: string): Promise<boolean> {
  try {
    return 'shapes' in (await openSegmenter(place));
  } catch (error) {
    if (error instanceof BadInput || error instanceof WeightsError) return false;
    throw error;
  }
}

/** Throws one sentence that says what could learn instead, where a segmenter alone was named. */
export async function learnerAt(folder: string, segmenter: string | null): Promise<Learner> {
  try {
    return await learnerOf(await openModel(folder), segmenter);
  } catch (error) {
    const kind = await recogniseModel(folder).then(
      (model) => model.kind,
      () => null,
    );
    if (kind === 'ONNX text segmenter')
      throw new BadInput(
        `${folder}: is SAM 3 for words in ONNX files, which can be asked and not taught; name a Qwen2.5-VL, Seg-Zero or LENS checkpoint, or nothing for loupe-nano`,
      );
    if (kind === null || !isSegmenterKind(kind)) throw error;
    throw new BadInput(
      `${folder}: is of kind "${kind}", which answers no words, so it cannot be taught alone; name a Qwen2.5-VL, Seg-Zero or LENS checkpoint, or nothing for loupe-nano, and this one by --segmenter`,
    );
  }
}

/** Whether another model turns its boxes into masks. */
const isDecoupled = ({ segmenter, context }: CheckpointWeights): boolean => !segmenter || !context;

/** Why a tier cannot teach weights that are asked or answer in another way than it trains; null: it can. */
export function cannotLearn({ weights, segmenter, drawerLearns = false }: Learner, tier: Tier | 'auto'): string | null {
  const { name } = weights;
  if (!weights.segmenter && segmenter === null)
    return `${name} writes boxes and has no segmenter of its own, by whose masks a run could be judged; choose one (a checkpoint of SAM 1 or 2, or an ONNX segmenter) in the settings or by --segmenter.`;
  if (isDecoupled(weights) && tier === 'decoder')
    return drawerLearns
      ? null
      : `${name} has no mask decoder of its own, and the segmenter beside it is no SAM 2, whose decoder could learn; choose tier supervised, which teaches its answers.`;
  if (tier === 'rl') return cannotEarn(weights);
  if (tier === 'supervised' || isDecoupled(weights)) return whyNoAnswers(weights);
  return null;
}

/** A checkpoint by the rewards of its authors, else Loupe's own weights. */
function cannotEarn(weights: CheckpointWeights): string | null {
  if (weights.base === undefined) return whyNotSupervised(weights);
  if (rewarderOf(weights.recipe)) return whyNoAnswers(weights);
  return `${weights.name} is of a recipe whose authors published no rewards, so tier rl cannot teach it; choose tier supervised.`;
}

/** Why answers cannot be taught; a checkpoint learns by low-rank updates, Loupe's own weights by all of the reasoner. */
export const whyNoAnswers = (weights: CheckpointWeights): string | null =>
  weights.base === undefined ? whyNotSupervised(weights) : cannotAnswer(weights);

/** Whether masks can be taught beside answers. */
export const hasMasksToLearn = (weights: CheckpointWeights): boolean => !isDecoupled(weights);

/** Tells a person before anything starts what learns in which tier, and what stays as it is. */
export function howItLearns(learner: Learner): string {
  const { weights, segmenter, drawerLearns = false } = learner;
  const why = cannotLearn(learner, 'auto');
  if (why !== null) return why;
  const { name, recipe } = weights;
  if (weights.base === undefined)
    return `${name}: tier decoder teaches its mask decoder and context module, tiers supervised and rl its reasoner.`;
  const form = answerForm(recipe.reasoner);
  if (form === null) throw new Error(`${name} can learn answers, but its template has no form for them.`);
  const drawer = segmenter === null ? 'its own segmenter' : `the segmenter ${path.basename(segmenter)}`;
  const updates = `tier supervised teaches low-rank updates of its language model, by answers in its own form (${told(form)})`;
  const rewards = rewarderOf(recipe) ? ', tier rl the same by the rewards of its authors' : '';
  if (isDecoupled(weights) && drawerLearns)
    return `${name}: tier decoder teaches the mask decoder of ${drawer}, ${updates}${rewards}; picture readers stay as they are.`;
  if (isDecoupled(weights)) return `${name}: ${updates}${rewards}; its picture reader and ${drawer} stay as they are.`;
  const drawn = rewards && `${rewards}, its mask decoder, context module and queries with them`;
  return `${name}: tier decoder teaches its mask decoder and context module, ${updates}${drawn}; its picture readers stay as they are.`;
}

const pointWords = { 0: '', 1: ' and a point', 2: ' and two points' } as const;

function told({ points, reasons, single }: NonNullable<ReturnType<typeof answerForm>>): string {
  return `${reasons ? 'reasoning, then ' : ''}${single ? 'one box' : 'boxes'}${pointWords[points]}`;
}
