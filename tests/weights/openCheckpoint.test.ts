// Checkpoints in the published layout at toy size: LENS with its own segmenter, Seg-Zero and others with one beside them.
import { mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { maskArea, maskBox } from '../../main/contract/rle.ts';
import { openPredictor } from '../../main/flow/predict.ts';
import { recogniseModel } from '../../main/flow/recogniseModel.ts';
import { quantiseWeights } from '../../main/weights/bits/quantise.ts';
import { embeddedWeights } from '../../main/weights/embedded.ts';
import {
  isCheckpoint,
  likelyRecipe,
  memoryWarnings,
  openCheckpoint,
  quantisedName,
} from '../../main/weights/openCheckpoint.ts';
import { recipes } from '../../main/weights/recipe.ts';
import { tensorsDigest } from '../../main/weights/version.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { golden, haveGolden } from '../golden.ts';
import { disc } from '../pictures/disc.ts';
import { configJson, toySam, toyTensors, writeToy } from './toyCheckpoint.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-checkpoint-'));
afterAll(() => rmSync(root, { recursive: true }));
const at = (name: string) => path.join(root, name);
const variants = { toy: toySam };
const { image } = disc(12);

const lensSays = '<think>the red one</think><answer>{"bbox": [20, 15, 56, 42]}</answer>';
const zeroSays =
  '<think>the red one</think><answer>{"bbox": [240, 210, 600, 630], "points_1": [420, 400], "points_2": [430, 390]}</answer>';

/** The masks of what a folder proposes. */
async function proposed(folder: string, segmenter: string | null = null) {
  const predictor = await openPredictor(await openCheckpoint(folder, variants), {}, segmenter);
  const proposal = await predictor.predict(image, { text: 'the disc' });
  await predictor.release();
  return proposal;
}

