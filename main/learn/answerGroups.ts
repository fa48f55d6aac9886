// Samples groups of answers of a checkpoint with its updates of the moment, and packs them as the feeds of a step; masks play no part.
import { floats, type NamedValues } from '../../models/graph/value.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { Decoder, type PromptTokens } from '../../models/qwen/decode.ts';
import { Session } from '../../models/runtime/session.ts';
import { answerReaders } from '../flow/answer.ts';
import type { Reasoner } from '../flow/reasoner.ts';
import type { CheckpointWeights } from '../weights/openCheckpoint.ts';
import { type AdapterBatch, type AdapterPolicy, answerFeeds, sourceOf } from './adapterTier.ts';
import { type AnswerReward, isRewarded, type RewardOf, rewarderOf } from './answerRewards.ts';
import { advantagesOf, type ChosenGroups, chosenGroups } from './groups.ts';
import { unlessGone } from './measure.ts';
import type { TeachingImage, Watching } from './task.ts';

export interface AnswerPolicy extends AdapterPolicy {
  readonly weights: CheckpointWeights;
}

/** What is asked of a picture, and what an answer earns. */
export interface AnswerTask {
  readonly prompt: PromptTokens;
  readonly rewardOf: RewardOf;
}

/** With what its answers are sampled with. */
export interface AnswerQuestion extends AnswerTask {
  readonly seed: number;
}

/** `turns` answers to each of `questions`. */
export interface AnswerBatch extends AdapterBatch {
  readonly questions: number;
  readonly turns: number;
}

interface AnswerGroup {
  readonly question: AnswerQuestion;
  readonly answers: readonly (readonly number[])[];
  /** Answers that no box could be read from. */
  readonly unreadable: number;
  readonly rewards: readonly AnswerReward[];
}

/** The samples that are asked by words and whose answers can be rewarded; each picture goes through the tower once. */
export async function askedAnswers(
  { weights, reasoner }: { weights: CheckpointWeights; reasoner: Reasoner },
  images: readonly TeachingImage[],
  { signal, report }: Watching,
): Promise<AnswerTask[]> {
  const rewarder = rewarderOf(weights.recipe);
  const asked: AnswerTask[] = [];
  for (const [i, image] of images.entries()) {
    signal?.throwIfAborted();
    const picture = await unlessGone(image);
    if (picture === null) continue;
    for (const sample of image.samples.filter(isRewarded)) {
      const rewardOf = rewarder?.(sample, reasoner.frame(picture));
      if (rewardOf) asked.push({ prompt: await reasoner.prompt(picture, sample.prompt.text), rewardOf });
    }
    report({ kind: 'teaching', phase: 'preparing', done: i + 1, total: images.length, secondsLeft: null, figures: {} });
  }
  return asked;
}

export interface AnswerGroups {
  chosen(questions: readonly AnswerQuestion[], wanted?: number): Promise<ChosenGroups<AnswerGroup>>;
  release(): Promise<void>;
}

/** Samples by the updates as they are at each call; the answers of a group share the cache of their question. */
export async function openAnswers(policy: AnswerPolicy, batch: AnswerBatch): Promise<AnswerGroups> {
  const { weights } = policy;
  const { source, factors } = sourceOf(policy);
  // Filled as the decoder's graphs ask for them; the arrays are live, so what the trainer changes is sampled from.
  const live: Record<string, Float32Array> = {};
  const open = (outputs: Parameters<typeof Session.create>[0]) => {
    Object.assign(live, policy.parameters.feeds(factors.tensors.keys()));
    return Session.create(outputs, { folder: weights.folder });
  };
  const decoder = new Decoder({ config: weights.reasoner, params: paramsFrom(source), open, weights: live });
  return {
    chosen: (questions, wanted = batch.questions) =>
      chosenGroups(questions, wanted, (question) => groupOf(question, decoder, { weights, batch })),
    release: () => decoder.release(),
  };
}

/** Sampled as a person's several answers are. */
async function groupOf(
  question: AnswerQuestion,
  decoder: Decoder,
  { weights: { recipe, tokenizer }, batch }: { weights: CheckpointWeights; batch: AnswerBatch },
): Promise<AnswerGroup> {
  const end = tokenizer.special.get('<|im_end|>');
  if (end === undefined) throw new Error('The tokenizer has no <|im_end|>.');
  const { rows } = await decoder.answer([question.prompt], {
    ...{ sampling: recipe.reasoner.sampling.several, samples: batch.turns, maxTokens: batch.answer },
    ...{ stop: [end], seed: question.seed },
  });
  const texts = rows.map(({ ids }) => tokenizer.decode(ids, { skipSpecial: true }));
  const reader = answerReaders[recipe.reasoner.parser];
  return {
    question,
    answers: rows.map(({ ids }) => ids),
    unreadable: texts.filter((text) => reader.read(text).found === 'unreadable').length,
    rewards: texts.map((text) => question.rewardOf(text)),
  };
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
    ...{ sampledGroups: Float32Array.of(sampled), usefulGroups: Float32Array.of(useful) },
  };
}

/** [rows, answer] of the tokens that were written, as a session gives them. */
export const writtenLogProbs = (outputs: NamedValues): Float32Array => floats(outputs, 'logProbs');
