// Model files of other programs are told by name, or by their first bytes, with what to take instead; nothing in them is read.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openClickSegmenter } from '../../main/flow/clickSegmenter.ts';
import { loadPredictor } from '../../main/flow/predict.ts';
import { recogniseModel } from '../../main/flow/recogniseModel.ts';
import { writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { torchArchive } from './torchArchive.ts';
import { configJson, toySamJson, toyTensors, writeToy, writeToySam } from './toyCheckpoint.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-foreign-'));
afterAll(() => rmSync(root, { recursive: true }));

function fileOf(folder: string, name: string, bytes = 'something'): string {
  mkdirSync(path.join(root, folder), { recursive: true });
  const file = path.join(root, folder, name);
  writeFileSync(file, bytes);
  return file;
}

const files = [
  ['Qwen2.5-VL-3B-Q4_0.gguf', /is a model of llama\.cpp, which Loupe does not read; take the checkpoint/u],
  ['sam2_encoder.engine', /is a TensorRT engine, built for one kind of GPU/u],
  ['SAM2.mlmodel', /is a Core ML model/u],
  ['mobile_sam.tflite', /is a TensorFlow Lite model/u],
  ['sam.ort', /take the \.onnx file that it was made from/u],
  ['model_final_f10217.pkl', /a detector is not run here: let it write its boxes or masks as COCO/u],
  ['sam_lightning.ckpt', /is a checkpoint of a training .*save its weights alone \(the state_dict\)/u],
  ['flax_model.msgpack', /is a Flax model/u],
  ['model.safetensors.incomplete', /is a download that has not ended, .*let it end/u],
  ['LENS.zip', /unpack it and give the folder/u],
] as const;

describe.each(files)('%s', (name, sentence) => {
  it('is named as a file, in its folder, and as a segmenter', async () => {
    const file = fileOf(name.replaceAll('.', '-'), name);
    const named = new RegExp(`^${file}: .*${sentence.source}`, 'u');
    for (const place of [file, path.dirname(file)]) {
      await expect(recogniseModel(place)).rejects.toThrow(named);
      await expect(openClickSegmenter(place)).rejects.toThrow(named);
    }
    await expect(loadPredictor(path.dirname(file), {})).rejects.toThrow(named);
  });
});

it('a GGUF file under any name is told by its first bytes', async () => {
  const file = fileOf('ollama', 'sha256-e1afe462', 'GGUF\x03\0\0\0');
  await expect(recogniseModel(file)).rejects.toThrow(`${file}: is a model of llama.cpp`);
});

it('a single ONNX file is wanted with its folder', async () => {
  const file = fileOf('onnx', 'encoder.onnx');
  await expect(recogniseModel(file)).rejects.toThrow('import the folder that holds it');
});

it.each([
  ['model.0.conv.weight', 'YOLO'],
  ['roi_heads.box_head.fc1.weight', 'detectron2'],
  ['sem_seg_head.predictor.query_feat.weight', 'Mask2Former'],
  ['text_model.encoder.layers.0.mlp.fc1.weight', 'CLIP'],
])('tensors such as %s are of %s', async (key, system) => {
  const file = path.join(root, `${system}.safetensors`);
  await writeSafetensors(file, { [key]: { shape: [1], data: Float32Array.of(1) } });
  await expect(recogniseModel(file)).rejects.toThrow(`its tensors look like those of ${system}; Loupe reads SAM 1`);
});

