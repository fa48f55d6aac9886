// Frozen weights run straight from their files, whatever folder and type they are stored in.
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { add, mul } from '../../models/graph/elementwise.ts';
import { input } from '../../models/graph/tensor.ts';
import { frozenWeights } from '../../models/runtime/frozen.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { openTorchFile } from '../../models/runtime/torchFile.ts';
import { writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { evaluate } from '../evaluate.ts';
import { golden, haveGolden } from '../golden.ts';

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'loupe-frozen-')));
  await mkdir(path.join(folder, 'a', 'deep'), { recursive: true });
  await mkdir(path.join(folder, 'b'));
});
afterAll(() => rm(folder, { recursive: true }));

const put = async (name: string, tensor: string, values: number[], storage: 'float32' | 'bfloat16' | 'float16') => {
  const file = path.join(folder, name);
  await writeSafetensors(file, { [tensor]: { shape: [values.length], data: Float32Array.from(values) } }, { storage });
  return openSafetensors(file);
};

it('mixes folders and storage types in one graph', async () => {
  const files = [
    await put('a/deep/x.safetensors', 'x', [1, 2.5, -3], 'float32'),
    await put('b/y.safetensors', 'y', [4, 0.5, 8], 'bfloat16'),
    await put('z.safetensors', 'z', [0.25, -1, 2], 'float16'),
  ];
  const weights = frozenWeights(files);
  expect(weights.folder).toBe(folder);
  const [x, y, z] = ['x', 'y', 'z'].map((name) => weights.get(name, [3]));
  if (!x || !y || !z) throw new Error('unreachable');
  const sum = add(mul(x, input('fed', [3])), add(y, z));
  const got = await evaluate({ sum }, { fed: Float32Array.of(1, 2, 3) }, { folder: weights.folder });
  expect([...(got.sum ?? [])]).toEqual([5.25, 4.5, 1]);
});

it('gives one tensor a key, from the first file that has it', async () => {
  const first = await put('a/p.safetensors', 'p', [1], 'float32');
  const second = await put('a/q.safetensors', 'p', [2], 'float32');
  const weights = frozenWeights([first, second]);
  expect(weights.get('p', [1])).toBe(weights.get('p', [1]));
  expect(weights.get('p', [1]).source?.file).toBe('p.safetensors');
  expect([weights.has('p'), weights.has('r')]).toEqual([true, false]);
});

it('names what is missing or has another shape', async () => {
  const weights = frozenWeights([await put('s.safetensors', 's', [1, 2], 'float32')]);
  expect(() => weights.get('t', [1])).toThrow(`${folder}: holds no tensor "t", which the model needs as [1].`);
  expect(() => weights.get('s', [2, 1])).toThrow(/tensor "s" is \[2\] where the model needs \[2, 1\]/);
});

it.skipIf(!haveGolden)('runs a tensor out of a PyTorch file', async () => {
  const torch = await openTorchFile(golden('sam2-tiny/sam2_tiny.pt'));
  const [name = '', span] = [...torch.tensors].find(([, t]) => t.shape.length === 2) ?? [];
  const weights = frozenWeights([torch]);
  const got = await evaluate({ w: mul(weights.get(name, span?.shape ?? []), 2) }, {}, { folder: weights.folder });
  expect([...(got.w ?? [])]).toEqual([...(await torch.read(name))].map((x) => 2 * x));
});
