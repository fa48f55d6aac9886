// Digests of what a session computes: every byte of its weights counts, and the folder that holds them does not.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { add, mul } from '../../models/graph/elementwise.ts';
import { input, type Tensor } from '../../models/graph/tensor.ts';
import { frozenWeights } from '../../models/runtime/frozen.ts';
import { filesDigest, graphDigest } from '../../models/runtime/graphDigest.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { writeSafetensors } from '../../models/runtime/writeSafetensors.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-digest-'));
});
afterAll(() => rm(root, { recursive: true }));

const width = 300_000;
const values = (changed?: number) => Float32Array.from({ length: width }, (_, i) => i + (i === changed ? 0.5 : 0));

/** The digest of a graph on weights in a folder of their own; `other` is stored there and not read. */
async function digest(name: string, weight: Float32Array, combine = mul, other = 1): Promise<string> {
  const folder = path.join(root, name);
  await mkdir(folder);
  const file = path.join(folder, 'model.safetensors');
  await writeSafetensors(file, {
    weight: { shape: [width], data: weight },
    unread: { shape: [1], data: Float32Array.of(other) },
  });
  const frozen = frozenWeights([await openSafetensors(file)]);
  const y: Tensor = combine(input('x', [width]), frozen.get('weight', [width]));
  return graphDigest({ y }, frozen.folder);
}

describe('graphDigest', () => {
  it('changes with the graph and with each weight, and not with what it does not read', async () => {
    const first = await digest('first', values());
    expect(first).toMatch(/^[0-9a-f]{64}$/u);
    expect(await digest('copy', values())).toBe(first);
    expect(await digest('decoder taught', values(), mul, 2)).toBe(first);
    const others = [
      await digest('sum', values(), add),
      await digest('one weight', values(0)),
      await digest('middle', values(width / 2)),
      await digest('last', values(width - 1)),
    ];
    expect(new Set([first, ...others]).size).toBe(5);
  });

  it('says where weights are cut off', async () => {
    await digest('cut', values());
    const file = path.join(root, 'cut', 'model.safetensors');
    const frozen = frozenWeights([await openSafetensors(file)]);
    const y = mul(input('x', [width]), frozen.get('weight', [width]));
    await writeFile(file, (await readFile(file)).subarray(0, 5000));
    await expect(graphDigest({ y }, frozen.folder)).rejects.toThrow(
      /model\.safetensors: ends where weights should be/u,
    );
  });
});

describe('filesDigest', () => {
  it('changes with each byte and with where one file ends', async () => {
    const digestOf = async (...texts: string[]) => {
      const files = texts.map((_, i) => path.join(root, `part-${i}`));
      for (const [i, file] of files.entries()) await writeFile(file, texts[i] ?? '');
      return filesDigest(files);
    };
    const first = await digestOf('graph', 'weights');
    expect(await digestOf('graph', 'weights')).toBe(first);
    for (const other of [['graph', 'weightz'], ['graphw', 'eights'], ['graph']])
      expect(await digestOf(...other)).not.toBe(first);
  });
});
