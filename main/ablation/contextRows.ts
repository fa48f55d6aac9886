// Trains variants between reasoner and segmenter on one set of scenes: masks of true answers and of answers whose box misleads.
import { mkdir, rm } from 'node:fs/promises';
import { random } from '../contract/random.ts';
import type { DecodedImage, Mask, Point } from '../contract/records.ts';
import { maskIou, toBitmap } from '../contract/rle.ts';
import { maskFrom } from '../flow/segmenter/mask.ts';
import { circleCentres } from '../learn/samples/inscribedCircles.ts';
import { nanoTokenizerOf } from '../learn/supervised/taughtWords.ts';
import type { Scene } from '../scenes/scene.ts';
import { openWeights } from '../weights/open.ts';
import { type AnsweredPrompt, answeredPrompt, answeredPrompts } from './answeredPrompts.ts';
import {
  type ContextPolicy,
  contextPolicy,
  logitsOf,
  releasedPolicy,
  tokensOf,
  trainContext,
} from './contextTraining.ts';
import { type FrozenInputReader, type FrozenInputs, openFrozenInputReader } from './frozenInputs.ts';
import type { ContextVariant, PipelineVariant } from './rows.ts';

export interface MeasuredVariant {
  readonly steps: number;
  /** Processor time of the training. */
  readonly seconds: number;
  readonly figures: Readonly<Record<string, number>>;
}

export interface ContextSizes {
  /** Scenes that are learnt from and their prompts, and scenes that are measured on. */
  readonly scenes: number;
  readonly prompts: number;
  readonly measured: number;
}

export const usualSizes: ContextSizes = { scenes: 36, prompts: 4, measured: 32 };

/** Scenes by split and number. */
export type Scenes = (split: 'train' | 'test', index: number) => Scene;

interface Question {
  readonly image: DecodedImage;
  readonly right: FrozenInputs;
  readonly misled: FrozenInputs;
}

/** Everything that variants of a seed share. */
export interface ContextBench {
  readonly folder: string;
  readonly seed: number;
  readonly reader: FrozenInputReader;
  readonly learnt: readonly FrozenInputs[];
  readonly asked: readonly Question[];
}

export async function openContextBench(
  folder: string,
  { seed, scenes, sizes }: { seed: number; scenes: Scenes; sizes: ContextSizes },
  signal: AbortSignal,
): Promise<ContextBench> {
  const weights = await openWeights(folder);
  const reader = await openFrozenInputReader(weights, { ...weights, tokenizer: nanoTokenizerOf(weights) });
  const learnt: FrozenInputs[] = [];
  const asked: Question[] = [];
  for (let i = 0; i < sizes.scenes; i++) {
    signal.throwIfAborted();
    const scene = scenes('train', seed * sizes.scenes + i);
    learnt.push(...(await reader.remember(scene.image, answeredPrompts(scene, sizes.prompts, random(scene.seed, 81)))));
  }
  for (let i = 0; i < sizes.measured; i++) {
    signal.throwIfAborted();
    const question = await questionOf(reader, scenes('test', seed * sizes.measured + i), i);
    if (question) asked.push(question);
  }
  return { folder, seed, reader, learnt, asked };
}

async function questionOf(reader: FrozenInputReader, scene: Scene, i: number): Promise<Question | null> {
  const single = scene.prompts.filter(({ target, targets }) => target !== null && !targets);
  const prompt = single[i % Math.max(1, single.length)];
  const both = prompt && [false, true].flatMap((isMisled) => answeredPrompt(scene, prompt, { isMisled }) ?? []);
  const [right, misled] = both ? await reader.remember(scene.image, both) : [];
  return right && misled ? { image: scene.image, right, misled } : null;
}

export async function measureContext(
  bench: ContextBench,
  variant: ContextVariant,
  { seconds, work, signal }: { seconds: number; work: string; signal: AbortSignal },
): Promise<MeasuredVariant> {
  const { folder, seed, reader, learnt } = bench;
  const policy = await contextPolicy(folder, reader.parts, { ...variant, seed });
  // What an interrupted run left would go on without its clock.
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  try {
    const trained = await trainContext(policy, learnt, { seed, seconds, folder: work, signal });
    return { ...trained, figures: await figuresOf(bench, (some) => trainedMasks(policy, some), signal) };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

export async function measurePipeline(
  bench: ContextBench,
  { told }: PipelineVariant,
  signal: AbortSignal,
): Promise<MeasuredVariant> {
  const policy = told.startsWith('token') ? await releasedPolicy(bench.folder, bench.reader.parts) : null;
  const { segmenter } = bench.reader;
  const masks = async (some: readonly Answered[]) => {
    const tokens = policy
      ? await tokensOf(
          policy,
          some.map(({ answer }) => answer),
        )
      : [];
    const drawn: Mask[] = [];
    for (const [i, { image, answer }] of some.entries()) {
      signal.throwIfAborted();
      drawn.push(await segmenter.segment(image, pipelines[told]({ told: answer.told, token: tokens[i] })));
    }
    return drawn;
  };
  return { steps: 0, seconds: 0, figures: await figuresOf(bench, masks, signal) };
}

interface SaidOf {
  readonly told: AnsweredPrompt;
  readonly token: Float32Array | undefined;
}

type Pipeline = (said: SaidOf) => Parameters<FrozenInputReader['segmenter']['segment']>[1];

const pipelines: Readonly<Record<PipelineVariant['told'], Pipeline>> = {
  box: ({ told: { box } }) => ({ box }),
  'box and points': ({ told }) => ({ box: told.box, points: pointsOf(told) }),
  token: ({ token }) => ({ token }),
  'token and box': ({ token, told: { box } }) => ({ token, box }),
};

/** The centres of Seg-Zero, of the true mask: no answer could name better ones. Off as its box is. */
function pointsOf({ truth, off }: AnsweredPrompt): Point[] {
  const [height, width] = truth.size;
  const centres = circleCentres({ width, height, data: toBitmap(truth) }) ?? [];
  const inside = (value: number, side: number) => Math.min(side - 1, Math.max(0, value));
  return centres.map(([x, y]) => ({ x: inside(x + off.x, width), y: inside(y + off.y, height), sign: '+' }));
}

interface Answered {
  readonly image: DecodedImage;
  readonly answer: FrozenInputs;
}

async function trainedMasks(policy: ContextPolicy, some: readonly Answered[]): Promise<Mask[]> {
  const logits = await logitsOf(
    policy,
    some.map(({ answer }) => answer),
  );
  const how = policy.parts.recipe.segmenter;
  return some.flatMap(({ image, answer }, i) => {
    const own = logits[i];
    return own ? [maskFrom(own, image, { ...how, place: answer.inputs.place })] : [];
  });
}

async function figuresOf(
  { asked }: ContextBench,
  masks: (some: readonly Answered[]) => Promise<Mask[]>,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const meanOf = async (which: 'right' | 'misled') => {
    signal.throwIfAborted();
    const some = asked.map((question) => ({ image: question.image, answer: question[which] }));
    const drawn = await masks(some);
    const ious = drawn.map((mask, i) => maskIou(mask, some[i]?.answer.told.truth ?? mask));
    return ious.reduce((sum, iou) => sum + iou, 0) / Math.max(1, ious.length);
  };
  return { gIoU: await meanOf('right'), 'misled gIoU': await meanOf('misled') };
}
