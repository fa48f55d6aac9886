// GRPO with unified rewards: groups of answers of the current policy, the masks a person would see of them, rewards, feeds.
import { floats, type NamedValues } from '../../../models/graph/value.ts';
import { type Params, paramsFrom } from '../../../models/nn/params.ts';
import { Session } from '../../../models/runtime/session.ts';
import { entry } from '../../contract/lookup.ts';
import type { Box, DecodedImage, Mask } from '../../contract/records.ts';
import { unionOf } from '../../contract/rle.ts';
import { maskFrom } from '../../flow/segmenter/mask.ts';
import { type DecoderInputs, Segmenter } from '../../flow/segmenter/segmenter.ts';
import { wholeOf } from '../../flow/segmenter/views.ts';
import type { Reward } from '../../reward/lens.ts';
import { countedTerms, meantMask, objectsReward, type RewardTerm } from '../../reward/objects.ts';
import type { SegmenterWeights } from '../../weights/segmenterFile.ts';
import { decoderFeeds } from '../decoder/decoderFeeds.ts';
import { joined } from '../loop/joinFloats.ts';
import type { Feeder, Objective } from '../loop/loop.ts';
import { type PolicyParts, patchValues } from '../turns/squarePolicy.ts';
import { advantagesOf, type ChosenGroups, chosenGroups } from './groups.ts';
import {
  boxedMasks,
  policyGraph,
  type RolloutBatch,
  rolloutLogProbs,
  rolloutMasks,
  targetSide,
} from './policyGraph.ts';
import {
  type AnsweredQuestion,
  type AnsweringPolicy,
  openSampler,
  type Question,
  type Rollout,
  rolloutFeeds,
  type Sampler,
} from './rollouts.ts';
import { rolloutTargets, type ShownRollout } from './rolloutTargets.ts';

export interface RewardedPolicy extends AnsweringPolicy {
  /** The segmenter's picture encoder, which does not learn, in weights that can be opened. */
  sight(): SegmenterWeights;
  /** Terms of the reward that count. Default: all of them. */
  readonly earns?: readonly RewardTerm[];
}

type Values = Readonly<Record<string, Float32Array>>;

/** Looks at the groups that a step is about to learn from; what it does must not change them. */
export type Watch = (step: number, groups: readonly Group[], open: Pick<Groups, 'answered'>) => Promise<void>;

type Reinforcement = Objective<RewardedPolicy, Question, RolloutBatch>;

/** Trains what LENS trains: everything but the segmenter's picture encoder. Samples are more questions than a step needs. */
export const watchedReinforcement = (watch: Watch | null): Reinforcement => ({
  graph({ parameters, parts }, batch) {
    const source = parameters.source();
    const graph = policyGraph(paramsFrom(source), parts, batch);
    return { ...graph, parameters: source.tensors, trains: (name) => !name.endsWith('gaussian_matrix') };
  },
  async open(policy, batch, reference): Promise<Feeder<Question>> {
    const groups = await openGroups(policy, batch);
    const before = await openPass(policy, (p, parts) => rolloutLogProbs(p, parts, batch));
    return {
      feed: async (questions, step) => {
        const chosen = await groups.chosen(questions);
        await watch?.(step, chosen.groups, groups);
        return feedsOf(chosen, { policy, batch, before, reference });
      },
      release: async () => {
        await groups.release();
        await before.session.release();
      },
    };
  },
});

export const reinforcement = watchedReinforcement(null);

/** A question, its answers, what the segmenter was shown of each, and what each drew and earned. */
export interface Group extends AnsweredQuestion {
  readonly asks: readonly DecoderInputs[];
  readonly masks: readonly (Mask | null)[];
  readonly rewards: readonly Reward[];
}

interface Groups {
  answered(question: Question): Promise<Group>;
  chosen(questions: readonly Question[], wanted?: number): Promise<ChosenGroups<Group>>;
  release(): Promise<void>;
}

/** What samples groups of answers and rewards them, by the parameters as they are at each call. */
export async function openGroups(policy: RewardedPolicy, batch: RolloutBatch): Promise<Groups> {
  const alone = { ...batch, questions: 1 };
  const open: Open = {
    policy,
    batch: alone,
    sampler: await openSampler(policy),
    segmenter: await Segmenter.open(policy.sight(), {}),
    masks: await openPass(policy, (p, parts) => rolloutMasks(p, parts, alone)),
    boxed: await openPass(policy, boxedMasks),
  };
  const answered = (question: Question) => groupOf(question, open);
  return {
    answered,
    chosen: (questions, wanted = batch.questions) => chosenGroups(questions, wanted, answered),
    release: async () => {
      await open.sampler.release();
      await open.segmenter.release();
      await open.masks.session.release();
      await open.boxed.session.release();
    },
  };
}

/** A graph over the policy's parameters that is run with the values it is given. */
interface Pass {
  readonly session: Session;
  readonly names: readonly string[];
}

async function openPass(
  { parameters, parts }: AnsweringPolicy,
  outputs: (p: Params, parts: PolicyParts) => Parameters<typeof Session.create>[0],
): Promise<Pass> {
  const source = parameters.source();
  const session = await Session.create(outputs(paramsFrom(source), parts));
  return { session, names: [...source.tensors.keys()] };
}

