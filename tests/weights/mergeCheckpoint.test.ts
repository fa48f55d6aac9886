// Versions that go out as whole checkpoints keep the number types of their base; versions are read back as they were written.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exportAdapter, mergeCheckpoint } from '../../main/weights/mergeCheckpoint.ts';
import { isCheckpoint, openCheckpoint } from '../../main/weights/openCheckpoint.ts';
import { isTaught, taughtIn, writeTaught } from '../../main/weights/taughtParts.ts';
import { bfloat16ToFloat32, float16ToFloat32, toBfloat16, toFloat16 } from '../../models/runtime/float16.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { toySamJson, toyTensors, writeToy } from './toyCheckpoint.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-merge-'));
afterAll(() => rmSync(root, { recursive: true }));
const at = (...names: string[]) => path.join(root, ...names);

const tensors = toyTensors({ lens: true });
const linear = 'model.layers.0.self_attn.q_proj';
const token = 'sam.sam_mask_decoder.mask_tokens.weight';
const shapeOf = (key: string): readonly number[] => tensors[key]?.shape ?? [];
const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => 0.25 * Math.sin(1 + i));
const sizeOf = (key: string) => shapeOf(key).reduce((a, b) => a * b, 1);

async function base(name: string): Promise<string> {
  const folder = await writeToy(at(name), { says: 'a', lens: true }, tensors);
  writeFileSync(at(name, 'segmenter.json'), JSON.stringify(toySamJson));
  return folder;
}

/** Of rank 1, beside one linear; and one tensor of the mask decoder. */
function version(of: string) {
  const [out = 0, wide = 0] = shapeOf(`${linear}.weight`);
  const adapter = {
    config: { peft_type: 'LORA', r: 1, lora_alpha: 3, bias: 'none', target_modules: ['q_proj'], revision: 'main' },
    factors: {
      [`${linear}.lora_A.weight`]: { shape: [1, wide], data: numbers(wide) },
      [`${linear}.lora_B.weight`]: { shape: [out, 1], data: numbers(out) },
    },
  };
  const parts = { [token]: { shape: [...shapeOf(token)], data: numbers(sizeOf(token)) } };
  return { base: of, adapter, parts };
}

