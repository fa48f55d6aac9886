// The detector's loss against numbers worked out in float64, what does not count in it, and its gradients against differences.
import { describe, expect, it } from 'vitest';
import { random } from '../../main/contract/random.ts';
import { stepOutputs } from '../../main/learn/loop/loop.ts';
import { Parameters } from '../../main/learn/loop/parameters.ts';
import { input, size } from '../../models/graph/tensor.ts';
import { floats } from '../../models/graph/value.ts';
import { Session } from '../../models/runtime/session.ts';
import { detectorLoss } from '../../models/train/detectorLoss.ts';
import { evaluate } from '../evaluate.ts';
import { expectGradient } from '../learn/gradientProbe.ts';

const [batch, cells, classes, places] = [2, 3, 2, 3];
const every = [batch, cells, classes];
const count = batch * cells * classes;

const targets = {
  named: input('named', every),
  weight: input('weight', every),
  at: input('at', [places], 'int64'),
  boxes: input('wanted', [places, 4]),
  counts: input('counts', [places]),
};

interface Step {
  readonly scores: readonly number[];
  readonly named: readonly number[];
  readonly weight: readonly number[];
  readonly boxes: readonly (readonly number[])[];
  readonly at: readonly number[];
  readonly wanted: readonly (readonly number[])[];
  readonly counts: readonly number[];
}

const box = [0.2, 0.2, 0.6, 0.6];
const step = (set: Partial<Step> = {}): Step => ({
  scores: Array.from({ length: count }, (_, i) => Math.sin(3 * i) * 2),
  named: Array.from({ length: count }, (_, i) => (i === 1 || i === 10 ? 1 : 0)),
  weight: Array.from({ length: count }, (_, i) => [1, 0.15, 1, 0][i % 4] ?? 0),
  boxes: Array.from({ length: count }, () => box),
  at: [1, 10, 0],
  wanted: [box, box, [0, 0, 0, 0]],
  counts: [1, 1, 0],
  ...set,
});

const fed = ({ scores, named, weight, boxes, at, wanted, counts }: Step) => ({
  ...{ scores: Float32Array.from(scores), named: Float32Array.from(named), weight: Float32Array.from(weight) },
  ...{ boxes: Float32Array.from(boxes.flat()), at: BigInt64Array.from(at.map(BigInt)) },
  ...{ wanted: Float32Array.from(wanted.flat()), counts: Float32Array.from(counts) },
});

async function lossOf(set: Partial<Step> = {}) {
  const maps = { scores: input('scores', every), boxes: input('boxes', [...every, 4]) };
  const { loss, figures } = detectorLoss(maps, targets);
  const got = await evaluate({ loss, ...figures }, fed(step(set)));
  const one = (name: string) => got[name]?.[0] ?? Number.NaN;
  return { loss: one('loss'), scores: one('scoreLoss'), boxes: one('boxLoss') };
}

/** Lin et al. 2017, equation 5, with alpha 0.25 and gamma 2; summed over 8 names a picture. */
function focal({ scores, named, weight }: Step): number {
  const each = scores.map((logit, i) => {
    const chance = 1 / (1 + Math.exp(-logit));
    const right = named[i] === 1 ? chance : 1 - chance;
    const alpha = named[i] === 1 ? 0.25 : 0.75;
    return -(weight[i] ?? 0) * alpha * (1 - right) ** 2 * Math.log(right);
  });
  return each.reduce((a, b) => a + b, 0) / (8 * batch);
}

describe('the loss of scores', () => {
  it('is the focal loss', async () => {
    expect(focal(step())).toBeGreaterThan(0.05);
    expect((await lossOf()).scores).toBeCloseTo(focal(step()), 6);
  });

  it('is by hand: a name that is half sure, and a cell that is wrong', async () => {
    const none = new Array<number>(count).fill(0);
    const only = (at: number) => none.map((_, i) => Number(i === at));
    const half = await lossOf({ scores: none, named: only(3), weight: only(3) });
    expect(half.scores).toBeCloseTo((0.25 * 0.25 * Math.LN2) / 16, 7);
    // Chance 0.9 of what is not there: 0.75 * 0.81 * ln 10.
    const sure = await lossOf({ scores: none.fill(Math.log(9)), named: only(-1), weight: only(4) });
    expect(sure.scores).toBeCloseTo((0.75 * 0.81 * Math.log(10)) / 16, 6);
  });

  it('is finite for the surest logits', async () => {
    const { scores } = await lossOf({ scores: Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 90 : -90)) });
    expect(scores).toBeGreaterThan(0);
    expect(Number.isFinite(scores)).toBe(true);
  });

  it('does not count what nobody knows', async () => {
    const { scores, weight } = step();
    const moved = scores.map((logit, i) => (weight[i] === 0 ? logit + 5 : logit));
    expect(moved).not.toEqual(scores);
    expect(await lossOf({ scores: moved })).toEqual(await lossOf());
    const nobody = await lossOf({ weight: weight.map(() => 0) });
    expect(nobody.scores).toBe(0);
  });

  it('counts by the weight', async () => {
    const { weight } = step();
    const [once, thrice] = [await lossOf(), await lossOf({ weight: weight.map((each) => 3 * each) })];
    expect(thrice.scores).toBeCloseTo(3 * once.scores, 5);
  });
});

