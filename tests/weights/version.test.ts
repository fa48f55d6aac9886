import { cp, mkdtemp, open, rm } from 'node:fs/promises';
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