interface Open {
  readonly policy: RewardedPolicy;
  readonly batch: RolloutBatch;
  readonly sampler: Sampler;
  readonly segmenter: Segmenter;
  readonly masks: Pass;
  readonly boxed: Pass;
}

async function groupOf(question: Question, open: Open): Promise<Group> {
  const { policy, batch, sampler, segmenter } = open;
  const image = await question.read();
  const rollouts = await sampler.answers(question, image, batch);
  const asks: DecoderInputs[] = [];
  for (const { named } of rollouts)
    asks.push(await segmenter.inputs(image, { box: named[0]?.box ?? boxOf(wholeOf(image)) }));
  const feeds = batchFeeds([{ question, image, rollouts, asks }], { policy, batch });
  const painted = await open.masks.session.run({ ...policy.parameters.feeds(open.masks.names), ...feeds });
  const [logits, iou] = [floats(painted, 'masks'), floats(painted, 'iou')];
  const drawn = { image, logits, iou, count: rollouts.length };
  const masks: (Mask | null)[] = [];
  for (const [i, rollout] of rollouts.entries()) masks.push(await seenMask(rollout, { ...drawn, i, asks }, open));
  const rewards = rollouts.map((rollout, i) => rewardOf(rollout, question, { mask: entry(masks, i, 'masks'), policy }));
  return { question, image, rollouts, asks, masks, rewards };
}

const boxOf = ({ x, y, width, height }: DecoderInputs['place']): Box => ({
  x1: x,
  y1: y,
  x2: x + width,
  y2: y + height,
});

interface Drawn {
  readonly image: DecodedImage;
  readonly asks: readonly DecoderInputs[];
  readonly logits: Float32Array;
  readonly iou: Float32Array;
  /** Rollouts, and which of them this is. */
  readonly count: number;
  readonly i: number;
}

/** What a person would see: the answer's one object, or all of several, of which no word is said to the segmenter. */
async function seenMask({ named }: Rollout, drawn: Drawn, open: Open): Promise<Mask | null> {
  const { image, asks, logits, iou, count, i } = drawn;
  if (named.length > 1) {
    const masks: Mask[] = [];
    for (const { box } of named) masks.push(await boxedMask(image, box, open));
    return unionOf(masks);
  }
  const [ask] = asks.slice(i, i + 1);
  if (named.length === 0 || !ask) return null;
  const part = (values: Float32Array) =>
    values.subarray((i * values.length) / count, ((i + 1) * values.length) / count);
  const how = open.policy.parts.recipe.segmenter;
  return maskFrom({ masks: part(logits), iou: part(iou) }, image, { ...how, place: ask.place });
}

async function boxedMask(image: DecodedImage, box: Box, { policy, segmenter, boxed }: Open): Promise<Mask> {
  const ask = await segmenter.inputs(image, { box });
  const drawn = await boxed.session.run({ ...policy.parameters.feeds(boxed.names), ...decoderFeeds([ask]) });
  const how = policy.parts.recipe.segmenter;
  return maskFrom({ masks: floats(drawn, 'masks'), iou: floats(drawn, 'iou') }, image, { ...how, place: ask.place });
}

function rewardOf(
  { text, named }: Rollout,
  question: Question,
  { mask, policy: { earns } }: { mask: Mask | null; policy: Pick<RewardedPolicy, 'earns'> },
): Reward {
  const boxes = question.objects.map(({ box }) => box);
  const said = { text, boxes: named.map(({ box }) => box), mask };
  const reward = objectsReward(said, { boxes, mask: meantMask(question) });
  return earns ? countedTerms(reward, earns) : reward;
}

const shownRollouts = (groups: readonly Group[]): ShownRollout[] =>
  groups.flatMap(({ question: { objects }, rollouts, asks }) =>
    asks.map(({ place }, i) => ({ named: entry(rollouts, i, 'rollouts').named, place, objects })),
  );

interface Feeding {
  readonly policy: RewardedPolicy;
  readonly batch: RolloutBatch;
}

const batchFeeds = (groups: readonly Omit<Group, 'masks' | 'rewards'>[], { policy, batch }: Feeding): NamedValues => ({
  pixels: joined(groups.map(({ image }) => patchValues(policy.parts, image))),
  ...rolloutFeeds(policy.parts, groups, batch),
  ...decoderFeeds(groups.flatMap(({ asks }) => asks)),
});

async function feedsOf(
  { groups, sampled, useful }: ChosenGroups<Group>,
  { policy, batch, before, reference }: Feeding & { before: Pass; reference: Values },
): Promise<NamedValues> {
  const feeds = batchFeeds(groups, { policy, batch });
  const old = await before.session.run({ ...reference, ...feeds });
  const rewards = groups.flatMap((group) => group.rewards);
  const mean = (pick: (reward: Reward) => number) =>
    Float32Array.of(rewards.reduce((sum, reward) => sum + pick(reward), 0) / rewards.length);
  return {
    ...feeds,
    ...rolloutTargets(shownRollouts(groups), targetSide(policy.parts)),
    advantages: Float32Array.from(advantagesOf(groups)),
    reference: floats(old, 'logProbs'),
    ...{ reward: mean(({ total }) => total), formatReward: mean(({ format }) => format) },
    ...{ boxReward: mean(({ box }) => box), maskReward: mean(({ mask }) => mask) },
    ...{ sampledGroups: Float32Array.of(sampled), usefulGroups: Float32Array.of(useful) },
  };
}
