// Teaches the low-rank updates of a checkpoint to answer prompts, and writes the version.
import { Reasoner } from '../../flow/reasoner/reasoner.ts';
import { type CheckpointWeights, openModel } from '../../weights/openCheckpoint.ts';
import { type Learning, stepsOf, trainUntil } from '../decoder/learnDecoder.ts';
import { isWhole, writeVersion } from '../gate/version.ts';
import { secondsPerStep } from '../loop/loop.ts';
import type { TeachTask, Watching } from '../samples/task.ts';
import { adapterPolicy } from './adapterPolicy.ts';
import { adapterSamples } from './adapterSamples.ts';
import { adapterRun } from './adapterTier.ts';
import { answerForm } from './answerForms.ts';

const saveEvery = 10;
/** Optimiser steps: each answer is seen some twenty times, if the minutes allow it. */
const limits = { fewest: 8, most: 400, perSample: 10 } as const;

/** Null: this tier can teach its answers. */
export function cannotAnswer({ name, recipe, warnings = [] }: CheckpointWeights): string | null {
  if (answerForm(recipe.reasoner) === null)
    return `${name} answers in a form that no tier teaches; choose a recipe of LENS, Seg-Zero, VisionReasoner or Qwen2.5-VL.`;
  const [tooLarge] = warnings;
  return tooLarge === undefined ? null : `${tooLarge}; teaching it reads them at every step.`;
}

export async function learnCheckpoint(task: TeachTask, learning: Learning, watching: Watching): Promise<void> {
  const { learnt, from, to, minutes } = learning;
  if (isWhole(to)) return;
  const weights = await openModel(from);
  const samples = await samplesFor(weights, learnt, watching);
  const { seed, folder } = task;
  const policy = await adapterPolicy(weights, seed);
  const steps = await stepsOf(folder, 'adapterSteps.json', async () => {
    const each = await secondsPerStep(adapterRun(policy, samples, { steps: 1, seed }));
    const most = Math.min(limits.most, limits.perSample * samples.length);
    return Math.round(Math.min(most, Math.max(limits.fewest, (minutes * 60) / each)));
  });
  const run = adapterRun(policy, samples, { steps, seed });
  await trainUntil(run, { folder, minutes: 1.5 * minutes, saveEvery }, watching);
  await writeVersion(from, to, { tensors: policy.parameters.all, adapter: policy.config });
}

async function samplesFor(weights: CheckpointWeights, learnt: Learning['learnt'], watching: Watching) {
  const reasoner = await Reasoner.open(weights, {});
  try {
    return await adapterSamples({ weights, reasoner }, learnt, watching);
  } finally {
    await reasoner.release();
  }
}
