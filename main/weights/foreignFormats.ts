// Says of model files that other programs read, and Loupe does not, what they are and what to take instead.
import { open, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { parseJson } from '../contract/answer.ts';
import { BadInput } from '../contract/badInput.ts';

interface ForeignFormat {
  readonly endings: readonly string[];
  readonly is: string;
  readonly instead: string;
}

const asPublished = 'take the model as it was published (.safetensors, .pt or .pth) or its ONNX files';

const formats: readonly ForeignFormat[] = [
  {
    ...{ endings: ['.gguf', '.ggml'], is: 'a model of llama.cpp' },
    instead:
      'take the checkpoint that it was made from (a folder of config.json, tokenizer.json and .safetensors); "loupe model quantise" writes that in 4 bits',
  },
  { endings: ['.engine', '.plan', '.trt'], is: 'a TensorRT engine, built for one kind of GPU', instead: asPublished },
  { endings: ['.mlmodel', '.mlpackage', '.mlmodelc'], is: 'a Core ML model', instead: asPublished },
  { endings: ['.tflite', '.litertlm', '.task'], is: 'a TensorFlow Lite model', instead: asPublished },
  { endings: ['.h5', '.keras', '.pb', '.ckpt.index'], is: 'a TensorFlow model', instead: asPublished },
  { endings: ['.msgpack'], is: 'a Flax model', instead: asPublished },
  {
    ...{ endings: ['.ckpt'], is: 'a checkpoint of a training (PyTorch Lightning or TensorFlow)' },
    instead: 'save its weights alone (the state_dict) as .pt or .safetensors, or take the model as it was published',
  },
  {
    ...{ endings: ['.incomplete', '.part', '.crdownload', '.aria2'], is: 'a download that has not ended' },
    instead: 'let it end, or get the file again',
  },
  {
    endings: ['.ort'],
    is: "a model in ONNX Runtime's own format",
    instead: 'take the .onnx file that it was made from',
  },
  { endings: ['.xml'], is: 'an OpenVINO model, if it is one', instead: asPublished },
  { endings: ['.rknn', '.hef', '.mnn', '.param'], is: 'a model for small devices', instead: asPublished },
  {
    ...{ endings: ['.pkl', '.pickle'], is: 'a pickle, such as detectron2 writes' },
    instead: 'a detector is not run here: let it write its boxes or masks as COCO, and import those into a project',
  },
  { endings: ['.zip', '.tar', '.gz', '.tgz', '.7z'], is: 'an archive', instead: 'unpack it and give the folder' },
];

const formatOf = (name: string): ForeignFormat | undefined =>
  formats.find(({ endings }) => endings.some((ending) => name.toLowerCase().endsWith(ending)));

/** Throws one sentence where `place`, or a file in it, is of such a format; for places where nothing that Loupe reads was found. */
export async function refuseForeignFormat(place: string): Promise<void> {
  const info = await stat(place).catch(() => null);
  if (!info) return;
  // A Core ML package is a folder.
  const inside = info.isDirectory() && !formatOf(place) ? await readdir(place) : [];
  const file = [place, ...inside.map((name) => path.join(place, name))].find(formatOf);
  const format = file === undefined ? await byFirstBytes(place, info.isFile()) : formatOf(file);
  if (format) throw new BadInput(`${file ?? place}: is ${format.is}, which Loupe does not read; ${format.instead}`);
}

/** Ollama and the Hub's cache keep files under names without an ending. */
async function byFirstBytes(file: string, isFile: boolean): Promise<ForeignFormat | undefined> {
  if (!isFile) return undefined;
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString('latin1') === 'GGUF' ? formatOf('.gguf') : undefined;
  } finally {
    await handle.close();
  }
}

