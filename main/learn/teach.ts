// Teaches weights by a project's samples, or says why they stay as they are: they must be better on pictures they did not learn from.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import type { GateVerdict, SkippedImage, Tier } from '../contract/learning.ts';
import { openModel } from '../weights/openCheckpoint.ts';
import { cannotLearn, hasMasksToLearn, whyNoAnswers } from './canLearn.ts';
import { writeChanges } from './changes.ts';
import { outlinesOf } from './decoderPrompts.ts';
import { edgeRank } from './edgeRank.ts';
import { judge } from './gate.ts';
import { changesOf, drawnChanges, evidenceOf, missesWords, onSameImages, scoresOf } from './judging.ts';
import { learn, pickedTier } from './learnTier.ts';
import { type MeasuredImage, projectFigures } from './measure.ts';
import { nearGroups, pictureHash } from './nearDuplicates.ts';
import { refusal, type TaughtImage } from './preflight.ts';
import { heldOut } from './split.ts';
import type { TeachingImage, TeachOutcome, TeachTask, Watching } from './task.ts';

/** Masks that are as good as this under true boxes need no teaching. */
const goodMasks = 0.85;

export async function teach(task: TeachTask, watching: Watching): Promise<TeachOutcome> {
  const started = performance.now();
  await mkdir(task.folder, { recursive: true });
  const own = await openModel(task.weights);
  const unable = cannotLearn({ weights: own, segmenter: task.segmenter }, task.tier);
  const { images, skipped } = unable === null ? await lookedAt(task, watching) : { images: [], skipped: [] };
  const held = heldOut(images, { held: new Set(task.held), taught: new Set(task.taught), seed: task.seed });
  const learnt = images.filter(({ imageId }) => !held.has(imageId));
  const samples = learnt.reduce((n, image) => n + image.samples.length, 0);
  const cost = () => ({
    skipped,
    minutes: (performance.now() - started) / 60_000,
    peakMB: process.resourceUsage().maxRSS / 1024,
  });
  const needsNames = task.tier === 'supervised' && own.base === undefined;
  const why = unable ?? refusal(images, held) ?? (needsNames ? nameless(learnt) : null);
  if (why !== null) {
    const tier = task.tier === 'auto' ? 'decoder' : task.tier;
    return { tier, samples, ...untaught(why), ...cost() };
  }
  const measured = images.filter(({ imageId }) => held.has(imageId));
  const first = await scoresOf(task.weights, { task, measured, phase: 'measuring' }, watching);
  const misses = missesWords(first.project);
  const needsWords = misses && nameless(learnt) === null;
  const picked = () =>
    own.base === undefined
      ? pickedTier(task, needsWords)
      : !hasMasksToLearn(own) || (misses && whyNoAnswers(own) === null)
        ? 'supervised'
        : 'decoder';
  const tier = task.tier === 'auto' ? picked() : task.tier;
  const weights = path.join(task.folder, 'weights');
  const needsMasks = hasMasksToLearn(own) && projectFigures(first.project).gIoU < goodMasks;
  const asked = { learnt, measured, tier, weights, needsMasks, needsWords };
  const { refusal: none, ...made } = await learn(task, asked, watching);
  if (none !== null) return { ...untaught(none), tier: made.tier, samples, usefulGroups: made.usefulGroups, ...cost() };
  const last = await scoresOf(weights, { task, measured, phase: 'judging' }, watching);
  const { before, after } = onSameImages(first, last);
  const compared = { before, after, tier: made.tier };
  await writeChanges(task.folder, drawnChanges(compared));
  const { words, usefulGroups } = made;
  return {
    ...{
      tier: made.tier,
      samples,
      gate: judge(evidenceOf(compared, learnt), { seed: task.seed, by: judgedBy[made.tier] }),
    },
    ...{ before: projectFigures(before.project), after: projectFigures(after.project) },
    ...{ held: [...held], taught: learnt.map(({ imageId }) => imageId), prompts: changesOf(compared), words, weights },
    ...{ usefulGroups, ...cost() },
  };
}

const judgedBy: Readonly<Record<Tier, 'masks' | 'answers'>> = {
  decoder: 'masks',
  supervised: 'answers',
  rl: 'answers',
};

const nameless = (learnt: readonly TeachingImage[]): string | null =>
  learnt.some(({ things }) => things.length > 0)
    ? null
    : 'No labelled shape says what anything is called, so no word can be taught; give shapes labels, or choose tier decoder.';

const refused = (reason: string): GateVerdict => ({
  ...{ promoted: false, reason, gain: 0, low: 0, high: 0, otherLabels: null, nothing: null, base: null },
});

/** The outcome of a run that changed nothing. */
const untaught = (reason: string) => ({
  ...{ before: null, after: null, held: [], taught: [], prompts: [], weights: null, gate: refused(reason) },
});

/** Masks of each image whose place on the picture is looked at. */
const mostRanked = 4;

type Looked = TaughtImage & MeasuredImage & TeachingImage;

/** Every image is read once, so that near-duplicates, masks that follow nothing and files that are gone are known before anything is measured. */
async function lookedAt(
  { images }: TeachTask,
  { signal, report }: Watching,
): Promise<{ images: Looked[]; skipped: SkippedImage[] }> {
  const looked: { image: TeachingImage; hash: string; edgeRanks: number[] }[] = [];
  const skipped: SkippedImage[] = [];
  for (const [i, image] of images.entries()) {
    signal?.throwIfAborted();
    try {
      const picture = await image.read();
      const masks = image.samples.flatMap((sample) => outlinesOf(sample).map(({ mask }) => mask));
      const edgeRanks = masks.slice(0, mostRanked).flatMap((mask) => edgeRank(picture, mask) ?? []);
      looked.push({ image, hash: pictureHash(picture), edgeRanks });
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      skipped.push({ path: image.path, reason: error.message });
    }
    report({ kind: 'teaching', phase: 'looking', done: i + 1, total: images.length, secondsLeft: null, figures: {} });
  }
  const groups = nearGroups(looked.map(({ hash }) => hash));
  const all = looked.map(({ image, edgeRanks }, i) => ({
    ...{ ...image, read: () => image.read(), edgeRanks, prompts: image.samples.length },
    group: groups.findIndex((group) => group.includes(i)),
  }));
  return { images: all, skipped };
}
