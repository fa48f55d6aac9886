import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, type Hosted, hosted, paint, refusal } from '../hosting.ts';

let one: Hosted;
let client: Client;
const at = (...parts: string[]) => path.join(one.folder, ...parts);

beforeAll(async () => {
  one = await hosted('handlers-project');
  ({ client } = await one.call());
});
afterAll(() => one.stop());

describe('projects', () => {
  test('calls that need one are refused until one is open', async () => {
    for (const call of [client.project.labels(), client.images.list({ offset: 0, limit: 5 }), client.edit.undo()]) {
      expect(await refusal(call)).toEqual({ code: 'NO_PROJECT', message: 'No project is open.', defined: true });
    }
  });

  test('a new one is made where it is wanted, with the ending that it lacks', async () => {
    expect(await client.project.create({ file: at('cups') })).toMatchObject({ file: at('cups.loupe'), images: 0 });
    expect(existsSync(at('cups.loupe'))).toBe(true);
  });

  test('what is there is never written over', async () => {
    writeFileSync(at('mine.loupe'), 'mine');
    for (const file of ['mine.loupe', 'cups', 'cups.loupe']) {
      expect(await refusal(client.project.create({ file: at(file) }))).toMatchObject({
        ...{ code: 'BAD_INPUT', message: expect.stringContaining('is there already') },
      });
    }
    expect((await client.project.recent()).map(({ name }) => name)).toEqual(['cups']);
  });

  test('places that are none are refused', async () => {
    for (const file of [at('nowhere', 'a.loupe'), 'relative.loupe', `${at('bad')}\0.loupe`]) {
      expect(await refusal(client.project.create({ file }))).toMatchObject({ code: 'BAD_INPUT' });
    }
    expect(await refusal(client.project.create({ file: at('f.loupe'), folder: at('no such folder') }))).toMatchObject({
      ...{ code: 'BAD_INPUT', message: `${at('no such folder')}: there is no such file or folder` },
    });
    expect(existsSync(at('f.loupe'))).toBe(false);
  });

  test('with a folder its images come as a job', async () => {
    mkdirSync(at('in'));
    await paint(at('in/a.png'));
    await client.project.create({ file: at('filled.loupe'), folder: at('in') });
    await expect.poll(async () => (await client.images.list({ offset: 0, limit: 5 })).total).toBe(1);
    expect((await client.jobs.list()).at(-1)).toMatchObject({ kind: 'add images', title: 'Adding images of in' });
  });

  test('open, close, and the list of recent ones without those that are gone', async () => {
    expect((await client.project.open({ file: at('cups.loupe') })).name).toBe('cups');
    expect((await client.project.recent())[0]).toMatchObject({ name: 'cups', file: at('cups.loupe') });
    expect(await client.project.close()).toEqual({});
    expect((await refusal(client.project.labels())).code).toBe('NO_PROJECT');
    renameSync(at('cups.loupe'), at('away.loupe'));
    expect((await client.project.recent()).map(({ name }) => name)).not.toContain('cups');
    expect((await refusal(client.project.open({ file: at('cups.loupe') }))).message).toContain('cups.loupe');
    expect((await refusal(client.project.open({ file: at('mine.loupe') }))).message).toContain('is no Loupe project');
  });

  test('the sample is made once, in the place of its own', async () => {
    const sample = await client.project.sample();
    expect(sample.images).toBeGreaterThan(5);
    expect(sample.file.startsWith(at('home'))).toBe(true);
    expect(await client.project.sample()).toEqual(sample);
    const { rows } = await client.images.list({ offset: 0, limit: 1 });
    expect((await client.images.detail({ id: rows[0]?.id ?? 0 })).image.state).toBe('present');
  });

  test('labels and ids', async () => {
    await client.project.create({ file: at('ids.loupe') });
    const { first } = await client.project.reserve({ count: 100 });
    expect((await client.project.reserve({ count: 1 })).first).toBe(first + 100);
    expect(await refusal(client.project.reserve({ count: 0 }))).toMatchObject({ code: 'BAD_INPUT' });
    expect(await client.project.labels()).toEqual([]);
  });
});

describe('a project file that goes away while it is open', () => {
  test('refuses what is done to it by a name of its own, and goes on as a copy', async () => {
    await client.project.create({ file: at('gone.loupe') });
    renameSync(at('gone.loupe'), at('elsewhere.loupe'));
    const label = { id: (await client.project.reserve({ count: 1 }).catch(() => ({ first: 1 }))).first, name: 'car' };
    const after = { ...label, colour: '#336699', digit: null, attributes: [], place: 1 };
    const change = { kind: 'label', id: label.id, before: null, after } as const;
    expect(await refusal(client.edit.apply({ title: 'Add label', changes: [change] }))).toEqual({
      ...{ code: 'FILE_GONE', defined: true },
      message:
        'gone.loupe was moved, deleted or replaced while it was open, so nothing more is stored; save a copy of the project',
    });
    expect((await refusal(client.project.saveCopy({ file: at('elsewhere') }))).message).toContain('is there already');
    expect(await client.project.saveCopy({ file: at('saved') })).toMatchObject({
      file: at('saved.loupe'),
      name: 'saved',
    });
    const { first } = await client.project.reserve({ count: 1 });
    await client.edit.apply({
      ...{ title: 'Add label' },
      changes: [{ ...change, id: first, after: { ...after, id: first } }],
    });
    expect((await client.project.labels()).map(({ name }) => name)).toEqual(['car']);
  });
});