describe('LENS', () => {
  it('opens whole: words to a box in pixels of the picture, and the context token to a mask', async () => {
    const folder = await writeToy(at('LENS'), { says: lensSays, lens: true });
    const weights = await openCheckpoint(folder, variants);
    expect(weights.recipe).toBe(recipes['lens-released']);
    expect(weights.context).toMatchObject({ numOfQuery: 3, blocks: 1, samWidth: 16 });
    const { answer, objects, frame, found } = await proposed(folder);
    expect([answer.text, answer.reasoning, found]).toEqual([lensSays, 'the red one', 'objects']);
    // 72 x 60 seen as 84 x 56.
    expect(frame).toEqual({ width: 84, height: 56 });
    expect(objects[0]?.box.x1).toBeCloseTo((20 * 72) / 84, 6);
    expect(objects[0]?.mask.size).toEqual([60, 72]);
  });

  it('draws by its context token where its text names no box, as the released code does', async () => {
    const folder = await writeToy(at('wordless'), { says: 'I cannot say where', lens: true });
    const { objects, found } = await proposed(folder);
    expect(found).toBe('objects');
    expect(objects[0]?.box).toEqual(maskBox(objects[0]?.mask ?? { size: [60, 72], counts: [] }));
    expect(objects[0]?.mask).toEqual((await proposed(folder)).objects[0]?.mask);
  });

  it('answers about a large photograph, whose picture alone is longer than the total of the published evaluation', async () => {
    const predictor = await openPredictor(await openCheckpoint(at('LENS'), variants), {}, null);
    const large = { width: 1280, height: 960, data: new Uint8Array(1280 * 960 * 3).fill(90) };
    const { answer, objects } = await predictor.predict(large, { text: 'the disc' });
    await predictor.release();
    expect([answer.text, objects.length]).toEqual([lensSays, 1]);
  });

  it('hears its queries: with other ones the mask is another', async () => {
    const tensors = toyTensors({ lens: true });
    const query = tensors.learnable_query;
    if (!query) throw new Error('no queries');
    const data = Float32Array.from(query.data as Float32Array, (value) => 3 - 2 * Number(value));
    const folder = await writeToy(
      at('other'),
      { says: lensSays, lens: true },
      { ...tensors, learnable_query: { ...query, data } },
    );
    expect((await proposed(folder)).objects[0]?.mask).not.toEqual((await proposed(at('LENS'))).objects[0]?.mask);
  });

  it('is the same under the names of newer libraries, in shards, and behind the links of the cache', async () => {
    const first = await proposed(at('LENS'));
    const tensors = Object.entries(toyTensors({ lens: true })).map(([name, tensor]) => {
      const newer = name.replace(/^model\./, 'model.language_model.').replace(/^visual\./, 'model.visual.');
      return [newer, tensor] as const;
    });
    const snapshot = at('models--Someone--LENS_ReasonSeg_FT/snapshots/1');
    await writeToy(snapshot, { says: lensSays, lens: true }, {});
    unlinkSync(path.join(snapshot, 'model.safetensors'));
    const half = Math.ceil(tensors.length / 2);
    const shards = [tensors.slice(0, half), tensors.slice(half)];
    const map: Record<string, string> = {};
    for (const [i, shard] of shards.entries()) {
      const name = `model-0000${i + 1}-of-00002.safetensors`;
      await writeSafetensors(at(`blob${i}`), Object.fromEntries(shard));
      symlinkSync(at(`blob${i}`), path.join(snapshot, name));
      for (const [key] of shard) map[key] = name;
    }
    writeFileSync(
      path.join(snapshot, 'model.safetensors.index.json'),
      JSON.stringify({ metadata: {}, weight_map: map }),
    );
    const weights = await openCheckpoint(snapshot, variants);
    expect([weights.name, weights.recipe]).toEqual(['Someone/LENS_ReasonSeg_FT', recipes['lens-reasonseg']]);
    // Asked as the first, it answers as the first.
    writeFileSync(path.join(snapshot, 'recipe.json'), '"lens-released"');
    const second = await proposed(snapshot);
    expect(second.objects).toEqual(first.objects);
  });

  it('with weights in few bits beside it uses them, in place of those they stand for', async () => {
    const folder = await writeToy(at('few'), { says: lensSays, lens: true });
    const before = await openCheckpoint(folder, variants);
    const key = 'visual.blocks.0.mlp.up_proj';
    expect(before.params.at(key).quantised('weight', 48, 32)).toBeNull();
    // What was asked for last counts.
    for (const bits of [4, 8] as const) {
      await quantiseWeights(await openSafetensors(folder), {
        ...{ to: path.join(folder, quantisedName), bits, block: 32 },
        chooses: (name, shape) => /^visual\..*mlp.*weight$/.test(name) && shape.length === 2,
      });
      const after = await openCheckpoint(folder, variants);
      expect(after.params.at(key).quantised('weight', 48, 32)?.bits).toBe(bits);
    }
    expect((await proposed(folder)).answer.text).toBe(lensSays);
  });
});

it('weights in few bits are refused where the checkpoint is another now, and taken where it is as it was', async () => {
  const folder = await writeToy(at('changed'), { says: zeroSays });
  const plan = { to: path.join(folder, quantisedName), bits: 4, block: 32 } as const;
  await quantiseWeights(await openSafetensors(folder), { ...plan, from: await tensorsDigest(folder) });
  await openCheckpoint(folder);
  const tensors = toyTensors({ says: zeroSays });
  const bias = { shape: [96], data: new Float32Array(96).fill(0.25) };
  await writeToy(folder, { says: zeroSays }, { ...tensors, 'visual.blocks.0.attn.qkv.bias': bias });
  await expect(openCheckpoint(folder)).rejects.toThrow(
    /loupe-quantised\.safetensors: was written from other weights than lie beside it now; remove it, or write it anew/,
  );
  await quantiseWeights(await openSafetensors(folder), { ...plan, from: await tensorsDigest(folder) });
  await openCheckpoint(folder);
});

