// Prompts to groups of answers of the current policy, their masks, rewards and advantages: what one RL step is fed.

import { floats } from '../../models/graph/value.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { Decoder, type Prompt } from '../../models/qwen/decode.ts';
import { patchesOf } from '../../models/qwen/processor.ts';
import { Session } from '../../models/runtime/session.ts';
import { chooseMask, enlargeLogits } from '../../models/sam2/segmenter.ts';
import { advantages } from '../../models/train/advantage.ts';
import { readAnswer } from '../contract/answer.ts';
import type { Mask } from '../contract/records.ts';
import { fromBitmap } from '../contract/rle.ts';
import { type Reward, unifiedReward } from '../reward/lens.ts';
import type { Random } from '../scenes/random.ts';
import { frameBox, type Scene, type ScenePrompt, visibleMask } from '../scenes/scene.ts';
import { type ContextScene, contextFeeds } from './contextBatch.ts';
import { conversation, specialId } from './conversation.ts';
import { frame, grid, imageConfig, reinforceBatch } from './layout.ts';
import type { Nano } from './nano.ts';
import { pictures } from './reasonerGraph.ts';
import { rolloutLogProbs, rolloutMasks } from './reinforceGraph.ts';

type Feeds = Record<string, Float32Array | BigInt64Array | Int32Array>;

interface Asked {
  scene: Scene;
  prompt: ScenePrompt;
}

interface Rollout extends Asked {
  ids: number[];
  text: string;
}

/** Samples with the parameters as they are at each call; the reference stays what they were when this was made. */
export class RolloutMaker {
  private readonly nano: Nano;
  private readonly imageStart: number;
  private readonly reference: Record<string, Float32Array> = {};
  private readonly source;
  private readonly weights: Record<string, Float32Array> = {};
  private readonly decoder: Decoder;
  private readonly sessions = new Map<string, Promise<Session>>();

  constructor(nano: Nano, imageStart: number) {
    this.nano = nano;
    this.imageStart = imageStart;
    this.source = nano.parameters.source();
    const open = (outputs: Parameters<typeof Session.create>[0]) => {
      this.collect();
      return Session.create(outputs);
    };
    const params = paramsFrom(this.source);
    this.decoder = new Decoder({ config: nano.reasoner, params, open, weights: this.weights });
    // Now, before a stage that goes on after a kill reads back how far its policy had come.
    rolloutLogProbs(params, nano, imageStart);
    this.collect();
    for (const [key, values] of Object.entries(this.weights)) this.reference[key] = values.slice();
  }

  /** One prompt for each scene, `turns` answers each. */
  async make(scenes: readonly Scene[], draw: Random): Promise<Feeds> {
    const asked = scenes.map((scene) => ({ scene, prompt: draw.pick(scene.prompts) }));
    const rollouts: Rollout[] = [];
    for (const one of asked) rollouts.push(...(await this.answers(one, draw.int(0, 2 ** 31 - 1))));
    const packed = this.pack(asked, rollouts);
    const feeds: Feeds = { ...contextFeeds(this.nano, packed, reinforceBatch), ...this.tokenFeeds(asked, rollouts) };
    const masks = await this.masks(feeds, rollouts);
    const reference = await this.run('reference', feeds);
    return { ...feeds, ...this.rewardFeeds(rollouts, masks), reference: floats(reference, 'logProbs') };
  }

  async release(): Promise<void> {
    await this.decoder.release();
    for (const session of this.sessions.values()) await (await session).release();
  }

  /** Called when a graph has asked for its parameters. The arrays are live: what the trainer changes is sampled from. */
  private collect(): void {
    Object.assign(this.weights, this.nano.parameters.feeds(this.source.tensors.keys()));
  }

  private async answers({ scene, prompt }: Asked, seed: number): Promise<Rollout[]> {
    const { tokenizer } = this.nano;
    const { head, turn } = conversation(tokenizer, scene, prompt);
    const request: Prompt = {
      ids: [...head.ids, ...turn.prompt],
      grids: [{ t: 1, h: grid, w: grid }],
      features: await this.see(scene),
    };
    const { rows } = await this.decoder.answer([request], {
      sampling: { temperature: 0.9, topP: 0.95, topK: 50 },
      samples: reinforceBatch.turns,
      maxTokens: reinforceBatch.answer,
      stop: [specialId(tokenizer, '<|im_end|>')],
      seed,
    });
    return rows.map(({ ids }) => ({ scene, prompt, ids, text: tokenizer.decode(ids, { skipSpecial: true }) }));
  }

  private async see(scene: Scene): Promise<Float32Array> {
    const { pixelValues } = patchesOf(scene.image, imageConfig);
    return floats(await this.run('vision', { pixels: pixelValues }), 'features');
  }

