// `loupe train nano`: all stages in order, each from where an earlier run left it, to a weights folder.
import path from 'node:path';
import { BatchAhead } from '../learn/loop/batchAhead.ts';
import { type RunContext, train } from '../learn/loop/loop.ts';
import type { StepProgress } from '../learn/loop/meter.ts';
import type { BatchTask } from './batchWorker.ts';
import { exportNano } from './export.ts';
import { photoSide } from './parameters/layout.ts';
import { makeNano, type Nano, startFrom } from './parameters/nano.ts';
import { type Curriculum, nanoRecipe, settingsOf } from './recipe.ts';
import { type StageName, stageNames } from './stageNames.ts';
import { stages } from './stages.ts';
import { validate } from './validate.ts';

export interface TrainNanoOptions {
  /** Checkpoints, curves and, in `weights`, the result. */
  folder: string;
  seed: number;
  signal?: AbortSignal;
  report(line: string): void;
  /** A weights folder to start from instead of the seed's first values. */
  from?: string;
  /** COCO files that the segmenter learns from as well, photographs beside them. */
  photos?: readonly string[];
  /** Stages that run, in the recipe's order; the weights are written after the last one. Default: all. */
  only?: readonly StageName[];
  /** Default: the released recipe. */
  recipe?: Curriculum;
  /** What is trained, in place. Default: made from the seed. */
  nano?: Nano;
  /** Scenes that a stage's weights are measured on, see `ValidationTask`. */
  validation?: number;
}

export async function trainNano(options: TrainNanoOptions): Promise<void> {
  const nano = options.nano ?? (await makeNano(options.seed));
  if (options.from !== undefined) await startFrom(nano, options.from);
  const recipe = withPhotos(options.recipe ?? nanoRecipe, options.photos);
  const { only = stageNames } = options;
  const names = stageNames.filter((each) => only.includes(each));
  for (const name of names) {
    if (options.signal?.aborted) return;
    await trainStage(name, { nano, recipe, options });
    const { folder, signal, validation: count } = options;
    const isLast = name === names.at(-1);
    if (stages[name].validates) await validate(nano, { folder, stage: name, signal, report: options.report, count });
    else if (isLast && !signal?.aborted) await exportNano(nano, path.join(folder, 'weights'));
  }
}

function withPhotos(recipe: Curriculum, files?: readonly string[]): Curriculum {
  return files ? { ...recipe, segmenter: { ...recipe.segmenter, photos: { files, longest: photoSide } } } : recipe;
}

interface Training {
  nano: Nano;
  recipe: Curriculum;
  options: TrainNanoOptions;
}

async function trainStage(name: StageName, { nano, recipe, options }: Training): Promise<void> {
  const report = (progress: StepProgress) => options.report(progressLine(progress));
  const context: RunContext = { folder: options.folder, signal: options.signal, report };
  // A nano that was handed in may differ from what the thread would make.
  const ahead = stages[name].drawsAhead && !options.nano ? { stage: name, seed: options.seed, recipe } : null;
  await train(stageRun(name, { nano, recipe, ahead }), context);
}

/** A stage as a run; `ahead`: its feeds are drawn by a thread of their own. */
export function stageRun(name: StageName, how: { nano: Nano; recipe: Curriculum; ahead: BatchTask | null }) {
  const { nano, recipe, ahead } = how;
  const { run, carryOn } = stages[name];
  const made = run(nano, recipe);
  const { objective, samples } = made;
  const open: typeof objective.open = async (...opening) => {
    const drawn = ahead ? drawnAhead(ahead) : await objective.open(...opening);
    return carryOn ? carryOn(drawn, nano) : drawn;
  };
  return {
    ...{ ...made, name, steps: recipe[name].steps, settings: settingsOf(recipe[name]) },
    objective: { ...objective, open },
    samples: ahead ? () => [] : samples,
  };
}

/** The feeds of a stage from a thread of its own. */
export const drawnAhead = (task: BatchTask): BatchAhead =>
  new BatchAhead(new URL('./batchWorker.ts', import.meta.url), task);

/** "reasoner 1200/3200  loss 1.234 ...  5.4 samples/s  31 min left" */
export function progressLine({ stage, step, steps, figures, samplesPerSecond, secondsLeft }: StepProgress): string {
  const numbers = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(3)}`);
  const left = secondsLeft > 90 ? `${Math.round(secondsLeft / 60)} min` : `${Math.round(secondsLeft)} s`;
  return `${stage} ${step}/${steps}  ${numbers.join('  ')}  ${samplesPerSecond.toFixed(1)} samples/s  ${left} left\n`;
}