describe('a checkpoint without a segmenter', () => {
  it('says that it needs one, before anything is computed', async () => {
    await writeToy(at('Seg-Zero-3B'), { says: zeroSays });
    await expect(proposed(at('Seg-Zero-3B'))).rejects.toThrow(/^Seg-Zero-3B: writes boxes .* choose one/);
  });

  it('gives box and points to the one beside it, and says whose the masks are', async () => {
    const predictor = await openPredictor(await openCheckpoint(at('Seg-Zero-3B')), {}, embeddedWeights);
    const { answer, objects, frame } = await predictor.predict(image, { text: 'the disc.' });
    expect([answer.text, frame, predictor.segmenterName]).toEqual([
      zeroSays,
      { width: 840, height: 840 },
      'loupe-nano',
    ]);
    const [x, y] = [72 / 840, 60 / 840];
    const box = { x1: 240 * x, y1: 210 * y, x2: 600 * x, y2: 630 * y };
    const points = [
      { x: 420 * x, y: 400 * y, sign: '+' },
      { x: 430 * x, y: 390 * y, sign: '+' },
    ] as const;
    const alone = await predictor.segment(image, { box, points });
    expect(maskArea(alone)).toBeGreaterThan(0);
    expect(objects.map(({ mask }) => mask)).toEqual([alone]);
    await predictor.release();
  });
});

describe('what is asked of whom', () => {
  const qwen = { reasoner: { vision: { style: 'qwen2.5' } }, context: null };
  const named = (folder: string, parts: object = {}) => likelyRecipe(folder, { ...qwen, ...parts } as never);

  it('follows from names and tensors', () => {
    expect(named('/m/Seg-Zero-7B')).toBe('seg-zero');
    expect(named('/m/VisionReasoner-7B')).toBe('vision-reasoner');
    expect(named('/m/Qwen2.5-VL-3B-Instruct')).toBe('qwen-zero-shot');
    expect(named('/m/LENS_ReasonSeg_CoT', { context: {} })).toBe('lens-reasonseg-cot');
    expect(named('/m/LENS-2B', { context: {}, reasoner: { vision: { style: 'qwen2' } } })).toBe('lens-2b-released');
  });

  it('is overruled by recipe.json, which is refused in one sentence where it makes no sense', async () => {
    const folder = await writeToy(at('own'), { says: zeroSays });
    writeFileSync(path.join(folder, 'recipe.json'), '"vision-reasoner"');
    expect((await openCheckpoint(folder, variants)).recipe).toBe(recipes['vision-reasoner']);
    writeFileSync(path.join(folder, 'recipe.json'), '"vision-raisin"');
    await expect(openCheckpoint(folder, variants)).rejects.toThrow(
      /recipe\.json: its recipe "vision-raisin" is not known/,
    );
  });

  it('is told when a model is recognised', async () => {
    expect(await recogniseModel(at('Seg-Zero-3B'))).toEqual({
      kind: 'Qwen2.5-VL checkpoint',
      detail: '1 layers of 272, asked as seg-zero, takes a segmenter beside it',
    });
    const old = await writeToy(at('old'), { says: zeroSays, kind: 'qwen2_vl' });
    expect(await recogniseModel(old)).toMatchObject({ kind: 'Qwen2-VL checkpoint' });
  });
});

describe('weights that this machine has no room for', () => {
  it('are told with what to do, and others are not', () => {
    expect(memoryWarnings('LENS', 8.9e9, 16e9)).toEqual([]);
    expect(memoryWarnings('LENS', 8.9e9, 8e9)).toEqual([
      expect.stringMatching(/^LENS reads 8\.9 GB of weights and this machine has 8\.0 GB .*loupe model quantise/),
    ]);
  });
});

