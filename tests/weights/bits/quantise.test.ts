// Weights in 4 and 8 bits: written beside the original, close to it, computed with, trained beside; and nothing half-way.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isLinearWeight, type QuantisePlan, quantiseWeights } from '../../../main/weights/bits/quantise.ts';
import { grad } from '../../../models/graph/grad.ts';
import { reduceSum } from '../../../models/graph/reduce.ts';
import { input } from '../../../models/graph/tensor.ts';
import { fusedLinear, linear } from '../../../models/nn/linear.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { frozenWeights } from '../../../models/runtime/frozen.ts';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import { type TensorToWrite, writeSafetensors } from '../../../models/runtime/writeSafetensors.ts';
import { withLora } from '../../../models/train/lora.ts';
import { evaluate } from '../../evaluate.ts';
import { askedParams } from '../../parameters.ts';
import { largestDifference } from '../../tensors.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-quantise-'));
});
afterEach(() => rm(folder, { recursive: true }));

const wave = (count: number, speed = 0.7) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * speed) / 3);
const tensors = {
  'a.q_proj.weight': { shape: [96, 72], data: wave(96 * 72) },
  'a.q_proj.bias': { shape: [96], data: wave(96, 3) },
  'a.norm.weight': { shape: [72], data: wave(72) },
  'table.weight': { shape: [4, 72], data: wave(4 * 72) },
};

const at = (name: string) => path.join(folder, name);

async function source(record: Readonly<Record<string, TensorToWrite>> = tensors) {
  await writeSafetensors(at('model.safetensors'), record, { storage: 'bfloat16' });
  return openSafetensors(at('model.safetensors'));
}

const plan = (over: Partial<QuantisePlan> = {}): QuantisePlan => ({
  ...{ to: at('model.int4.safetensors'), bits: 4, block: 32 },
  ...over,
});

async function opened(over: Partial<QuantisePlan> = {}) {
  const original = await source();
  await quantiseWeights(original, plan(over));
  const frozen = frozenWeights([await openSafetensors(plan(over).to), original]);
  return { frozen, plain: frozenWeights([original]) };
}

const error = (got: ArrayLike<number>, wanted: ArrayLike<number>) =>
  Math.hypot(...Array.from(got, (v, i) => v - (wanted[i] ?? Number.NaN))) / Math.hypot(...Array.from(wanted));

describe('the file', () => {
  it('holds linear maps only, and tells how', async () => {
    const original = await source();
    const ticks: string[] = [];
    const keys = await quantiseWeights(original, plan({ onProgress: (done, total) => ticks.push(`${done}/${total}`) }));
    expect(keys).toEqual(['a.q_proj.weight']);
    expect(ticks).toEqual(['1/2', '2/2']);
    const written = await openSafetensors(plan().to);
    expect([...written.tensors].map(([key, { shape }]) => [key, shape])).toEqual([
      ['a.q_proj.weight.scales', [96, 3]],
      ['a.q_proj.weight.quantised', [96, 3, 16]],
    ]);
    expect(written.metadata.get('bits')).toBe('4');
    expect((await readdir(folder)).sort()).toEqual(['model.int4.safetensors', 'model.safetensors']);
  });

  it.each(['embed_tokens.bias', 'norm.weight'])('%s is no linear map', (key) => {
    expect(isLinearWeight(key, key === 'norm.weight' ? [64] : [64, 64])).toBe(false);
  });

  it('leaves out an embedding that is only looked up', async () => {
    const square = { shape: [64, 64], data: wave(64 * 64) };
    const [table, head] = ['model.embed_tokens.weight', 'lm_head.weight'];
    expect(await quantiseWeights(await source({ ...tensors, [table]: square }), plan())).toContain(table);
    const untied = await source({ ...tensors, [table]: square, [head]: square });
    expect((await quantiseWeights(untied, plan())).sort()).toEqual(['a.q_proj.weight', head]);
  });

  it('an old one stays when the run is cancelled, and nothing lies beside it', async () => {
    await writeFile(plan().to, 'old');
    const stop = new AbortController();
    const run = quantiseWeights(await source(), plan({ signal: stop.signal, onProgress: () => stop.abort() }));
    await expect(run).rejects.toThrow(/abort/i);
    expect(await readFile(plan().to, 'utf8')).toBe('old');
    expect((await readdir(folder)).sort()).toEqual(['model.int4.safetensors', 'model.safetensors']);
  });

  it('takes away what a killed run left, and not what one at work writes', async () => {
    const left = (pid: number) => `${plan().to}.${pid}.part`;
    await writeFile(left(2 ** 22 + 1), 'half');
    await writeFile(left(process.ppid), 'half');
    await quantiseWeights(await source(), plan());
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([
      path.basename(left(process.ppid)),
    ]);
    await rm(left(process.ppid));
  });

  it('weights that no level comes near are named, and nothing is written', async () => {
    const data = wave(96 * 72);
    data[72 * 5 + 7] = Number.NaN;
    const original = await source({ ...tensors, 'a.q_proj.weight': { shape: [96, 72], data } });
    await expect(quantiseWeights(original, plan())).rejects.toThrow('element 7 of row 5 of "a.q_proj.weight" is NaN');
    expect(await readdir(folder)).toEqual(['model.safetensors']);
  });

  it('a source without linear maps is told', async () => {
    const original = await source({ ...tensors, 'a.q_proj.weight': { shape: [8, 8], data: wave(64) } });
    await expect(quantiseWeights(original, plan())).rejects.toThrow('holds no linear weight');
  });
});

