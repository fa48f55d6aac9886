// Checkpoints of what graphs ask for: every key, in the storage that was asked for, and nothing else.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RandomWeights } from '../../../main/evaluate/bench/randomWeights.ts';
import { input } from '../../../models/graph/tensor.ts';
import { linear } from '../../../models/nn/linear.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { frozenWeights } from '../../../models/runtime/frozen.ts';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import { evaluate } from '../../evaluate.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-random-'));
});
afterAll(() => rm(folder, { recursive: true }));

it.each([
  ['plain', null, ['fc.bias float32 8', 'fc.weight float32 8,64']],
  [
    'quantised',
    { bits: 4, block: 32 } as const,
    ['fc.bias bfloat16 8', 'fc.weight.quantised uint8 8,2,16', 'fc.weight.scales float32 8,2'],
  ],
])('%s', async (name, storage, wanted) => {
  const asked = new RandomWeights(storage);
  const x = input('x', [2, 64]);
  linear(paramsFrom(asked, 'fc'), x, 8);
  const file = path.join(folder, `${name}.safetensors`);
  await asked.write(file);
  const opened = await openSafetensors(file);
  expect([...opened.tensors].map(([key, { dtype, shape }]) => `${key} ${dtype} ${shape}`).sort()).toEqual(wanted);
  const frozen = frozenWeights([opened]);
  const y = linear(paramsFrom(frozen, 'fc'), x, 8);
  const { y: got } = await evaluate({ y }, { x: new Float32Array(128).fill(1) }, { folder: frozen.folder });
  expect(Math.hypot(...(got ?? []))).toBeGreaterThan(0);
});

it.each([null, { bits: 4, block: 32 } as const])(
  'tells the shapes of all that was asked for, stored as %j',
  (storage) => {
    const asked = new RandomWeights(storage);
    linear(paramsFrom(asked, 'fc'), input('x', [2, 64]), 8);
    linear(paramsFrom(asked, 'head'), input('y', [2, 8]), 3, { bias: false });
    const shapes = [...asked.shapes()].map(([key, shape]) => `${key} ${shape}`).sort();
    expect(shapes).toEqual(['fc.bias 8', 'fc.weight 8,64', 'head.weight 3,8']);
  },
);
