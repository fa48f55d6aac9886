// Defines the stages of the nano's training: each one's objective, batches and scenes.
import type { NamedValues } from '../../models/graph/value.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { readCocoPhotos } from '../evaluate/cocoPhotos.ts';
import type { Feeder, LossGraph, Objective, Run } from '../learn/loop/loop.ts';
import type { Question } from '../learn/rl/rollouts.ts';
import type { Scene, SegmenterScene } from '../scenes/scene.ts';
import { alignmentScene, contextFeeds } from './context/contextBatch.ts';
import { alignmentGraph, type ContextShape, isContext } from './context/contextGraph.ts';
import {
  alignmentBatch,
  lessonScenes,
  listBatch,
  type ReasonerBatch,
  reasonerBatch,
  reinforceBatch,
  segmenterBatch,
  towerBatch,
} from './parameters/layout.ts';
import { imageStart, type Nano, trainingScenes } from './parameters/nano.ts';
import { stepDraw } from './parameters/seeds.ts';
import { buildReasonerBatch, denseFeeds, joinPixels } from './reasoner/reasonerBatch.ts';
import { reasonerGraph, towerGraph } from './reasoner/reasonerGraph.ts';
import type { Curriculum, StageRecipe } from './recipe.ts';
import { nanoReinforcement, questionOf } from './reinforce.ts';
import { LessonMaker } from './segmenter/lessons.ts';
import { OwnMistakes } from './segmenter/ownMistakes.ts';
import { segmenterGraph } from './segmenter/segmenterGraph.ts';
import { segmenterScenes } from './segmenter/segmenterScenes.ts';
import type { StageName } from './stageNames.ts';

/** What the recipe does not say of a run. Samples and shapes are the stage's own matter. */
export type StageRun = Omit<Run<Nano, unknown, unknown>, 'name' | 'steps' | 'settings'>;

export interface TrainingStage {
  /** Whether whole predictions mean anything after it. */
  validates: boolean;
  /** Whether its feeds follow from the step alone, so that another thread can draw them. */
  drawsAhead: boolean;
  run(nano: Nano, recipe: Curriculum): StageRun;
  /** What only the policy of the moment can add to feeds, wherever they were drawn. */
  carryOn?(drawn: Feeder<unknown>, nano: Nano): Feeder<unknown>;
}

export const stages: Readonly<Record<StageName, TrainingStage>> = {
  tower: { validates: false, drawsAhead: true, run: towerRun },
  lists: { validates: false, drawsAhead: true, run: (nano, { lists }) => reasonerRun(nano, lists, listBatch) },
  reasoner: {
    validates: false,
    drawsAhead: true,
    run: (nano, { reasoner }) => reasonerRun(nano, reasoner, reasonerBatch),
  },
  segmenter: {
    validates: true,
    drawsAhead: true,
    run: segmenterRun,
    carryOn: (drawn, nano) => new OwnMistakes(drawn, nano),
  },
  alignment: { validates: true, drawsAhead: true, run: alignmentRun },
  reinforcement: { validates: true, drawsAhead: false, run: reinforceRun },
};

/** An objective whose feeds are made of the samples alone: nothing is opened for it. */
function plainObjective<S, B>(
  graph: (nano: Nano, shape: B) => LossGraph,
  feed: (nano: Nano, samples: readonly S[], step: number) => NamedValues,
): Objective<Nano, S, B> {
  return {
    graph,
    open: async (nano) => ({
      feed: async (samples, step) => feed(nano, samples, step),
      release: async () => {},
    }),
  };
}

function towerRun(nano: Nano, { tower }: Curriculum): StageRun {
  const { scenes: count } = towerBatch;
  const objective = plainObjective<Scene, { scenes: number }>(
    ({ parameters, reasoner }, { scenes }) => {
      const source = parameters.source();
      const graph = towerGraph(paramsFrom(source), reasoner, scenes);
      return { ...graph, parameters: source.tensors, trains: () => true };
    },
    (_, scenes) => ({ pixels: joinPixels(scenes), ...denseFeeds(scenes) }),
  );
  const samples = (step: number) => trainingScenes(nano, tower.firstScene + step * count, count);
  return { policy: nano, objective, shape: towerBatch, samples, perStep: count };
}