describe.each([
  { bits: 4, block: 32, off: 0.1 },
  { bits: 4, block: 128, off: 0.12 },
  { bits: 8, block: 128, off: 0.02 },
] as const)('$bits bits in blocks of $block', ({ bits, block, off }) => {
  const x = input('x', [3, 72]);
  const feeds = { x: wave(3 * 72, 1.1) };

  it('a linear takes them without being told, and comes near the original', async () => {
    const { frozen, plain } = await opened({ bits, block });
    const run = (source: typeof frozen) =>
      evaluate({ y: linear(paramsFrom(source, 'a.q_proj'), x, 96) }, feeds, { folder: source.folder });
    const [got = [], wanted = []] = [(await run(frozen)).y, (await run(plain)).y];
    expect(error(got, wanted)).toBeLessThan(off);
    expect(error(got, wanted)).toBeGreaterThan(1e-4);
  });

  it('a fused linear cuts what it gives', async () => {
    const { frozen } = await opened({ bits, block });
    const p = paramsFrom(frozen, 'a.q_proj');
    const [first = x, second = x, third = x] = fusedLinear(p, x, 3, 32);
    const got = await evaluate({ first, second, third, whole: linear(p, x, 96) }, feeds, { folder });
    const whole = [...(got.whole ?? [])];
    const part = (k: number) => [0, 1, 2].flatMap((row) => whole.slice(row * 96 + k * 32, row * 96 + (k + 1) * 32));
    for (const [k, v] of [got.first, got.second, got.third].entries())
      expect(largestDifference(v ?? [], part(k))).toBeLessThan(1e-6);
  });
});

it('an update learns beside a weight in 4 bits, and its input has a gradient', async () => {
  const { frozen } = await opened();
  const factors = askedParams();
  const lora = { rank: 2, alpha: 4, targets: ['q_proj'], within: 'a' };
  const p = paramsFrom(withLora(frozen, factors, lora), 'a.q_proj');
  const x = input('x', [3, 72]);
  const loss = reduceSum(linear(p, x, 96), [0, 1]);
  const gradients = grad(loss, [x, ...factors.asked.values()]);
  const names = ['x', ...factors.asked.keys()];
  const values = Object.fromEntries(
    [...factors.asked].map(([key, t]) => [key, wave((t.shape[0] ?? 0) * (t.shape[1] ?? 0))]),
  );
  const outputs = Object.fromEntries(gradients.map((g, i) => [`grad.${names[i]}`, g]));
  const feeds = { x: wave(3 * 72, 1.1), ...values };
  const got = await evaluate({ loss, ...outputs }, feeds, { folder, purpose: 'train' });
  const a = 'a.q_proj.lora_A.weight';
  const moved = Float32Array.from(values[a] ?? [], (v, i) => v + 1e-2 * (got[`grad.${a}`]?.[i] ?? 0));
  const then = await evaluate({ loss }, { ...feeds, [a]: moved }, { folder });
  const slope = (got[`grad.${a}`] ?? new Float64Array()).reduce((sum, g) => sum + g * g, 0);
  expect(((then.loss?.[0] ?? 0) - (got.loss?.[0] ?? 0)) / (1e-2 * slope)).toBeCloseTo(1, 2);
  expect(Math.hypot(...(got['grad.x'] ?? []))).toBeGreaterThan(0);
});
