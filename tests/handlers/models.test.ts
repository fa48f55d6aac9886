// The catalogue over the contract: what is here, a download as a job that a closed project does not end, and its refusals.
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Client, ended, type Hosted, hosted, refusal } from '../hosting.ts';
import { commit, type HubServer, hubServer, publish } from '../weights/hubServer.ts';
import { writeToy } from '../weights/toyCheckpoint.ts';

let one: Hosted;
let client: Client;
let hub: HubServer;

const own = (id: string, hubName: string | null) => ({
  ...{ id, title: id, kind: 'reasoner', hub: hubName, bytes: 9, memory: 10, licence: 'free', note: 'tiny' },
});

beforeAll(async () => {
  [one, hub] = await Promise.all([hosted('handlers-models'), hubServer()]);
  ({ client } = await one.call());
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  vi.stubEnv('HF_HOME', path.join(one.folder, 'cache'));
  const folder = await writeToy(path.join(one.folder, 'Seg-Zero-3B'), { says: 'nothing' });
  const files = readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name))] as const);
  publish(hub, 'some/Seg-Zero-toy', Object.fromEntries(files));
  const { config } = one.host.folders;
  await mkdir(config, { recursive: true });
  const models = [own('toy', 'some/Seg-Zero-toy'), own('unknown', null)];
  await writeFile(path.join(config, 'models.json'), JSON.stringify({ models }));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([one.stop(), hub.close()]);
});

const row = async (id: string) => (await client.models.catalogue()).find((each) => each.id === id);
const weights = `/some/Seg-Zero-toy/resolve/${commit}/model.safetensors`;

test('the catalogue says what is here and what can be had', async () => {
  expect(await row('toy')).toEqual({
    ...{ id: 'toy', title: 'toy', kind: 'reasoner', bytes: 9, memory: 10, fits: true, licence: 'free', note: 'tiny' },
    ...{ place: null, canDownload: true, quantised: null },
  });
  const large = await row('lens-3b');
  expect(large?.quantised?.memory).toBeLessThan(0.5 * (large?.memory ?? 0));
  expect([(await row('unknown'))?.canDownload, (await row('lens-3b'))?.canDownload]).toEqual([false, true]);
});

test('a download is one job however often it is asked for, and outlives the project', async () => {
  hub.faults.set(weights, [{ kind: 'slowly' }]);
  await client.project.create({ file: path.join(one.folder, 'cars.loupe') });
  const { id } = await client.models.download({ id: 'toy' });
  expect((await client.models.download({ id: 'toy' })).id).toBe(id);
  await client.project.close();
  await expect.poll(async () => (await client.jobs.list())[0]?.done, { timeout: 20_000 }).toBeGreaterThan(10_000);
  await client.jobs.cancel({ id });
  expect(await ended(client, id)).toMatchObject({ state: 'cancelled', kind: 'download' });
  expect((await row('toy'))?.place).toBeNull();
  const again = await ended(client, (await client.models.download({ id: 'toy' })).id);
  expect(again).toMatchObject({ state: 'done', message: expect.stringMatching(/^toy is there: 1 layers of 272/) });
  expect(hub.asked.findLast((each) => each.path === weights)?.range).toMatch(/^bytes=[1-9]\d{3,}-$/);
  const place = path.join(one.folder, 'cache', 'hub', 'models--some--Seg-Zero-toy', 'snapshots', commit);
  expect((await row('toy'))?.place).toBe(place);
  expect(await client.settings.models()).toEqual([{ name: 'toy', kind: 'reasoner', place }]);
}, 60_000);

test('what the catalogue does not have, or knows no address of, is refused in one sentence', async () => {
  expect(await refusal(client.models.download({ id: 'nobody' }))).toMatchObject({
    ...{ code: 'BAD_INPUT', message: expect.stringMatching(/no model called nobody/) },
  });
  const job = await ended(client, (await client.models.download({ id: 'unknown' })).id);
  expect(job).toMatchObject({ state: 'failed', message: expect.stringMatching(/no address of it is known for sure/) });
});

describe('a model that lies on this machine', () => {
  let folder: string;
  const installed = async (name: string) => (await client.models.installed()).find((each) => each.name === name);
  beforeAll(async () => {
    folder = await writeToy(path.join(one.folder, 'mine', 'LENS-toy'), { says: 'nothing' });
  });

  test('is recognised by its tensors, listed and forgotten; its files stay', async () => {
    const added = await client.models.import({ place: folder });
    expect(added).toMatchObject({ name: 'LENS-toy', uses: ['reasoner'], bits: null, canQuantise: true, problem: null });
    expect(added.detail).toMatch(/^Qwen2\.5-VL checkpoint: 1 layers of 272/u);
    expect(await installed('LENS-toy')).toEqual(added);
    await client.models.forget({ name: 'LENS-toy' });
    expect(await installed('LENS-toy')).toBeUndefined();
    expect(readdirSync(folder)).toContain('model.safetensors');
    expect(await refusal(client.models.forget({ name: 'LENS-toy' }))).toMatchObject({ code: 'BAD_INPUT' });
    const nothing = client.models.import({ place: path.join(one.folder, 'nowhere') });
    expect(await refusal(nothing)).toMatchObject({
      message: expect.stringMatching(/there is no such file or folder/u),
    });
  });

  test('is written in 4 bits as a job, which a second wish does not begin again', async () => {
    await client.models.import({ place: folder });
    const [first, second] = await Promise.all([
      client.models.quantise({ name: 'LENS-toy', bits: 4 }),
      client.models.quantise({ name: 'LENS-toy', bits: 4 }),
    ]);
    expect(second.id).toBe(first.id);
    const done = await ended(client, first.id);
    expect(done).toMatchObject({
      kind: 'quantise',
      state: 'done',
      message: expect.stringMatching(/in 4 bits and checked/u),
    });
    expect(done.done).toBe(done.total);
    expect(await installed('LENS-toy')).toMatchObject({ bits: 4 });
    expect(readdirSync(folder)).toContain('loupe-quantised.safetensors');
    expect(await refusal(client.models.quantise({ name: 'nobody', bits: 4 }))).toMatchObject({ code: 'BAD_INPUT' });
  });

  test('whose weights in 4 bits are of other weights says so, and they can be written anew', async () => {
    const whole = readFileSync(path.join(folder, 'model.safetensors'));
    await writeFile(
      path.join(folder, 'model.safetensors'),
      whole.map((byte, i) => (i > whole.length - 9000 ? byte ^ 1 : byte)),
    );
    expect(await installed('LENS-toy')).toMatchObject({
      ...{
        bits: null,
        canQuantise: true,
        problem: expect.stringMatching(/written from other weights than lie beside it/u),
      },
    });
    const anew = await client.models.quantise({ name: 'LENS-toy', bits: 8 });
    expect(await ended(client, anew.id)).toMatchObject({ state: 'done' });
    expect(await installed('LENS-toy')).toMatchObject({ bits: 8, problem: null });
  });

  test('that was moved away is said to be gone', async () => {
    const moved = `${folder} elsewhere`;
    await rename(folder, moved);
    expect(await installed('LENS-toy')).toMatchObject({
      ...{ canQuantise: false, problem: expect.stringMatching(/not there any more/u) },
    });
    await rename(moved, folder);
  });
});
