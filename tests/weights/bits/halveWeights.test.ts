// Weights as float16: written beside the original under the same keys, within half a unit in the last place, computed with; and nothing half-way.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { halveWeights } from '../../../main/weights/bits/halveWeights.ts';
import { openCheckpoint, quantisedName } from '../../../main/weights/openCheckpoint.ts';
import { input, leafName } from '../../../models/graph/tensor.ts';
import { linear } from '../../../models/nn/linear.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { frozenWeights } from '../../../models/runtime/frozen.ts';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import { writeSafetensors } from '../../../models/runtime/writeSafetensors.ts';
import { evaluate } from '../../evaluate.ts';
import { largestDifference } from '../../tensors.ts';
import { writeToy } from '../toyCheckpoint.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-halve-'));
});
afterEach(() => rm(folder, { recursive: true }));

const at = (name: string) => path.join(folder, name);
const wave = (count: number, speed = 0.7) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * speed) / 3);

async function source(data = wave(96 * 72), storage: 'float32' | 'bfloat16' = 'float32') {
  const tensors = {
    'a.q_proj.weight': { shape: [96, 72], data },
    'a.q_proj.bias': { shape: [96], data: wave(96, 3) },
  };
  await writeSafetensors(at('model.safetensors'), tensors, { storage });
  return openSafetensors(at('model.safetensors'));
}

const to = () => at('half.safetensors');

describe('weights in 16 bits', () => {
  it('are the linear maps under their own keys, at half the bytes, and tell progress', async () => {
    const original = await source();
    const ticks: string[] = [];
    const keys = await halveWeights(original, {
      to: to(),
      onProgress: (done, total) => ticks.push(`${done}/${total}`),
    });
    expect([keys, ticks]).toEqual([['a.q_proj.weight'], ['1/2', '2/2']]);
    const written = await openSafetensors(to());
    expect([...written.tensors.keys()]).toEqual(['a.q_proj.weight']);
    expect(written.tensors.get('a.q_proj.weight')).toMatchObject({ dtype: 'float16', length: 96 * 72 * 2 });
    const off = largestDifference(await written.read('a.q_proj.weight'), wave(96 * 72));
    expect(off).toBeGreaterThan(0);
    expect(off).toBeLessThan(2 ** -13);
  });

  it('hold every bfloat16 in the range of weights as it is', async () => {
    const original = await source(wave(96 * 72), 'bfloat16');
    await halveWeights(original, { to: to() });
    const written = await openSafetensors(to());
    expect(await written.read('a.q_proj.weight')).toEqual(await original.read('a.q_proj.weight'));
  });

  it('go before their source where a graph asks for them', async () => {
    const original = await source();
    await halveWeights(original, { to: to() });
    const feeds = { x: wave(3 * 72, 1.1) };
    const run = async (files: Parameters<typeof frozenWeights>[0]) => {
      const frozen = frozenWeights(files);
      const y = linear(paramsFrom(frozen, 'a.q_proj'), input('x', [3, 72]), 96);
      return (await evaluate({ y }, feeds, { folder: frozen.folder })).y ?? [];
    };
    const [plain, halved] = [await run([original]), await run([await openSafetensors(to()), original])];
    const off = largestDifference(plain, halved);
    expect(off).toBeGreaterThan(0);
    expect(off).toBeLessThan(2e-3);
  });

  it('serve a checkpoint that they lie beside, its token table among them', async () => {
    const toy = await writeToy(at('toy'), { says: 'a' });
    await halveWeights(await openSafetensors(toy), { to: path.join(toy, quantisedName) });
    const { params } = await openCheckpoint(toy);
    const { shape } =
      (await openSafetensors(path.join(toy, quantisedName))).tensors.get('model.embed_tokens.weight') ?? {};
    const table = params.get('model.embed_tokens.weight', ...(shape ?? []));
    expect(leafName(table)).toBe('model.embed_tokens.weight');
    expect(table.source?.file).toMatch(/loupe-quantised\.safetensors$/);
  });

  it.each([Number.NaN, 65_520, -1e9])('that are %d are named, and nothing is written', async (value) => {
    const data = wave(96 * 72);
    data[72 * 5 + 7] = value;
    const refused = halveWeights(await source(data), { to: to() });
    await expect(refused).rejects.toThrow(
      `element 7 of row 5 of "a.q_proj.weight" is ${value}, which float16 cannot hold`,
    );
    expect(await readdir(folder)).toEqual(['model.safetensors']);
  });

  it('leave an old file where the run is cancelled', async () => {
    await writeFile(to(), 'old');
    const stop = new AbortController();
    const run = halveWeights(await source(), { to: to(), signal: stop.signal, onProgress: () => stop.abort() });
    await expect(run).rejects.toThrow(/abort/i);
    expect(await readFile(to(), 'utf8')).toBe('old');
    expect((await readdir(folder)).sort()).toEqual(['half.safetensors', 'model.safetensors']);
  });

  it('of a source without linear maps are none, which is told', async () => {
    const chooses = () => false;
    await expect(halveWeights(await source(), { to: to(), chooses })).rejects.toThrow('holds no linear weight');
  });
});
