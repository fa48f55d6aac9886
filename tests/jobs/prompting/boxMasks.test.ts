// Boxes of a project to masks by a real engine: one step, what a person has is left alone, and a stopped run goes on.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Recorded } from '../../../main/contract/api.ts';
import { changed, created, deleted } from '../../../main/contract/diff.ts';
import { packMask, type Shape, unpackMask } from '../../../main/contract/project.ts';
import { maskArea, maskBox } from '../../../main/contract/rle.ts';
import { type BoxMasks, boxesToMasks, boxMasksWords } from '../../../main/jobs/prompting/boxMasks.ts';
import { Meter } from '../../../main/jobs/queue/queue.ts';
import { finished, type StartedHost, startHost } from '../../engine/startedHost.ts';
import { nothing } from '../../engine/weights.ts';
import { fromBox } from '../../pictures/disc.ts';

let bench: StartedHost;
let cup: number;
let jug: number;
beforeAll(async () => {
  bench = await startHost([nothing], 3);
  const project = bench.host.project();
  [cup, jug] = [project.reserve(1), project.reserve(1)];
  const label = { colour: '#aa3300', digit: null, attributes: [], place: 0 };
  project.applyMany('Labels', [
    created('label', { ...label, id: cup, name: 'cup' }),
    created('label', { ...label, id: jug, name: 'jug', place: 1 }),
  ]);
});
afterAll(() => bench.stop());

const box = { x1: 22, y1: 14, x2: 50, y2: 42 };
const shapes = () =>
  [...bench.host.project().allImages()].flatMap(({ id }) => bench.host.project().detail(id)?.shapes ?? []);
const shapeOf = (id: number) => bench.host.project().record('shape', id);

function draw(image: number, fields: Partial<Shape> = {}): number {
  const project = bench.host.project();
  const id = project.reserve(1);
  const shape: Shape = {
    ...{ id, imageId: bench.imageIds[image] ?? 0, labelId: cup, mask: null, box, place: id },
    ...{ attributes: {}, crowd: false, hidden: false, locked: false, origin: { kind: 'imported', file: 'a.json' } },
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

function work(fields: Partial<BoxMasks> = {}): BoxMasks {
  const { host } = bench;
  const project = host.project();
  return {
    ...{ project, engine: host.engine, labelId: null, fileOf: (image) => host.fileOf(image) },
    ...{ recorded: () => {}, made: () => {}, ...fields },
  };
}

const run = (fields: Partial<BoxMasks> = {}, signal = new AbortController().signal) =>
  boxesToMasks(work(fields), new Meter(signal, () => {}));

describe('boxes to masks', () => {
  it('gives each a mask and its box, as one step that undo takes back', async () => {
    const ids = [draw(0), draw(1), draw(1, { labelId: jug })];
    const steps: Recorded[] = [];
    const images: number[] = [];
    const report = await run({ recorded: (step) => steps.push(step), made: (id) => images.push(id) });
    expect(report.shapes.map(({ verdict }) => verdict)).toEqual(['mask', 'mask', 'mask']);
    expect(new Set(report.shapes.map(({ shapeId }) => shapeId))).toEqual(new Set(ids));
    for (const id of ids) {
      const { mask, box: around } = shapeOf(id) ?? {};
      if (!mask) throw new Error('no mask');
      expect(maskArea(unpackMask(mask))).toBeGreaterThan(0);
      expect(around).toEqual(maskBox(unpackMask(mask)));
    }
    for (const { agreement } of report.shapes) expect(agreement).toBeGreaterThan(0);
    expect(boxMasksWords(report)).toBe('3 masks made of 3 boxes.');
    expect(steps.map(({ diff, undo }) => [diff.title, diff.changes.length, undo])).toEqual([
      ['Boxes to masks', 3, 'Boxes to masks'],
    ]);
    expect(new Set(images)).toEqual(new Set(bench.imageIds.slice(0, 2)));
    bench.host.project().undo();
    expect(ids.map((id) => [shapeOf(id)?.mask, shapeOf(id)?.box])).toEqual(Array(3).fill([null, box]));
  });

  it('leaves masks, crowds, locked shapes and other labels as they are', async () => {
    const mask = packMask(fromBox(box));
    const kept = [draw(0, { mask }), draw(0, { crowd: true }), draw(0, { locked: true }), draw(1, { labelId: jug })];
    const before = kept.map(shapeOf);
    const report = await run({ labelId: cup });
    expect(report.shapes.map(({ verdict, label }) => [verdict, label])).toEqual([['locked', 'cup']]);
    expect(boxMasksWords(report)).toBe('0 masks made of 1 boxes; 1 are locked.');
    expect(kept.map(shapeOf)).toEqual(before);
  });

  it('that are stopped keep what was made, and go on with the rest alone', async () => {
    for (let image = 0; image < 3; image++) for (let i = 0; i < 3; i++) draw(image);
    const abort = new AbortController();
    await expect(run({ made: () => abort.abort() }, abort.signal)).rejects.toThrow(/abort/i);
    const first = shapes().filter(({ mask }) => mask !== null).length;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(9);
    expect((await run()).shapes).toHaveLength(9 - first);
    expect(shapes().every(({ mask }) => mask !== null)).toBe(true);
    bench.host.project().undo();
    expect(shapes().filter(({ mask }) => mask !== null)).toHaveLength(first);
  });

  it('leave a shape to the person who changes it meanwhile', async () => {
    const ids = [draw(0), draw(0)];
    const project = bench.host.project();
    const moved = { ...box, x2: 60 };
    let isFirst = true;
    const fileOf: BoxMasks['fileOf'] = (image) => {
      const last = shapeOf(ids[1] ?? 0);
      if (isFirst && last) project.applyMany('Move', [changed('shape', last, { box: moved }) ?? []].flat());
      isFirst = false;
      return bench.host.fileOf(image);
    };
    await run({ fileOf });
    // It was changed before its turn, so its new box was asked for.
    expect(shapeOf(ids[1] ?? 0)?.mask).not.toBeNull();
    const late = draw(0);
    const during: BoxMasks['fileOf'] = (image) => {
      const one = shapeOf(late);
      if (one?.mask === null) project.applyMany('Move', [changed('shape', one, { box: moved }) ?? []].flat());
      return bench.host.fileOf(image);
    };
    await run({ fileOf: during });
    expect([shapeOf(late)?.mask, shapeOf(late)?.box]).toEqual([null, moved]);
  });

  it('of a picture that cannot be read are told, and the others made', async () => {
    draw(0);
    draw(1);
    const lost = bench.imageIds[0];
    const report = await run({ fileOf: (image) => (image.id === lost ? '/nowhere.png' : bench.host.fileOf(image)) });
    expect(report.shapes.map(({ verdict }) => verdict)).toEqual(['mask']);
    expect(report.failed).toEqual([{ path: 'pictures/disc-0.png', why: expect.stringMatching(/nowhere\.png/) }]);
    expect(boxMasksWords(report)).toBe('1 masks made of 2 boxes; 1 could not be tried.');
  });
});

describe('the job', () => {
  it('is started by a window and ends in a sentence', async () => {
    draw(2);
    const job = await finished(bench, await bench.client.jobs.masks({ labelId: cup }));
    expect(job).toMatchObject({
      ...{ kind: 'masks', title: 'Making masks of “cup” boxes', state: 'done', done: 1, total: 1 },
      message: '1 masks made of 1 boxes.',
    });
    await expect(bench.client.jobs.masks({ labelId: 999_999 })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});
