// Samples groups of answers of a checkpoint with its updates of the moment, draws and rewards them, and packs them as the feeds of a step.
import { floats, type NamedValues } from '../../../models/graph/value.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { Decoder, type DecoderSetup, type Generated } from '../../../models/qwen/decode.ts';
import { Session } from '../../../models/runtime/session.ts';
import { objectInImage } from '../../contract/answer.ts';
import { entry } from '../../contract/lookup.ts';
import { unionOf } from '../../contract/rle.ts';
import { answerReaders } from '../../flow/reasoner/answer.ts';
import { type BetweenRuns, untold } from '../loop/stepClock.ts';
import type { SampledAnswer, SampledGroup } from '../rl/drawnRollouts.ts';
import { advantagesOf, type ChosenGroups, chosenGroups } from '../rl/groups.ts';
import { sourceOf } from './adapterPolicy.ts';
import { type AnswerMasks, type DrawnAnswer, maskFeeds, openAnswerMasks } from './answerMasks.ts';
import { answerFeeds } from './answerPass.ts';
import type { AnswerReward } from './answerRewards.ts';
import type { AnswerBatch, AnswerPolicy, AnswerQuestion } from './answerTask.ts';

export interface AnswerGroup {
  readonly question: AnswerQuestion;
  readonly answers: readonly (readonly number[])[];
  /** Each as it is read and drawn. */
  readonly said: readonly SampledAnswer[];
  /** Answers that no box could be read from. */
  readonly unreadable: number;
  readonly rewards: readonly AnswerReward[];
  /** What each drew; none where no masks of the checkpoint's own are drawn. */
  readonly drawn: readonly DrawnAnswer[];
}

export interface AnswerGroups {
  chosen(questions: readonly AnswerQuestion[], wanted?: number): Promise<ChosenGroups<AnswerGroup>>;
  /** Closes what answers, with its packed weights, until the next question. */
  rest(): Promise<void>;
  release(): Promise<void>;
}

/** Samples by the updates as they are at each call; the answers of a group share the cache of their question. */
export async function openAnswers(
  policy: AnswerPolicy,
  batch: AnswerBatch,
  between: BetweenRuns = untold,
): Promise<AnswerGroups> {
  const { weights } = policy;
  const { source, factors } = sourceOf(policy);
  // Filled as the decoder's graphs ask for them; the arrays are live, so what the trainer changes is sampled from.
  const live: Record<string, Float32Array> = {};
  const open: DecoderSetup['open'] = (outputs) => {
    Object.assign(live, policy.parameters.feeds(factors.tensors.keys()));
    return Session.create(outputs, { folder: weights.folder });
  };
  // One graph is open at a time, and the cache has room for whole answers from the start: another length is another graph.
  const decoder = new Decoder({
    ...{ config: weights.reasoner, params: paramsFrom(source), weights: live },
    ...{ open, keep: 1, chunk: { prompt: 32, cache: batch.answer } },
  });
  const masks = batch.queries && (await openAnswerMasks(policy, decoder));
  return {
    chosen: (questions, wanted = batch.questions) =>
      chosenGroups(questions, wanted, (question) => groupOf(question, decoder, { policy, batch, masks, between })),
    rest: () => decoder.release(),
    release: async () => {
      await decoder.release();
      await masks?.release();
    },
  };
}

interface Sampling {
  readonly policy: AnswerPolicy;
  readonly batch: AnswerBatch;
  readonly masks: AnswerMasks | null;
  readonly between: BetweenRuns;
}

