// Makes of a project's samples what a checkpoint is asked and what its answers earn; opens the policy that answers.
import type { PromptTokens } from '../../../models/qwen/decode.ts';
import type { GrpoObjective } from '../../../models/train/grpo.ts';
import type { Frame } from '../../contract/geometry.ts';
import type { DecodedImage } from '../../contract/records.ts';
import type { Reasoner } from '../../flow/reasoner/reasoner.ts';
import type { FeatureFiles } from '../../flow/sessions/featureFiles.ts';
import type { CheckpointWeights } from '../../weights/openCheckpoint.ts';
import { isTaughtByMasks } from '../decoder/decoderTier.ts';
import { unlessGone } from '../samples/measuredImage.ts';
import type { TeachingImage, Watching } from '../samples/task.ts';
import { type AdapterPolicy, adapterPolicy } from './adapterPolicy.ts';
import type { AdapterBatch } from './answerPass.ts';
import { isRewarded, type MeantThing, type RewardOf, rewarderOf } from './answerRewards.ts';

export interface AnswerPolicy extends AdapterPolicy {
  readonly weights: CheckpointWeights;
  /** Where the segmenter's features of pictures are kept. Missing: they are made again whenever a picture is asked. */
  readonly features?: FeatureFiles;
}

/** Updates of the language model; where the checkpoint draws by itself, its queries, context module and mask decoder as well. */
export async function answerPolicy(
  weights: CheckpointWeights,
  { seed, features }: { seed: number; features?: FeatureFiles },
): Promise<AnswerPolicy> {
  const policy = await adapterPolicy(weights, seed);
  const isLearnt = (name: string) => name === 'learnable_query' || isTaughtByMasks(name);
  for (const [name, shape] of weights.context ? weights.shapes : [])
    if (isLearnt(name)) policy.parameters.set(name, shape, await weights.read(name));
  return { ...policy, weights, ...(features && { features }) };
}

/** What is drawn on, and what should be. */
export interface TaskPicture {
  readonly imageId: number;
  readonly size: Frame;
  readonly objects: readonly MeantThing[];
  /** What the answers' coordinates count in. */
  readonly frame: Frame;
  read(): Promise<DecodedImage>;
}

/** What is asked of a picture, and what an answer earns. */
export interface AnswerTask {
  readonly text: string;
  readonly prompt: PromptTokens;
  readonly rewardOf: RewardOf;
  readonly picture: TaskPicture;
}

/** With what its answers are sampled with. */
export interface AnswerQuestion extends AnswerTask {
  readonly seed: number;
}

/** `turns` answers to each of `questions`. */
export interface AnswerBatch extends AdapterBatch {
  readonly questions: number;
  readonly turns: number;
  /** How the tokens' terms are weighed. */
  readonly objective: GrpoObjective;
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
    const frame = reasoner.frame(picture);
    for (const sample of image.samples.filter(isRewarded)) {
      const earning = rewarder?.(sample, { frame, size: picture });
      if (!earning) continue;
      const { rewardOf, meant: objects } = earning;
      const { text } = sample.prompt;
      const { width, height } = picture;
      asked.push({
        ...{ text, prompt: await reasoner.prompt(picture, text), rewardOf },
        picture: { imageId: image.imageId, size: { width, height }, objects, frame, read: () => image.read() },
      });
    }
    report({ kind: 'teaching', phase: 'preparing', done: i + 1, total: images.length, secondsLeft: null, figures: {} });
  }
  return asked;
}