function reasonerRun(nano: Nano, recipe: StageRecipe, shape: ReasonerBatch): StageRun {
  const { plural = 0 } = recipe;
  const objective = plainObjective<Scene, ReasonerBatch>(
    ({ parameters, tokenizer, reasoner }, batch) => {
      const source = parameters.source();
      const first = tokenizer.coordinateId(0);
      if (first === undefined) throw new Error('The tokenizer has no coordinate 0.');
      const graph = reasonerGraph(paramsFrom(source), reasoner, { ...batch, imageStart: imageStart(nano), first });
      return { ...graph, parameters: source.tensors, trains: () => true };
    },
    ({ tokenizer, reasoner, seed }, scenes, step) => {
      const writer = { tokenizer, config: reasoner.language, batch: shape, plural: plural > 0 };
      return buildReasonerBatch(writer, scenes, stepDraw(seed, step, 11));
    },
  );
  const samples = (step: number) =>
    trainingScenes(nano, recipe.firstScene + step * shape.scenes, shape.scenes, { things: recipe.things, plural });
  return { policy: nano, objective, shape, samples, perStep: shape.scenes };
}

function segmenterRun(nano: Nano, { segmenter }: Curriculum): StageRun {
  const { scenes: count, perScene } = segmenterBatch;
  const objective: Objective<Nano, SegmenterScene, typeof segmenterBatch> = {
    graph(policy) {
      const source = policy.parameters.source();
      const graph = segmenterGraph(paramsFrom(source).at('sam'), policy.segmenter);
      return { ...graph, parameters: source.tensors, trains: (name) => !name.endsWith('gaussian_matrix') };
    },
    async open(policy) {
      const maker = await lessonMaker(policy, segmenter);
      return { feed: async (_, step) => maker.batch(step), release: async () => {} };
    },
  };
  return { policy: nano, objective, shape: segmenterBatch, samples: () => [], perStep: count * perScene };
}

/** Holds the photographs in memory. */
async function lessonMaker(nano: Nano, { firstScene, photos, sceneShare = 1 }: StageRecipe): Promise<LessonMaker> {
  const scene = (index: number) => {
    const [shown] = segmenterScenes(nano, firstScene + index, 1);
    if (!shown) throw new Error(`There is no scene ${index}.`);
    return shown;
  };
  const read = photos ? await readCocoPhotos(photos, { splits: ['train'], unsaid: 'train' }) : [];
  return new LessonMaker({ photos: read, scene, scenes: lessonScenes, sceneShare, seed: nano.seed });
}

function alignmentRun(nano: Nano, { alignment }: Curriculum): StageRun {
  const { scenes: count, turns } = alignmentBatch;
  const objective = plainObjective<Scene, ContextShape>(
    (policy, shape) => {
      const source = policy.parameters.source();
      const graph = alignmentGraph(paramsFrom(source), policy, shape, imageStart(policy));
      return { ...graph, parameters: source.tensors, trains: isContext };
    },
    (policy, scenes, step) => {
      const draw = stepDraw(policy.seed, step, 13);
      const packed = scenes.map((scene) => alignmentScene(policy, scene, draw, alignmentBatch));
      return contextFeeds(policy, packed, alignmentBatch);
    },
  );
  const samples = (step: number) =>
    trainingScenes(nano, alignment.firstScene + step * count, count, { plural: alignment.plural });
  return { policy: nano, objective, shape: alignmentBatch, samples, perStep: count * turns };
}

/** One prompt of each scene; which one, and what the groups are sampled with, follows from the step. */
function reinforceRun(nano: Nano, recipe: Curriculum): StageRun {
  const { questions: count, turns } = reinforceBatch;
  const samples = (step: number): Question[] => {
    const draw = stepDraw(nano.seed, step, 14);
    const scenes = trainingScenes(nano, recipe.reinforcement.firstScene + step * count, count);
    return scenes
      .map((scene) => ({ scene, prompt: draw.pick(scene.prompts) }))
      .map(({ scene, prompt }) => questionOf(scene, prompt, draw.int(0, 2 ** 31 - 1)));
  };
  return { policy: nano, objective: nanoReinforcement, shape: reinforceBatch, samples, perStep: count * turns };
}
