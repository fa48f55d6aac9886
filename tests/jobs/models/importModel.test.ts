// A model that lies on this machine is listed under its own name, and never in the place of another one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { importModel } from '../../../main/jobs/models/importModel.ts';
import { readInstalled } from '../../../main/weights/catalogue.ts';
import { writeToy, writeToySam } from '../../weights/toyCheckpoint.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-import-model-'));
afterAll(() => rmSync(root, { recursive: true }));
const config = path.join(root, 'config');

test('it is called after its folder, or as it is asked', async () => {
  const qwen = await writeToy(path.join(root, 'Qwen2.5-VL-3B'), { says: 'nothing' });
  const sam = await writeToySam(path.join(root, 'sam'));
  expect(await importModel(config, qwen)).toMatchObject({ name: 'Qwen2.5-VL-3B', place: qwen });
  expect(await importModel(config, sam, 'clicks')).toMatchObject({ name: 'clicks', kind: 'SAM 2 checkpoint' });
  expect((await readInstalled(config)).map(({ name }) => name)).toEqual(['Qwen2.5-VL-3B', 'clicks']);
});

test('a name that another place has gets the folder above; one that was asked for is refused, and what is no model too', async () => {
  const other = await writeToy(path.join(root, 'elsewhere', 'Qwen2.5-VL-3B'), { says: 'nothing' });
  await expect(importModel(config, other, 'clicks')).rejects.toThrow(/is the name of .* already/u);
  expect(await importModel(config, other)).toMatchObject({ name: 'elsewhere/Qwen2.5-VL-3B', place: other });
  await expect(importModel(config, path.join(root, 'config'))).rejects.toThrow(/holds neither/u);
  expect(await readInstalled(config)).toHaveLength(3);
});

test('a place that is listed keeps its name', async () => {
  const listed = await readInstalled(config);
  for (const { place } of listed) await importModel(config, place);
  expect(await readInstalled(config)).toEqual(listed);
});

test("one of the Hub's cache is called after its repository", async () => {
  const snapshot = path.join(root, 'hub', 'models--Ricky06662--Seg-Zero-7B', 'snapshots', '0123456789abcdef');
  const { name } = await importModel(config, await writeToy(snapshot, { says: 'nothing' }));
  expect(name).toBe('Seg-Zero-7B');
});
