// The reasoner's step: what the dense heads and the token loss say by hand, and that every parameter learns.
import { beforeAll, describe, expect, it } from 'vitest';
import { requestIds, specialId } from '../../main/nano/conversation.ts';
import { classCount, colourCount } from '../../main/nano/denseTargets.ts';
import { reasonerBatch } from '../../main/nano/layout.ts';
import { trainingScenes } from '../../main/nano/nano.ts';
import type { Parameters } from '../../main/nano/parameters.ts';
import { buildReasonerBatch, denseFeeds, joinPixels, type ReasonerFeeds } from '../../main/nano/reasonerBatch.ts';
import {
  denseInputs,
  denseLosses,
  type ReasonerGraph,
  reasonerGraph,
  towerGraph,
} from '../../main/nano/reasonerGraph.ts';
import { random } from '../../main/scenes/random.ts';
import { grad } from '../../models/graph/grad.ts';
import { input, type Tensor } from '../../models/graph/tensor.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { type Data, Session } from '../../models/runtime/session.ts';
import { evaluate } from '../evaluate.ts';
import { atlas } from '../scenes/drawing.ts';
import { reasoner, tokenizer, toyNano } from './toy.ts';

const fields = classCount + colourCount + 4;
const cells = 64;
const imageStart = requestIds(tokenizer, 'x').indexOf(specialId(tokenizer, '<|image_pad|>'));

/** Dense losses of a head that says the same of every cell: its bias. */
async function headSays(bias: Float32Array, targets: Record<string, Data>, relative: boolean) {
  const source = toyNano().parameters.source();
  const out = denseLosses(paramsFrom(source), input('states', [cells, 2]), denseInputs(1), relative);
  const states = new Float32Array(cells * 2);
  const weights = { weight: new Float32Array(fields * 2), bias };
  const got = await evaluate({ ...out }, { states, ...weights, ...targets });
  return { loss: got.loss?.[0] ?? 0, hit: got.hit?.[0] ?? 0, distance: got.distance?.[0] ?? 0 };
}

function targetsOf(present: Record<number, { name: number; box: number[] }>) {
  const targets = {
    classes: new BigInt64Array(cells),
    colours: new BigInt64Array(cells),
    boxes: new Float32Array(cells * 4),
    present: new Float32Array(cells),
  };
  for (const [cell, { name, box }] of Object.entries(present)) {
    targets.classes[Number(cell)] = BigInt(name);
    targets.boxes.set(box, Number(cell) * 4);
    targets.present[Number(cell)] = 1;
  }
  return targets;
}

describe('denseLosses', () => {
  it('of a head that knows nothing are those of equal chances', async () => {
    const targets = targetsOf({ 0: { name: 3, box: [0.4, 0.4, 0.6, 0.6] } });
    const { loss, hit, distance } = await headSays(new Float32Array(fields), targets, false);
    // Box 0.5, 0.5, 0.5, 0.5: empty, each edge off by 0.1 (smooth L1 of beta 0.1: 0.05), GIoU 0 - (0.04 - 0.04) / 0.04.
    expect(loss).toBeCloseTo(Math.log(classCount) + 0.5 * Math.log(colourCount) + 0.05 + 1, 3);
    expect(hit).toBe(0);
    expect(distance).toBeCloseTo(22.4, 3);
  });

  it('count a class that is right, occupied cells only', async () => {
    const targets = targetsOf({
      5: { name: 3, box: [0, 0, 1, 1] },
      6: { name: 3, box: [0, 0, 1, 1] },
      9: { name: 4, box: [0, 0, 1, 1] },
    });
    const bias = new Float32Array(fields);
    bias[3] = 50;
    expect((await headSays(bias, targets, false)).hit).toBeCloseTo(2 / 3, 5);
  });

  it('read boxes relative to the centre of the cell, or to the middle of the picture', async () => {
    // Cell 10: column 2, row 1, its centre at 2.5 / 8, 1.5 / 8; a field of 1 is a quarter of the picture.
    const bias = new Float32Array(fields);
    bias.set([-1, -0.5, 1, 0.5], fields - 4);
    const [x, y] = [2.5 / 8, 1.5 / 8];
    const own = { 10: { name: 1, box: [x - 0.25, y - 0.125, x + 0.25, y + 0.125] } };
    expect((await headSays(bias, targetsOf(own), true)).distance).toBeCloseTo(0, 4);
    expect((await headSays(bias, targetsOf(own), false)).distance).toBeGreaterThan(10);
    const middle = { 10: { name: 1, box: [0.25, 0.375, 0.75, 0.625] } };
    expect((await headSays(bias, targetsOf(middle), false)).distance).toBeCloseTo(0, 4);
  });

  it('do not look at colours and boxes of empty cells, and at their class with a fifth of the weight', async () => {
    const one = { 10: { name: 1, box: [0.25, 0.375, 0.75, 0.625] } };
    const bias = Float32Array.from({ length: fields }, (_, i) => Math.sin(i));
    const before = await headSays(bias, targetsOf(one), true);
    const moved = targetsOf(one);
    moved.boxes.fill(0.9, 0, 40);
    moved.colours.fill(2n, 11);
    expect(await headSays(bias, moved, true)).toEqual(before);
    const renamed = targetsOf(one);
    renamed.classes[0] = 7n;
    const change = (await headSays(bias, renamed, true)).loss - before.loss;
    expect(change).toBeCloseTo((0.2 * ((bias[0] ?? 0) - (bias[7] ?? 0))) / (1 + 63 * 0.2), 4);
  });
});

interface Step extends ReasonerGraph {
  parameters: Parameters;
  tensors: Map<string, Tensor>;
}

/** One run with gradients; the session stays with the caller's figures only. */
async function run({ loss, figures, parameters, tensors }: Step, feeds: Record<string, Data>) {
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
  const graph = reasonerGraph(paramsFrom(source), reasoner, imageStart);
  const step = { ...graph, parameters: nano.parameters, tensors: source.tensors };
  let feeds: ReasonerFeeds;
  beforeAll(() => {
    const writer = { tokenizer, config: reasoner.language };
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
});
