import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { created, type Diff } from '../../main/contract/diff.ts';
import type { Label } from '../../main/contract/project.ts';
import { type Client, type Hosted, hosted, refusal, until } from '../hosting.ts';

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
