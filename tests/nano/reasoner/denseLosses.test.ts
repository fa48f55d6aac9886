// What the dense heads' losses say, against numbers worked out by hand.

import { describe, expect, it } from 'vitest';
import { coordinates } from '../../../main/nano/parameters/layout.ts';
import { denseInputs, denseLosses, spokenEdges } from '../../../main/nano/reasoner/denseLosses.ts';
import { classCount, colourCount, rankCount } from '../../../main/nano/reasoner/denseTargets.ts';
import { input } from '../../../models/graph/tensor.ts';
import type { Value } from '../../../models/graph/value.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { evaluate } from '../../evaluate.ts';
import { toyNano } from '../toy.ts';

const fields = classCount + colourCount + rankCount + 4;
const cells = 64;

/** Dense losses of a head that says the same of every cell: its bias. */
async function headSays(bias: Float32Array, targets: Record<string, Value>, relative: boolean) {
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
    ranks: new BigInt64Array(cells),
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
    expect(loss).toBeCloseTo(
      Math.log(classCount) + 0.5 * Math.log(colourCount) + 0.5 * Math.log(rankCount) + 0.05 + 1,
      3,
    );
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
    moved.ranks.fill(3n, 11);
    expect(await headSays(bias, moved, true)).toEqual(before);
    const renamed = targetsOf(one);
    renamed.classes[0] = 7n;
    const change = (await headSays(bias, renamed, true)).loss - before.loss;
    expect(change).toBeCloseTo((0.2 * ((bias[0] ?? 0) - (bias[7] ?? 0))) / (1 + 63 * 0.2), 4);
  });
});

describe('spokenEdges', () => {
  /** `table` is one row a coordinate; the head says its bias of every cell: a row of `width` numbers for each edge. */
  async function said(bias: Float32Array, table: Float32Array, present: Parameters<typeof targetsOf>[0]) {
    const width = table.length / coordinates.count;
    const source = toyNano().parameters.source();
    const words = input('table', [coordinates.count, width]);
    const out = spokenEdges(paramsFrom(source), input('states', [cells, 2]), denseInputs(1), words);
    const weights = { weight: new Float32Array(4 * width * 2), bias };
    const feeds = { states: new Float32Array(cells * 2), table, ...weights, ...targetsOf(present) };
    const { loss = [], distance = [] } = await evaluate({ ...out }, feeds);
    return { loss: loss[0] ?? 0, distance: distance[0] ?? 0 };
  }
  const place = { 7: { name: 1, box: [0, 0.25, 0.5, 1] } };

  it('of a head that knows nothing are those of equal chances, and the middle is meant', async () => {
    const table = Float32Array.from({ length: coordinates.count * 2 }, (_, i) => Math.sin(i));
    const { loss, distance } = await said(new Float32Array(8), table, place);
    expect(loss).toBeCloseTo(Math.log(coordinates.count), 4);
    // Edges at 0, 56, 112 and 224 px against the mean of all, 112.
    expect(distance).toBeCloseTo((112 + 56 + 0 + 112) / 4, 2);
  });

  it('fall to the entropy of the soft words where every edge is said rightly', async () => {
    // Rows (v, -v^2): the logits of (2t, 1) / 2 are a bell around t with the width of the soft labels.
    const table = Float32Array.from({ length: coordinates.count * 2 }, (_, i) =>
      i % 2 === 0 ? (i - 1) / 2 + 0.5 : -(((i - 1) / 2) ** 2),
    );
    const bias = Float32Array.from([0, 28, 56, 112].flatMap((t) => [t, 0.5]));
    const right = await said(bias, table, place);
    const entropy = (from: number, to: number) => {
      const bell = Array.from({ length: to - from + 1 }, (_, i) => Math.exp(-0.5 * (from + i) ** 2));
      const sum = bell.reduce((a, b) => a + b);
      return bell.reduce((a, p) => a - (p / sum) * Math.log(p / sum), 0);
    };
    expect(right.loss).toBeCloseTo((entropy(0, 12) + 2 * entropy(-12, 12) + entropy(-12, 0)) / 4, 2);
    const wrong = await said(Float32Array.from([0, 30, 56, 112].flatMap((t) => [t, 0.5])), table, place);
    expect(wrong.loss - right.loss).toBeCloseTo(2 ** 2 / 2 / 4, 2);
    expect(wrong.distance - right.distance).toBeCloseTo(4 / 4, 1);
  });

  it('look at occupied cells only', async () => {
    const table = Float32Array.from({ length: coordinates.count * 2 }, (_, i) => Math.sin(i));
    const bias = Float32Array.from({ length: 8 }, (_, i) => Math.cos(i));
    const once = await said(bias, table, place);
    const twice = await said(bias, table, { ...place, 9: place[7] });
    expect(twice.loss).toBeCloseTo(once.loss, 4);
    expect(await said(bias, table, {})).toEqual({ loss: 0, distance: 0 });
  });
});
