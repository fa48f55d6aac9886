// Finds the one file of a segmenter's weights at a place, opens it, and lists what is missing of it, unknown in it or of another shape.
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { input, type Shape } from '../../models/graph/tensor.ts';
import type { LensConfig } from '../../models/lens/config.ts';
import type { Params } from '../../models/nn/params.ts';
import { absence } from '../../models/runtime/notFetched.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { openTorchFile } from '../../models/runtime/torchFile.ts';
import type { WeightsFile } from '../../models/runtime/weightsFile.ts';
import type { SamConfig } from '../../models/sam/config.ts';
import { anyImageEncoder } from '../../models/sam/imageEncoder.ts';
import type { Sam2Config } from '../../models/sam2/config.ts';
import { maskDecoder } from '../../models/sam2/maskDecoder.ts';
import { promptEncoder } from '../../models/sam2/promptEncoder.ts';
import { BadInput } from '../contract/badInput.ts';
import { askedShapes, misfit, mostNamed } from './askedShapes.ts';
import { refuseForeignFormat } from './foreignFormats.ts';
import type { Recipe } from './recipe.ts';

export type SegmenterConfig = Sam2Config | SamConfig;

/** What a native segmenter is made of; `context` reads a reasoner's states, and is missing where there is none. */
export interface SegmenterWeights {
  readonly name: string;
  readonly segmenter: SegmenterConfig;
  readonly context: LensConfig | null;
  readonly params: Params;
  readonly folder: string;
  readonly recipe: Pick<Recipe, 'segmenter'>;
}

/** Files that may hold tensors. */
export const isWeightsName = (name: string): boolean =>
  /\.(pth?|safetensors)$|(^|[\\/])(pytorch_model\.bin|model\.safetensors\.index\.json)$/.test(name);

const indexName = 'model.safetensors.index.json';
const shard = /^model-\d+-of-\d+\.safetensors$/;

/** `place`: the file, or the folder that holds one; safetensors go before torch's, and `model.safetensors` before others; of shards their index. */
export async function segmenterFileAt(place: string): Promise<string> {
  const info = await stat(place).catch(() => null);
  if (!info) throw new BadInput(`${place}: there is no such file or folder`);
  if (info.isFile()) {
    if (!isWeightsName(place)) await refuseForeignFormat(place);
    // Shards lie beside the index, and in the Hub's cache not beside what it is a link to.
    return place.endsWith(indexName) ? place : realpath(place);
  }
  const names = (await readdir(place)).filter(isWeightsName).sort();
  if (!names.includes('model.safetensors') && names.includes(indexName)) return path.join(place, indexName);
  const alone = names.find((name) => shard.test(name));
  if (alone !== undefined && !names.includes('model.safetensors'))
    throw new BadInput(`${place}: holds ${alone} without the index of its shards (${indexName})`);
  const safe = names.filter((name) => name.endsWith('.safetensors'));
  const [first, ...others] = safe.includes('model.safetensors')
    ? ['model.safetensors']
    : safe.length > 0
      ? safe
      : names;
  if (others.length > 0)
    throw new BadInput(`${place}: holds several models (${[first, ...others].join(', ')}); name the file of one`);
  if (first === undefined) await refuseForeignFormat(place);
  if (first === undefined) throw new BadInput(`${place}: holds no .pt, .pth or .safetensors file`);
  const file = path.join(place, first);
  return realpath(file).catch(async () => {
    throw new BadInput(`${file}: ${await absence(file)}`);
  });
}

export async function openTensors(file: string): Promise<WeightsFile> {
  const opened = await (/\.(pth?|bin)$/.test(file) ? openTorchFile(file) : openSafetensors(file));
  if (opened.tensors.size === 0) throw new BadInput(`${file}: holds no tensor; download it again`);
  return opened;
}

/**
 * Throws one sentence that lists what is missing or of another shape and, where `mayHold` is given, what is neither asked
 * for nor among that. All tensors are named `sam.` and their key.
 */
export function checkSegmenter(
  label: string,
  { tensors }: WeightsFile,
  { config, mayHold }: { config: SegmenterConfig; mayHold?: RegExp },
): void {
  const asked = askedBy(config);
  const faults = [...asked].flatMap(([key, shape]) => misfit(key, shape, tensors.get(`sam.${key}`)) ?? []);
  const keys = [...tensors.keys()].map((name) => name.replace(/^sam\./, ''));
  const unknown = mayHold ? keys.filter((key) => !asked.has(key) && !mayHold.test(key)) : [];
  const all = [...faults, ...unknown.map((key) => `${key} is of no part that Loupe knows`)];
  if (all.length === 0) return;
  const more = all.length > mostNamed ? `; and ${all.length - mostNamed} more` : '';
  throw new BadInput(`${label}: tensors do not fit: ${all.slice(0, mostNamed).join('; ')}${more}`);
}

/** The shapes that all graphs of a segmenter ask for, by key: with clicks and with a rough mask. */
export function askedBy(config: SegmenterConfig): ReadonlyMap<string, Shape> {
  const { imageSize } = config;
  return askedShapes((params) => {
    const features = anyImageEncoder(params, config, input('image', [1, 3, imageSize, imageSize]));
    const points = { at: input('at', [1, 1, 2]), labels: input('labels', [1, 1], 'int64') };
    const mask = input('rough', [1, 1, imageSize / 4, imageSize / 4]);
    for (const prompts of [{ points }, { points, mask }])
      maskDecoder(params, config, features, promptEncoder(params, config, prompts));
  });
}