/** Throws one sentence where models lie in folders below, and none in the folder itself; `names` are paths below it. */
export function refuseSeveral(place: string, names: readonly string[]): void {
  const below = names.filter((name) => path.basename(name) === 'config.json').map((name) => path.dirname(name));
  const isHere = names.some((name) => !name.includes(path.sep) && /\.(safetensors|pth?|bin)$/.test(name));
  const [first, ...others] = below;
  if (first === undefined || below.includes('.') || isHere) return;
  const which =
    others.length === 0 ? `its model is in ${first}` : `holds several models (${below.slice(0, 8).join(', ')})`;
  throw new BadInput(`${place}: ${which}; choose the folder of ${others.length === 0 ? 'that' : 'one'}`);
}

const ConfigFile = z.looseObject({ model_type: z.string() });

/** Published kinds of segmenters, by the start of their name. */
const segmenterKinds = /^(sam|edgetam|mobile_?sam|slim_?sam)/;

/** Throws one sentence where the folder's config.json says that it is of another model than those that answer words. */
export async function refuseOtherModel(folder: string): Promise<void> {
  const file = path.join(folder, 'config.json');
  const { data } = ConfigFile.safeParse(parseJson(await readFile(file, 'utf8').catch(() => '')));
  if (!data) return;
  const kind = JSON.stringify(data.model_type.slice(0, 60));
  if (segmenterKinds.test(data.model_type))
    throw new BadInput(
      `${file}: is of a segmenter (${kind}), which takes no words; name it as the segmenter (--segmenter)`,
    );
  throw new BadInput(
    `${file}: is of ${kind}, which Loupe does not read; it reads Qwen2.5-VL, Qwen2-VL and what was trained from them`,
  );
}

/** Names of tensors that stand in the place of weights which a program wrote in few bits. */
const quantisers: readonly (readonly [RegExp, string])[] = [
  [/\.(qweight|qzeros|g_idx)$/, 'AWQ or GPTQ'],
  [/\.(absmax|quant_map|nested_absmax)$|\.quant_state\./, 'bitsandbytes'],
  [/\.weight_packed$/, 'llm-compressor'],
  [/\.weight_scale(_inv)?$/, 'a tool that writes 8 bits'],
  [/\.biases$/, 'MLX'],
];

/** Throws one sentence where the tensors are of a checkpoint in another program's few bits, or under another's names. */
export function refuseQuantised(place: string, tensors: Iterable<string>): void {
  const names = [...tensors];
  const by = quantisers.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1];
  const take = 'take the checkpoint that it was made from';
  if (by !== undefined)
    throw new BadInput(
      `${place}: was quantised by ${by}, which Loupe does not read; ${take} (weights of 16 or 32 bits), which "loupe model quantise" writes in 4 or 8 bits`,
    );
  if (
    names.some((name) => name.startsWith('vision_tower.')) &&
    names.some((name) => name.startsWith('language_model.'))
  )
    throw new BadInput(`${place}: has its tensors under the names of MLX or another program; ${take}`);
}

/** Models that people give to Loupe and that it does not read, by the names of their tensors. */
const otherModels: readonly (readonly [RegExp, string])[] = [
  [/^(model\.)?model\.\d+\.(conv|cv1|m)\./, 'YOLO'],
  [/^(backbone\.bottom_up|roi_heads|proposal_generator)\./, 'detectron2'],
  [/^sem_seg_head\./, 'Mask2Former'],
  [/^(bert\.|feat_map\.|transformer\.level_embed)/, 'Grounding DINO'],
  [/^(detector|tracker)\.(backbone|transformer|memory)/, 'SAM 3, whose ONNX files Loupe reads'],
  [/^text_model\.encoder\./, 'CLIP'],
  [/^(model\.)?diffusion_model\.|^unet\./, 'Stable Diffusion'],
];

/** What the tensors are of; null: nothing that is known. */
export const otherModelOf = (tensors: ReadonlySet<string>): string | null =>
  otherModels.find(([pattern]) => [...tensors].some((name) => pattern.test(name)))?.[1] ?? null;
