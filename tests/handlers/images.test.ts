import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostEvent } from '../../main/contract/api.ts';
import { type Client, ended, type Hosted, hosted, paint, refusal, until } from '../hosting.ts';

let one: Hosted;
let client: Client;
const at = (...parts: string[]) => path.join(one.folder, ...parts);

beforeAll(async () => {
  one = await hosted('handlers-images');
  ({ client } = await one.call());
  mkdirSync(at('in/more'), { recursive: true });
  for (let i = 1; i <= 11; i++) await paint(at(`in/frame ${i}.png`), { width: 20 + i });
  await paint(at('in/more/last.jpg'));
  await client.project.create({ file: at('p.loupe') });
});
afterAll(() => one.stop());

const list = (more: object = {}) => client.images.list({ offset: 0, limit: 500, ...more });
const idOf = async (name: string) => (await list({ search: name })).rows[0]?.id ?? 0;

describe('images', () => {
  test('are added as a job that says what it did', async () => {
    const job = await client.images.add({ paths: [at('in')] });
    expect(job).toMatchObject({ kind: 'add images', state: 'waiting' });
    expect(await ended(client, job.id)).toMatchObject({
      state: 'done',
      done: 12,
      total: 12,
      message: 'Added 12 images.',
    });
  });

  test('what is not there is refused at once', async () => {
    expect(await refusal(client.images.add({ paths: [at('in'), at('gone')] }))).toMatchObject({
      ...{ code: 'BAD_INPUT', message: `${at('gone')}: there is no such file or folder` },
    });
    expect(await refusal(client.images.add({ paths: [] }))).toMatchObject({ code: 'BAD_INPUT' });
  });

  test('are listed in slices and searched', async () => {
    const { total, rows } = await client.images.list({ offset: 1, limit: 3 });
    expect([total, rows.map((row) => row.path)]).toEqual([12, ['in/frame 2.png', 'in/frame 3.png', 'in/frame 4.png']]);
    expect((await list({ search: 'LAST' })).rows.map((row) => row.path)).toEqual(['in/more/last.jpg']);
    expect(await refusal(list({ limit: 501 }))).toMatchObject({ code: 'BAD_INPUT' });
    expect(await refusal(list({ offset: -1 }))).toMatchObject({ code: 'BAD_INPUT' });
  });

  test('are stepped through to the end and back', async () => {
    let from: number | null = null;
    const seen: (number | null)[] = [];
    for (let i = 0; i < 13; i++) {
      const stop: { id: number | null; index: number | null } = await client.images.step({ from, by: 'next' });
      seen.push(stop.index);
      from = stop.id ?? from;
    }
    expect(seen).toEqual([...Array.from({ length: 12 }, (_, i) => i), null]);
    expect((await client.images.step({ from, by: 'previous' })).index).toBe(10);
  });

  test('are read when they are opened, and the windows hear of it', async () => {
    const stream = await client.watch();
    const id = await idOf('frame 3.png');
    const { image, review, shapes, prompts, proposals } = await client.images.detail({ id });
    expect(image).toMatchObject({ path: 'in/frame 3.png', width: 23, height: 30, state: 'present' });
    expect(image.hash).toMatch(/^[0-9a-f]{64}$/u);
    expect([review, shapes, prompts, proposals]).toEqual([{ id, status: 'unreviewed', note: '' }, [], [], []]);
    await until(stream, 'images', ({ ids }) => ids.includes(id));
    await stream.return?.();
  });

  test('that are damaged say so and do not stop the rest', async () => {
    writeFileSync(at('in/frame 3b.png'), 'hello');
    const job = await client.images.add({ paths: [at('in/frame 3b.png')] });
    expect((await ended(client, job.id)).notes).toHaveLength(1);
    const { image } = await client.images.detail({ id: await idOf('frame 3b.png') });
    expect(image).toMatchObject({ state: 'unreadable', problem: expect.stringContaining('not an image') });
    expect((await list({ status: 'problem' })).total).toBe(1);
  });

  test('that were moved are found again together', async () => {
    const id = await idOf('frame 1.png');
    renameSync(at('in'), at('out'));
    expect((await client.images.detail({ id })).image.state).toBe('missing');
    expect(await client.images.relink({ id, file: at('out/frame 1.png') })).toEqual({ relinked: 13 });
    expect((await client.images.detail({ id })).image).toMatchObject({ state: 'present', path: 'out/frame 1.png' });
    expect(await refusal(client.images.relink({ id, file: at('out/gone.png') }))).toMatchObject({ code: 'BAD_INPUT' });
  });

  test('of a folder with very many come in pieces that are seen at once', async () => {
    mkdirSync(at('many'));
    const base = await paint(at('many/0.png'));
    const { linkSync } = await import('node:fs');
    for (let i = 1; i < 3000; i++) linkSync(base, at(`many/${i}.png`));
    const totals: number[] = [];
    const stream: AsyncIterator<HostEvent> = await client.watch();
    const before = (await list()).total;
    const job = await client.images.add({ paths: [at('many')] });
    await until(stream, 'job', (event) => event.job.id === job.id && event.job.total !== null);
    totals.push((await list()).total - before);
    await client.jobs.cancel({ id: job.id });
    expect((await ended(client, job.id)).state).toBe('cancelled');
    expect(totals).toEqual([3000]);
    await stream.return?.();
    rmSync(at('many'), { recursive: true });
  });
});