/** Sampled as a person's several answers are. */
async function groupOf(
  question: AnswerQuestion,
  decoder: Decoder,
  { policy, batch, masks, between }: Sampling,
): Promise<AnswerGroup> {
  const { recipe, tokenizer } = policy.weights;
  const end = tokenizer.special.get('<|im_end|>');
  if (end === undefined) throw new Error('The tokenizer has no <|im_end|>.');
  const tokens = decoder.generate([question.prompt], {
    ...{ sampling: recipe.reasoner.sampling.several, samples: batch.turns, maxTokens: batch.answer },
    ...{ stop: [end], seed: question.seed },
  });
  const answers = await sampledToEnd(tokens, (done) => between({ name: 'sampling', done, of: batch.answer }));
  const written = answers.rows.map((row) => ({ ...row, ids: readable(row.ids, policy.weights.reasoner.imageToken) }));
  const texts = written.map(({ ids }) => tokenizer.decode(ids, { skipSpecial: true }));
  const reader = answerReaders[recipe.reasoner.parser];
  const drawn = masks ? await masks.drawn(question, { answers: { ...answers, rows: written }, texts, between }) : [];
  const { frame, size } = question.picture;
  const read = texts.map((text) => reader.read(text));
  const named = read.map(({ objects }) => objects.flatMap((one) => objectInImage(one, frame, size) ?? []));
  return {
    question,
    answers: written.map(({ ids }) => ids),
    said: texts.map((text, i) => ({
      ...{ text, boxes: entry(named, i, 'answers').map(({ box }) => box), mask: drawn[i]?.mask ?? null },
    })),
    unreadable: read.filter(({ found }) => found === 'unreadable').length,
    rewards: texts.map((text, i) => question.rewardOf(text, drawn[i])),
    drawn,
  };
}

/** `tell` hears how long the longest answer is. */
async function sampledToEnd(
  tokens: ReturnType<Decoder['generate']>,
  tell: (length: number) => Promise<void>,
): Promise<Generated> {
  const lengths: number[] = [];
  let longest = 0;
  await tell(longest);
  for (let each = await tokens.next(); ; each = await tokens.next()) {
    if (each.done) return each.value;
    const { row } = each.value;
    const length = (lengths[row] ?? 0) + 1;
    lengths[row] = length;
    if (length <= longest) continue;
    longest = length;
    await tell(longest);
  }
}

/** As they are shown to a person. */
export const sampledGroups = (groups: readonly AnswerGroup[]): SampledGroup[] =>
  groups.map(({ question: { text, picture }, said, rewards }) => {
    const { imageId, size, frame, objects } = picture;
    const truth = unionOf(objects.map(({ mask }) => mask));
    return { imageId, text, size, frame, truth, answers: said, rewards };
  });

/** What stands before a picture's token: behind a request there is no picture that it could stand for. */
function readable(ids: readonly number[], picture: number): number[] {
  const at = ids.indexOf(picture);
  return ids.slice(0, at < 0 ? ids.length : at);
}

/** What a step is fed but the log-probabilities of the weights that it began from. */
export function groupFeeds(
  { groups, sampled, useful }: ChosenGroups<AnswerGroup>,
  policy: AnswerPolicy,
  batch: AnswerBatch,
): NamedValues {
  const rows = groups.flatMap(({ question: { prompt }, answers }) =>
    answers.map((ids) => ({ prompt, answer: ids, counts: ids.map(() => 1) })),
  );
  const rewards = groups.flatMap((group) => group.rewards);
  const mean = (pick: (reward: AnswerReward) => number) =>
    Float32Array.of(rewards.reduce((sum, reward) => sum + pick(reward), 0) / rewards.length);
  return {
    ...answerFeeds(rows, policy, batch),
    advantages: Float32Array.from(advantagesOf(groups)),
    ...{ reward: mean(({ total }) => total), formatReward: mean(({ format }) => format) },
    ...(batch.queries && { maskReward: mean(({ mask = 0 }) => mask), ...maskFeeds(groups, policy) }),
    ...{ sampledGroups: Float32Array.of(sampled), usefulGroups: Float32Array.of(useful) },
  };
}

/** [rows, answer] of the tokens that were written, as a session gives them. */
export const writtenLogProbs = (outputs: NamedValues): Float32Array => floats(outputs, 'logProbs');
