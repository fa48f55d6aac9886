// Adapters of peft beside checkpoints at toy size: they answer as the merged weights do, from their own folder, and are refused by name.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { openPredictor } from '../../main/flow/predict.ts';
import { recogniseModel } from '../../main/flow/recogniseModel.ts';
import { isCheckpoint, openCheckpoint } from '../../main/weights/openCheckpoint.ts';
import { weightsVersion } from '../../main/weights/version.ts';
import { type TensorToWrite, writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { mergeLora } from '../../models/train/lora.ts';
import { disc } from '../pictures/disc.ts';
import { zip } from '../zip.ts';
import { torchArchive } from './torchArchive.ts';
import { toySam, toySamJson, toyTensors, writeToy } from './toyCheckpoint.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-adapter-'));
afterAll(() => rmSync(root, { recursive: true }));
const at = (...names: string[]) => path.join(root, ...names);
const variants = { toy: toySam };
const { image } = disc(12);
const says = '<think>red</think><answer>{"bbox": [20, 15, 56, 42]}</answer>';

/** Of a layer, of the fused weight of the vision tower, and of the context module's neighbour. */
const rank = 2;
const linears = ['model.layers.0.mlp.down_proj', 'model.layers.0.mlp.up_proj', 'visual.blocks.0.attn.qkv', 'lm_head'];
const tensors = toyTensors({ lens: true });

function factorsOf(
  linear: string,
  strength = 0.1,
): { a: Float32Array<ArrayBuffer>; b: Float32Array<ArrayBuffer>; shape: readonly number[] } {
  const { shape } = tensors[`${linear}.weight`] ?? { shape: [] };
  const [out = 0, wide = 0] = shape;
  const values = (count: number) => Float32Array.from({ length: count }, (_, i) => strength * Math.sin(1 + i * 1.7));
  return { a: values(rank * wide), b: values(out * rank), shape };
}

async function writeAdapter(name: string, config: object, more: Record<string, TensorToWrite> = {}): Promise<string> {
  mkdirSync(at(name), { recursive: true });
  const own = {
    peft_type: 'LORA',
    r: rank,
    lora_alpha: 4,
    target_modules: ['up_proj', 'qkv', 'lm_head'],
    bias: 'none',
  };
  writeFileSync(at(name, 'adapter_config.json'), JSON.stringify({ ...own, ...config }));
  await writeSafetensors(at(name, 'adapter_model.safetensors'), { ...adapterTensors(), ...more });
  return at(name);
}

function adapterTensors(): Record<string, { shape: readonly number[]; data: Float32Array<ArrayBuffer> }> {
  const factors = linears.flatMap((linear) => {
    const { a, b, shape } = factorsOf(linear);
    // Newer libraries have a longer path in front.
    const key = `base_model.model.${linear.replace(/^model\./, 'model.language_model.').replace(/^visual\./, 'model.visual.')}`;
    return [
      [`${key}.lora_A.weight`, { shape: [rank, shape[1] ?? 0], data: a }],
      [`${key}.lora_B.weight`, { shape: [shape[0] ?? 0, rank], data: b }],
    ] as const;
  });
  return Object.fromEntries(factors);
}

/** The weights with the updates added as numbers. */
function merged(alpha: number): Record<string, TensorToWrite> {
  const changed = linears.map((linear) => {
    const { shape, data } = tensors[`${linear}.weight`] ?? { shape: [], data: new Float32Array() };
    const lora = { rank, alpha, targets: [], within: '' };
    return [
      `${linear}.weight`,
      { shape, data: mergeLora(Float32Array.from(data as Float32Array), { ...factorsOf(linear), lora }) },
    ];
  });
  return { ...tensors, ...Object.fromEntries(changed) };
}

async function masksOf(folder: string) {
  const predictor = await openPredictor(await openCheckpoint(folder, variants), {}, null);
  const { answer, objects } = await predictor.predict(image, { text: 'the disc' });
  await predictor.release();
  return { text: answer.text, masks: objects.map(({ mask }) => mask), probabilities: answer.logProbabilities ?? [] };
}

