import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Settings } from '../../main/contract/settings.ts';
import { addInstalled } from '../../main/weights/catalogue.ts';
import { saved } from '../formats/reads.ts';
import { type Client, type Hosted, hosted, refusal, until } from '../hosting.ts';

let one: Hosted;
let client: Client;

beforeAll(async () => {
  one = await hosted('handlers-settings');
  ({ client } = await one.call());
});
afterAll(() => one.stop());

test('settings are changed one by one', async () => {
  expect(await client.settings.read()).toEqual(Settings.parse({}));
  await client.settings.write({ theme: 'dark' });
  expect(await client.settings.write({ maskOpacity: 0.2 })).toEqual({
    ...Settings.parse({}),
    ...{ theme: 'dark', maskOpacity: 0.2 },
  });
  expect(await client.settings.read()).toMatchObject({ theme: 'dark', maskOpacity: 0.2 });
});

test('what is no setting is refused', async () => {
  expect(await refusal(client.settings.write({ maskOpacity: 2 }))).toMatchObject({
    ...{ code: 'BAD_INPUT', message: expect.stringMatching(/^maskOpacity: /u) },
  });
});

test('the engine follows its device', async () => {
  const stream = await client.watch();
  await client.settings.write({ device: 'webgpu' });
  expect((await until(stream, 'engine', ({ engine }) => engine.requested === 'webgpu')).engine.state).toBe('absent');
  await stream.return?.();
});

test('models that were imported are offered for what they can do', async () => {
  expect(await client.settings.models()).toEqual([]);
  const config = one.host.folders.config;
  await addInstalled(config, { name: 'mine', kind: 'weights', place: '/models/mine', detail: 'loupe-nano' });
  await addInstalled(config, { name: 'sam', kind: 'SAM 2 checkpoint', place: '/models/sam.pt', detail: 'sam2-tiny' });
  await addInstalled(config, {
    name: 'qwen',
    kind: 'Qwen2.5-VL checkpoint',
    place: '/models/qwen',
    detail: '2 tensors',
  });
  expect((await client.settings.models()).map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    ...['mine reasoner', 'mine segmenter', 'sam segmenter', 'qwen reasoner'],
  ]);
});

test('LENS is offered for clicks too where its own weights lie there, but an update of it for words alone', async () => {
  for (const name of ['whole', 'update'])
    saved(path.join(one.folder, name), 'config.json', '{"model_type": "qwen2_5_vl"}');
  saved(path.join(one.folder, 'update'), 'adapter_config.json', '{}');
  const of = (name: string) =>
    ({ name, kind: 'LENS checkpoint', place: path.join(one.folder, name), detail: '' }) as const;
  for (const name of ['whole', 'update']) await addInstalled(one.host.folders.config, of(name));
  const offered = (await client.settings.models()).map(({ name, kind }) => `${name} ${kind}`);
  expect(offered.slice(-3)).toEqual(['whole reasoner', 'whole segmenter', 'update reasoner']);
  expect((await client.models.installed()).find(({ name }) => name === 'whole')?.uses).toEqual([
    'reasoner',
    'segmenter',
  ]);
});

test('the segmenter of clicks is a setting of its own', async () => {
  expect(await client.settings.write({ segmenter: '/models/sam.pt' })).toMatchObject({ segmenter: '/models/sam.pt' });
  expect(await client.settings.write({ segmenter: null })).toMatchObject({ segmenter: null });
});
