// Plans what a run learns by what the weights got wrong before it, and says in a record that nothing was learnt.
import type { GateVerdict, Tier } from '../contract/learning.ts';
import type { CheckpointWeights } from '../weights/openCheckpoint.ts';
import { hasMasksToLearn, whyNoAnswers } from './canLearn.ts';
import { missesWords, type Scores } from './judging.ts';
import { pickedTier, type ToLearn } from './learnTier.ts';
import { projectFigures } from './measure.ts';
import type { TeachingImage, TeachTask } from './task.ts';

/** Masks that are as good as this under true boxes need no teaching. */
const goodMasks = 0.85;

interface Known {
  readonly own: CheckpointWeights;
  /** What was measured before the run. */
  readonly first: Scores;
  readonly learnt: readonly TeachingImage[];
}

export function planned(
  task: TeachTask,
  { own, first, learnt }: Known,
): Pick<ToLearn, 'tier' | 'needsMasks' | 'needsWords'> {
  const misses = missesWords(first.project);
  const needsWords = misses && nameless(learnt) === null;
  const picked = () =>
    own.base === undefined
      ? pickedTier(task, needsWords)
      : !hasMasksToLearn(own) || (misses && whyNoAnswers(own) === null)
        ? 'supervised'
        : 'decoder';
  const needsMasks = hasMasksToLearn(own) && projectFigures(first.project).gIoU < goodMasks;
  return { tier: task.tier === 'auto' ? picked() : task.tier, needsMasks, needsWords };
}

export const judgedBy: Readonly<Record<Tier, 'masks' | 'answers'>> = {
  decoder: 'masks',
  supervised: 'answers',
  rl: 'answers',
};

/** Null: shapes say what things are called, or the tier needs no names. */
export const withoutNames = (
  { tier }: Pick<TeachTask, 'tier'>,
  { base }: Pick<CheckpointWeights, 'base'>,
  learnt: readonly TeachingImage[],
): string | null => (tier === 'supervised' && base === undefined ? nameless(learnt) : null);

const nameless = (learnt: readonly TeachingImage[]): string | null =>
  learnt.some(({ things }) => things.length > 0)
    ? null
    : 'No labelled shape says what anything is called, so no word can be taught; give shapes labels, or choose tier decoder.';

/** The result of a run that changed nothing. */
export function untaught({ tier }: Pick<TeachTask, 'tier'>, reason: string, learnt: readonly TeachingImage[]) {
  const gate: GateVerdict = {
    ...{ promoted: false, reason, gain: 0, low: 0, high: 0, otherLabels: null, nothing: null, base: null },
  };
  const samples = learnt.reduce((n, image) => n + image.samples.length, 0);
  const nothing = { before: null, after: null, held: [], taught: [], prompts: [], weights: null, gate };
  return { ...nothing, samples, tier: tier === 'auto' ? ('decoder' as const) : tier };
}
