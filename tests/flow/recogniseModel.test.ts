// Which file of a folder is named where what lies in it cannot be told: a damaged config.json, not all that is missing beside it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import { recogniseModel } from '../../main/flow/recogniseModel.ts';
import { untaughtWeights } from '../learn/teaching.ts';
import { writeToy } from '../weights/toyCheckpoint.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-recognise-'));
const own = await untaughtWeights();
afterAll(() => {
  rmSync(root, { recursive: true });
  rmSync(own.root, { recursive: true });
});

const broken = [
  ['{"model_type": "qwen2_5_vl", "hidd', 'is not JSON'],
  ['', 'is empty'],
  ['\0\0\0\0', 'is not JSON'],
  ['[1]', 'is no JSON object'],
  ['null', 'is no JSON object'],
] as const;

describe('a damaged config.json', () => {
  it.each(broken)('that says %j is named with a checkpoint beside it', async (text, why) => {
    const folder = await writeToy(path.join(root, `checkpoint ${broken.findIndex(([one]) => one === text)}`), {
      says: 'a',
    });
    expect(await recogniseModel(folder)).toMatchObject({ kind: 'Qwen2.5-VL checkpoint' });
    const file = path.join(folder, 'config.json');
    writeFileSync(file, text);
    const refused = recogniseModel(folder);
    await expect(refused).rejects.toThrow(BadInput);
    await expect(refused).rejects.toThrow(`${file}: ${why}; download it again, or write it anew`);
  });

  it.each(broken)('that says %j is named where no tensors are known', async (text, why) => {
    const folder = mkdtempSync(path.join(root, 'alone-'));
    writeFileSync(path.join(folder, 'config.json'), text);
    writeFileSync(path.join(folder, 'pytorch_model.bin'), 'weights');
    await expect(recogniseModel(folder)).rejects.toThrow(`config.json: ${why}`);
  });

  it('is named of weights of Loupe as well', async () => {
    expect(await recogniseModel(own.weights)).toEqual({ kind: 'weights', detail: 'toy' });
    writeFileSync(path.join(own.weights, 'config.json'), '{"context": ');
    await expect(recogniseModel(own.weights)).rejects.toThrow(`${own.weights}${path.sep}config.json: is not JSON`);
  });

  it('is no matter of a folder that has none', async () => {
    const folder = mkdtempSync(path.join(root, 'none-'));
    await expect(recogniseModel(folder)).rejects.toThrow('holds neither .onnx nor .safetensors, .pt or .pth files');
  });
});