describe('a folder of a reasoner', () => {
  const says = '<answer>none</answer>';
  const kind = 'qwen2_5_vl';
  const tensors = toyTensors({ says, kind });
  const linear = 'model.layers.0.mlp.down_proj';
  const one = { shape: [1], data: Float32Array.of(1) };
  const at = (...names: string[]) => path.join(root, ...names);

  /** Without the weight of one linear, and with what stands in its place. */
  async function folderOf(
    name: string,
    others: readonly string[],
    change: Record<string, unknown> = {},
  ): Promise<string> {
    const { [`${linear}.weight`]: _, ...rest } = tensors;
    await writeToy(at(name), { says, kind }, { ...rest, ...Object.fromEntries(others.map((key) => [key, one])) });
    writeFileSync(at(name, 'config.json'), JSON.stringify({ ...configJson(kind), ...change }));
    return at(name);
  }

  async function sentences(place: string): Promise<string[]> {
    const said = (error: Error) => error.message;
    return Promise.all([
      recogniseModel(place).then(() => 'recognised', said),
      loadPredictor(place, {}).then(() => 'opened', said),
    ]);
  }

  it.each([
    ['AWQ or GPTQ', [`${linear}.qweight`, `${linear}.qzeros`, `${linear}.scales`]],
    ['bitsandbytes', [`${linear}.weight`, `${linear}.weight.absmax`]],
    ['MLX', [`${linear}.weight`, `${linear}.scales`, `${linear}.biases`]],
    ['llm-compressor', [`${linear}.weight_packed`, `${linear}.weight_scale`]],
  ])('in few bits of %s is told by its tensors, with what to take', async (by, others) => {
    const place = await folderOf(by, others, { quantization_config: {} });
    for (const said of await sentences(place))
      expect(said).toMatch(
        new RegExp(`^${place}: was quantised by ${by}, .*take the checkpoint .*"loupe model quantise"`),
      );
  });

  it('in floating point of 8 bits is refused by the tensor, before anything is loaded', async () => {
    const place = await folderOf('fp8', []);
    const header = Buffer.from(
      JSON.stringify({ [`${linear}.weight`]: { dtype: 'F8_E4M3', shape: [2], data_offsets: [0, 2] } }),
    );
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(at('fp8', 'model.safetensors'), Buffer.concat([length, header, Buffer.alloc(2)]));
    for (const said of await sentences(place))
      expect(said).toMatch(
        /model\.safetensors: tensor ".*down_proj\.weight" is quantised \(F8_E4M3\), .*16 or 32 bits/,
      );
  });

  it('without a tensor, or with those of a program that orders them otherwise', async () => {
    await writeToy(at('empty'), { says, kind }, {});
    for (const said of await sentences(at('empty'))) expect(said).toMatch(/hold no tensor; download them again/);
    const place = await folderOf('mlx names', [
      'vision_tower.blocks.0.norm1.weight',
      'language_model.model.norm.weight',
    ]);
    for (const said of await sentences(place)) expect(said).toMatch(/under the names of MLX or another program/);
  });

  it('of another kind is named, and a segmenter sent to where it belongs', async () => {
    const llava = await folderOf('llava', [], { model_type: 'llava' });
    for (const said of await sentences(llava))
      expect(said).toBe(
        `${at('llava', 'config.json')}: is of "llava", which Loupe does not read; it reads Qwen2.5-VL, Qwen2-VL and what was trained from them`,
      );
    const sam = await folderOf('sam', [], { model_type: 'sam2' });
    await expect(loadPredictor(sam, {})).rejects.toThrow(/is of a segmenter \("sam2"\), which takes no words/);
  });

  it('is taken as a segmenter by the SAM 2 in it, and where there is none that is said', async () => {
    await writeToy(at('LENS'), { says, lens: true });
    writeFileSync(at('LENS', 'segmenter.json'), JSON.stringify(toySamJson));
    const segmenter = await openClickSegmenter(at('LENS'));
    expect(segmenter.name).toBe('sam2-own');
    await segmenter.release();
    await writeToy(at('words alone'), { says, kind });
    await expect(openClickSegmenter(at('words alone'))).rejects.toThrow(/model\.safetensors: holds no SAM 2/);
    await expect(openClickSegmenter(await folderOf('other', [], { model_type: 'llava' }))).rejects.toThrow(
      /is of "llava"/,
    );
    for (const name of ['many/one', 'many/two']) await writeToySam(at(name));
    for (const name of ['many/one', 'many/two']) writeFileSync(at(name, 'config.json'), '{"model_type": "sam2"}');
    await expect(openClickSegmenter(at('many'))).rejects.toThrow('holds several models (one, two)');
    expect((await openClickSegmenter(at('many', 'one'))).name).toBe('sam2-own');
  });

  it('that torch saved in shards, of which some are not there', async () => {
    await writeToy(at('shards'), { says, kind }, tensors);
    rmSync(at('shards', 'model.safetensors'));
    writeFileSync(at('shards', 'pytorch_model.bin.index.json'), '{}');
    for (const said of await sentences(at('shards')))
      expect(said).toMatch(/index\.json without the shards that it names/);
    writeFileSync(at('shards', 'pytorch_model-00001-of-00003.bin'), torchArchive({ a: one }));
    for (const said of await sentences(at('shards')))
      expect(said).toMatch(/holds 1 of the 3 shards of pytorch_model\.bin/);
  });

  it('beside others: which one is meant is asked', async () => {
    for (const name of ['several/one', 'several/two', 'single/snapshots/abc']) await writeToy(at(name), { says, kind });
    await expect(loadPredictor(at('single'), {})).rejects.toThrow(/its model is in snapshots.abc; choose the folder/);
    await expect(recogniseModel(at('several'))).rejects.toThrow(
      'holds several models (one, two); choose the folder of one',
    );
    await expect(recogniseModel(at('single'))).rejects.toThrow(
      /its model is in snapshots.abc; choose the folder of that/,
    );
  });
});

describe('what only stands for a file', () => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 4999\n`;
  const says = '<answer>none</answer>';

  it.each(['config.json', 'tokenizer.json', 'model.safetensors', 'pytorch_model.bin'])(
    'a pointer of Git LFS is told in the place of %s',
    async (name) => {
      const place = await writeToy(path.join(root, `pointer ${name}`), { says, kind: 'qwen2_5_vl' });
      if (name.endsWith('.bin')) rmSync(path.join(place, 'model.safetensors'));
      writeFileSync(path.join(place, name), pointer);
      const sentence = `${path.join(place, name)}: is a Git LFS pointer, not the file itself; fetch it with "git lfs pull"`;
      await expect(recogniseModel(place)).rejects.toThrow(sentence);
      await expect(loadPredictor(place, {})).rejects.toThrow(sentence);
    },
  );

  it.each(['sam2.pt', 'sam.safetensors', 'encoder.onnx', 'adapter_config.json'])('and of %s alone', async (name) => {
    const file = fileOf(`alone ${name}`, name, pointer);
    await expect(recogniseModel(path.dirname(file))).rejects.toThrow(`${file}: is a Git LFS pointer`);
  });

  it.each(['config.json', 'model.safetensors'])('a link of the Hub’s cache that leads nowhere: %s', async (name) => {
    const place = await writeToy(path.join(root, `link ${name}`), { says, kind: 'qwen2_5_vl' });
    rmSync(path.join(place, name));
    symlinkSync(path.join(root, 'blobs', 'gone'), path.join(place, name));
    await expect(recogniseModel(place)).rejects.toThrow(
      `${path.join(place, name)}: is a link to a file that is not there; download it again`,
    );
  });

  it('a link of the Hub’s cache to a segmenter that leads nowhere', async () => {
    mkdirSync(path.join(root, 'linked'));
    symlinkSync(path.join(root, 'blobs', 'gone'), path.join(root, 'linked', 'sam2.pt'));
    await expect(openClickSegmenter(path.join(root, 'linked'))).rejects.toThrow(
      /sam2\.pt: is a link to a file that is not/,
    );
  });
});
