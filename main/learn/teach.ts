// A project's samples to weights that are better on pictures they did not learn from, or to the reason why they stay as they are.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { type TensorToWrite, writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import type { GateVerdict, PromptChange, TeachProgress, TeachReport } from '../contract/learning.ts';
import type { DecodedImage } from '../contract/records.ts';
import { loadPredictor } from '../flow/predict.ts';
import { openWeights, type Weights } from '../weights/open.ts';
import { type CheckpointWeights, openModel } from '../weights/openCheckpoint.ts';
import { type Prepared, prepare } from './decoderSamples.ts';
import {
  type DecoderBatch,
  type DecoderPolicy,
  decoderObjective,
  decoderPolicy,
  samplesOfStep,
  trainedValues,
} from './decoderTier.ts';
import { type Evidence, judge, type Pair } from './gate.ts';
import { type Progress, type Run, train } from './loop.ts';
import { type MeasuredImage, measure, pointedIou, projectFigures, type Score } from './measure.ts';
import { nearGroups, pictureHash } from './nearDuplicates.ts';
import { refusal, type TaughtImage } from './preflight.ts';
import type { Sample } from './sample.ts';
import { heldOut } from './split.ts';

/** An image of a project, or one that the weights came with. */
export interface TeachingImage {
  readonly imageId: number;
  readonly path: string;
  readonly samples: readonly Sample[];
  read(): Promise<DecodedImage>;
}

export interface TeachTask {
  /** Folder of the weights that learn. */
  readonly weights: string;
  /** Of this run: checkpoint, curves and, in `weights`, the result. A run that was stopped goes on from it. */
  readonly folder: string;
  readonly images: readonly TeachingImage[];
  /** Images that an earlier run measured on, and those that earlier runs learnt from. */
  readonly held: readonly number[];
  readonly taught: readonly number[];
  /** Pictures of the domain that the weights came with: some are learnt again, the others measured on. */
  readonly base: { readonly replayed: readonly TeachingImage[]; readonly measured: readonly TeachingImage[] };
  readonly minutes: number;
  readonly seed: number;
}

/** The report, and what a project keeps beside it. */
export interface TeachOutcome extends TeachReport {
  /** Ids of images that are measured on from now on, and of those that were learnt. */
  readonly held: number[];
  readonly taught: number[];
  /** Folder of the new weights; null where there are none. */
  readonly weights: string | null;
}

export interface Watching {
  readonly signal?: AbortSignal;
  report(progress: TeachProgress): void;
}

/** Held-out prompts that are asked by words: a whole answer takes a hundred times as long as a mask. */
const mostWorded = 8;
const batch = { pointed: 8, worded: 4 } as const;
/** Every fourth ask that is learnt is one of the weights' own domain. */
const replayShare = 0.25;
/** Optimiser steps; each ask is seen about 16 times. */
const longest = { steps: 400, perAsk: 2, fewest: 40 } as const;
const saveEvery = 20;

export async function teach(task: TeachTask, watching: Watching): Promise<TeachOutcome> {
  const started = performance.now();
  await mkdir(task.folder, { recursive: true });
  const unable = cannotLearn(await openModel(task.weights));
  const images = unable === null ? await lookedAt(task, watching) : [];
  const held = heldOut(images, { held: new Set(task.held), taught: new Set(task.taught), seed: task.seed });
  const learnt = images.filter(({ imageId }) => !held.has(imageId));
  const common = { tier: 'decoder', samples: learnt.reduce((n, { samples }) => n + samples.length, 0) } as const;
  const cost = () => ({
    minutes: (performance.now() - started) / 60_000,
    peakMB: process.resourceUsage().maxRSS / 1024,
  });
  const why = unable ?? refusal(images, held);
  if (why !== null) {
    const none = { before: null, after: null, held: [], taught: [], prompts: [], weights: null };
    return { ...common, ...none, gate: refused(why), ...cost() };
  }
  const measured = images.filter(({ imageId }) => held.has(imageId));
  const before = await scores(task.weights, { task, measured, phase: 'measuring' }, watching);
  const weights = path.join(task.folder, 'weights');
  await learn(task, { learnt, weights }, watching);
  const after = await scores(weights, { task, measured, phase: 'judging' }, watching);
  const gate = judge(evidenceOf(before, after, learnt), task.seed);
  return {
    ...common,
    ...{ before: projectFigures(before.project), after: projectFigures(after.project), gate },
    ...{ held: [...held], taught: learnt.map(({ imageId }) => imageId) },
    prompts: changesOf(before.project, after.project),
    weights,
    ...cost(),
  };
}

