// The reasoner's step: what the token loss says by hand, and that every parameter learns.

import { beforeAll, describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import type { Parameters } from '../../../main/learn/loop/parameters.ts';
import { requestIds, specialId } from '../../../main/learn/turns/turnTokens.ts';
import { cells, reasonerBatch } from '../../../main/nano/parameters/layout.ts';
import { trainingScenes } from '../../../main/nano/parameters/nano.ts';
import { classCount } from '../../../main/nano/reasoner/denseTargets.ts';
import {
  buildReasonerBatch,
  denseFeeds,
  joinPixels,
  type ReasonerFeeds,
} from '../../../main/nano/reasoner/reasonerBatch.ts';
import { type ReasonerGraph, reasonerGraph, towerGraph } from '../../../main/nano/reasoner/reasonerGraph.ts';
import { grad } from '../../../models/graph/grad.ts';
import type { Tensor } from '../../../models/graph/tensor.ts';
import type { Value } from '../../../models/graph/value.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { Session } from '../../../models/runtime/session.ts';
import { evaluate } from '../../evaluate.ts';
import { atlas } from '../../scenes/drawing.ts';
import { reasoner, tokenizer, toyNano } from '../toy.ts';

const first = tokenizer.coordinateId(0) ?? 0;
const imageStart = requestIds(tokenizer, 'x', cells).indexOf(specialId(tokenizer, '<|image_pad|>'));

interface Step extends ReasonerGraph {
  parameters: Parameters;
  tensors: Map<string, Tensor>;
}

/** One run with gradients; the session stays with the caller's figures only. */
async function run({ loss, figures, parameters, tensors }: Step, feeds: Record<string, Value>) {
  const names = [...tensors.keys()];
  const gradients = grad(loss, [...tensors.values()]).map((g, i) => [`grad.${names[i]}`, g] as const);
  const session = await Session.create({ loss, ...figures, ...Object.fromEntries(gradients) }, { purpose: 'train' });
  const got = await session.run({ ...feeds, ...parameters.feeds(names) });
  await session.release();
  const still = names.filter((name) => !(got[`grad.${name}`] ?? []).some((g) => Number(g) !== 0));
  return { loss: Number(got.loss?.[0]), figures: (name: string) => Number(got[name]?.[0]), still };
}

describe('towerGraph', () => {
  it('learns with every parameter of the vision tower and its head, and no other', async () => {
    const nano = toyNano({ atlas });
    const source = nano.parameters.source();
    const graph = towerGraph(paramsFrom(source), reasoner, 2);
    const scenes = trainingScenes(nano, 0, 2);
    const feeds = { pixels: joinPixels(scenes), ...denseFeeds(scenes) };
    const { loss, still } = await run({ ...graph, parameters: nano.parameters, tensors: source.tensors }, feeds);
    expect(loss).toBeGreaterThan(Math.log(classCount) / 2);
    expect(still).toEqual([]);
    const families = new Set([...source.tensors.keys()].map((name) => name.split('.').slice(0, 2).join('.')));
    expect([...families].sort()).toEqual(['dense.vision', 'visual.blocks', 'visual.merger', 'visual.patch_embed']);
  });
});

describe('reasonerGraph', () => {
  const nano = toyNano({ atlas });
  const source = nano.parameters.source();
  const graph = reasonerGraph(paramsFrom(source), reasoner, { ...reasonerBatch, imageStart, first });
  const step = { ...graph, parameters: nano.parameters, tensors: source.tensors };
  let feeds: ReasonerFeeds;
  beforeAll(() => {
    const writer = { tokenizer, config: reasoner.language, batch: reasonerBatch };
    feeds = buildReasonerBatch(writer, trainingScenes(nano, 0, reasonerBatch.scenes), random(1));
  });

  it('adds three parts of the token loss to the dense ones, and every parameter learns', async () => {
    const { loss, figures, still } = await run(step, feeds);
    expect(still).toEqual([]);
    const silent = { ...feeds, labelWeights: new Float32Array(feeds.labelWeights.length) };
    const dense = await run(step, silent);
    expect([dense.figures('token'), dense.figures('towerHit')]).toEqual([0, figures('towerHit')]);
    expect(loss - dense.loss).toBeCloseTo(3 * figures('token'), 3);
    expect(dense.loss).toBeGreaterThan(Math.log(classCount));
  });

  it('weighs every answer token alike and no padding: of equal logits the loss is that of equal chances', async () => {
    const flat = new Float32Array(nano.parameters.values('model.embed_tokens.weight').length);
    const all = { ...feeds, ...nano.parameters.feeds(source.tensors.keys()), 'model.embed_tokens.weight': flat };
    const { token = [], right = [] } = await evaluate({ ...graph.figures }, all);
    expect(token[0]).toBeCloseTo(Math.log(tokenizer.size), 4);
    expect(right[0]).toBe(0);
    const heavier = { ...all, labelWeights: feeds.labelWeights.map((weight) => 3 * weight) };
    expect((await evaluate({ ...graph.figures }, heavier)).token?.[0]).toBeCloseTo(token[0] ?? 0, 4);
  });

  it('sees the picture through both heads and the tokens', async () => {
    const all = { ...feeds, ...nano.parameters.feeds(source.tensors.keys()) };
    const dark = { ...all, pixels: new Float32Array(feeds.pixels.length) };
    const [light, night] = [await evaluate({ ...graph.figures }, all), await evaluate({ ...graph.figures }, dark)];
    for (const name of ['token', 'distance', 'towerDistance'])
      expect(light[name]?.[0], name).not.toBe(night[name]?.[0]);
  });

  it('drills words without the picture', async () => {
    const labelWeights = feeds.labelWeights.map((weight, i) => (i < reasonerBatch.predictors ? 0 : weight));
    const all = { ...feeds, ...nano.parameters.feeds(source.tensors.keys()), labelWeights };
    const token = async (more: object) => (await evaluate({ ...graph.figures }, { ...all, ...more })).token?.[0] ?? 0;
    const light = await token({});
    expect(light).toBeGreaterThan(1);
    expect(await token({ pixels: new Float32Array(feeds.pixels.length) })).toBeCloseTo(light, 6);
  });
});