describe('an adapter', () => {
  it('answers as the merged checkpoint does, and not as the bare one', async () => {
    await writeToy(at('LENS'), { says, lens: true }, tensors);
    await writeToy(at('merged', 'LENS'), { says, lens: true }, merged(4));
    const folder = await writeAdapter('tuned', { base_model_name_or_path: '../LENS' });
    const [bare, beside, whole] = [
      await masksOf(at('LENS')),
      await masksOf(folder),
      await masksOf(at('merged', 'LENS')),
    ];
    expect(beside.text).toBe(whole.text);
    for (const [i, value] of whole.probabilities.entries()) expect(beside.probabilities[i]).toBeCloseTo(value, 4);
    expect(beside.probabilities.some((value, i) => Math.abs(value - (bare.probabilities[i] ?? 0)) > 1e-4)).toBe(true);
  }, 120_000);

  it('goes out again as one whole checkpoint, and as the adapter that came in', async () => {
    const { exportAdapter, mergeCheckpoint } = await import('../../main/weights/mergeCheckpoint.ts');
    writeFileSync(at('LENS', 'segmenter.json'), JSON.stringify(toySamJson));
    await mergeCheckpoint(at('tuned'), at('out'));
    expect(await exportAdapter(at('tuned'), at('again'))).toEqual({ base: at('LENS'), left: 0 });
    const [came, whole, again] = await Promise.all(['tuned', 'out', 'again'].map((name) => openCheckpoint(at(name))));
    for (const linear of linears) {
      const key = `${linear}.weight`;
      const { a, b } = factorsOf(linear);
      const sum = mergeLora(Float32Array.from(tensors[key]?.data as Float32Array), {
        ...{ a, b, lora: { rank, alpha: 4, targets: [], within: '' } },
      });
      expect(await whole?.read(key)).toEqual(sum);
      expect(again?.adapter?.scaleOf(linear)).toBe(came?.adapter?.scaleOf(linear));
    }
    expect(whole?.recipe).toEqual(came?.recipe);
    for (const name of came?.adapter?.file.tensors.keys() ?? [])
      expect(await again?.adapter?.file.read(name)).toEqual(await came?.adapter?.file.read(name));
    const [beside, inside] = [await masksOf(at('tuned')), await masksOf(at('out'))];
    expect(inside.text).toBe(beside.text);
    for (const [i, value] of beside.probabilities.entries()) expect(inside.probabilities[i]).toBeCloseTo(value, 4);
    await expect(mergeCheckpoint(at('tuned'), at('out'))).rejects.toThrow('is not empty; name a new folder');
    await expect(exportAdapter(at('LENS'), at('none'))).rejects.toThrow('its weights are whole as they are');
  }, 120_000);

  it('is a model of its own: recognised, named by its folder, with a version that changes with it', async () => {
    const folder = at('tuned');
    expect(await isCheckpoint(folder)).toBe(true);
    expect((await openCheckpoint(folder, variants)).name).toBe('tuned');
    expect(await recogniseModel(folder)).toMatchObject({ kind: 'LENS checkpoint' });
    const before = await weightsVersion(folder, 'tuned');
    await writeAdapter('tuned', { base_model_name_or_path: '../LENS', lora_alpha: 8 });
    expect(await weightsVersion(folder, 'tuned')).not.toBe(before);
  });

  it('is read as torch saved it, too: merged, written as safetensors, with a version of its own', async () => {
    const { exportAdapter, mergeCheckpoint } = await import('../../main/weights/mergeCheckpoint.ts');
    const beside = await writeAdapter('saved as tensors', { base_model_name_or_path: '../LENS' });
    const folder = await writeAdapter('saved by torch', { base_model_name_or_path: '../LENS' });
    rmSync(path.join(folder, 'adapter_model.safetensors'));
    writeFileSync(path.join(folder, 'adapter_model.bin'), torchArchive(adapterTensors()));
    const [came, saved] = [await openCheckpoint(beside), await openCheckpoint(folder)];
    expect([...(saved.adapter?.file.tensors.keys() ?? [])].sort()).toEqual(
      [...(came.adapter?.file.tensors.keys() ?? [])].sort(),
    );
    expect(await masksOf(folder)).toEqual(await masksOf(beside));
    expect(await weightsVersion(folder, 'it')).not.toBe(await weightsVersion(beside, 'it'));
    await exportAdapter(folder, at('saved again'));
    const again = await openCheckpoint(at('saved again'));
    for (const name of came.adapter?.file.tensors.keys() ?? [])
      expect(await again.adapter?.file.read(name)).toEqual(await came.adapter?.file.read(name));
    await mergeCheckpoint(folder, at('saved and merged'));
    const key = `${linears[0]}.weight`;
    expect(await (await openCheckpoint(at('saved and merged'))).read(key)).toEqual(
      await (await openCheckpoint(at('out'))).read(key),
    );
  }, 120_000);

  it('counts by its rank, by its root, or as a pattern says', async () => {
    const { adapterIn } = await import('../../main/weights/adapter.ts');
    const scale = async (config: object) => {
      const adapter = await adapterIn(await writeAdapter('scaled', { base_model_name_or_path: at('LENS'), ...config }));
      return linears.map((linear) => adapter?.scaleOf(linear));
    };
    expect(await scale({})).toEqual([2, 2, 2, 2]);
    expect(await scale({ use_rslora: true })).toEqual(Array(4).fill(4 / Math.SQRT2));
    expect(await scale({ alpha_pattern: { up_proj: 6, 'blocks\\.\\d+\\.attn\\.qkv': 8 } })).toEqual([2, 3, 4, 2]);
  });

  it('counts as a pattern of newer libraries says, by the path that they had', async () => {
    const { adapterIn } = await import('../../main/weights/adapter.ts');
    const config = {
      base_model_name_or_path: at('LENS'),
      alpha_pattern: { 'language_model.layers.0.self_attn.q_proj': 8 },
    };
    const folder = await writeAdapter('newer', config);
    const newer = 'model.language_model.layers.0.self_attn.q_proj';
    const factor = { shape: [2, 2], data: new Float32Array(4) };
    await writeSafetensors(path.join(folder, 'adapter_model.safetensors'), {
      [`base_model.model.${newer}.lora_A.weight`]: factor,
      [`base_model.model.${newer}.lora_B.weight`]: factor,
    });
    expect((await adapterIn(folder))?.scaleOf('model.layers.0.self_attn.q_proj')).toBe(4);
  });

  it('finds its base in the cache of the Hub, by the name that it has there', async () => {
    vi.stubEnv('HF_HOME', at('cache'));
    const repository = at('cache', 'hub', 'models--some--LENS-base');
    await writeToy(path.join(repository, 'snapshots', 'c0'), { says, lens: true }, tensors);
    mkdirSync(path.join(repository, 'refs'));
    writeFileSync(path.join(repository, 'refs', 'main'), 'c0');
    const folder = await writeAdapter('cached', { base_model_name_or_path: 'some/LENS-base' });
    expect((await openCheckpoint(folder, variants)).context).not.toBeNull();
    vi.unstubAllEnvs();
  });
});

