// The segmenter's step: its losses on masks made by hand, prompts with and without a rough mask, and what learns.
import { beforeAll, describe, expect, it } from 'vitest';
import { promptSlots, samSide, segmenterBatch, targetSide } from '../../../main/nano/parameters/layout.ts';
import { LessonMaker } from '../../../main/nano/segmenter/lessons.ts';
import type { SegmenterFeeds } from '../../../main/nano/segmenter/segmenterBatch.ts';
import { decodeAsked, promptInputs, repeatEach, segmenterGraph } from '../../../main/nano/segmenter/segmenterGraph.ts';
import { makeUnnamed } from '../../../main/scenes/unnamed.ts';
import { grad } from '../../../models/graph/grad.ts';
import { input, type Tensor } from '../../../models/graph/tensor.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { Session } from '../../../models/runtime/session.ts';
import { type DecodedMasks, maskDecoder } from '../../../models/sam2/maskDecoder.ts';
import { promptEncoder } from '../../../models/sam2/promptEncoder.ts';
import { hardIou, segmenterLosses } from '../../../models/train/maskLosses.ts';
import { evaluate } from '../../evaluate.ts';
import { largestDifference } from '../../tensors.ts';
import { segmenter, toyNano } from '../toy.ts';

describe('repeatEach', () => {
  it('puts the copies of a picture side by side', async () => {
    const x = (name: string) => input(name, [2, 1, 1, 2]);
    const { embed: a, s1: b } = repeatEach({ embed: x('embed'), s0: x('s0'), s1: x('s1') }, 3);
    expect(a.shape).toEqual([6, 1, 1, 2]);
    const got = await evaluate({ a, b }, { embed: Float32Array.of(1, 2, 3, 4), s1: Float32Array.of(5, 6, 7, 8) });
    expect([...(got.a ?? [])]).toEqual([1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4]);
    expect([...(got.b ?? [])]).toEqual([5, 6, 5, 6, 5, 6, 7, 8, 7, 8, 7, 8]);
  });
});

describe('hardIou', () => {
  it('compares what is above 0 with what is covered by more than half', async () => {
    const out = hardIou(input('logits', [4, 2, 2]), input('target', [4, 2, 2]));
    const logits = [1, 1, -1, -1, 1, -1, -1, -1, -1, -1, -1, -1, 1, 1, 1, 1];
    const target = [1, 0.6, 0.4, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];
    const got = await evaluate({ out }, { logits: Float32Array.from(logits), target: Float32Array.from(target) });
    expect([...(got.out ?? [])]).toEqual([1, 0, 0, 0.25]);
  });

  it('brings logits to the size of the target', async () => {
    const out = hardIou(input('logits', [1, 2, 2]), input('target', [1, 4, 4]));
    const target = Float32Array.from({ length: 16 }, (_, i) => (i % 4 < 2 ? 1 : 0));
    const got = await evaluate({ out }, { logits: Float32Array.of(5, -5, 5, -5), target });
    expect(got.out?.[0]).toBe(1);
  });
});

/** BCE + Dice of one mask, by their formulas. */
function segTerm(logits: readonly number[], target: readonly number[]): number {
  const p = logits.map((z) => 1 / (1 + Math.exp(-z)));
  const bce = p.reduce((sum, v, i) => sum - Math.log(target[i] === 1 ? v : 1 - v), 0) / p.length;
  const both = p.reduce((sum, v, i) => sum + v * (target[i] ?? 0), 0);
  const total = [...p, ...target].reduce((a, b) => a + b, 0);
  return bce + 1 - (2 * both + 1) / (total + 1);
}

/** What the losses look at; the rest of a decoder's answer is not read. */
const decoded = (masks: Tensor, guess: Tensor): DecodedMasks => ({
  ...{ masks, iou: guess, objectScore: guess, tokens: guess },
});

describe('segmenterLosses', () => {
  const truth = [1, 1, 0, 0];
  const right = [4, 4, -4, -4];
  const wrong = [-2, 2, 2, -2];
  const empty = [-1, -1, -1, -1];

  it('is mask 0, half the best of the others, and the error of the predicted IoU', async () => {
    const masks = input('masks', [2, 4, 2, 2]);
    const losses = segmenterLosses(decoded(masks, input('guess', [2, 4])), input('target', [2, 2, 2]));
    const ious = [0.9, 0.2, 0.5, 0, 1 / 3, 1, 0.5, 0.1];
    const got = await evaluate(
      { ...losses },
      {
        masks: Float32Array.from([right, wrong, empty, wrong, wrong, empty, right, empty].flat()),
        guess: Float32Array.from(ious),
        target: Float32Array.from([...truth, ...truth]),
      },
    );
    const [good, bad, none] = [right, wrong, empty].map((logits) => segTerm(logits, truth));
    const first = (good ?? 0) + 0.5 * Math.min(bad ?? 0, none ?? 0);
    const second = (bad ?? 0) + 0.5 * (good ?? 0);
    const hard = [1, 1 / 3, 0, 1 / 3, 1 / 3, 0, 1, 0];
    const error = ious.reduce((sum, v, i) => sum + (v - (hard[i] ?? 0)) ** 2, 0) / 8;
    expect(got.loss?.[0]).toBeCloseTo((first + second) / 2 + error, 4);
    expect(got.iou?.[0]).toBeCloseTo((1 + 1 / 3) / 2, 5);
  });

  it('teaches only mask 0 and the best of the others', async () => {
    const masks = input('masks', [1, 4, 2, 2]);
    const { loss } = segmenterLosses(decoded(masks, input('guess', [1, 4])), input('target', [1, 2, 2]));
    const [slopes = loss] = grad(loss, [masks]);
    const feeds = { guess: new Float32Array(4), target: Float32Array.from(truth) };
    const got = await evaluate({ slopes }, { ...feeds, masks: Float32Array.from([wrong, wrong, right, empty].flat()) });
    const taught = [0, 1, 2, 3].map((k) => [...(got.slopes ?? [])].slice(k * 4, k * 4 + 4).some((g) => g !== 0));
    expect(taught).toEqual([true, false, true, false]);
  });
});