describe('a checkpoint with all that was taught in it', () => {
  const halves = {
    bfloat16: (values: Float32Array) => bfloat16ToFloat32(toBfloat16(values)),
    float16: (values: Float32Array) => float16ToFloat32(toFloat16(values)),
  };

  it.each(['bfloat16', 'float16'] as const)('keeps %s, in which its base is stored', async (storage) => {
    const [folder, taught, whole] = [await base(storage), at(`${storage}-taught`), at(`${storage}-whole`)];
    await writeSafetensors(at(storage, 'model.safetensors'), tensors, { storage });
    await writeTaught(taught, version(folder));
    const told: number[] = [];
    await mergeCheckpoint(taught, whole, { onProgress: (done) => told.push(done) });
    const file = await openSafetensors(path.join(whole, 'model.safetensors'));
    expect(new Set([...file.tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set([storage]));
    expect(told).toEqual(Array.from({ length: file.tensors.size }, (_, i) => i + 1));
    expect(await file.read(token)).toEqual(halves[storage](numbers(sizeOf(token))));
    const before = await (await openSafetensors(folder)).read(`${linear}.weight`);
    const [out = 0, wide = 0] = shapeOf(`${linear}.weight`);
    const [a, b] = [numbers(wide), numbers(out)];
    const sum = before.map((value, i) => value + 3 * (b[Math.floor(i / wide)] ?? 0) * (a[i % wide] ?? 0));
    const merged = await file.read(`${linear}.weight`);
    for (const i of [0, 1, wide, sum.length - 1]) expect(merged[i]).toBeCloseTo(sum[i] ?? Number.NaN, 1);
    expect(await file.read('model.norm.weight')).toEqual(
      await (await openSafetensors(folder)).read('model.norm.weight'),
    );
  });

  it('has the texts of its base and no index of shards, and is opened without it', async () => {
    const folder = await base('ReasonSeg');
    writeFileSync(at('ReasonSeg', 'chat_template.jinja'), '{{ messages }}');
    await writeTaught(at('texts-taught'), version(folder));
    await mergeCheckpoint(at('texts-taught'), at('texts'));
    expect(readdirSync(at('texts')).sort()).toEqual([
      ...['chat_template.jinja', 'config.json', 'model.safetensors', 'recipe.json', 'segmenter.json', 'tokenizer.json'],
    ]);
    expect(JSON.parse(readFileSync(at('texts', 'recipe.json'), 'utf8'))).toBe('lens-reasonseg');
    const { recipe } = await openCheckpoint(folder);
    rmSync(folder, { recursive: true });
    expect((await openCheckpoint(at('texts'))).recipe).toEqual(recipe);
    await expect(openCheckpoint(at('texts-taught'))).rejects.toThrow(
      /is an adapter of .*ReasonSeg, which is not on this/,
    );
  });
});

describe('an adapter that goes out', () => {
  it('keeps the words of its configuration, and names a base of the Hub as the Hub does', async () => {
    const folder = await base(path.join('models--some--LENS', 'snapshots', 'c0'));
    await writeTaught(at('hub-taught'), version(folder));
    expect(await exportAdapter(at('hub-taught'), at('hub-adapter'))).toEqual({ base: 'some/LENS', left: 1 });
    const config = JSON.parse(readFileSync(at('hub-adapter', 'adapter_config.json'), 'utf8'));
    expect(config).toMatchObject({ r: 1, lora_alpha: 3, revision: 'main', base_model_name_or_path: 'some/LENS' });
    const file = await openSafetensors(at('hub-adapter', 'adapter_model.safetensors'));
    expect([...file.tensors.keys()].sort()).toEqual([
      `base_model.model.${linear}.lora_A.weight`,
      `base_model.model.${linear}.lora_B.weight`,
    ]);
  });
});

describe('a taught version', () => {
  it('is read back as it was written, with its base beside it or elsewhere', async () => {
    const folder = await base('beside');
    await writeTaught(at('kept'), { ...version(folder), base: '../beside' });
    expect([await isTaught(at('kept')), await isTaught(folder), await isCheckpoint(at('kept'))]).toEqual([
      true,
      false,
      true,
    ]);
    const read = await taughtIn(at('kept'));
    expect(read?.base).toBe(folder);
    expect(await read?.parts?.read(token)).toEqual(numbers(sizeOf(token)));
    expect(await taughtIn(folder)).toBeNull();
  });

  it('of masks alone holds no adapter, and of words alone no parts', async () => {
    const folder = await base('halves');
    await writeTaught(at('masks'), { ...version(folder), adapter: null });
    await writeTaught(at('words'), { ...version(folder), parts: {} });
    expect(readdirSync(at('masks')).sort()).toEqual(['loupe-parts.safetensors', 'taught.json']);
    expect((await taughtIn(at('words')))?.parts).toBeNull();
    expect((await openCheckpoint(at('masks'))).adapter).toBeNull();
    expect(await (await openCheckpoint(at('masks'))).read(token)).toEqual(numbers(sizeOf(token)));
  });

  it.each([
    ['is no JSON', '{', /taught\.json: does not name the checkpoint that was taught/],
    ['names nothing', '{"base": ""}', /taught\.json: does not name the checkpoint that was taught/],
    ['names a folder without a checkpoint', '{"base": "."}', /names .*, where no checkpoint is any more; put it back/],
  ])('whose taught.json %s is refused in one sentence', async (name, text, why) => {
    mkdirSync(at(name));
    writeFileSync(at(name, 'taught.json'), text);
    await expect(openCheckpoint(at(name))).rejects.toThrow(why);
    expect(existsSync(at(name, 'taught.json'))).toBe(true);
  });
});

describe('the sizes of a segmenter in segmenter.json', () => {
  it.each([
    ['no JSON', '{', /segmenter\.json: /],
    ['a part of them', '{"image_size": 128}', /segmenter\.json: The segmenter's configuration is unusable/],
    ['those of another', JSON.stringify({ ...toySamJson, dec_mlp: 24 }), /tensors do not fit: sam\./],
  ])('are refused in one sentence where they are %s', async (name, text, why) => {
    await base(`sam ${name}`);
    writeFileSync(at(`sam ${name}`, 'segmenter.json'), text);
    await expect(openCheckpoint(at(`sam ${name}`))).rejects.toThrow(why);
  });
});
