// LENS stage 2 for the nano: groups of rollouts of the current policy, their masks, rewards and advantages, as feeds.
import { floats } from '../../models/graph/value.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { Session } from '../../models/runtime/session.ts';
import { advantages } from '../../models/train/advantage.ts';
import type { Mask } from '../contract/records.ts';
import { fromBitmap } from '../contract/rle.ts';
import { maskFrom } from '../flow/mask.ts';
import type { Feeder, LossGraph, Objective } from '../learn/loop.ts';
import { type Reward, unifiedReward } from '../reward/lens.ts';
import { frameBox, visibleMask } from '../scenes/scene.ts';
import { recipes } from '../weights/recipe.ts';
import { placeOf } from './contextBatch.ts';
import { frame, reinforceBatch } from './layout.ts';
import { imageStart, type Nano } from './nano.ts';
import { reinforceGraph, rolloutLogProbs, rolloutMasks } from './reinforceGraph.ts';
import { type Asked, openSampler, type Rollout, reader, rolloutFeeds, type Sampler } from './rollouts.ts';

type Feeds = Record<string, Float32Array | BigInt64Array | Int32Array>;
type Values = Readonly<Record<string, Float32Array>>;

/** As in LENS: everything learns but the segmenter's picture encoder. */
const frozen = /^sam\.(image_encoder\.|no_mem_embed)|gaussian_matrix$|conv_s[01]\./;

export const reinforcement: Objective<Nano, Asked, typeof reinforceBatch> = {
  graph(nano): LossGraph {
    const source = nano.parameters.source();
    const graph = reinforceGraph(paramsFrom(source), nano, imageStart(nano));
    return { ...graph, parameters: source.tensors, trains: (name) => !frozen.test(name) };
  },
  async open(nano, _, reference): Promise<Feeder<Asked>> {
    const sampler = await openSampler(nano);
    const masks = await openPass(nano, rolloutMasks);
    const before = await openPass(nano, rolloutLogProbs);
    return {
      feed: (asked) => feedsOf(asked, { nano, sampler, masks, before, reference }),
      release: async () => {
        await sampler.release();
        await masks.session.release();
        await before.session.release();
      },
    };
  },
};

/** A graph over the nano's parameters that is run with the values it is given. */
interface Pass {
  session: Session;
  names: readonly string[];
}

async function openPass(nano: Nano, outputs: typeof rolloutMasks): Promise<Pass> {
  const source = nano.parameters.source();
  const session = await Session.create(outputs(paramsFrom(source), nano, imageStart(nano)));
  return { session, names: [...source.tensors.keys()] };
}

interface Open {
  nano: Nano;
  sampler: Sampler;
  masks: Pass;
  before: Pass;
  /** The policy as it was before the run. */
  reference: Values;
}

async function feedsOf(asked: readonly Asked[], open: Open): Promise<Feeds> {
  const { nano, sampler, masks, before, reference } = open;
  const rollouts: Rollout[] = [];
  for (const one of asked) rollouts.push(...(await sampler.answers(one, reinforceBatch.turns)));
  const feeds: Feeds = rolloutFeeds(nano, asked, rollouts);
  const painted = await masks.session.run({ ...nano.parameters.feeds(masks.names), ...feeds });
  const old = await before.session.run({ ...reference, ...feeds });
  const rewards = rewardFeeds(rollouts, masksOf(rollouts, floats(painted, 'masks'), floats(painted, 'iou')));
  return { ...feeds, ...rewards, reference: floats(old, 'logProbs') };
}

function masksOf(rollouts: readonly Rollout[], logits: Float32Array, iou: Float32Array): (Mask | null)[] {
  const [area, count] = [logits.length / iou.length, iou.length / rollouts.length];
  return rollouts.map(({ scene, text }, i) => {
    const { found, objects } = reader.read(text);
    if (found !== 'objects') return null;
    const masks = logits.subarray(i * count * area, (i + 1) * count * area);
    const place = placeOf(objects[0]?.box ?? null, scene.image);
    // The mask that a person would see.
    return maskFrom({ masks, iou: iou.subarray(i * count, (i + 1) * count) }, scene.image, {
      ...recipes.nano.segmenter,
      place,
    });
  });
}

/** Groups whose rewards are all equal get no advantage: there is nothing to learn from them. */
function rewardFeeds(rollouts: readonly Rollout[], masks: readonly (Mask | null)[]): Feeds {
  const rewards = rollouts.map((rollout, i) => rewardOf(rollout, masks[i] ?? null));
  const mean = (pick: (r: Reward) => number) =>
    Float32Array.of(rewards.reduce((s, r) => s + pick(r), 0) / rewards.length);
  const totals = rewards.map(({ total }) => total);
  return {
    advantages: Float32Array.from(advantages(totals, reinforceBatch.turns)),
    hasTarget: Float32Array.from(rollouts, ({ prompt }) => (prompt.target === null ? 0 : 1)),
    ...{ reward: mean((r) => r.total), formatReward: mean((r) => r.format) },
    ...{ boxReward: mean((r) => r.box), maskReward: mean((r) => r.mask) },
  };
}

function rewardOf({ scene, prompt, text }: Rollout, mask: Mask | null): Reward {
  const thing = prompt.target === null ? null : (scene.things[prompt.target] ?? null);
  const { width, height } = scene.image;
  const target = {
    box: thing && frameBox(thing.box, { frame, image: scene.image }),
    mask: prompt.target === null ? null : fromBitmap(visibleMask(scene, prompt.target), width, height),
  };
  return unifiedReward({ text, mask }, target, { dialect: 'loupe' });
}
