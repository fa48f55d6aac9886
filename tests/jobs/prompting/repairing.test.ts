// Every mask of a project redrawn by a real engine: told, applied in one step, locked ones left, undone at once.
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { created, deleted } from '../../../main/contract/diff.ts';
import { packMask, type Shape, unpackMask } from '../../../main/contract/project.ts';
import { maskArea, maskBox } from '../../../main/contract/rle.ts';
import { type RepairAll, repairAll } from '../../../main/jobs/prompting/repairing.ts';
import { Meter } from '../../../main/jobs/queue/queue.ts';
import { writeRepairRecord } from '../../../main/weights/records/repairRecord.ts';
import { type StartedHost, startHost } from '../../engine/startedHost.ts';
import { nothing } from '../../engine/weights.ts';
import { fromBox } from '../../pictures/disc.ts';

let bench: StartedHost;
let labelId: number;
beforeAll(async () => {
  bench = await startHost([nothing], 3);
  // Whatever these toy weights draw is expected to be better, unless it lies farther from the edges.
  const figures = { before: 0, after: 0, harm: 0, auprc: 0, masks: 0 };
  await writeRepairRecord(bench.weights, { features: ['same'], base: 0.3, trees: [], margin: 0, figures });
  const project = bench.host.project();
  labelId = project.reserve(1);
  const label = { id: labelId, name: 'cup', colour: '#aa3300', digit: null, attributes: [], place: 0 };
  project.applyMany('Labels', [created('label', label)]);
});
afterAll(() => bench.stop());

/** Its outline crosses the picture where there is no edge at all. */
const box = { x1: 4, y1: 2, x2: 70, y2: 58 };
const shapes = () =>
  [...bench.host.project().allImages()].flatMap(({ id }) => bench.host.project().detail(id)?.shapes ?? []);

function draw(image: number, fields: Partial<Shape> = {}): number {
  const project = bench.host.project();
  const id = project.reserve(1);
  const shape: Shape = {
    ...{ id, imageId: bench.imageIds[image] ?? 0, labelId, mask: packMask(fromBox(box)), box, place: id },
    ...{ attributes: {}, crowd: false, hidden: false, locked: false, origin: { kind: 'drawn' } },
    ...fields,
  };
  project.applyMany('Draw', [created('shape', shape)]);
  return id;
}

beforeEach(() => {
  const project = bench.host.project();
  project.applyMany(
    'Delete',
    shapes().map((shape) => deleted('shape', shape)),
  );
});

const work = (more: Partial<RepairAll> = {}): RepairAll => ({
  ...{ project: bench.host.project(), engine: bench.host.engine, labelId: null, apply: false },
  fileOf: (image) => bench.host.fileOf(image),
  ...more,
});
const meter = (signal = new AbortController().signal) => new Meter(signal, () => {});

describe('repairAll', () => {
  it('tells of every mask what is expected, and changes nothing', async () => {
    const ids = [draw(0), draw(1), draw(2, { mask: null })];
    const before = shapes();
    const progress = meter();
    const report = await repairAll(work(), progress);
    expect(report.shapes.map(({ shapeId }) => shapeId)).toEqual(ids.slice(0, 2));
    expect(report.shapes[0]).toMatchObject({ label: 'cup', image: path.join('pictures', 'disc-0.png') });
    for (const { gain, verdict, disagreement, boundary } of report.shapes) {
      expect(verdict).toBe((gain ?? 0) > 0 ? 'better' : 'stays');
      expect(disagreement).toBeGreaterThan(0);
      expect(boundary).toBeGreaterThan(0);
    }
    expect(progress.fields()).toMatchObject({ done: 2, total: 2 });
    expect([report.applied, report.failed, shapes()]).toEqual([0, [], before]);
  });

  it('puts those that are better in place in one step, which undo takes back; locked ones stay', async () => {
    const [free, locked] = [draw(0), draw(0, { locked: true })];
    const before = shapes();
    const report = await repairAll(work({ apply: true }), meter());
    const verdicts = new Map(report.shapes.map(({ shapeId, verdict }) => [shapeId, verdict]));
    expect([verdicts.get(free), verdicts.get(locked)]).toEqual(['better', 'locked']);
    expect(report.applied).toBe(1);
    expect(report.expectedGain).toBeCloseTo(0.15, 9);
    const now = shapes().find(({ id }) => id === free);
    const mask = now?.mask && unpackMask(now.mask);
    expect(now?.mask).not.toEqual(before[0]?.mask);
    expect(mask && maskArea(mask)).toBeGreaterThan(0);
    expect(now?.box).toEqual(mask && maskBox(mask));
    expect(shapes().find(({ id }) => id === locked)).toEqual(before[1]);
    bench.host.project().undo();
    expect(shapes()).toEqual(before);
  });

  it('of one label alone', async () => {
    draw(0);
    expect((await repairAll(work({ labelId: 99_999 }), meter())).shapes).toEqual([]);
  });

  it('names pictures that cannot be read, and goes on with the others', async () => {
    draw(0);
    draw(1);
    const fileOf = (image: { id: number }) =>
      image.id === bench.imageIds[0] ? '/nowhere.png' : (bench.files[1] ?? '');
    const report = await repairAll(work({ fileOf }), meter());
    expect(report.shapes).toHaveLength(1);
    expect(report.failed).toEqual([
      { path: expect.stringContaining('disc-0.png'), why: expect.stringContaining('nowhere') },
    ]);
  });

  it('stops when it is told to, with nothing changed', async () => {
    draw(0);
    const before = shapes();
    const abort = new AbortController();
    abort.abort();
    await expect(repairAll(work({ apply: true }), meter(abort.signal))).rejects.toMatchObject({ name: 'AbortError' });
    expect(shapes()).toEqual(before);
  });
});