  private pack(asked: readonly Asked[], rollouts: readonly Rollout[]): ContextScene[] {
    const { turns: count } = reinforceBatch;
    return asked.map(({ scene, prompt }, b) => {
      const { head, turn } = conversation(this.nano.tokenizer, scene, prompt);
      const truth = visibleMask(scene, prompt.target ?? scene.things.length);
      const turns = rollouts.slice(b * count, (b + 1) * count).map(({ ids, text }) => ({
        turn: { prompt: turn.prompt, answer: ids },
        box: readAnswer(text, 'loupe').box,
        rough: null,
        truth,
      }));
      return { scene, head, turns };
    });
  }

  /** Where each written token was predicted, and which it was; rows of the longest answer. */
  private tokenFeeds(asked: readonly Asked[], rollouts: readonly Rollout[]): Feeds {
    const { answer, tokens, turns } = reinforceBatch;
    const n = rollouts.length * answer;
    const feeds = { predictors: new BigInt64Array(n), chosen: new BigInt64Array(n), answerMask: new Float32Array(n) };
    asked.forEach(({ scene, prompt }, b) => {
      const { head, turn } = conversation(this.nano.tokenizer, scene, prompt);
      let at = head.ids.length;
      for (const [k, { ids }] of rollouts.slice(b * turns, (b + 1) * turns).entries()) {
        const row = (b * turns + k) * answer;
        ids.forEach((id, i) => {
          feeds.predictors[row + i] = BigInt(b * tokens + at + turn.prompt.length - 1 + i);
          feeds.chosen[row + i] = BigInt(id);
          feeds.answerMask[row + i] = 1;
        });
        at += turn.prompt.length + ids.length + this.nano.context.numOfQuery;
      }
    });
    return feeds;
  }

  private async masks(feeds: Feeds, rollouts: readonly Rollout[]): Promise<(Mask | null)[]> {
    const results = await this.run('masks', feeds);
    const [logits, iou] = [floats(results, 'masks'), floats(results, 'iou')];
    const [area, count] = [logits.length / iou.length, iou.length / rollouts.length];
    return rollouts.map(({ scene, text }, i) => {
      if (readAnswer(text, 'loupe').found !== 'box') return null;
      const own = logits.subarray(i * count * area, (i + 1) * count * area);
      const chosen = chooseMask(own, iou.subarray(i * count, (i + 1) * count));
      const { width, height } = scene.image;
      const full = enlargeLogits(Float32Array.from(own.subarray(chosen * area, (chosen + 1) * area)), {
        width,
        height,
      });
      return fromBitmap(
        Uint8Array.from(full, (v) => (v > 0 ? 1 : 0)),
        width,
        height,
      );
    });
  }

  /** Groups whose rewards are all equal get no advantage: there is nothing to learn from them. */
  private rewardFeeds(rollouts: readonly Rollout[], masks: readonly (Mask | null)[]): Feeds {
    const rewards = rollouts.map(({ scene, prompt, text }, i) => {
      const thing = prompt.target === null ? null : (scene.things[prompt.target] ?? null);
      const { width, height } = scene.image;
      const target = {
        box: thing && frameBox(thing.box, { frame, image: scene.image }),
        mask: prompt.target === null ? null : fromBitmap(visibleMask(scene, prompt.target), width, height),
      };
      return unifiedReward({ text, mask: masks[i] ?? null }, target, { dialect: 'loupe' });
    });
    const mean = (pick: (r: Reward) => number) =>
      Float32Array.of(rewards.reduce((s, r) => s + pick(r), 0) / rewards.length);
    return {
      advantages: Float32Array.from(
        advantages(
          rewards.map(({ total }) => total),
          reinforceBatch.turns,
        ),
      ),
      hasTarget: Float32Array.from(rollouts, ({ prompt }) => (prompt.target === null ? 0 : 1)),
      ...{ reward: mean((r) => r.total), formatReward: mean((r) => r.format) },
      ...{ boxReward: mean((r) => r.box), maskReward: mean((r) => r.mask) },
    };
  }

  private async run(name: 'vision' | 'masks' | 'reference', feeds: Feeds) {
    const opened = this.sessions.get(name) ?? this.openSession(name);
    this.sessions.set(name, opened);
    const session = await opened;
    const weights = name === 'reference' ? this.reference : this.weights;
    return session.run({ ...weights, ...feeds });
  }

  private openSession(name: 'vision' | 'masks' | 'reference'): Promise<Session> {
    const p = paramsFrom(this.source);
    const graphs = {
      vision: () => ({ features: pictures(p, this.nano.reasoner, 1) }),
      masks: () => rolloutMasks(p, this.nano, this.imageStart),
      reference: () => rolloutLogProbs(p, this.nano, this.imageStart),
    };
    const outputs = graphs[name]();
    this.collect();
    return Session.create(outputs);
  }
}
