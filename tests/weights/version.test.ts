import { cp, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exportNano } from '../../main/nano/export.ts';
import { weightsVersion } from '../../main/weights/version.ts';
import { toyNano } from '../nano/toy.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-version-'));
  await exportNano(toyNano({ seed: 1 }), path.join(root, 'one'));
  await exportNano(toyNano({ seed: 2 }), path.join(root, 'two'));
});
afterAll(() => rm(root, { recursive: true }));

const versionOf = (name: string) => weightsVersion(path.join(root, name), 'toy');

it('names the weights and tells other tensors apart, wherever the folder lies', async () => {
  await cp(path.join(root, 'one'), path.join(root, 'copy'), { recursive: true });
  const [one, two, copy] = await Promise.all(['one', 'two', 'copy'].map(versionOf));
  expect(one).toMatch(/^toy [0-9a-f]{8}$/);
  expect(copy).toBe(one);
  expect(two).not.toBe(one);
});

it('changes with the last tensor alone', async () => {
  await cp(path.join(root, 'one'), path.join(root, 'edited'), { recursive: true });
  const file = await open(path.join(root, 'edited', 'model.safetensors'), 'r+');
  const { size } = await file.stat();
  await file.write(Buffer.of(1, 2), 0, 2, size - 2);
  await file.close();
  expect(await versionOf('edited')).not.toBe(await versionOf('one'));
});

it('knows shards, what torch saved, and what was written in few bits beside them; nothing at all is told in one sentence', async () => {
  const folder = path.join(root, 'sharded');
  await mkdir(folder);
  await writeFile(path.join(folder, 'config.json'), '{}');
  await expect(versionOf('sharded')).rejects.toThrow(/sharded: holds neither model\.safetensors, nor its shards/);
  const versions = new Set<string>();
  for (const name of ['pytorch_model-1.bin', 'model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']) {
    await writeFile(path.join(folder, name), name);
    versions.add(await versionOf('sharded'));
  }
  await writeFile(path.join(folder, 'loupe-quantised.safetensors'), 'few bits');
  expect(versions.add(await versionOf('sharded')).size).toBe(4);
});

it('knows ONNX files, which need no configuration, and their data beside them', async () => {
  const folder = path.join(root, 'onnx');
  await mkdir(folder);
  const versions = new Set<string>();
  for (const [name, text] of [
    ['picture.onnx', 'graph'],
    ['picture.onnx.data', 'weights'],
    ['picture.onnx.data', 'others'],
  ] as const) {
    await writeFile(path.join(folder, name), text);
    versions.add(await versionOf('onnx'));
  }
  expect(versions.size).toBe(3);
});
