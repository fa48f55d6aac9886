// The detector's head: shapes, boxes around cells, which cell sees which pixels, and gradients against differences.
import { describe, expect, it } from 'vitest';
import { random } from '../../main/contract/random.ts';
import { stepOutputs } from '../../main/learn/loop/loop.ts';
import { Parameters } from '../../main/learn/loop/parameters.ts';
import { type DetectorConfig, detectorHead, type SeenPicture } from '../../models/detector/head.ts';
import { add, mul, sigmoid } from '../../models/graph/elementwise.ts';
import { reduceMean } from '../../models/graph/reduce.ts';
import { constant, GraphError, input, size } from '../../models/graph/tensor.ts';
import { floats } from '../../models/graph/value.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { Session } from '../../models/runtime/session.ts';
import { evaluate } from '../evaluate.ts';
import { expectGradient } from '../learn/gradientProbe.ts';
import { askedParams, madeFeeds, shapesOf } from '../parameters.ts';

const [channels, side, cells] = [8, 3, 9];
const seenBy = (batch: number): SeenPicture => ({
  embed: input('embed', [batch, channels, side, side]),
  s1: input('s1', [batch, channels / 4, 2 * side, 2 * side]),
});
const plain: DetectorConfig = { classes: 2, width: 2, blocks: 0 };
const nothing = () => ({ embed: new Float32Array(channels * cells), s1: new Float32Array(channels * cells) });

/** What a head without blocks says: all its values are 0 but those of `set`, and the scale of its norm. */
async function said(set: Record<string, (i: number) => number>, seen = nothing()) {
  const source = askedParams();
  const maps = detectorHead(paramsFrom(source), plain, seenBy(1));
  const own = { 'norm.weight': () => 1, ...set };
  const values = [...source.asked].map(([name, { shape }]) => {
    const of = new Map<string, (i: number) => number>(Object.entries(own)).get(name) ?? (() => 0);
    return [name, Float32Array.from({ length: size(shape) }, (_, i) => of(i))] as const;
  });
  const { scores = [], boxes = [] } = await evaluate({ ...maps }, { ...seen, ...Object.fromEntries(values) });
  return {
    score: (cell: number, index: number) => scores[cell * 2 + index] ?? Number.NaN,
    box: (cell: number, index: number) => Array.from({ length: 4 }, (_, i) => boxes[(cell * 2 + index) * 4 + i]),
  };
}

describe('the head', () => {
  it('gives one score and four corners for each cell and class', () => {
    const source = askedParams();
    const maps = detectorHead(paramsFrom(source), { classes: 5, width: 6, blocks: 2 }, seenBy(3));
    expect(maps.scores.shape).toEqual([3, cells, 5]);
    expect(maps.boxes.shape).toEqual([3, cells, 5, 4]);
  });

  it('asks for the values of each block, and no others', () => {
    const source = askedParams();
    detectorHead(paramsFrom(source), { classes: 5, width: 6, blocks: 1 }, seenBy(1));
    const both = (name: string, ...shape: number[]) => ({ [`${name}.weight`]: shape, [`${name}.bias`]: [shape[0]] });
    expect(shapesOf(source)).toEqual({
      ...both('mix', 6, 2 * channels, 1, 1),
      ...both('blocks.0.around', 6, 1, 5, 5),
      ...both('blocks.0.norm', 6),
      ...both('blocks.0.first', 9, 6),
      ...both('blocks.0.second', 6, 9),
      ...both('norm', 6),
      ...both('scores', 5, 6, 1, 1),
      ...both('sides', 4, 6, 1, 1),
      ...both('class_sides', 20, 6, 1, 1),
    });
  });

  it('refuses what is no map', () => {
    const flat = { ...seenBy(1), embed: input('embed', [channels, side, side]) };
    expect(() => detectorHead(paramsFrom(askedParams()), plain, flat)).toThrow(GraphError);
    const coarse = { ...seenBy(1), s1: input('s1', [1, channels / 4, side, side]) };
    expect(() => detectorHead(paramsFrom(askedParams()), plain, coarse)).toThrow(GraphError);
  });
});

describe('boxes', () => {
  it('lie at first around the middle of their cell', async () => {
    const { box } = await said({});
    for (let cell = 0; cell < cells; cell++) {
      const [x, y] = [((cell % side) + 0.5) / side, (Math.floor(cell / side) + 0.5) / side];
      const around = [x - 0.15, y - 0.15, x + 0.15, y + 0.15].map((at) => expect.closeTo(at, 5));
      expect(box(cell, 0)).toEqual(around);
      expect(box(cell, 1)).toEqual(around);
    }
  });

  it('reach as far left, up, right and down as the class and all classes say together', async () => {
    const common = [0.1, -0.2, 0.3, 0];
    const own = [0, 0, 0, 0, 0.5, 0.4, -0.3, -1];
    const { box } = await said({ 'sides.bias': (i) => common[i] ?? 0, 'class_sides.bias': (i) => own[i] ?? 0 });
    const reach = (...logs: number[]) => logs.map((log) => 0.15 * Math.exp(log));
    // The cell in the middle.
    for (const [index, [left = 0, up = 0, right = 0, down = 0]] of [
      reach(0.1, -0.2, 0.3, 0),
      reach(0.6, 0.2, 0, -1),
    ].entries())
      expect(box(4, index)).toEqual([0.5 - left, 0.5 - up, 0.5 + right, 0.5 + down].map((at) => expect.closeTo(at, 5)));
  });

  it('are never without extent nor without end', async () => {
    const far = [50, 50, -50, -50];
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = (await said({ 'sides.bias': (i) => far[i] ?? 0 })).box(4, 1);
    expect(0.5 - x1).toBeCloseTo(0.15 * Math.exp(2.3), 4);
    expect(y1).toBeCloseTo(x1, 6);
    expect(x2 - 0.5).toBeCloseTo(0.15 * Math.exp(-2.7), 5);
    expect(y2).toBeCloseTo(x2, 6);
  });
});