describe('a checkpoint that cannot be used', () => {
  it('lists the tensors that are missing or of another shape', async () => {
    const { 'visual.merger.ln_q.weight': _, ...tensors } = toyTensors({ lens: true });
    const norm = { shape: [271], data: new Float32Array(271) };
    const folder = await writeToy(at('broken'), { says: 'x', lens: true }, { ...tensors, 'model.norm.weight': norm });
    await expect(openCheckpoint(folder, variants)).rejects.toThrow(
      /broken: 2 of \d+ tensors do not fit: .*visual\.merger\.ln_q\.weight \[\d+\] is missing.*model\.norm\.weight is \[271\], not \[272\]/,
    );
  });

  it('lists those of a type that no graph computes in', async () => {
    const whole = { shape: [272], data: new BigInt64Array(272) };
    const folder = await writeToy(at('whole'), { says: 'x' }, { ...toyTensors({}), 'model.norm.weight': whole });
    await expect(openCheckpoint(folder)).rejects.toThrow(
      /whole: 1 of \d+ tensors do not fit: model\.norm\.weight is int64, not one of float32, float16, bfloat16/,
    );
  });

  it('warns of tensors that nothing reads: more layers than its configuration has', async () => {
    const more = { shape: [272], data: new Float32Array(272) };
    const tensors = { ...toyTensors({}), 'model.layers.1.input_layernorm.weight': more, 'other.thing': more };
    const folder = await writeToy(at('deeper'), { says: 'x' }, tensors);
    expect((await openCheckpoint(folder)).warnings).toEqual([
      'deeper holds tensors that no part of it reads (model.layers.1.input_layernorm.weight): its config.json may be of another model.',
    ]);
    expect((await openCheckpoint(await writeToy(at('plain'), { says: 'x' }))).warnings).toEqual([]);
  });

  it('in shards without their index is told so', async () => {
    const folder = await writeToy(at('no index'), { says: 'x' });
    await rename(path.join(folder, 'model.safetensors'), path.join(folder, 'model-00001-of-00001.safetensors'));
    await expect(openCheckpoint(folder)).rejects.toThrow(
      /no index: holds model-00001-of-00001\.safetensors without the index of its shards/,
    );
  });

  it('without tokenizer or tensors, or with a tokenizer of another model, is one sentence', async () => {
    const folder = await writeToy(at('parts'), { says: 'x' });
    const [tokenizer, model] = ['tokenizer.json', 'model.safetensors'].map((name) => path.join(folder, name));
    await rename(tokenizer ?? '', at('kept.json'));
    await expect(openCheckpoint(folder)).rejects.toThrow(/tokenizer\.json: does not exist/);
    const config = path.join(folder, 'config.json');
    await rename(at('kept.json'), tokenizer ?? '');
    const json = { ...configJson(), image_token_id: 7 };
    writeFileSync(config, JSON.stringify(json));
    await expect(openCheckpoint(folder)).rejects.toThrow(/<\|image_pad\|> is 261, but config\.json says 7/);
    unlinkSync(model ?? '');
    writeFileSync(config, JSON.stringify({ ...json, image_token_id: 261 }));
    await expect(openCheckpoint(folder)).rejects.toThrow(/holds neither model\.safetensors/);
  });
});

describe.skipIf(!haveGolden).each(['qwen25vl-tiny', 'qwen2vl-tiny'])('%s', (name) => {
  it('opens as transformers wrote it', async () => {
    expect(await isCheckpoint(golden(name))).toBe(true);
    const { segmenter, context, tokenizer, reasoner } = await openCheckpoint(golden(name));
    expect([segmenter, context]).toEqual([null, null]);
    expect(tokenizer.special.get('<|image_pad|>')).toBe(reasoner.imageToken);
  });
});

describe('a checkpoint with low-rank updates', () => {
  it('is refused in a sentence with the first of them: no graph would apply them', async () => {
    const key = 'model.layers.0.self_attn.q_proj.lora_A.weight';
    const tensors = { ...toyTensors({}), [key]: { shape: [1, 64], data: new Float32Array(64) } };
    const folder = await writeToy(at('adapted'), { says: 'dog' }, tensors);
    await expect(recogniseModel(folder)).rejects.toThrow(
      `${folder}: holds low-rank updates (1 tensors, as ${key}) that are not applied; merge them into the weights first`,
    );
  });
});
