// Teaches the mask decoder and the context module by prepared asks, and writes the version.
import path from 'node:path';
import { NonFiniteError } from '../../../models/train/trainer.ts';
import { BadInput } from '../../contract/badInput.ts';
import { openModel } from '../../weights/openCheckpoint.ts';
import { openSegmenter } from '../../weights/openSam.ts';
import { type SegmenterIdentity, segmenterDigest } from '../../weights/taughtSegmenter.ts';
import { isWhole, writeVersion } from '../gate/version.ts';
import { decidedOnce } from '../loop/decidedOnce.ts';
import { endedWhen } from '../loop/endedRun.ts';
import { type Policy, type Run, train } from '../loop/loop.ts';
import type { StepProgress } from '../loop/meter.ts';
import type { WithinStep } from '../loop/stepClock.ts';
import { validatedRun } from '../loop/validation.ts';
import type { TeachingImage, TeachTask, Watching } from '../samples/task.ts';
import { type Prepared, prepare } from './decoderSamples.ts';
import {
  type DecoderBatch,
  type DecoderPolicy,
  decoderObjective,
  decoderPolicy,
  type MaskWeights,
  pointSlots,
  samplesOfStep,
  trainedValues,
} from './decoderTier.ts';
import { decoderValidation } from './decoderValidation.ts';

const batch = { pointed: 8, worded: 4 } as const;
/** Batch for segmenters that see pictures as large as those of SAM 2: each ask takes some 30 times as much room. */
const largeBatch = { pointed: 4, worded: 2 } as const;
const largeSide = 512;
/** Every fourth ask that is learnt is one of the weights' own domain. */
const replayShare = 0.25;
/** Optimiser steps; each ask is seen about 16 times. */
const longest = { steps: 400, perAsk: 2, fewest: 40 } as const;
const saveEvery = 20;

/** From one weights folder to another. */
export interface Learning {
  readonly learnt: readonly TeachingImage[];
  readonly from: string;
  readonly to: string;
  readonly minutes: number;
  /** Held-back images, a few of which may be asked meanwhile to be shown; nothing is learnt from them. */
  readonly measured?: readonly TeachingImage[];
}

export async function learnDecoder(task: TeachTask, learning: Learning, watching: Watching): Promise<void> {
  const { learnt, from, to, minutes, measured = [] } = learning;
  if (isWhole(to)) return;
  const { signal, report } = watching;
  const { weights, beside } = await masksToTeach(from, task.segmenter);
  const policy = await decoderPolicy(weights);
  const total = learnt.length + task.base.replayed.length;
  const preparing = (done: number) =>
    report({ kind: 'teaching', phase: 'preparing', done, total, secondsLeft: null, figures: {} });
  const prepared = await prepare(
    weights,
    { images: learnt, replayed: task.base.replayed, seed: task.seed },
    { signal, report: preparing },
  );
  const run = await planned(task, { policy, prepared, weights });
  const validation = await decoderValidation(weights, policy, { held: measured, seed: task.seed });
  try {
    const watched = { signal, report, validation: validation?.measure };
    await trainUntil(run, { folder: task.folder, minutes, saveEvery }, watched);
  } finally {
    await validation?.release();
  }
  const learntTensors = trainedValues(policy);
  await writeVersion(
    from,
    to,
    beside ? { segmenter: { ...beside, tensors: learntTensors } } : { tensors: learntTensors },
  );
}

/** The model's own masks, or where another model draws its boxes those of the SAM 2 beside it, with what it has learnt already. */
async function masksToTeach(
  folder: string,
  place: string | null,
): Promise<{ weights: MaskWeights; beside: SegmenterIdentity | null }> {
  const weights = await openModel(folder);
  const { name, segmenter, context, beside } = weights;
  if (segmenter && context) return { weights: { ...weights, segmenter, context }, beside: null };
  const digest = place === null ? null : await segmenterDigest(place);
  if (place === null || digest === null) throw new BadInput(`${name}: has no segmenter whose masks could learn`);
  const other = await openSegmenter(place, beside?.digest === digest ? beside.file : undefined);
  if (!('shapes' in other)) throw new BadInput(`${place}: is no SAM 2, whose mask decoder could learn`);
  return { weights: other, beside: { name: other.name, digest } };
}

/** Time that is over ends the training, not the run: what was learnt by then is judged. */
export async function trainUntil<P extends Policy, S, B>(
  run: Run<P, S, B>,
  { folder, minutes, saveEvery: every }: { folder: string; minutes: number; saveEvery: number },
  { signal, report, validation }: Watching,
): Promise<void> {
  const validated = validation ? validatedRun(run, validation, { folder }) : null;
  const training = { kind: 'teaching', phase: 'training', total: run.steps } as const;
  let last: Record<string, number> = {};
  const hear = ({ step, secondsLeft, figures }: StepProgress) => {
    last = { ...figures, ...validated?.figures() };
    report({ ...training, done: step, secondsLeft: Math.min(secondsLeft, secondsToEnd()), figures: last });
  };
  const within = ({ part, done, secondsLeft, stepLeft }: WithinStep) => {
    const left = secondsLeft === null ? null : Math.min(secondsLeft, secondsToEnd() + (stepLeft ?? 0));
    report({ ...training, done, secondsLeft: left, figures: last, part });
  };
  const end = performance.now() + minutes * 60_000;
  const secondsToEnd = () => Math.max(0, end - performance.now()) / 1000;
  const timed = endedWhen(validated?.run ?? run, () => performance.now() >= end);
  const until = AbortSignal.any([timed.over, ...(signal ? [signal] : [])]);
  const context = { folder, signal: until, saveEvery: every, saveEach: true, report: hear, within };
  await train(timed.run, context).catch(refuseNonFinite);
  signal?.throwIfAborted();
  await validated?.end();
}

/** What was trained before stays on the disk of a run that has failed; the weights in use were not touched. */
function refuseNonFinite(error: unknown): never {
  if (!(error instanceof NonFiniteError)) throw error;
  const what = error.message.replace(/\.$/u, '');
  throw new BadInput(
    `${what}: the run ended there and the weights stay as they were; teach again with another seed or another tier`,
  );
}

/** Asks of a step by pointing and by words, at most. */
export const mostAsks = ({ segmenter }: Pick<MaskWeights, 'segmenter'>) =>
  segmenter.imageSize > largeSide ? largeBatch : batch;

interface Plan {
  readonly policy: DecoderPolicy;
  readonly prepared: Prepared;
  readonly weights: MaskWeights;
}

async function planned(
  task: TeachTask,
  { policy, prepared, weights }: Plan,
): Promise<Run<DecoderPolicy, Prepared['pointed'][number], DecoderBatch>> {
  const { seed } = task;
  const most = mostAsks(weights);
  const [told] = prepared.worded;
  const worded = told ? most.worded : 0;
  const replayed = prepared.replayed.length > 0 ? Math.round(most.pointed * replayShare) : 0;
  const slots = { slots: pointSlots(weights), wordedSlots: told?.inputs.slots ?? 0 };
  const shape = { pointed: most.pointed, worded, ...slots };
  const own = { ...shape, pointed: shape.pointed - replayed };
  const plannedSteps = Math.min(longest.steps, Math.max(longest.fewest, prepared.pointed.length * longest.perAsk));
  const steps = await stepsOf(task.folder, 'steps.json', async () => plannedSteps);
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

/** The number is stored in the run's folder: a run that goes on must end at the same step. */
export const stepsOf = (folder: string, name: string, planned: () => Promise<number>): Promise<number> =>
  decidedOnce(path.join(folder, name), planned);
