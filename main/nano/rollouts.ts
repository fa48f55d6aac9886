// Prompts of scenes to groups of answers of the current policy, and both to the token feeds of a step.
import { floats } from '../../models/graph/value.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { Decoder, type PromptTokens } from '../../models/qwen/decode.ts';
import { patchesOf } from '../../models/qwen/processor.ts';
import { Session } from '../../models/runtime/session.ts';
import { answerReaders } from '../flow/answer.ts';
import { specialId } from '../learn/exchange.ts';
import { type Scene, type ScenePrompt, visibleMask } from '../scenes/scene.ts';
import { recipes } from '../weights/recipe.ts';
import { type ContextScene, contextFeeds } from './contextBatch.ts';
import { conversation } from './conversation.ts';
import { grid, imageConfig, reinforceBatch } from './layout.ts';
import type { Nano } from './nano.ts';
import { pictures } from './reasonerGraph.ts';

/** Answers are drawn and read as those that a person sees. */
const { reasoner: recipe } = recipes.nano;
export const reader = answerReaders[recipe.parser];

type Feeds = Record<string, Float32Array | BigInt64Array | Int32Array>;

/** A prompt of a scene, and what its group of answers is sampled with. */
export interface Asked {
  scene: Scene;
  prompt: ScenePrompt;
  seed: number;
}

export interface Rollout extends Asked {
  ids: number[];
  text: string;
}

export interface Sampler {
  /** So many answers to one prompt, by the parameters as they are now. */
  answers(asked: Asked, count: number): Promise<Rollout[]>;
  release(): Promise<void>;
}

export async function openSampler(nano: Nano): Promise<Sampler> {
  const source = nano.parameters.source();
  // Filled as the decoder's graphs ask for parameters; the arrays are live, so what the trainer changes is sampled from.
  const weights: Record<string, Float32Array> = {};
  const open = (outputs: Parameters<typeof Session.create>[0]) => {
    Object.assign(weights, nano.parameters.feeds(source.tensors.keys()));
    return Session.create(outputs);
  };
  const params = paramsFrom(source);
  const vision = await open({ features: pictures(params, nano.reasoner, 1) });
  const decoder = new Decoder({ config: nano.reasoner, params, open, weights });
  const see = async (scene: Scene): Promise<Float32Array> => {
    const { pixelValues } = patchesOf(scene.image, imageConfig);
    return floats(await vision.run({ ...weights, pixels: pixelValues }), 'features');
  };
  return {
    answers: async (asked, count) => answersOf(nano, decoder, { asked, count, features: await see(asked.scene) }),
    release: async () => {
      await decoder.release();
      await vision.release();
    },
  };
}

interface Question {
  asked: Asked;
  count: number;
  features: Float32Array;
}

async function answersOf(nano: Nano, decoder: Decoder, { asked, count, features }: Question): Promise<Rollout[]> {
  const { tokenizer } = nano;
  const { head, turn } = conversation(tokenizer, asked.scene, asked.prompt);
  const request: PromptTokens = { ids: [...head.ids, ...turn.prompt], grids: [{ t: 1, h: grid, w: grid }], features };
  const { rows } = await decoder.answer([request], {
    sampling: recipe.sampling.several,
    samples: count,
    maxTokens: reinforceBatch.answer,
    stop: [specialId(tokenizer, '<|im_end|>')],
    seed: asked.seed,
  });
  return rows.map(({ ids }) => ({ ...asked, ids, text: tokenizer.decode(ids, { skipSpecial: true }) }));
}

/** Feeds of the context pass and of the answers' tokens; rollouts in the order of what was asked. */
export function rolloutFeeds(nano: Nano, asked: readonly Asked[], rollouts: readonly Rollout[]): Feeds {
  return {
    ...contextFeeds(nano, packed(nano, asked, rollouts), reinforceBatch),
    ...tokenFeeds(nano, asked, rollouts),
  };
}

function packed(nano: Nano, asked: readonly Asked[], rollouts: readonly Rollout[]): ContextScene[] {
  const { turns: count } = reinforceBatch;
  return asked.map(({ scene, prompt }, b) => {
    const { head, turn } = conversation(nano.tokenizer, scene, prompt);
    const truth = visibleMask(scene, prompt.target ?? scene.things.length);
    const turns = rollouts.slice(b * count, (b + 1) * count).map(({ ids, text }) => ({
      turn: { prompt: turn.prompt, answer: ids },
      box: reader.read(text).objects[0]?.box ?? null,
      rough: null,
      truth,
    }));
    return { scene, head, turns };
  });
}

/** Where each written token was predicted, and which it was; rows of the longest answer. */
function tokenFeeds(nano: Nano, asked: readonly Asked[], rollouts: readonly Rollout[]): Feeds {
  const { answer, tokens, turns } = reinforceBatch;
  const n = rollouts.length * answer;
  const feeds = { predictors: new BigInt64Array(n), chosen: new BigInt64Array(n), answerMask: new Float32Array(n) };
  asked.forEach(({ scene, prompt }, b) => {
    const { head, turn } = conversation(nano.tokenizer, scene, prompt);
    let at = head.ids.length;
    for (const [k, { ids }] of rollouts.slice(b * turns, (b + 1) * turns).entries()) {
      const row = (b * turns + k) * answer;
      ids.forEach((id, i) => {
        feeds.predictors[row + i] = BigInt(b * tokens + at + turn.prompt.length - 1 + i);
        feeds.chosen[row + i] = BigInt(id);
        feeds.answerMask[row + i] = 1;
      });
      at += turn.prompt.length + ids.length + nano.context.numOfQuery;
    }
  });
  return feeds;
}
