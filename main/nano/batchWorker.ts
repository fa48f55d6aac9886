// Draws the batches of one stage in a worker thread, so that the next one is ready when a step ends.
import { parentPort, workerData } from 'node:worker_threads';
import { limitThreads } from '../flow/sessions/threads.ts';
import { makeNano } from './parameters/nano.ts';
import type { Curriculum } from './recipe.ts';
import type { StageName } from './stageNames.ts';
import { stages } from './stages.ts';

export interface BatchTask {
  stage: StageName;
  seed: number;
  recipe: Curriculum;
}

limitThreads(process.env.LOUPE_THREADS);
const { stage, seed, recipe }: BatchTask = workerData;
const nano = await makeNano(seed);
const run = stages[stage].run(nano, recipe);
const feeder = await run.objective.open(nano, run.shape, {});
parentPort?.on('message', (step: number) => void draw(step));

/** A failure ends the thread, and the batch that is waited for fails with it. */
async function draw(step: number): Promise<void> {
  const feeds = await feeder.feed(run.samples(step), step);
  const buffers = new Set(
    Object.values(feeds).flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : [])),
  );
  parentPort?.postMessage({ step, feeds }, [...buffers]);
}
