// The stages of the nano's training: what each one's graph is, what it trains and how its batches are drawn.
import { paramsFrom } from '../../models/nn/params.ts';
import { random } from '../scenes/random.ts';
import { alignmentScene, contextFeeds } from './contextBatch.ts';
import { alignmentGraph, isContext } from './contextGraph.ts';
import {
  alignmentBatch,
  listBatch,
  type ReasonerBatch,
  reasonerBatch,
  reinforceBatch,
  segmenterBatch,
  towerBatch,
} from './layout.ts';
import { imageStart, type Nano, trainingScenes } from './nano.ts';
import { buildReasonerBatch, denseFeeds, joinPixels } from './reasonerBatch.ts';
import { reasonerGraph, towerGraph } from './reasonerGraph.ts';
import type { Recipe, StageName, StageRecipe } from './recipe.ts';
import { reinforceGraph } from './reinforceGraph.ts';
import { RolloutMaker } from './rollouts.ts';
import { buildSegmenterBatch } from './segmenterBatch.ts';
import { segmenterGraph } from './segmenterGraph.ts';
import { segmenterScenes } from './segmenterScenes.ts';
import type { StageGraph, StagePlan } from './stage.ts';

export interface Stage {
  /** Whether whole predictions mean anything after it. */
  validates: boolean;
  /** Whether its batches follow from the step alone, so that another thread can draw them. */
  drawsAhead: boolean;
  graph(nano: Nano): StageGraph;
  plan(nano: Nano, recipe: Recipe): Omit<StagePlan, 'name' | 'steps' | 'settings'>;
}

export const stages: Readonly<Record<StageName, Stage>> = {
  tower: { validates: false, drawsAhead: true, graph: towerStage, plan: towerPlan },
  lists: {
    validates: false,
    drawsAhead: true,
    graph: (nano) => reasonerStage(nano, listBatch),
    plan: (nano, { lists }) => reasonerPlan(nano, lists, listBatch),
  },
  reasoner: {
    validates: false,
    drawsAhead: true,
    graph: (nano) => reasonerStage(nano, reasonerBatch),
    plan: (nano, { reasoner }) => reasonerPlan(nano, reasoner, reasonerBatch),
  },
  segmenter: { validates: true, drawsAhead: true, graph: segmenterStage, plan: segmenterPlan },
  alignment: { validates: true, drawsAhead: true, graph: alignmentStage, plan: alignmentPlan },
  reinforcement: { validates: true, drawsAhead: false, graph: reinforceStage, plan: reinforcePlan },
};

function towerStage({ parameters, reasoner }: Nano): StageGraph {
  const source = parameters.source();
  return {
    ...towerGraph(paramsFrom(source), reasoner, towerBatch.scenes),
    parameters: source.tensors,
    trains: () => true,
  };
}

function towerPlan(nano: Nano, { tower }: Recipe): ReturnType<Stage['plan']> {
  const { scenes: count } = towerBatch;
  return {
    samples: count,
    batch: async (step) => {
      const scenes = trainingScenes(nano, tower.firstScene + step * count, count);
      return { pixels: joinPixels(scenes), ...denseFeeds(scenes) };
    },
  };
}

function reasonerStage(nano: Nano, batch: ReasonerBatch): StageGraph {
  const source = nano.parameters.source();
  const first = nano.tokenizer.coordinateId(0) ?? 0;
  const graph = reasonerGraph(paramsFrom(source), nano.reasoner, { ...batch, imageStart: imageStart(nano), first });
  return { ...graph, parameters: source.tensors, trains: () => true };
}

function reasonerPlan(nano: Nano, recipe: StageRecipe, batch: ReasonerBatch): ReturnType<Stage['plan']> {
  const { scenes: count } = batch;
  const writer = { tokenizer: nano.tokenizer, config: nano.reasoner.language, batch };
  return {
    samples: count,
    batch: async (step) => {
      const { firstScene, things } = recipe;
      return buildReasonerBatch(
        writer,
        trainingScenes(nano, firstScene + step * count, count, { things }),
        random(step, 11),
      );
    },
  };
}

function segmenterStage({ parameters, segmenter }: Nano): StageGraph {
  const source = parameters.source();
  const graph = segmenterGraph(paramsFrom(source).at('sam'), segmenter);
  return { ...graph, parameters: source.tensors, trains: (name) => !name.endsWith('gaussian_matrix') };
}

function segmenterPlan(nano: Nano, { segmenter }: Recipe): ReturnType<Stage['plan']> {
  const { scenes: count, perScene } = segmenterBatch;
  return {
    samples: count * perScene,
    batch: async (step) =>
      buildSegmenterBatch(segmenterScenes(nano, segmenter.firstScene + step * count, count), random(step, 12)),
  };
}

function alignmentStage(nano: Nano): StageGraph {
  const source = nano.parameters.source();
  const graph = alignmentGraph(paramsFrom(source), nano, alignmentBatch, imageStart(nano));
  return { ...graph, parameters: source.tensors, trains: isContext };
}

function alignmentPlan(nano: Nano, { alignment }: Recipe): ReturnType<Stage['plan']> {
  const { scenes: count, turns } = alignmentBatch;
  return {
    samples: count * turns,
    batch: async (step) => {
      const draw = random(step, 13);
      const scenes = trainingScenes(nano, alignment.firstScene + step * count, count);
      const packed = scenes.map((scene) => alignmentScene(nano, scene, draw, alignmentBatch));
      return contextFeeds(nano, packed, alignmentBatch);
    },
  };
}

/** As in LENS: everything learns but the segmenter's picture encoder. */
function reinforceStage(nano: Nano): StageGraph {
  const source = nano.parameters.source();
  const graph = reinforceGraph(paramsFrom(source), nano, imageStart(nano));
  const frozen = /^sam\.(image_encoder\.|no_mem_embed)|gaussian_matrix$|conv_s[01]\./;
  return { ...graph, parameters: source.tensors, trains: (name) => !frozen.test(name) };
}

function reinforcePlan(nano: Nano, { reinforcement }: Recipe): ReturnType<Stage['plan']> {
  const { scenes: count, turns } = reinforceBatch;
  const maker = new RolloutMaker(nano, imageStart(nano));
  return {
    samples: count * turns,
    batch: (step) => maker.make(trainingScenes(nano, reinforcement.firstScene + step * count, count), random(step, 14)),
  };
}
