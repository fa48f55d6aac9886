// Samples groups of answers of the policy as it is now to questions about pictures, and packs them as the token feeds of a step.
import { floats, type NamedValues } from '../../../models/graph/value.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { Decoder, type PromptTokens } from '../../../models/qwen/decode.ts';
import { Session } from '../../../models/runtime/session.ts';
import { type AnswerReading, objectInImage, type ReadObject } from '../../contract/answer.ts';
import type { Box, DecodedImage, Mask } from '../../contract/records.ts';
import { answerReaders } from '../../flow/reasoner/answer.ts';
import type { Policy } from '../loop/loop.ts';
import { contextFeeds } from '../turns/contextPass.ts';
import { frameOf, type PolicyParts, patchValues } from '../turns/squarePolicy.ts';
import { pictures } from '../turns/turnLoss.ts';
import { type Conversation, specialId, turnTokens } from '../turns/turnTokens.ts';
import type { RolloutBatch } from './policyGraph.ts';

/** What is asked of a picture, and all that a good answer finds; no objects: nothing matches. */
export interface Question {
  readonly text: string;
  /** Id of a project's image. */
  readonly imageId?: number;
  readonly objects: readonly {
    /** Image pixels. */
    readonly box: Box;
    /** At image size; null: its outline is not known. */
    readonly mask: Mask | null;
  }[];
  /** What its answers are sampled with. */
  readonly seed: number;
  /** What each answer is made to begin with; it is neither sampled nor learnt. Default: nothing. */
  readonly begun?: string;
  read(): Promise<DecodedImage>;
}

export interface Rollout {
  readonly ids: readonly number[];
  readonly text: string;
  readonly found: AnswerReading['found'];
  /** In image pixels, of the answer's order. */
  readonly named: readonly ReadObject[];
}

export interface AnsweringPolicy extends Policy {
  readonly parts: PolicyParts;
}

export interface Sampler {
  /** Samples so many answers to one question, by the parameters as they are now; they share the cache of the question. */
  answers(question: Question, image: DecodedImage, batch: RolloutBatch): Promise<Rollout[]>;
  release(): Promise<void>;
}

export async function openSampler({ parameters, parts }: AnsweringPolicy): Promise<Sampler> {
  const source = parameters.source();
  // Filled as the decoder's graphs ask for parameters; the arrays are live, so what the trainer changes is sampled from.
  const weights: Record<string, Float32Array> = {};
  const open = (outputs: Parameters<typeof Session.create>[0]) => {
    Object.assign(weights, parameters.feeds(source.tensors.keys()));
    return Session.create(outputs);
  };
  const params = paramsFrom(source);
  const { grid } = frameOf(parts);
  const vision = await open({ features: pictures(params, parts.reasoner, { count: 1, grid }) });
  const decoder = new Decoder({ config: parts.reasoner, params, open, weights });
  return {
    answers: async (question, image, batch) => {
      const pixels = patchValues(parts, image);
      const features = floats(await vision.run({ ...weights, pixels }), 'features');
      const { head, turn } = conversationOf(parts, question);
      const request = { ids: [...head.ids, ...turn.prompt], grids: [{ t: 1, h: grid, w: grid }], features };
      const rows = await written(decoder, parts, { request, batch, seed: question.seed });
      return rows.map((ids) => rolloutOf(parts, image, { ids, begun: question.begun ?? '' }));
    },
    release: async () => {
      await decoder.release();
      await vision.release();
    },
  };
}

interface SampledPrompt {
  readonly request: PromptTokens;
  readonly batch: RolloutBatch;
  readonly seed: number;
}

/** Sampled as a person's several answers are. */
async function written(decoder: Decoder, { recipe, tokenizer }: PolicyParts, { request, batch, seed }: SampledPrompt) {
  const { rows } = await decoder.answer([request], {
    sampling: recipe.reasoner.sampling.several,
    samples: batch.turns,
    maxTokens: batch.answer,
    stop: [specialId(tokenizer, '<|im_end|>')],
    seed,
  });
  return rows.map(({ ids }) => ids);
}

/** Read as a prediction is. */
function rolloutOf(
  parts: PolicyParts,
  image: DecodedImage,
  { ids, begun }: { ids: readonly number[]; begun: string },
): Rollout {
  const text = parts.tokenizer.decode([...parts.tokenizer.encode(begun), ...ids], { skipSpecial: true });
  const { found, objects } = answerReaders[parts.recipe.reasoner.parser].read(text);
  const { pixels } = frameOf(parts);
  const frame = { width: pixels, height: pixels };
  const named = objects.flatMap((object) => objectInImage(object, frame, image) ?? []);
  return { ids, text, found: named.length > 0 || found !== 'objects' ? found : 'unreadable', named };
}

function conversationOf(parts: PolicyParts, { text, begun = '' }: Pick<Question, 'text' | 'begun'>): Conversation {
  const { head, turn } = turnTokens(parts.tokenizer, text, { answer: [], side: frameOf(parts).cells });
  return { head, turn: { ...turn, prompt: [...turn.prompt, ...parts.tokenizer.encode(begun)] } };
}

/** Whether a question leaves room for its answers and their queries. */
export function hasRoom(parts: PolicyParts, question: Pick<Question, 'text' | 'begun'>, batch: RolloutBatch): boolean {
  const { head, turn } = conversationOf(parts, question);
  const each = turn.prompt.length + batch.answer + parts.context.numOfQuery;
  return head.ids.length + batch.turns * each <= batch.tokens;
}

/** A question with its answers. */
export interface AnsweredQuestion {
  readonly question: Question;
  readonly image: DecodedImage;
  readonly rollouts: readonly Rollout[];
}

/** Feeds of the pass over all rollouts and of the tokens that were written, in the order of the questions. */
export function rolloutFeeds(
  parts: PolicyParts,
  groups: readonly AnsweredQuestion[],
  batch: RolloutBatch,
): NamedValues {
  const shown = groups.map(({ question, rollouts }) => {
    const { head, turn } = conversationOf(parts, question);
    return { head, turns: rollouts.map(({ ids }) => ({ prompt: turn.prompt, answer: ids })) };
  });
  const { answer, tokens } = batch;
  const n = groups.reduce((count, { rollouts }) => count + rollouts.length, 0) * answer;
  const feeds = { predictors: new BigInt64Array(n), chosen: new BigInt64Array(n), answerMask: new Float32Array(n) };
  let row = 0;
  for (const [b, { head, turns }] of shown.entries()) {
    let at = head.ids.length;
    for (const { prompt, answer: ids } of turns) {
      ids.forEach((id, i) => {
        feeds.predictors[row + i] = BigInt(b * tokens + at + prompt.length - 1 + i);
        feeds.chosen[row + i] = BigInt(id);
        feeds.answerMask[row + i] = 1;
      });
      at += prompt.length + ids.length + parts.context.numOfQuery;
      row += answer;
    }
  }
  return { ...contextFeeds(parts, shown, tokens), ...feeds };
}