describe('decodeAsked', () => {
  it('hears a rough mask where one is given, and none where it is not', async () => {
    const nano = toyNano();
    const source = nano.parameters.source();
    const p = paramsFrom(source).at('sam');
    const asked = promptInputs(2);
    const side = samSide / 4;
    const shapes = { embed: [2, 16, side / 4, side / 4], s0: [2, 2, side, side], s1: [2, 4, side / 2, side / 2] };
    const features = {
      embed: input('embed', shapes.embed),
      s0: input('s0', shapes.s0),
      s1: input('s1', shapes.s1),
    };
    const points = { at: asked.at, labels: asked.labels };
    const [withMask, without] = [{ points, mask: asked.roughMask }, { points }].map(
      (prompts) => maskDecoder(p, segmenter, features, promptEncoder(p, segmenter, prompts)).masks,
    );
    const { masks } = decodeAsked(p, segmenter, features, asked);
    if (!withMask || !without) throw new Error('unreachable');
    const wave = (shape: readonly number[], k: number) =>
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * k));
    const feeds = {
      ...{ embed: wave(shapes.embed, 0.9), s0: wave(shapes.s0, 0.7), s1: wave(shapes.s1, 0.8) },
      ...{ at: wave([2, promptSlots, 2], 0.3), roughMask: wave([2, side, side], 0.01) },
      labels: BigInt64Array.from({ length: 2 * promptSlots }, (_, i) => BigInt([2, 3, 1, 0, -1][i % 5] ?? -1)),
      hasRough: Float32Array.of(0, 1),
    };
    const got = await evaluate(
      { masks, withMask, without },
      { ...feeds, ...nano.parameters.feeds(source.tensors.keys()) },
    );
    const half = (name: string, k: number) =>
      (got[name] ?? new Float64Array()).slice(k * 4 * side ** 2, (k + 1) * 4 * side ** 2);
    expect(largestDifference(half('masks', 0), half('without', 0))).toBeLessThan(1e-5);
    expect(largestDifference(half('masks', 1), half('withMask', 1))).toBeLessThan(1e-5);
    expect(largestDifference(half('withMask', 1), half('without', 1))).toBeGreaterThan(1e-4);
    expect(asked.labels.shape).toEqual([2, promptSlots]);
  });
});

describe('segmenterGraph', () => {
  const nano = toyNano();
  const source = nano.parameters.source();
  const { loss, figures } = segmenterGraph(paramsFrom(source).at('sam'), segmenter);
  let feeds: SegmenterFeeds;
  beforeAll(() => {
    feeds = new LessonMaker({ photos: [], scene: (i) => makeUnnamed(i), scenes: 9, sceneShare: 1 }).batch(2);
  });

  it('learns with all of its parameters, but for masks that no prompt chose, the object score and the map of no prompt', async () => {
    const names = [...source.tensors.keys()];
    const slopes = grad(loss, [...source.tensors.values()]).map((g, i) => [`grad.${names[i]}`, g] as const);
    const session = await Session.create({ loss, ...figures, ...Object.fromEntries(slopes) }, { purpose: 'train' });
    // The second convolution of each block begins at 0, and until it moves nothing reaches the first.
    for (const name of names.filter((each) => /refine\.\d\.0\.conv2\.weight$/.test(each)))
      nano.parameters.values(name).fill(0.01);
    const got = await session.run({ ...feeds, ...nano.parameters.feeds(names) });
    await session.release();
    expect(Number(got.loss?.[0])).toBeGreaterThan(0.5);
    expect(Number(got.iou?.[0])).toBeLessThan(1);
    const still = names.filter((name) => !(got[`grad.${name}`] ?? []).some((g) => Number(g) !== 0));
    expect(
      still.filter((name) => !/output_hypernetworks_mlps\.[123]|pred_obj_score_head|no_mask_embed/.test(name)),
    ).toEqual([]);
    expect(names.every((name) => name.startsWith('sam.'))).toBe(true);
  });

  it('judges each prompt by its own target', async () => {
    const all = { ...feeds, ...nano.parameters.feeds(source.tensors.keys()) };
    const area = targetSide ** 2;
    const turned = new Float32Array(feeds.target.length);
    turned.set(feeds.target.subarray(area));
    turned.set(feeds.target.subarray(0, area), feeds.target.length - area);
    const before = (await evaluate({ loss }, all)).loss?.[0];
    expect((await evaluate({ loss }, { ...all, target: turned })).loss?.[0]).not.toBe(before);
    expect(feeds.samImage).toHaveLength(segmenterBatch.scenes * 3 * samSide ** 2);
  });
});
