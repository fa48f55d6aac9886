// Measures weights on held-out prompts and on the domain that they came with: the evidence by which the gate judges.
import type { DrawnChange, PromptChange, TeachReport, Tier } from '../../contract/learning.ts';
import { packMask } from '../../contract/project.ts';
import type { Mask } from '../../contract/records.ts';
import { sampleIou } from '../../evaluate/metrics.ts';
import { loadPredictor } from '../../flow/predict.ts';
import { openModel } from '../../weights/openCheckpoint.ts';
import type { MeasuredImage } from '../samples/measuredImage.ts';
import type { TeachingImage, TeachTask, Watching } from '../samples/task.ts';
import type { BeforeAfter, Evidence } from './gate.ts';
import { measure, pointedIou, type Score } from './measure.ts';

export interface Scores {
  readonly project: readonly Score[];
  /** Scores on the weights' own domain: things under their boxes, and prompts by words. */
  readonly base: readonly Score[];
  readonly worded: readonly Score[];
  /** Mean of those prompts; null: there were none. */
  readonly secondsOfAnswer: number | null;
}

export interface ToScore {
  readonly task: TeachTask;
  readonly measured: readonly MeasuredImage[];
  readonly phase: 'measuring' | 'judging';
  /** Held-out objects that are clicked at. Default: none. */
  readonly clicked?: number;
}

/** Each takes up to twenty masks. */
export const mostClicked = 20;
/** Whole answers of nano that take as long: 20 objects took 95 clicks and 5.0 s of processor time, 20 answers 1.3 s. */
export const clicksInAnswers = 80;

/** Held-out prompts that are asked by words: a whole answer takes a hundred times as long as a mask. */
export const mostWorded: Readonly<Record<TeachTask['tier'], number>> = {
  decoder: 8,
  supervised: 160,
  rl: 160,
  auto: 160,
};

export async function scoresOf(
  folder: string,
  { task, measured, phase, clicked = 0 }: ToScore,
  { signal, report }: Watching,
): Promise<Scores> {
  const { segmenter: own } = await openModel(folder);
  const predictor = await loadPredictor(folder, { segmenter: own ? null : task.segmenter });
  const wordedToo = task.tier === 'decoder' ? [] : task.base.worded;
  const all = [...measured, ...task.base.measured, ...wordedToo];
  const total = all.reduce((n, { samples }) => n + samples.length, 0);
  const progress = (before: number) => (done: number) =>
    report({ kind: 'teaching', phase, done: before + done, total, secondsLeft: null, figures: {} });
  try {
    const project = await measure(predictor, measured, {
      signal,
      mostWorded: mostWorded[task.tier],
      clicks: { mostObjects: clicked, seed: task.seed },
      progress: progress(0),
    });
    const own = { signal, mostWorded: 0, progress: progress(project.length) };
    const base = await measure(predictor, task.base.measured.map(alone), own);
    const told = {
      signal,
      mostWorded: wordedToo.length,
      onlyWorded: true,
      progress: progress(project.length + base.length),
    };
    const started = performance.now();
    const worded = await measure(predictor, wordedToo.map(alone), told);
    const seconds = (performance.now() - started) / 1000;
    return { project, base, worded, secondsOfAnswer: worded.length > 0 ? seconds / worded.length : null };
  } finally {
    await predictor.release();
  }
}

/** Drops images that are gone since the first time, so that the same prompts are compared. */
export function onSameImages(first: Scores, last: Scores): { before: Scores; after: Scores } {
  const there = new Set(last.project.map(({ imageId }) => imageId));
  const isThere = ({ imageId }: Score) => there.has(imageId);
  return { before: { ...first, project: first.project.filter(isThere) }, after: last };
}

const alone = (image: TeachingImage): MeasuredImage => ({ ...image, read: () => image.read(), group: image.imageId });

/** IoU of the answer to the words alone; 1 where nothing matches and nothing was found. */
const wordedIou = ({ worded }: Score): number | null => worded && sampleIou(worded.overlap);

