// `loupe train detector`: a head on the segmenter's picture encoder learns to name and box what photographs show.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { paramsFrom } from '../../models/nn/params.ts';
import { BadInput } from '../contract/badInput.ts';
import { type CocoSource, type LabelledImage, readCocoPhotos } from '../evaluate/cocoPhotos.ts';
import { Detector } from '../flow/detector.ts';
import { Segmenter } from '../flow/segmenter/segmenter.ts';
import type { NamedClass } from '../flow/words/classWords.ts';
import { type Objective, train } from '../learn/loop/loop.ts';
import type { StepProgress } from '../learn/loop/meter.ts';
import { openWeights } from '../weights/open.ts';
import { type DetectorRecord, writeDetector } from '../weights/records/detectorRecord.ts';
import { askedClasses, chosenScore } from './detector/detectorFigures.ts';
import { detectorGraph } from './detector/detectorGraph.ts';
import { DetectorLessons } from './detector/detectorLessons.ts';
import { photoClasses } from './detector/photoClasses.ts';
import { detectorBatch, detectorShape, photoSide } from './parameters/layout.ts';
import { makeNano, type Nano, startFrom } from './parameters/nano.ts';
import { settingsOf } from './recipe.ts';

export interface TrainDetectorOptions {
  /** Checkpoint and curves. */
  readonly folder: string;
  readonly seed: number;
  readonly photos: CocoSource;
  readonly steps: number;
  /** Weights of loupe-nano's shape, whose segmenter sees the pictures; the detector is written beside them. */
  readonly weights: string;
  readonly signal?: AbortSignal;
  report(progress: StepProgress): void;
}

/** One of so many photographs is not learnt from: on those the least score is chosen. */
const heldEvery = 12;
const isHeld = (_: unknown, index: number): boolean => index % heldEvery === heldEvery - 1;
const isLearnt = (_: unknown, index: number): boolean => !isHeld(_, index);

const pace = { learningRate: 2e-3, warmup: 100, firstScene: 0 };

/** Goes on where an earlier run in the same folder stopped; null: it was stopped again. */
export async function trainDetector(
  options: TrainDetectorOptions,
): Promise<{ file: string; record: DetectorRecord } | null> {
  const { folder, seed, steps, weights, signal, report } = options;
  const nano = await makeNano(seed);
  await startFrom(nano, weights);
  const source = { ...options.photos, longest: photoSide };
  const photos = await readCocoPhotos(source, { splits: ['train'], unsaid: 'train' });
  const classes = photoClasses(photos, detectorShape.least);
  if (classes.length === 0)
    throw new BadInput(`no class has ${detectorShape.least} masks in these COCO files: too few to learn its name from`);
  const run = {
    ...{ name: 'detector', steps, settings: settingsOf({ ...pace, steps }), policy: nano },
    ...{ shape: detectorBatch, samples: () => [], perStep: detectorBatch.pictures },
    objective: objectiveOf(photos.filter(isLearnt), classes),
  };
  await train(run, { folder, signal, report });
  return signal?.aborted ? null : written(nano, classes, { folder, weights, held: photos.filter(isHeld) });
}

function objectiveOf(
  photos: readonly LabelledImage[],
  classes: readonly NamedClass[],
): Objective<Nano, unknown, unknown> {
  return {
    graph({ parameters, segmenter }) {
      const source = parameters.source();
      const graph = detectorGraph(paramsFrom(source), segmenter, classes.length);
      return { ...graph, parameters: source.tensors, trains: isDetectors };
    },
    async open({ seed }) {
      const names = classes.map(({ name }) => name);
      const lessons = new DetectorLessons(photos, names, seed);
      return { feed: async (_, step) => ({ ...lessons.batch(step) }), release: async () => {} };
    },
  };
}

const isDetectors = (name: string): boolean => name.startsWith('detector.');

interface Place {
  readonly folder: string;
  readonly weights: string;
  readonly held: readonly LabelledImage[];
}

/** Measured as it will be used, from files in the run's folder; then put beside the weights. */
async function written(nano: Nano, classes: readonly NamedClass[], { folder, weights, held }: Place) {
  const trial = path.join(folder, 'detector');
  await mkdir(trial, { recursive: true });
  const { width, blocks } = detectorShape;
  const named = classes.map(({ name, also }) => ({ name, also: [...also] }));
  const untold = { classes: named, width, blocks, least: 0, figures: { found: 0, absent: 0, photos: held.length } };
  const all = [...nano.parameters.all].filter(([name]) => isDetectors(name));
  const tensors = Object.fromEntries(
    all.map(([name, { shape, values }]) => [name, { shape: [...shape], data: values }]),
  );
  await writeDetector(trial, untold, tensors);
  const opened = await openWeights(weights);
  const segmenter = await Segmenter.open(opened, {});
  const detector = await Detector.open(trial, opened.segmenter, {});
  try {
    const asked = detector ? await askedClasses(detector, segmenter, held) : [];
    const { least, found, absent } = chosenScore(asked);
    const record = { ...untold, least, figures: { found, absent, photos: held.length } };
    return { file: await writeDetector(weights, record, tensors), record };
  } finally {
    await segmenter.release();
    await detector?.release();
  }
}
