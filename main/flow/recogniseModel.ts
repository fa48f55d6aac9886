// A folder or file that a person has -> what model it is, by its tensors and by the inputs of its ONNX files alone.
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { openTorchFile } from '../../models/runtime/torchFile.ts';
import { BadInput } from '../contract/badinput.ts';
import type { InstalledModel } from '../weights/catalogue.ts';
import { openWeights } from '../weights/open.ts';
import { openSam2 } from '../weights/openSam2.ts';
import { recogniseFolder } from './onnxSegmenter.ts';

export type Recognised = Pick<InstalledModel, 'kind' | 'detail'>;

/** Throws one sentence where it is no model that Loupe knows. */
export async function recogniseModel(place: string): Promise<Recognised> {
  const info = await stat(place).catch(() => null);
  if (!info) throw new BadInput(`${place}: there is no such file or folder`);
  if (info.isFile()) return recogniseCheckpoint(place, await tensorsOf(place));
  const names = await readdir(place, { recursive: true });
  if (names.some((name) => name.endsWith('.onnx'))) {
    const { dialect } = await recogniseFolder(place);
    return { kind: 'ONNX segmenter', detail: dialect.title };
  }
  if (names.includes('config.json') && names.includes('tokenizer.json') && names.includes('model.safetensors')) {
    const json: unknown = JSON.parse(await readFile(path.join(place, 'config.json'), 'utf8'));
    if (typeof json === 'object' && json !== null && 'context' in json) {
      const { name } = await openWeights(place);
      return { kind: 'weights', detail: name };
    }
  }
  const weights = names.filter((name) => /\.(pt|safetensors)$/.test(name)).sort();
  if (weights.length === 0) throw new BadInput(`${place}: holds neither .onnx nor .safetensors nor .pt files`);
  const all = await Promise.all(weights.map((name) => tensorsOf(path.join(place, name))));
  return recogniseCheckpoint(place, new Set(all.flatMap((some) => [...some])));
}

async function tensorsOf(file: string): Promise<ReadonlySet<string>> {
  const opened = await (file.endsWith('.pt') ? openTorchFile(file) : openSafetensors(file));
  return new Set(opened.tensors.keys());
}

async function recogniseCheckpoint(place: string, tensors: ReadonlySet<string>): Promise<Recognised> {
  const has = (pattern: RegExp) => [...tensors].some((name) => pattern.test(name));
  const isQwen = has(/layers\.0\.self_attn\.q_proj\.weight$/) && has(/visual\.patch_embed\.proj\.weight$/);
  if (isQwen && tensors.has('learnable_query'))
    return { kind: 'LENS checkpoint', detail: `${tensors.size} tensors, context module and segmenter among them` };
  if (isQwen) return { kind: 'Qwen2.5-VL checkpoint', detail: `${tensors.size} tensors` };
  if (has(/^(image_encoder\.trunk|vision_encoder\.backbone)\./)) {
    const { name } = await openSam2(place);
    return { kind: 'SAM 2 checkpoint', detail: name };
  }
  throw new BadInput(`${place}: its ${tensors.size} tensors are of no model that Loupe knows`);
}
