// Masks of a real project held against a real engine's: what is compared, what is passed over, and how it ends.
import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { created, deleted } from '../../../main/contract/diff.ts';
import { packMask, type Shape, unpackMask } from '../../../main/contract/project.ts';
import { maskIou } from '../../../main/contract/rle.ts';
import { type Compare, compare } from '../../../main/jobs/prompting/comparing.ts';
import { Meter } from '../../../main/jobs/queue/queue.ts';
import { type StartedHost, startHost } from '../../engine/startedHost.ts';
import { nothing } from '../../engine/weights.ts';
import { fromBox } from '../../pictures/disc.ts';

let bench: StartedHost;
let labels: number[];
beforeAll(async () => {
  bench = await startHost([nothing], 3);
  const project = bench.host.project();
  labels = [project.reserve(1), project.reserve(1)];
  const label = (id: number, i: number) => ({ id, name: `label ${i}`, colour: '#aa3300', digit: null, attributes: [] });
  project.applyMany(
    'Labels',
    labels.map((id, i) => created('label', { ...label(id, i), place: i })),
  );
});
afterAll(() => bench.stop());

const box = { x1: 20, y1: 12, x2: 52, y2: 44 };
const drawn: number[] = [];
/** A shape on the image of that place. */
function draw(image: number, fields: Partial<Shape> = {}): number {
  const project = bench.host.project();
  const id = project.reserve(1);
  const shape: Shape = {
    ...{
      id,
      imageId: bench.imageIds[image] ?? 0,
      labelId: labels[0] ?? 0,
      mask: packMask(fromBox(box)),
      box,
      place: id,
    },
    ...{ attributes: {}, crowd: false, hidden: false, locked: false, origin: { kind: 'drawn' } },
    ...fields,
  };
  project.applyMany('Draw', [created('shape', shape)]);
  drawn.push(id);
  return id;
}
const remove = (id: number): void => {
  const project = bench.host.project();
  const shape = project.record('shape', id);
  if (shape) project.applyMany('Delete', [deleted('shape', shape)]);
};
beforeEach(() => {
  for (const id of drawn.splice(0)) remove(id);
});

const work = (more: Partial<Compare> = {}): Compare => ({
  ...{ project: bench.host.project(), engine: bench.host.engine, labelId: null },
  fileOf: (image) => bench.host.fileOf(image),
  compared: () => {},
  ...more,
});
const meter = (signal = new AbortController().signal) => new Meter(signal, () => {});
const pairs = () => bench.host.project().pairs({ offset: 0, limit: 100 }).pairs;

const ascending = (a: number, b: number): number => a - b;

describe('compare', () => {
  it('says how many it compared with which weights, and each image once it was', async () => {
    const ids = [draw(0), draw(1), draw(1)];
    const heard: number[] = [];
    const progress = meter();
    const sentence = await compare(work({ compared: (id) => heard.push(id) }), progress);
    const weights = await bench.host.engine.weights();
    expect(sentence).toBe(`Compared 3 of 3 masks with what ${weights} draws.`);
    expect(progress.fields()).toMatchObject({ done: 3, total: 3, notes: [] });
    expect(heard.toSorted(ascending)).toEqual([bench.imageIds[0], bench.imageIds[1], bench.imageIds[1]]);
    expect(
      pairs()
        .map(({ shapeId }) => shapeId)
        .toSorted(ascending),
    ).toEqual(ids.toSorted(ascending));
  });

  it('keeps of each one minus the overlap', async () => {
    draw(0);
    await compare(work(), meter());
    const [pair] = pairs();
    const own = fromBox(box);
    expect(pair && 1 - maskIou(own, unpackMask(pair.mask))).toBeCloseTo(pair?.disagreement ?? -1, 12);
  });

  it('compares what changed since, and nothing else', async () => {
    const id = draw(0);
    draw(1);
    expect(await compare(work(), meter())).toMatch(/^Compared 2 of 2/);
    expect(await compare(work(), meter())).toMatch(/^Compared 0 of 0/);
    remove(id);
    draw(0);
    expect(await compare(work(), meter())).toMatch(/^Compared 1 of 1/);
  });

  it('of one label alone; boxes without a mask are nothing to compare', async () => {
    draw(0);
    draw(0, { labelId: labels[1] ?? 0 });
    draw(1, { labelId: labels[1] ?? 0, mask: null });
    expect(await compare(work({ labelId: labels[1] ?? 0 }), meter())).toMatch(/^Compared 1 of 1/);
    expect(await compare(work(), meter())).toMatch(/^Compared 1 of 1/);
  });

  it('passes over what a person deletes meanwhile', async () => {
    const ids = [draw(0), draw(1), draw(2), draw(0), draw(1)];
    const compared = () => void remove(ids.at(-1) ?? 0);
    const progress = meter();
    expect(await compare(work({ compared }), progress)).toMatch(/^Compared 4 of 5/);
    expect(progress.fields()).toMatchObject({ done: 5, total: 5, notes: [] });
  });

  it('notes an image that cannot be read, and goes on with the others', async () => {
    draw(0);
    draw(2);
    const file = bench.files[2] ?? '';
    rmSync(file);
    const progress = meter();
    expect(await compare(work(), progress)).toMatch(/^Compared 1 of 2/);
    expect(progress.fields().notes).toEqual([expect.stringMatching(/^pictures\/disc-2\.png: .*disc-2\.png/)]);
    writeFileSync(file, 'no picture');
    const again = meter();
    expect(await compare(work(), again)).toMatch(/^Compared 0 of 1/);
    expect(again.fields().notes).toHaveLength(1);
  });

  it('stops when it is told to, and keeps what it had', async () => {
    const abort = new AbortController();
    for (let i = 0; i < 6; i++) draw(i % 2);
    const stopped = compare(work({ compared: () => abort.abort() }), meter(abort.signal));
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    const kept = pairs().length;
    expect(kept >= 1 && kept < 6).toBe(true);
    expect(await compare(work(), meter())).toMatch(new RegExp(`^Compared ${6 - kept} of ${6 - kept}`));
  });

  it('has nothing to do in a project without masks', async () => {
    const progress = meter();
    expect(await compare(work(), progress)).toMatch(/^Compared 0 of 0/);
    expect(progress.fields()).toMatchObject({ done: 0, total: 0 });
  });

  it('needs a model', async () => {
    draw(0);
    await bench.client.settings.write({ weights: '/nowhere/at/all' });
    await expect(compare(work(), meter())).rejects.toThrow('/nowhere/at/all');
    await bench.client.settings.write({ weights: bench.weights });
  });
});