/** Of weights whose segmenter is asked in another way than this tier trains; null: they can. */
const cannotLearn = ({ name, recipe: { segmenter } }: CheckpointWeights): string | null =>
  segmenter.slots !== null && segmenter.promptMap
    ? null
    : `${name} is asked by ${segmenter.prompts.join(' and ')} alone, which no tier teaches yet; loupe-nano can be taught.`;

const refused = (reason: string): GateVerdict => ({
  ...{ promoted: false, reason, gain: 0, low: 0, high: 0, otherLabels: null, nothing: null, base: null },
});

type Looked = TaughtImage & MeasuredImage;

/** Every image is read once, so that near-duplicates are known before anything is measured. */
async function lookedAt({ images }: TeachTask, { signal, report }: Watching): Promise<Looked[]> {
  const hashes: string[] = [];
  for (const [i, image] of images.entries()) {
    signal?.throwIfAborted();
    hashes.push(pictureHash(await image.read()));
    report({ kind: 'teaching', phase: 'looking', done: i + 1, total: images.length, secondsLeft: null, figures: {} });
  }
  const groups = nearGroups(hashes);
  return images.map((image, i) => ({
    ...image,
    read: () => image.read(),
    group: groups.findIndex((group) => group.includes(i)),
    prompts: image.samples.length,
  }));
}

interface Scores {
  readonly project: readonly Score[];
  readonly base: readonly Score[];
}

interface ToScore {
  readonly task: TeachTask;
  readonly measured: readonly MeasuredImage[];
  readonly phase: 'measuring' | 'judging';
}

async function scores(
  folder: string,
  { task, measured, phase }: ToScore,
  { signal, report }: Watching,
): Promise<Scores> {
  const predictor = await loadPredictor(folder);
  const total = [...measured, ...task.base.measured].reduce((n, { samples }) => n + samples.length, 0);
  const progress = (before: number) => (done: number) =>
    report({ kind: 'teaching', phase, done: before + done, total, secondsLeft: null, figures: {} });
  try {
    const project = await measure(predictor, measured, { signal, mostWorded, progress: progress(0) });
    const own = task.base.measured.map((image) => ({ ...image, read: () => image.read(), group: image.imageId }));
    const base = await measure(predictor, own, { signal, mostWorded: 0, progress: progress(project.length) });
    return { project, base };
  } finally {
    await predictor.release();
  }
}

interface Learning {
  readonly learnt: readonly Looked[];
  /** Folder of the result. */
  readonly weights: string;
}

async function learn(task: TeachTask, { learnt, weights: to }: Learning, watching: Watching): Promise<void> {
  if (existsSync(path.join(to, 'model.safetensors'))) return;
  const { signal, report } = watching;
  const weights = await openWeights(task.weights);
  const policy = await decoderPolicy(weights, task.weights);
  const total = learnt.length + task.base.replayed.length;
  const preparing = (done: number) =>
    report({ kind: 'teaching', phase: 'preparing', done, total, secondsLeft: null, figures: {} });
  const prepared = await prepare(
    weights,
    { images: learnt, replayed: task.base.replayed, seed: task.seed },
    { signal, report: preparing },
  );
  const run = await planned(task, { policy, prepared, weights });
  const hear = (progress: Progress) => report(trainingProgress(progress));
  // Time that is over ends the training, not the run: what was learnt by then is judged.
  const until = AbortSignal.any([AbortSignal.timeout(task.minutes * 60_000), ...(signal ? [signal] : [])]);
  await train(run, { folder: task.folder, signal: until, saveEvery, report: hear });
  signal?.throwIfAborted();
  await writeVersion(task.weights, to, trainedValues(policy));
}

const trainingProgress = ({ step, steps, secondsLeft, figures }: Progress): TeachProgress => ({
  ...{ kind: 'teaching', phase: 'training', done: step, total: steps, secondsLeft, figures },
});

interface Plan {
  readonly policy: DecoderPolicy;
  readonly prepared: Prepared;
  readonly weights: Weights;
}

