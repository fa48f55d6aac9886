// Says which model a folder or file is, by its tensors and by the inputs of its ONNX files alone.
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { absence, isPointer, pointerWords } from '../../models/runtime/notFetched.ts';
import { BadInput, refusalOf } from '../contract/badInput.ts';
import type { InstalledModel } from '../weights/catalogue.ts';
import {
  otherModelOf,
  refuseForeignFormat,
  refuseOtherModel,
  refuseQuantised,
  refuseSeveral,
} from '../weights/foreignFormats.ts';
import { modelFiles } from '../weights/modelFiles.ts';
import { openWeights } from '../weights/open.ts';
import { type CheckpointWeights, isCheckpoint, openCheckpoint } from '../weights/openCheckpoint.ts';
import { isSam1, openSam } from '../weights/openSam.ts';
import { openSam2 } from '../weights/openSam2.ts';
import { recipes } from '../weights/recipe.ts';
import { isWeightsName, openTensors } from '../weights/segmenterFile.ts';
import { recognise } from './onnx/onnxDialects.ts';
import { readOnnxFolder } from './onnx/onnxFolder.ts';
import { findWordFiles } from './onnx/wordDialects.ts';

export type Recognised = Pick<InstalledModel, 'kind' | 'detail'>;

/** Throws one sentence where it is no model that Loupe knows. */
export async function recogniseModel(place: string): Promise<Recognised> {
  const info = await stat(place).catch(() => null);
  if (!info) throw new BadInput(`${place}: there is no such file or folder`);
  if (info.isFile()) {
    if (place.endsWith('.onnx'))
      throw new BadInput(
        `${place}: is one file of a segmenter; import the folder that holds it with those that belong to it`,
      );
    await refuseForeignFormat(place);
    return recogniseCheckpoint(place, await tensorsOf(place));
  }
  const names = await modelFiles(place);
  if (names.some((name) => name.endsWith('.onnx'))) {
    const headers = await readOnnxFolder(place);
    const worded = findWordFiles(headers);
    if (worded) return { kind: 'ONNX text segmenter', detail: worded.dialect.title };
    return { kind: 'ONNX segmenter', detail: recognise(place, headers).dialect.title };
  }
  refuseSeveral(place, names);
  const config = names.includes('config.json') ? await objectIn(path.join(place, 'config.json')) : {};
  if ('context' in config && names.includes('tokenizer.json') && names.includes('model.safetensors')) {
    const { name } = await openWeights(place);
    return { kind: 'weights', detail: name };
  }
  if (await isCheckpoint(place)) return recogniseReasoner(await openCheckpoint(place));
  const files = names.filter(isWeightsName).sort();
  // What torch saved is the same once more.
  const safe = files.filter((name) => !name.endsWith('.bin'));
  const weights = safe.length > 0 ? safe : files;
  if (weights.length === 0) await refuseForeignFormat(place);
  if (weights.length === 0) await refuseOtherModel(place);
  if (weights.length === 0) throw new BadInput(`${place}: holds neither .onnx nor .safetensors, .pt or .pth files`);
  const all = await Promise.all(weights.map((name) => tensorsOf(path.join(place, name))));
  return recogniseCheckpoint(place, new Set(all.flatMap((some) => [...some])));
}

/** Without it nothing can be told from the tensors alone, so a damaged one is named before they are read. */
async function objectIn(file: string): Promise<object> {
  const refusal = (why: string) => new BadInput(`${file}: ${why}; download it again, or write it anew`);
  const text = await readFile(file, 'utf8').catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new BadInput(`${file}: ${await absence(file)}`);
    throw refusal(refusalOf(error) ?? 'cannot be read');
  });
  if (isPointer(text)) throw new BadInput(`${file}: ${pointerWords}`);
  if (text.trim() === '') throw refusal('is empty');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw refusal('is not JSON');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw refusal('is no JSON object');
  return json;
}

function recogniseReasoner({ reasoner, context, segmenter, recipe }: CheckpointWeights): Recognised {
  const asked = Object.entries(recipes).find(([, known]) => known === recipe)?.[0] ?? 'its own recipe';
  const detail = `${reasoner.language.layers} layers of ${reasoner.language.hidden}, asked as ${asked}`;
  if (context && segmenter) return { kind: 'LENS checkpoint', detail };
  const kind = reasoner.vision.style === 'qwen2' ? 'Qwen2-VL checkpoint' : 'Qwen2.5-VL checkpoint';
  return { kind, detail: `${detail}, takes a segmenter beside it` };
}

async function tensorsOf(file: string): Promise<ReadonlySet<string>> {
  const opened = await openTensors(file);
  return new Set(opened.tensors.keys());
}

async function recogniseCheckpoint(place: string, tensors: ReadonlySet<string>): Promise<Recognised> {
  const has = (pattern: RegExp) => [...tensors].some((name) => pattern.test(name));
  refuseQuantised(place, tensors);
  const isSegmenter = has(/^(image_encoder\.trunk|vision_encoder\.backbone)\./) || isSam1(tensors);
  if (!isSegmenter) await refuseOtherModel(place);
  if (has(/layers\.0\.self_attn\.q_proj\.weight$/) && has(/visual\.patch_embed\.proj\.weight$/))
    throw new BadInput(
      `${place}: is of a Qwen-VL model; import the folder that has its config.json and tokenizer.json`,
    );
  if (has(/^(image_encoder\.trunk|vision_encoder\.backbone)\./)) {
    const { name } = await openSam2(place);
    return { kind: 'SAM 2 checkpoint', detail: name };
  }
  if (isSam1(tensors)) {
    const { name } = await openSam(place);
    return { kind: 'SAM checkpoint', detail: name };
  }
  const other = otherModelOf(tensors);
  throw new BadInput(
    other === null
      ? `${place}: its ${tensors.size} tensors are of no model that Loupe knows`
      : `${place}: its tensors look like those of ${other}; Loupe reads SAM 1, SAM 2, MobileSAM, Qwen-VL and LENS`,
  );
}