const dangerous = () => zip({ 'a/data.pkl': new TextEncoder().encode("cos\nsystem\n(S'true'\ntR.") });

describe('refused in one sentence is', () => {
  const refusal = async (config: object, more: Record<string, TensorToWrite> = {}) => {
    const folder = await writeAdapter('bad', { base_model_name_or_path: at('LENS'), ...config }, more);
    return openCheckpoint(folder, variants).then(
      () => '',
      (error: Error) => error.message,
    );
  };

  it.each([
    ['another kind of adapter', { peft_type: 'IA3' }, /adapter_config\.json: .*only LoRA is read/s],
    ['DoRA', { use_dora: true }, /DoRA is not read/],
    ['one with biases', { bias: 'all' }, /biases beside it are not read/],
    ['one of layers that are repeated', { layer_replication: [[0, 1]] }, /repeated layers are not read/],
    ['one with whole modules', { modules_to_save: ['lm_head'] }, /whole modules beside it are not read/],
    [
      'one whose base is nowhere',
      { base_model_name_or_path: 'no/where' },
      /is an adapter of no\/where, which is not on this machine/,
    ],
  ])('%s', async (_, config, sentence) => expect(await refusal(config)).toMatch(sentence));

  it.each([
    [
      'torch saved with something that runs',
      dangerous(),
      /adapter_model\.bin: its data\.pkl wants the Python object "os\.system"/,
    ],
    ['is no archive of torch', Buffer.from('<html>sign in</html>'), /adapter_model\.bin: is not a PyTorch file/],
    [
      'is of something else',
      torchArchive({ 'a.weight': { shape: [1], data: new Float32Array(1) } }),
      /adapter_model\.bin: "a\.weight" is no factor/,
    ],
  ])('one that %s', async (_, bytes, sentence) => {
    const folder = await writeAdapter('bad archive', { base_model_name_or_path: at('LENS') });
    rmSync(path.join(folder, 'adapter_model.safetensors'));
    writeFileSync(path.join(folder, 'adapter_model.bin'), bytes);
    await expect(openCheckpoint(folder, variants)).rejects.toThrow(sentence);
  });

  it('one of a table, which is looked up and not multiplied with', async () => {
    const { shape } = tensors['model.embed_tokens.weight'] ?? { shape: [] };
    const [out = 0, wide = 0] = shape;
    const key = 'base_model.model.model.embed_tokens';
    const more = {
      [`${key}.lora_A.weight`]: { shape: [rank, wide], data: new Float32Array(rank * wide) },
      [`${key}.lora_B.weight`]: { shape: [out, rank], data: new Float32Array(out * rank) },
    };
    expect(await refusal({}, more)).toMatch(/fit no linear of the checkpoint: model\.embed_tokens/);
  });

  it('one of a head that is the table of tokens', async () => {
    await writeToy(at('tied'), { says, lens: true }, tensors);
    const config = at('tied', 'config.json');
    writeFileSync(config, JSON.stringify({ ...JSON.parse(readFileSync(config, 'utf8')), tie_word_embeddings: true }));
    expect(await refusal({ base_model_name_or_path: at('tied') })).toMatch(
      /fit no linear of the checkpoint: lm_head\b/,
    );
  });

  it('one that fits no linear of the checkpoint', async () => {
    const one = { shape: [rank, 3], data: new Float32Array(rank * 3) };
    const key = 'base_model.model.model.layers.7.mlp.up_proj';
    const more = { [`${key}.lora_A.weight`]: one, [`${key}.lora_B.weight`]: { ...one, shape: [3, rank] } };
    expect(await refusal({}, more)).toMatch(
      /its updates fit no linear of the checkpoint: model\.layers\.7\.mlp\.up_proj/,
    );
    expect(await refusal({}, { 'base_model.model.lm_head.bias': one })).toMatch(
      /"lm_head\.bias" is no factor of a linear map/,
    );
  });
});