function saidIou(score: Score): number | null {
  return score.nothing ? null : wordedIou(score);
}

/** What a tier can change: masks under true boxes, or whole answers. */
const worthOf: Readonly<Record<Tier, (score: Score) => number | null>> = {
  decoder: (score) => (score.pointed.length === 0 ? null : pointedIou(score)),
  supervised: saidIou,
  rl: saidIou,
};

/** Words where they are what is missing; else masks. */
export const missesWords = (scores: readonly Score[]): boolean => {
  const both = scores.flatMap((score) => {
    const said = saidIou(score);
    return said === null || score.pointed.length === 0 ? [] : [pointedIou(score) - said];
  });
  return both.length > 0 && lacksWords(both.reduce((sum, gap) => sum + gap, 0) / both.length);
};

/** By how far answers to words lie below masks under true boxes, in gIoU. */
export const lacksWords = (gap: number): boolean => gap > 0.1;

interface Compared {
  readonly before: Scores;
  readonly after: Scores;
  readonly tier: Tier;
}

export function evidenceOf({ before, after, tier }: Compared, learnt: readonly TeachingImage[]): Evidence {
  const counts = new Map<string, number>();
  for (const { prompt } of learnt.flatMap(({ samples }) => samples))
    counts.set(prompt.text, (counts.get(prompt.text) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [];
  const pairs = pairsOf(before.project, after.project, worthOf[tier]);
  const masks = (name: 'project' | 'base') =>
    pairsOf(before[name], after[name], worthOf.decoder).map(({ pair }) => pair);
  const said = pairsOf(before.worded, after.worded, wordedIou).map(({ pair }) => pair);
  const silent = before.project.map((score, i) => ({ score, after: after.project[i] }));
  return {
    taught: pairs.map(({ pair }) => pair),
    otherLabels: pairs.filter(({ text }) => text !== most).map(({ pair }) => pair),
    nothing: silent.flatMap(({ score, after: then }) =>
      score.nothing && score.worded && then?.worded
        ? [{ group: score.group, before: Number(score.worded.saidNothing), after: Number(then.worded.saidNothing) }]
        : [],
    ),
    base: tier !== 'decoder' && said.length > 0 ? said : masks('base'),
    masks: tier !== 'decoder' ? [...masks('project'), ...masks('base')] : [],
  };
}

/** Prompts that both can be measured on, in the same order before and after. */
const pairsOf = (
  before: readonly Score[],
  after: readonly Score[],
  worth: (score: Score) => number | null,
): { pair: BeforeAfter; text: string; imageId: number; scores: readonly [Score, Score] }[] =>
  before.flatMap((score, i) => {
    const then = after[i];
    const [was, is] = [worth(score), then ? worth(then) : null];
    const { group, text, imageId } = score;
    if (!then || was === null || is === null) return [];
    return [{ pair: { group, before: was, after: is }, text, imageId, scores: [score, then] }];
  });

/** Worst change first. */
export const changesOf = ({ before, after, tier }: Compared): TeachReport['prompts'] =>
  pairsOf(before.project, after.project, worthOf[tier])
    .map(({ pair, text, imageId }): PromptChange => ({ imageId, text, before: pair.before, after: pair.after }))
    .sort((a, b) => a.after - a.before - (b.after - b.before));

/** The same changes, with what was drawn by what the tier can change. */
export function drawnChanges({ before, after, tier }: Compared): DrawnChange[] {
  const packed = (mask: Mask | null | undefined) => (mask ? packMask(mask) : null);
  const by = tier === 'decoder' ? 'pointed' : 'worded';
  return pairsOf(before.project, after.project, worthOf[tier])
    .map(({ pair, text, imageId, scores: [was, is] }) => ({
      ...{ imageId, text, before: pair.before, after: pair.after, truth: packed(was.drawn?.truth) },
      ...{ was: packed(was.drawn?.[by]), is: packed(is.drawn?.[by]) },
    }))
    .sort((a, b) => a.after - a.before - (b.after - b.before));
}
