// Model files of other programs are told by name, or by their first bytes, with what to take instead; nothing in them is read.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openClickSegmenter } from '../../main/flow/clickSegmenter.ts';
import { loadPredictor } from '../../main/flow/predict.ts';
import { recogniseModel } from '../../main/flow/recogniseModel.ts';
import { writeSafetensors } from '../../models/runtime/writeSafetensors.ts';

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
