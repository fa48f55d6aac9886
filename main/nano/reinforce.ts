// Defines LENS stage 2 for the nano: prompts of drawn scenes go through the reinforcement by which people's samples are learnt.
import { constant } from '../../models/graph/tensor.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { fromBitmap } from '../contract/rle.ts';
import type { Objective } from '../learn/loop/loop.ts';
import type { RolloutBatch } from '../learn/rl/policyGraph.ts';
import { type RewardedPolicy, reinforcement } from '../learn/rl/reinforcement.ts';
import type { Question } from '../learn/rl/rollouts.ts';
import { type Scene, type ScenePrompt, targetsOf, visibleMask } from '../scenes/scene.ts';
import { askedRecipe } from './parameters/layout.ts';
import type { Nano } from './parameters/nano.ts';

/** A prompt of a scene; `seed`: what its group of answers is sampled with. */
export function questionOf(scene: Scene, prompt: ScenePrompt, seed: number): Question {
  const { width, height } = scene.image;
  const objects = targetsOf(prompt).flatMap((target) => {
    const thing = scene.things[target];
    return thing ? [{ box: thing.box, mask: fromBitmap(visibleMask(scene, target), width, height) }] : [];
  });
  return { text: prompt.text, objects, seed, read: async () => scene.image };
}

/** The nano as what is rewarded: its picture encoder as it is when it is asked for. */
function rewarded(nano: Nano): RewardedPolicy {
  const { parameters, segmenter } = nano;
  const parts = { ...nano, name: 'loupe-nano', recipe: askedRecipe };
  const source = {
    has: (name: string) => parameters.all.has(name),
    get: (name: string, shape: readonly number[]) => constant(parameters.values(name), shape),
  };
  const weights = { name: parts.name, recipe: askedRecipe, segmenter, context: null, folder: '' };
  return { parameters, parts, sight: () => ({ ...weights, params: paramsFrom(source) }) };
}

export const nanoReinforcement: Objective<Nano, Question, RolloutBatch> = {
  graph: (nano, batch) => reinforcement.graph(rewarded(nano), batch),
  open: (nano, batch, reference) => reinforcement.open(rewarded(nano), batch, reference),
};