describe('scores', () => {
  it('are seldom high at first: a chance of 0.02', async () => {
    const { score } = await said({});
    expect(1 / (1 + Math.exp(-score(7, 1)))).toBeCloseTo(0.018, 3);
  });

  it('have each their own bias', async () => {
    const { score } = await said({ 'scores.bias': (i) => 3 * i });
    expect([score(2, 0), score(2, 1)]).toEqual([-4, -1]);
  });

  // Places in the four pixels of a cell, top left to bottom right, and one of the two finer channels.
  it.each([
    [0, 0, 0],
    [0, 1, 1],
    [1, 0, 0],
    [1, 1, 1],
  ])('see the pixel %i, %i of a cell in channel %i of the finer map', async (down, across, channel) => {
    const [row, column] = [2, 1];
    const seen = nothing();
    seen.s1[channel * 4 * cells + (2 * row + down) * 2 * side + 2 * column + across] = 1;
    const place = channels + (2 * down + across) * (channels / 4) + channel;
    const set = { 'mix.weight': (i: number) => (i === place ? 1 : 0), 'scores.weight': (i: number) => Number(i === 0) };
    const { score } = await said(set, seen);
    // A norm over two channels makes 1 of what stands out.
    for (let cell = 0; cell < cells; cell++)
      expect(score(cell, 0)).toBeCloseTo(cell === row * side + column ? -3 : -4, 3);
  });

  it('see the coarser map cell by cell', async () => {
    const seen = nothing();
    seen.embed[5 * cells + 7] = -1;
    const set = { 'mix.weight': (i: number) => Number(i === 5), 'scores.weight': (i: number) => Number(i === 2) };
    const { score } = await said(set, seen);
    expect([score(7, 1), score(6, 1), score(7, 0)].map((each) => Math.round(each))).toEqual([-5, -4, -4]);
  });
});

describe('a block', () => {
  it('looks two cells around, and no further', async () => {
    const config = { classes: 1, width: 4, blocks: 1 };
    const wide = { embed: input('embed', [1, channels, 6, 6]), s1: input('s1', [1, channels / 4, 12, 12]) };
    const source = askedParams();
    const { scores } = detectorHead(paramsFrom(source), config, wide);
    const values = madeFeeds(source);
    const draw = random(3);
    const embed = Float32Array.from({ length: channels * 36 }, () => draw.between(-1, 1));
    const s1 = new Float32Array(channels * 36);
    const before = (await evaluate({ scores }, { embed, s1, ...values })).scores ?? [];
    const changed = embed.slice();
    changed[0] = 3;
    const after = (await evaluate({ scores }, { embed: changed, s1, ...values })).scores ?? [];
    const moved = Array.from({ length: 36 }, (_, i) => Math.abs((after[i] ?? 0) - (before[i] ?? 0)) > 1e-6);
    expect(moved).toEqual(moved.map((_, i) => i % 6 < 3 && i < 18));
  });
});

describe('gradients', () => {
  it('are those that differences have', async () => {
    const draw = random(5);
    const made = (length: number, spread = 1) => Float32Array.from({ length }, () => draw.between(-spread, spread));
    const parameters = new Parameters((name, shape) => {
      const values = made(size(shape), 0.5);
      return /norm\.weight$/u.test(name) ? values.map((value) => 1 + value) : values;
    });
    const source = parameters.source();
    const { scores, boxes } = detectorHead(paramsFrom(source), { classes: 2, width: 4, blocks: 1 }, seenBy(1));
    const [told, placed] = [constant(made(18), scores.shape), constant(made(72), boxes.shape)];
    const loss = add(reduceMean(mul(sigmoid(scores), told), [0, 1, 2]), reduceMean(mul(boxes, placed), [0, 1, 2, 3]));
    const keys = ['mix.weight', 'blocks.0.around.weight', 'blocks.0.second.weight', 'class_sides.weight'];
    const graph = { loss, figures: {}, parameters: source.tensors, trains: () => true };
    const session = await Session.create(stepOutputs(graph, keys), { purpose: 'train' });
    const seen = { embed: made(channels * cells), s1: made(channels * cells) };
    const run = () => session.run({ ...parameters.feeds(source.tensors.keys()), ...seen });
    const first = await run();
    for (const key of keys) {
      const gradient = floats(first, `grad.${key}`).slice();
      await expectGradient(parameters, { key, gradient }, async () => floats(await run(), 'loss')[0] ?? Number.NaN);
    }
    await session.release();
  });
});
