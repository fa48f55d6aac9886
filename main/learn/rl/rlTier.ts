// The third tier: asks what a person's samples ask, rewards the policy's groups of answers, and learns from the rewards.
import { objectives } from '../../../models/train/grpo.ts';
import { unpackMask } from '../../contract/project.ts';
import { random } from '../../contract/random.ts';
import { type ClosedVocabulary, understood } from '../../flow/words/unknownWords.ts';
import { openWeights } from '../../weights/open.ts';
import { readParameters } from '../gate/version.ts';
import type { Run } from '../loop/loop.ts';
import type { Sample } from '../samples/sample.ts';
import type { TeachingImage } from '../samples/task.ts';
import { nanoTokenizerOf } from '../supervised/taughtWords.ts';
import type { PolicyParts } from '../turns/squarePolicy.ts';
import { drawnWithSeeds } from './groups.ts';
import type { RolloutBatch } from './policyGraph.ts';
import { type RewardedPolicy, type Watch, watchedReinforcement } from './reinforcement.ts';
import { hasRoom, type Question } from './rollouts.ts';

const answer = 120;
/** The divisor of the tokens' terms is a constant: a long wrong answer costs no less a token than a short one. */
const objective = { ...objectives.lens, aggregation: 'fixedLength', maxLength: answer } as const;
export const rewardedBatch: RolloutBatch = { questions: 2, turns: 6, answer, tokens: 1024, objective };
/** Questions that a step may sample for each group that it wants, as others take the place of groups of equal rewards. */
const spare = 3;

/** A question without what its answers are sampled with. */
export type UnseededQuestion = Omit<Question, 'seed'>;

/** The weights of a folder in memory, all but the segmenter's picture encoder. */
export async function rewardedPolicy(folder: string): Promise<RewardedPolicy> {
  const weights = await openWeights(folder);
  const parameters = await readParameters(folder, (name) => !name.startsWith('sam.image_encoder.'));
  return { parameters, parts: { ...weights, tokenizer: nanoTokenizerOf(weights) }, sight: () => weights };
}

/**
 * What images teach by asking: their samples' words, and on each one name of the project's that nothing on it is called by.
 * Left out is what the policy would not be asked: unknown words, clicks or boxes beside the words, and what has no room.
 */
export function questionsOf(parts: PolicyParts, images: readonly TeachingImage[]): UnseededQuestion[] {
  const names = [...new Set(images.flatMap(({ things }) => things.map(({ name }) => name)))];
  const all = images.flatMap((image, i) => {
    const read = () => image.read();
    const own = image.samples.filter(isWordsAlone).map(({ prompt: { text }, objects }) => ({
      text,
      imageId: image.imageId,
      objects: objects.map(({ box, mask }) => ({ box, mask: mask && unpackMask(mask) })),
      read,
    }));
    const absent = names.filter((name) => image.things.length > 0 && !image.things.some((one) => one.name === name));
    const [nothing] = absent.slice(i % Math.max(1, absent.length));
    return nothing === undefined ? own : [...own, { text: nothing, imageId: image.imageId, objects: [], read }];
  });
  const vocabulary = vocabularyOf(parts);
  return all.filter(
    (one) => understood(one.text, vocabulary).unknown.length === 0 && hasRoom(parts, one, rewardedBatch),
  );
}

const isWordsAlone = ({ prompt: { points, box } }: Sample): boolean => points.length === 0 && box === null;

const vocabularyOf = ({ recipe, tokenizer }: PolicyParts): ClosedVocabulary => ({
  words: tokenizer.words,
  unfindable: new Set(recipe.reasoner.vocabulary?.unfindable),
});

/** Draws so many questions, each with a seed of its own; they follow from seed and step. */
export function drawnQuestions(
  asked: readonly UnseededQuestion[],
  count: number,
  { seed, step }: { seed: number; step: number },
): Question[] {
  return drawnWithSeeds(asked, count, random(seed, 70_000 + step));
}

/** What its curves and checkpoints are called. */
export const rewardsStage = 'rewards';

/** A tenth of the supervised rate: a group's reward says less than a written answer. */
const rate = { base: 3e-5, warmup: 5, visual: 0.5 } as const;

export function rewardedRun(
  policy: RewardedPolicy,
  asked: readonly UnseededQuestion[],
  { steps, seed, watch = null }: { steps: number; seed: number; watch?: Watch | null },
): Run<RewardedPolicy, Question, RolloutBatch> {
  const { questions, turns } = rewardedBatch;
  return {
    ...{ name: rewardsStage, steps, policy, shape: rewardedBatch, perStep: questions * turns },
    objective: watchedReinforcement(watch),
    settings: {
      schedule: { kind: 'cosine', base: rate.base, warmup: rate.warmup, total: steps, floor: 0.02 },
      optimiser: { weightDecay: 0 },
      rateOf: (name) => (name.startsWith('visual.') ? rate.visual : 1),
    },
    samples: (step) => drawnQuestions(asked, spare * questions, { seed, step }),
  };
}
