// The files of a model's folder: all that a model has, links of the Hub's cache among them, and no walk through a whole disk.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { recogniseModel } from '../../main/flow/recogniseModel.ts';
import { modelFiles } from '../../main/weights/modelFiles.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-model-files-'));
afterAll(() => rmSync(root, { recursive: true }));
const folderOf = (name: string): string => {
  const folder = path.join(root, name);
  mkdirSync(folder);
  return folder;
};

test('files in folders and links are listed; folders are not, whatever they are called', async () => {
  const folder = folderOf('snapshot');
  mkdirSync(path.join(folder, 'onnx', 'decoder.onnx'), { recursive: true });
  writeFileSync(path.join(folder, 'onnx', 'encoder.onnx'), '');
  writeFileSync(path.join(root, 'blob'), '');
  symlinkSync(path.join(root, 'blob'), path.join(folder, 'model.safetensors'));
  expect(await modelFiles(folder)).toEqual(['model.safetensors', path.join('onnx', 'encoder.onnx')]);
});

test('a folder of thousands of files is refused in one sentence, before all of it is read', async () => {
  const folder = folderOf('home');
  for (let i = 0; i < 60; i++) {
    mkdirSync(path.join(folder, `${i}`));
    for (let j = 0; j < 100; j++) writeFileSync(path.join(folder, `${i}`, `${j}`), '');
  }
  const why = `${folder}: holds more than 5000 files, which no model does; choose the model's own folder`;
  await expect(modelFiles(folder)).rejects.toThrow(why);
  await expect(recogniseModel(folder)).rejects.toThrow(why);
});

test('what lies deep below, or may not be read, is left out', async () => {
  const folder = folderOf('deep');
  mkdirSync(path.join(folder, 'a', 'b', 'c', 'd', 'e'), { recursive: true });
  for (const name of ['a/b/c/d/near.pt', 'a/b/c/d/e/far.pt']) writeFileSync(path.join(folder, name), '');
  const closed = path.join(folder, 'closed');
  mkdirSync(closed);
  chmodSync(closed, 0o000);
  expect(await modelFiles(folder)).toEqual([path.join('a', 'b', 'c', 'd', 'near.pt')]);
  chmodSync(closed, 0o700);
  await expect(modelFiles(path.join(root, 'nowhere'))).rejects.toThrow('ENOENT');
});
