import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { created } from '../../main/contract/diff.ts';
import { type Label, packMask, type Shape, unpackMask } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import { maskBox, maskIou } from '../../main/contract/rle.ts';
import { finished, type StartedHost, startHost } from '../engine/startedHost.ts';
import { nothing } from '../engine/weights.ts';
import { fromBox } from '../pictures/disc.ts';

let bench: StartedHost;
let shapes: Shape[];
let labelIds: number[];
beforeAll(async () => {
  bench = await startHost([nothing], 3);
  const { first } = await bench.client.project.reserve({ count: 10 });
  labelIds = [first, first + 1];
  const labels = labelIds.map(
    (id, i): Label => ({
      ...{ id, name: `label ${i}`, colour: '#aa3300', digit: null, attributes: [], place: i },
    }),
  );
  const boxes: Box[] = [0, 8, 16, 24].map((x) => ({ x1: x, y1: 10, x2: x + 30, y2: 40 }));
  shapes = boxes.map(
    (box, i): Shape => ({
      ...{ id: first + 2 + i, imageId: bench.imageIds[i % 3] ?? 0, labelId: labelIds[i % 2] ?? 0 },
      ...{ mask: packMask(fromBox(box)), box, attributes: {}, crowd: false, hidden: false, locked: i === 3, place: i },
      origin: { kind: 'imported', file: 'coarse.json' },
    }),
  );
  const changes = [...labels.map((each) => created('label', each)), ...shapes.map((each) => created('shape', each))];
  await bench.client.edit.apply({ title: 'Import', changes });
});
afterAll(() => bench.stop());

const all = { offset: 0, limit: 50 };
const shapeNow = (id: number) => bench.host.project().record('shape', id);

describe('compare', () => {
  it('pairs the masks of one label, then those that are left', async () => {
    const { client } = bench;
    const some = await finished(bench, await client.repair.compare({ labelId: labelIds[0] ?? 0 }));
    expect(some).toMatchObject({ state: 'done', done: 2, total: 2, message: expect.stringContaining('2 of 2 masks') });
    const paired = (await client.repair.pairs(all)).pairs.map(({ shapeId }) => shapeId);
    expect(new Set(paired)).toEqual(new Set([shapes[0]?.id, shapes[2]?.id]));
    expect((await finished(bench, await client.repair.compare({ labelId: null }))).total).toBe(2);
    expect((await finished(bench, await client.repair.compare({ labelId: null }))).total).toBe(0);
  });

  it('holds each mask against the model’s, worst first', async () => {
    const { total, pairs } = await bench.client.repair.pairs(all);
    expect(total).toBe(4);
    for (const { shapeId, mask, disagreement } of pairs) {
      const own = shapes.find(({ id }) => id === shapeId)?.mask;
      if (!own) throw new Error('every shape has a mask');
      expect(disagreement).toBeCloseTo(1 - maskIou(unpackMask(own), unpackMask(mask)), 9);
    }
    const order = pairs.map(({ disagreement }) => disagreement);
    expect(order).toEqual(order.toSorted((a, b) => b - a));
  });

  it('sorts pairs as it is asked to, and tells that nothing is expected of weights that nobody measured', async () => {
    for (const order of ['gain', 'boundary', 'disagreement'] as const) {
      const { total, pairs } = await bench.client.repair.pairs({ ...all, order });
      expect(total).toBe(4);
      expect(pairs.every(({ gain }) => gain === null)).toBe(true);
      const outlines = pairs.map(({ boundary }) => boundary ?? -1);
      expect(outlines.every((value) => value >= 0 && value <= 1)).toBe(true);
      if (order === 'boundary') expect(outlines).toEqual(outlines.toSorted((a, b) => b - a));
    }
  });

  it('refuses an order that it does not know', async () => {
    const pairs = bench.client.repair.pairs({ ...all, order: 'age' as 'gain' });
    await expect(pairs).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });

  it('refuses a label that is not there', async () => {
    const compared = bench.client.repair.compare({ labelId: 99_999 });
    await expect(compared).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('99999') });
  });
});

describe('judge', () => {
  it('keeps a mask as it is, and leaves the pair out from then on', async () => {
    const { client } = bench;
    const shapeId = shapes[0]?.id ?? 0;
    expect(await client.repair.judge({ shapeId, verdict: 'keep' })).toEqual({ recorded: null });
    expect(shapeNow(shapeId)).toEqual(shapes[0]);
    expect((await client.repair.pairs(all)).pairs.map((pair) => pair.shapeId)).not.toContain(shapeId);
  });

  it('replaces a mask as a person’s change, which undo takes back together with the verdict', async () => {
    const { client } = bench;
    const shapeId = shapes[1]?.id ?? 0;
    const pair = (await client.repair.pairs(all)).pairs.find((each) => each.shapeId === shapeId);
    const { recorded } = await client.repair.judge({ shapeId, verdict: 'replace' });
    expect(recorded?.diff.title).toBe('Replace mask');
    const now = shapeNow(shapeId);
    expect(now?.mask).toEqual(pair?.mask);
    expect(now?.box).toEqual(pair && maskBox(unpackMask(pair.mask)));
    expect(now?.origin).toEqual(shapes[1]?.origin);
    await client.edit.undo();
    expect(shapeNow(shapeId)).toEqual(shapes[1]);
    expect((await client.repair.pairs(all)).pairs.map((each) => each.shapeId)).toContain(shapeId);
  });

  it('refuses what is locked or was not compared, and changes nothing', async () => {
    const { client } = bench;
    const locked = shapes[3]?.id ?? 0;
    const judged = client.repair.judge({ shapeId: locked, verdict: 'replace' });
    await expect(judged).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('locked') });
    expect(shapeNow(locked)).toEqual(shapes[3]);
    const unknown = client.repair.judge({ shapeId: 99_999, verdict: 'replace' });
    await expect(unknown).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});
