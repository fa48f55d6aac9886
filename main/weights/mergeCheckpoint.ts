// Writes an adapter or a taught version so that other programs can open it: a folder of peft's, or one whole checkpoint with the updates added.
import { copyFile, mkdir, readdir, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { toBfloat16, toFloat16 } from '../../models/runtime/float16.ts';
import type { WeightsFile } from '../../models/runtime/weightsFile.ts';
import { type TensorToMake, type TensorToWrite, writeLargeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { sam2Variants } from '../../models/sam2/config.ts';
import { mergeLora } from '../../models/train/lora.ts';
import { BadInput } from '../contract/badInput.ts';
import type { Adapter } from './adapter.ts';
import {
  type CheckpointWeights,
  isCheckpoint,
  likelyRecipe,
  nameOf,
  openCheckpoint,
  recipeFile,
} from './openCheckpoint.ts';
import type { Variants } from './openSam2.ts';
import { partsName, writeAdapter } from './taughtParts.ts';

interface Version extends CheckpointWeights {
  readonly base: string;
  readonly files: readonly WeightsFile[];
}

async function openVersion(folder: string, variants?: Variants): Promise<Version> {
  const weights = (await isCheckpoint(folder)) ? await openCheckpoint(folder, variants ?? sam2Variants) : null;
  const { base, files } = weights ?? {};
  if (!weights || base === undefined || !files || base === folder)
    throw new BadInput(
      `${folder}: is neither an adapter nor a taught version of a checkpoint; its weights are whole as they are`,
    );
  if (weights.beside && !weights.adapter)
    throw new BadInput(
      `${folder}: learnt only the mask decoder of the segmenter ${weights.beside.name} beside it, which neither an adapter nor the checkpoint holds; "loupe weights export" writes the version`,
    );
  return { ...weights, base, files };
}

async function newFolder(to: string): Promise<void> {
  const names = await readdir(to).catch(() => []);
  if (names.length > 0) throw new BadInput(`${to}: is not empty; name a new folder`);
  await mkdir(to, { recursive: true });
}

/** `left`: tensors that learnt as a whole and that an adapter cannot hold. */
export async function exportAdapter(folder: string, to: string): Promise<{ base: string; left: number }> {
  const { base, adapter, files } = await openVersion(folder);
  if (!adapter)
    throw new BadInput(
      `${folder}: learnt masks and no words, so it has no low-rank update; "loupe model merge" writes it whole`,
    );
  await newFolder(to);
  const factors: Record<string, TensorToWrite> = {};
  for (const [name, { shape }] of adapter.file.tensors)
    factors[name] = { shape: [...shape], data: await adapter.file.read(name) };
  // A folder of this machine says nothing elsewhere: what comes of the Hub goes by its name there.
  const named = /models--[^/\\]+--/.test(base) ? nameOf(base) : base;
  await writeAdapter(to, { config: adapter.config, factors, base: named });
  const parts = files.find(({ tensors }) =>
    [...tensors.values()].some(({ file }) => path.basename(file) === partsName),
  );
  return { base: named, left: parts?.tensors.size ?? 0 };
}

interface Merging {
  readonly variants?: Variants;
  onProgress?(done: number, total: number): void;
}

/** A checkpoint that needs no other folder; its tensors keep the types in which the base has them. */
export async function mergeCheckpoint(
  folder: string,
  to: string,
  { variants, onProgress }: Merging = {},
): Promise<void> {
  const version = await openVersion(folder, variants);
  await newFolder(to);
  await copyTexts(version.base, to);
  // A recipe follows from the name of the folder where no file says it, and this one has another name.
  if (!(await readdir(to)).includes(recipeFile))
    await writeFile(
      path.join(to, recipeFile),
      `${JSON.stringify(likelyRecipe(await realpath(version.base), version))}\n`,
    );
  const names = new Set(version.files.flatMap(({ tensors }) => [...tensors.keys()]));
  const tensors = [...names].map((name) => merged(version, name));
  // Widest first: every tensor then starts at a multiple of its elements.
  tensors.sort((a, b) => Number(b.dtype === 'F32') - Number(a.dtype === 'F32'));
  const told = tensors.map((tensor, i) => ({
    ...tensor,
    make: async () => {
      onProgress?.(i + 1, tensors.length);
      return tensor.make();
    },
  }));
  await writeLargeSafetensors(path.join(to, 'model.safetensors'), told, { metadata: { format: 'pt' } });
}

function merged({ files, adapter }: Version, name: string): TensorToMake {
  const holders = files.filter(({ tensors }) => tensors.has(name));
  const [file, base] = [holders[0], holders.at(-1)];
  const span = base?.tensors.get(name);
  if (!file || !span) throw new Error(`There is no tensor ${name}.`);
  const { shape } = span;
  const dtype = span.dtype === 'bfloat16' ? 'BF16' : span.dtype === 'float16' ? 'F16' : 'F32';
  const make = async () => {
    const values = await file.read(name);
    const sum = adapter ? await withUpdate(values, name, adapter) : values;
    return dtype === 'F32' ? sum : dtype === 'BF16' ? toBfloat16(sum) : toFloat16(sum);
  };
  return { name, shape, dtype, make };
}

async function withUpdate(
  weight: Float32Array<ArrayBuffer>,
  name: string,
  { file, scaleOf }: Adapter,
): Promise<Float32Array<ArrayBuffer>> {
  const linear = name.replace(/\.weight$/u, '');
  const [rank] = file.tensors.get(`${linear}.lora_A.weight`)?.shape ?? [];
  if (rank === undefined) return weight;
  const factor = (which: 'A' | 'B') => file.read(`${linear}.lora_${which}.weight`);
  const lora = { rank, alpha: scaleOf(linear) * rank, targets: [], within: '' };
  return mergeLora(weight, { a: await factor('A'), b: await factor('B'), lora });
}

/** Configuration, tokenizer and what else is no weights. */
async function copyTexts(from: string, to: string): Promise<void> {
  for (const name of await readdir(from))
    if (/\.(json|txt|jinja|md)$|^(LICENSE|NOTICE)/iu.test(name) && !/\.index\.json$/u.test(name))
      await copyFile(path.join(from, name), path.join(to, name));
}