async function planned(
  task: TeachTask,
  { policy, prepared, weights }: Plan,
): Promise<Run<DecoderPolicy, Prepared['pointed'][number], DecoderBatch>> {
  const { seed } = task;
  const worded = prepared.worded.length > 0 ? batch.worded : 0;
  const replayed = prepared.replayed.length > 0 ? Math.round(batch.pointed * replayShare) : 0;
  const shape = { pointed: batch.pointed, worded, slots: weights.recipe.segmenter.slots ?? 1 };
  const own = { ...shape, pointed: shape.pointed - replayed };
  const steps = await stepsOf(task, prepared);
  return {
    ...{ name: 'decoder', steps, policy, objective: decoderObjective, shape, perStep: shape.pointed + worded },
    settings: {
      schedule: { kind: 'cosine', base: 3e-4, warmup: 10, total: steps, floor: 0.02 },
      optimiser: { weightDecay: 0.01 },
      decays: (name) => name.endsWith('weight') && !/norm/u.test(name),
    },
    samples: (step) => {
      const again = samplesOfStep(
        { pointed: prepared.replayed, worded: [] },
        { ...shape, pointed: replayed, worded: 0 },
        { seed: seed + 1, step },
      );
      return [...again, ...samplesOfStep(prepared, own, { seed, step })];
    },
  };
}

/** Kept in the run's folder: a run that goes on must end at the same step. */
async function stepsOf({ folder }: TeachTask, { pointed }: Prepared): Promise<number> {
  const file = path.join(folder, 'steps.json');
  if (existsSync(file)) return Number(JSON.parse(await readFile(file, 'utf8')));
  const steps = Math.min(longest.steps, Math.max(longest.fewest, pointed.length * longest.perAsk));
  await writeFile(file, JSON.stringify(steps));
  return steps;
}

/** All of a weights folder with some of its tensors replaced. The tensors come last: a folder without them is not whole. */
async function writeVersion(from: string, to: string, changed: ReturnType<typeof trainedValues>): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of ['config.json', 'tokenizer.json']) await copyFile(path.join(from, name), path.join(to, name));
  // What repairs gained by the weights that were taught is the nearest that is known.
  const record = path.join(from, 'repair.json');
  if (existsSync(record)) await copyFile(record, path.join(to, 'repair.json'));
  const file = await openSafetensors(path.join(from, 'model.safetensors'));
  const tensors: Record<string, TensorToWrite> = {};
  for (const [name, { shape }] of file.tensors)
    tensors[name] = { shape: [...shape], data: changed.get(name)?.values ?? (await file.read(name)) };
  await writeSafetensors(path.join(to, 'model.safetensors'), tensors, { storage: 'float16' });
}

function evidenceOf(before: Scores, after: Scores, learnt: readonly Looked[]): Evidence {
  const counts = new Map<string, number>();
  for (const { prompt } of learnt.flatMap(({ samples }) => samples))
    counts.set(prompt.text, (counts.get(prompt.text) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [];
  const pairs = pairsOf(before.project, after.project);
  const silent = before.project.map((score, i) => ({ score, after: after.project[i] }));
  return {
    taught: pairs.map(({ pair }) => pair),
    otherLabels: pairs.filter(({ text }) => text !== most).map(({ pair }) => pair),
    nothing: silent.flatMap(({ score, after: then }) =>
      score.nothing && score.worded && then?.worded
        ? [{ group: score.group, before: Number(score.worded.saidNothing), after: Number(then.worded.saidNothing) }]
        : [],
    ),
    base: pairsOf(before.base, after.base).map(({ pair }) => pair),
  };
}

/** Prompts with a mask to draw, in the same order before and after. */
const pairsOf = (before: readonly Score[], after: readonly Score[]): { pair: Pair; text: string; imageId: number }[] =>
  before.flatMap((score, i) => {
    const then = after[i];
    if (score.pointed.length === 0 || !then) return [];
    const { group, text, imageId } = score;
    return [{ pair: { group, before: pointedIou(score), after: pointedIou(then) }, text, imageId }];
  });

const changesOf = (before: readonly Score[], after: readonly Score[]): PromptChange[] =>
  pairsOf(before, after)
    .map(({ pair, text, imageId }) => ({ imageId, text, before: pair.before, after: pair.after }))
    .sort((a, b) => a.after - a.before - (b.after - b.before));
