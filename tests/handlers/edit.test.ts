import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { created, type Diff } from '../../main/contract/diff.ts';
import type { Label } from '../../main/contract/project.ts';
import { type Client, type Hosted, hosted, refusal, until } from '../hosting.ts';
import { height, shapeOf, width } from '../store/records.ts';

let one: Hosted;
let client: Client;
let other: Client;

beforeAll(async () => {
  one = await hosted('handlers-edit');
  ({ client } = await one.call());
  ({ client: other } = await one.call());
  await client.project.create({ file: path.join(one.folder, 'p.loupe') });
});
afterAll(() => one.stop());

async function newLabel(name: string): Promise<{ label: Label; diff: Diff }> {
  const { first: id } = await client.project.reserve({ count: 1 });
  const label = { id, name, colour: '#123456', digit: null, attributes: [], place: id };
  return { label, diff: { title: `Add ${name}`, changes: [created('label', label)] } };
}

describe('edits', () => {
  test('are stored, numbered and heard by every window', async () => {
    const stream = await other.watch();
    await stream.next();
    const { label, diff } = await newLabel('cup');
    const recorded = await client.edit.apply(diff);
    expect(recorded).toMatchObject({ diff, undo: 'Add cup', redo: null });
    expect((await until(stream, 'recorded')).recorded).toEqual(recorded);
    expect(await until(stream, 'project', ({ project }) => project?.undo === 'Add cup')).toBeDefined();
    expect(await other.project.labels()).toEqual([label]);
    await stream.return?.();
  });

  test('are undone and made again, to the ends of the journal', async () => {
    const before = await client.project.labels();
    const { label, diff } = await newLabel('plate');
    await client.edit.apply(diff);
    expect(await other.edit.undo()).toMatchObject({ redo: 'Add plate', undo: 'Add cup' });
    expect(await client.project.labels()).toEqual(before);
    expect(await client.edit.redo()).toMatchObject({ redo: null, undo: 'Add plate' });
    expect(await client.project.labels()).toEqual([...before, label]);
    expect(await client.edit.redo()).toBeNull();
  });

  test('that meet another change are refused whole', async () => {
    const [cup] = await client.project.labels();
    const { diff } = await newLabel('never');
    const stale = { kind: 'label' as const, id: cup?.id ?? 0, before: { name: 'mug' }, after: { name: 'glass' } };
    const refused = await refusal(client.edit.apply({ title: 'Rename', changes: [...diff.changes, stale] }));
    expect(refused).toMatchObject({ code: 'CONFLICT', defined: true, message: expect.stringContaining('label') });
    expect((await client.project.labels()).map(({ name }) => name)).toEqual(['cup', 'plate']);
  });

  test('that are none are refused by the sentence of what is wrong', async () => {
    const { label } = await newLabel('bad');
    const bad: Diff[] = [
      { title: '', changes: [] },
      { title: 'x', changes: [created('label', { ...label, colour: 'red' })] },
      { title: 'x', changes: [created('label', { ...label, id: 5_000_000 })] },
      { title: 'x', changes: [created('label', { ...label, name: 'cup' })] },
    ];
    for (const diff of bad) {
      const { code, message } = await refusal(client.edit.apply(diff));
      expect([code, message.split('\n').length]).toEqual(['BAD_INPUT', 1]);
    }
  });

  test('merging two labels is one step', async () => {
    const [cup, plate] = await client.project.labels();
    const recorded = await client.edit.mergeLabels({ from: plate?.id ?? 0, into: cup?.id ?? 0 });
    expect(recorded.undo).toContain('plate');
    expect(await client.project.labels()).toHaveLength(1);
    await client.edit.undo();
    expect(await client.project.labels()).toHaveLength(2);
    expect(await refusal(client.edit.mergeLabels({ from: 999_999, into: 1 }))).toMatchObject({ code: 'BAD_INPUT' });
  });

  test('a label goes with its shapes as one step', async () => {
    const before = await client.project.labels();
    const recorded = await client.edit.deleteLabel({ id: before[0]?.id ?? 0 });
    expect(recorded.redo).toBeNull();
    expect(await client.project.labels()).toEqual(before.slice(1));
    await client.edit.undo();
    expect(await client.project.labels()).toEqual(before);
    expect(await client.project.labelUse()).toEqual([]);
    expect(await refusal(client.edit.deleteLabel({ id: 999_999 }))).toMatchObject({ code: 'BAD_INPUT' });
  });
});

describe('a step of very many changes', () => {
  const count = 20_000;

  /** Shapes on one image as one step, made in the host as an import makes them. */
  async function many(title: string): Promise<void> {
    const project = one.host.project();
    const [imageId = 0] = project.addImages([{ path: `${title}.png`, width, height }]);
    const { label, diff } = await newLabel(title);
    await client.edit.apply(diff);
    const first = project.reserve(count);
    const shapes = Array.from({ length: count }, (_, i) => created('shape', shapeOf(first + i, imageId, label.id)));
    project.applyMany(title, shapes);
  }

  test('is undone as a job with progress; the host answers meanwhile, and what is changed comes after it', async () => {
    await many('Import big.json');
    const before = one.host.project().info().shapes;
    const stream = await other.watch();
    const undone = client.edit.undo();
    const { job } = await until(stream, 'job', (event) => event.job.kind === 'undo' && event.job.done > 0);
    expect(job).toMatchObject({ title: 'Undoing "Import big.json"', state: 'running', total: count });
    const asked = performance.now();
    await other.settings.read();
    expect(performance.now() - asked).toBeLessThan(1000);
    const { diff } = await newLabel('meanwhile');
    const applied = await other.edit.apply(diff);
    expect(applied).toMatchObject({ undo: 'Add meanwhile', redo: null });
    expect(await undone).toMatchObject({ more: true, redo: 'Import big.json', where: { images: 1 } });
    expect(one.host.project().info().shapes).toBe(before - count);
    await stream.return?.();
  });

  test('is as before where its undo is cancelled', async () => {
    await many('Import second.json');
    const before = one.host.project().info();
    const stream = await other.watch();
    const undone = refusal(client.edit.undo());
    const { job } = await until(stream, 'job', (event) => event.job.title.includes('second') && event.job.done > 0);
    await other.jobs.cancel({ id: job.id });
    expect(await undone).toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('all is as before') });
    expect(one.host.project().info()).toEqual(before);
    expect(await client.edit.undo()).toMatchObject({ more: true });
    expect(await client.edit.redo()).toMatchObject({ more: true });
    expect(one.host.project().info()).toEqual(before);
    await stream.return?.();
  });
});
