// Plans what a run learns by what the weights got wrong before it, and says in a record that nothing was learnt.
import { freemem } from 'node:os';
import path from 'node:path';
import type { Frame } from '../contract/geometry.ts';
import type { GateVerdict, Tier } from '../contract/learning.ts';
import type { CheckpointWeights } from '../weights/openCheckpoint.ts';
import { tiersWithRoom } from './adapter/runMemory.ts';
import { hasMasksToLearn, whyNoAnswers } from './canLearn.ts';
import { missesWords, type Scores } from './gate/judging.ts';
import { projectFigures } from './gate/measure.ts';
import type { ToLearn } from './learnTier.ts';
import { decidedOnce } from './loop/decidedOnce.ts';
import { pickTier } from './pickTier.ts';
import type { TeachingImage, TeachTask } from './samples/task.ts';

/** Masks that are as good as this under true boxes need no teaching. */
const goodMasks = 0.85;

interface Known {
  readonly own: CheckpointWeights;
  /** What was measured before the run. */
  readonly first: Scores;
  readonly learnt: readonly (TeachingImage & { readonly size: Frame })[];
}

export async function planned(
  task: TeachTask,
  { own, first, learnt }: Known,
): Promise<Pick<ToLearn, 'tier' | 'needsMasks' | 'needsWords'>> {
  const misses = missesWords(first.project);
  const needsWords = misses && nameless(learnt) === null;
  const needsMasks = hasMasksToLearn(own) && projectFigures(first.project).gIoU < goodMasks;
  if (own.base !== undefined && task.tier === 'auto') {
    const [canDraw, canAnswer] = [hasMasksToLearn(own), whyNoAnswers(own) === null];
    const wanted = !canDraw || (misses && canAnswer) ? 'supervised' : 'decoder';
    const hasRoom = await tiersWithRoom(task, { weights: own, images: learnt });
    const others = { decoder: canDraw && hasRoom.decoder, supervised: canAnswer && hasRoom.supervised };
    const tier = await keptTier(task.folder, () => withRoom(wanted, hasRoom, others));
    return { tier, needsMasks: needsMasks && hasRoom.decoder, needsWords };
  }
  const picked = (): Tier => {
    // What nobody knows a domain of would forget it by learning words.
    return task.base.lesson !== null && needsWords ? pickTier(roomOf(task, first)).tier : 'decoder';
  };
  return { tier: task.tier === 'auto' ? await keptTier(task.folder, picked) : task.tier, needsMasks, needsWords };
}

type Rooms = Readonly<Record<'decoder' | 'supervised', boolean>>;

/** The other tier where the wanted one has no room and that one can teach and has; else the wanted one. */
function withRoom(wanted: 'decoder' | 'supervised', hasRoom: Rooms, canTake: Rooms): Tier {
  const other = wanted === 'decoder' ? 'supervised' : 'decoder';
  return !hasRoom[wanted] && canTake[other] ? other : wanted;
}

/** What the run holds by now counts as free: it was taken for measuring. */
const roomOf = ({ minutes }: TeachTask, { secondsOfAnswer }: Scores) => ({
  ...{ minutes, secondsOfAnswer, freeMB: (freemem() + process.memoryUsage.rss()) / 2 ** 20 },
});

/** Kept in the run's folder: memory and speed are others when a run goes on. */
const keptTier = (folder: string, pick: () => Tier): Promise<Tier> => decidedOnce(path.join(folder, 'tier.json'), pick);

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
