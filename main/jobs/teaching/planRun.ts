// Plans a run before it starts, without looking at a picture: what it would learn from, by which tier, how long, in how much memory.
import { freemem } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import type { Tier } from '../../contract/learning.ts';
import type { Image } from '../../contract/project.ts';
import type { RunPlan } from '../../contract/runPlan.ts';
import type { Engine } from '../../engine/supervisor.ts';
import { cannotLearn, hasMasksToLearn, type Learner } from '../../learn/canLearn.ts';
import { clicksInAnswers, lacksWords, mostWorded } from '../../learn/gate/judging.ts';
import { tries } from '../../learn/gate/largestChanges.ts';
import { enoughPictures } from '../../learn/learnTier.ts';
import { pickTier, type Room, usualPeakMB } from '../../learn/pickTier.ts';
import { hasOwnDomain, usualDomain } from '../../learn/samples/baseDomain.ts';
import { refusal, type TaughtImage } from '../../learn/samples/preflight.ts';
import { type Sample, type StandingThing, samplesOf, standingThings } from '../../learn/samples/sample.ts';
import { heldOut } from '../../learn/samples/split.ts';
import { wordsToTeach } from '../../learn/supervised/learnReasoner.ts';
import type { Project } from '../../store/project.ts';
import { sampleScene } from '../opening/sampleProject.ts';

export interface ToPlan {
  readonly project: Project;
  readonly learner: Learner;
  /** Supervises the program `serve`, with the weights that learn. */
  readonly engine: Pick<Engine, 'call'>;
  readonly tier: Tier | 'auto';
  readonly minutes: number;
  readonly seed: number;
}

type Planned = TaughtImage & { readonly things: readonly StandingThing[]; readonly image: Image };

/** Between them others have their turn. */
const IMAGES_AT_A_TIME = 200;

export async function planRun(work: ToPlan): Promise<RunPlan> {
  const { project, learner, tier: asked, minutes: training } = work;
  const images = await teaching(project);
  const { held: before, taught } = project.split();
  const known = new Set([...before, ...taught]);
  const held = heldOut(images, { held: new Set(before), taught: new Set(taught), seed: work.seed });
  const isOwn = learner.weights.base === undefined;
  const words = isOwn
    ? newWords(
        learner,
        images.filter(({ imageId }) => !held.has(imageId)),
      )
    : [];
  const no = cannotLearn(learner, asked) ?? refusal(images, held);
  const seconds = no === null && isOwn ? await secondsOfAnswer(work) : null;
  const freeMB = freemem() / 2 ** 20;
  const { tier, why } = tierOf(work, words, { freeMB, minutes: training, secondsOfAnswer: seconds });
  const answers = answersOfRun(work, { tier, held: countOf(images.filter(({ imageId }) => held.has(imageId))) });
  return {
    ...{
      images: images.length,
      prompts: countOf(images),
      fresh: countOf(images.filter((one) => !known.has(one.imageId))),
    },
    ...{ tier, why, training, refusal: no },
    minutes: seconds === null ? null : training + (answers * seconds) / 60,
    ...{ memoryMB: memoryOf(project, tier ?? 'supervised', { isOwn }), freeMB },
    rare: tier === 'decoder' ? [] : words.filter(({ pictures }) => pictures < enoughPictures),
  };
}

const countOf = (images: readonly Planned[]): number => images.reduce((sum, { samples }) => sum + samples.length, 0);

/** Every image as if none were like another. */
async function teaching(project: Project): Promise<Planned[]> {
  const labels = project.labels();
  const images: Planned[] = [];
  for (const [i, image] of [...project.allImages()].entries()) {
    if (i % IMAGES_AT_A_TIME === 0) await setImmediate();
    const detail = image.state === 'present' ? project.detail(image.id) : null;
    const samples: Sample[] = detail ? samplesOf(detail, labels) : [];
    if (!detail || samples.length === 0) continue;
    const { id: imageId, path: file } = image;
    images.push({
      ...{ imageId, path: file, image, samples, group: imageId, prompts: samples.length, edgeRanks: [] },
      things: standingThings(detail, labels),
    });
  }
  return images;
}

const newWords = ({ weights }: Learner, images: readonly Planned[]) =>
  wordsToTeach(weights, images).map(({ word, pictures }) => ({ word, pictures }));

/** As the run chooses, where that is known before anything is measured. */
function tierOf(
  { tier, learner, project }: ToPlan,
  words: readonly { word: string }[],
  room: Room,
): Pick<RunPlan, 'tier' | 'why'> {
  if (tier !== 'auto') return { tier, why: `Tier ${tier} was asked for.` };
  if (!hasMasksToLearn(learner.weights))
    return { tier: 'supervised', why: 'Tier supervised fits: these weights name boxes, and another model draws them.' };
  if (words.length > 0) {
    const some = words.slice(0, 5).map(({ word }) => word);
    const more = words.length > some.length ? ` and ${words.length - some.length} more` : '';
    return picked(`the model does not know ${some.join(', ')}${more}`, room);
  }
  const last = project.reports().find(({ after }) => after && after.words.prompts > 0)?.after;
  if (!last)
    return {
      tier: null,
      why: 'What is measured first chooses the tier: supervised where words are missed, else decoder.',
    };
  if (!lacksWords(last.gIoU - last.words.gIoU))
    return {
      tier: 'decoder',
      why: 'Tier decoder fits: in the last run answers to words were as good as masks under true boxes.',
    };
  const missed = 'in the last run answers to words lay far below masks under true boxes';
  return learner.weights.base === undefined
    ? picked(missed, room)
    : { tier: 'supervised', why: `Tier supervised fits: ${missed}.` };
}

function picked(missed: string, room: Room): Pick<RunPlan, 'tier' | 'why'> {
  const { tier, because } = pickTier(room);
  return { tier, why: `Tier ${tier} fits: ${missed}; ${because}.` };
}

/** Whole answers that are asked for beside training, or what takes as long: before and after, and while it is chosen how much of what was trained is kept. */
function answersOfRun(
  { tier: asked, learner: { weights } }: ToPlan,
  { tier, held }: { tier: Tier | null; held: number },
): number {
  const { worded, chosenBy } =
    asked !== 'decoder' && hasOwnDomain(weights.name) ? usualDomain : { worded: 0, chosenBy: 0 };
  return 2 * (Math.min(held, mostWorded[asked]) + worded + clicksInAnswers) + parts[tier ?? 'rl'] * tries * chosenBy;
}

/** Times that a run chooses how much it keeps: after words, and after rewards. */
const parts: Readonly<Record<Tier, number>> = { decoder: 0, supervised: 1, rl: 2 };

/** By a question about a scene of the sample, as the weights came with; the second of two, as the first one opens graphs. Null: it cannot be asked. */
async function secondsOfAnswer({ engine }: ToPlan): Promise<number | null> {
  const question = { picture: sampleScene, text: 'the red thing', points: [], box: null, samples: 1, seed: 0 };
  const ask = () => engine.call('ask', question, { urgency: 'batch' });
  try {
    await ask();
    return (await ask()).ms / 1000;
  } catch {
    // What is wrong with the model is said where it is used.
    return null;
  }
}

function memoryOf(project: Project, tier: Tier, { isOwn }: { isOwn: boolean }): number | null {
  const last = project.reports().find((report) => report.tier === tier && report.after !== null);
  return last?.peakMB ?? (isOwn ? usualPeakMB[tier] : null);
}