describe('the loss of boxes', () => {
  it('is nothing where they lie right', async () => {
    expect((await lossOf()).boxes).toBeCloseTo(0, 6);
  });

  it('is by hand smooth L1 and GIoU, the mean of the boxes that count', async () => {
    const boxes = step().boxes.map((each, i) => (i === 10 ? [0.2, 0.2, 0.4, 0.6] : each));
    // One edge is off by 0.2, twice beta: 0.15 / 4. Half of the thing is covered, and the hull is the thing.
    expect((await lossOf({ boxes })).boxes).toBeCloseTo((0.15 / 4 + 0.5) / 2, 5);
  });

  it('does not count places beyond the things, nor cells that box nothing', async () => {
    const { boxes } = step();
    const away = boxes.map((each, i) => (i === 1 || i === 10 ? each : [0.9, 0.9, 0.95, 0.95]));
    expect(await lossOf({ boxes: away })).toEqual(await lossOf());
    expect((await lossOf({ boxes: away, counts: [1, 1, 1] })).boxes).toBeGreaterThan(0.3);
    expect((await lossOf({ boxes: away, counts: [0, 0, 0] })).boxes).toBe(0);
  });

  it('is added to that of the scores', async () => {
    const boxes = step().boxes.map(() => [0.1, 0.3, 0.5, 0.7]);
    const { loss, scores, boxes: off } = await lossOf({ boxes });
    expect(off).toBeGreaterThan(0.1);
    expect(loss).toBeCloseTo(scores + off, 6);
  });
});

describe('gradients', () => {
  it('are those that differences have, and 0 where nothing counts', async () => {
    const draw = random(2);
    const shapes = { scores: every, boxes: [...every, 4] };
    const corners = [0.1, 0.15, 0.7, 0.8];
    const parameters = new Parameters((name, shape) =>
      Float32Array.from({ length: size(shape) }, (_, i) =>
        name === 'boxes' ? (corners[i % 4] ?? 0) + draw.between(-0.05, 0.05) : draw.between(-2, 2),
      ),
    );
    const source = parameters.source();
    const maps = { scores: source.get('scores', shapes.scores), boxes: source.get('boxes', shapes.boxes) };
    const { loss } = detectorLoss(maps, targets);
    const graph = { loss, figures: {}, parameters: source.tensors, trains: () => true };
    const session = await Session.create(stepOutputs(graph, ['scores', 'boxes']), { purpose: 'train' });
    const { scores: _, boxes: __, ...feeds } = fed(step({ wanted: [box, [0.3, 0.1, 0.5, 0.9], box] }));
    const run = () => session.run({ ...parameters.feeds(['scores', 'boxes']), ...feeds });
    const first = await run();
    const gradients = ['scores', 'boxes'].map((key) => floats(first, `grad.${key}`).slice());
    for (const [i, key] of ['scores', 'boxes'].entries())
      await expectGradient(parameters, { key, gradient: gradients[i] ?? new Float32Array() }, async () =>
        Number(floats(await run(), 'loss')[0]),
      );
    const [ofScores, ofBoxes] = gradients;
    expect(Array.from(ofScores ?? [], (each) => each === 0)).toEqual(step().weight.map((weight) => weight === 0));
    const boxed = Array.from({ length: count }, (_each, i) => ofBoxes?.subarray(4 * i, 4 * i + 4).some((g) => g !== 0));
    expect(boxed).toEqual(boxed.map((_each, i) => i === 1 || i === 10));
    await session.release();
  });
});
