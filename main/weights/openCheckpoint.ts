// Opens a checkpoint folder in Hugging Face's layout (LENS, Seg-Zero, VisionReasoner, Qwen2.5-VL, Qwen2-VL); its files stay as they are.
import { readFileSync } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { type LensConfig, publishedLensConfig } from '../../models/lens/config.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { publishedKey, type QwenConfig, qwenConfigFrom } from '../../models/qwen/config.ts';
import { openTokenizer, type Tokenizer } from '../../models/qwen/tokenizer.ts';
import { frozenWeights, quantisedKeys } from '../../models/runtime/frozen.ts';
import { isPointer, pointerWords } from '../../models/runtime/notFetched.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { openTorchFile } from '../../models/runtime/torchFile.ts';
import { type WeightSpan, type WeightsFile, weightsFile } from '../../models/runtime/weightsFile.ts';
import { type Sam2Config, sam2Variants } from '../../models/sam2/config.ts';
import { parseJson } from '../contract/answer.ts';
import { BadInput } from '../contract/badInput.ts';
import { type Adapter, adapted, adapterIn, isAdapter } from './adapter.ts';
import { checkTensors, extraTensors } from './checkTensors.ts';
import { refuseForeignFormat, refuseOtherModel, refuseQuantised, refuseSeveral } from './foreignFormats.ts';
import { modelFiles } from './modelFiles.ts';
import { openWeights, type ReasonerWeights, refuseUpdates } from './open.ts';
import { ownVariant, sam2Within, type Variants } from './openSam2.ts';
import { type Recipe, type RecipeName, recipeFrom } from './recipe.ts';
import { isTaught, taughtIn } from './taughtParts.ts';
import { type TaughtSegmenter, taughtSegmenterIn } from './taughtSegmenter.ts';
import { tensorsDigest } from './version.ts';

export interface CheckpointWeights extends ReasonerWeights {
  /** Null: it writes boxes, and another model turns them into masks. */
  readonly segmenter: Sam2Config | null;
  readonly context: LensConfig | null;
  /** What this machine lacks; shown with the first answer. */
  readonly warnings?: readonly string[];
  /** Folder of the checkpoint, and the update beside its weights. Missing: a folder of Loupe's own. */
  readonly base?: string;
  readonly adapter?: Adapter | null;
  /** What was taught of a segmenter that is named beside it. */
  readonly beside?: TaughtSegmenter | null;
  /** Its tensors in floating point; the first file that has a key provides it. */
  readonly files?: readonly WeightsFile[];
}

/** Written by `quantiseWeights` or `halveWeights` beside the checkpoint, in the bits that were asked for last; used in place of the same weights. */
export const quantisedName = 'loupe-quantised.safetensors';

/** Bytes that graphs read: a product that is stored in few bits is not read from its source. */
function bytesRead(files: readonly WeightsFile[]): number {
  const all = new Map(files.toReversed().flatMap(({ tensors }) => [...tensors]));
  const isReplaced = (key: string) => all.has(quantisedKeys(key).values) && key !== 'model.embed_tokens.weight';
  return [...all].reduce((sum, [key, { length }]) => sum + (isReplaced(key) ? 0 : length), 0);
}

/** Weights are mapped from their files: too many of them are read from disk again for every word. */
export function memoryWarnings(name: string, bytes: number, total: number): string[] {
  if (bytes < 0.8 * total) return [];
  const [needed, there] = [bytes, total].map((count) => `${(count / 1e9).toFixed(1)} GB`);
  return [
    `${name} reads ${needed} of weights and this machine has ${there} of memory: answers will take minutes; ` +
      '"loupe model quantise" writes them in 4 bits, as does "Fewer bits" in the list of models',
  ];
}

/** A folder of Loupe's own weights, or a checkpoint. */
export async function openModel(folder: string): Promise<CheckpointWeights> {
  if (await isCheckpoint(folder)) return openCheckpoint(folder);
  if (!(await stat(path.join(folder, 'config.json')).catch(() => null))) {
    refuseSeveral(folder, await modelFiles(folder).catch(() => []));
    await refuseForeignFormat(folder);
  }
  await refuseOtherModel(folder);
  return openWeights(folder);
}

const QwenFile = z.object({ model_type: z.enum(['qwen2_5_vl', 'qwen2_vl']) });

/** Whether a folder's config.json is that of a Qwen-VL model, or it holds an adapter or a taught version of one. */
export async function isCheckpoint(folder: string): Promise<boolean> {
  if ((await isAdapter(folder)) || (await isTaught(folder))) return true;
  const text = await readFile(path.join(folder, 'config.json'), 'utf8').catch(() => '');
  return QwenFile.safeParse(parseJson(text)).success;
}

/** Throws one sentence: the file at fault, or the tensors that are missing or of another shape. */
export async function openCheckpoint(folder: string, variants: Variants = sam2Variants): Promise<CheckpointWeights> {
  const [adapter, taught] = [await adapterIn(folder), await taughtIn(folder)];
  const base = taught?.base ?? adapter?.base ?? folder;
  const reasoner = await configIn(base);
  const tokenizer = tokenizerIn(base, reasoner);
  const named = await checkpointTensors(base);
  refuseUpdates(base, named.tensors.keys());
  refuseQuantised(base, named.tensors.keys());
  const context = contextOf(named, reasoner);
  const sam = context && sam2Within(base, named, { ...variants, ...(await ownVariant(base)) });
  const parts = { reasoner, context, segmenter: sam?.config ?? null };
  const plain = [...(taught?.parts ? [taught.parts] : []), ...(sam ? [sam.file, besideSam(named)] : [named])];
  const files = [...(await quantisedIn(base)), ...plain];
  checkTensors(base, files, parts);
  const all = adapter ? [adapter.file, ...files] : files;
  const frozen = frozenWeights(all);
  return {
    ...{ ...parts, name: nameOf(await realpath(folder)), tokenizer },
    params: paramsFrom(adapter ? adapted(frozen, adapter, { all, tied: reasoner.language.tied }) : frozen),
    ...{ recipe: await recipeIn(base, parts), read: reading(plain), folder: frozen.folder },
    ...{ shapes: shapesOf(plain), files: plain, adapter, base, beside: await taughtSegmenterIn(folder) },
    warnings: [
      ...extraTensors(path.basename(base), named, parts),
      ...memoryWarnings(path.basename(folder), bytesRead(all), totalmem()),
    ],
  };
}

/** The segmenter's tensors have names of their own. */
const besideSam = ({ tensors, metadata }: WeightsFile): WeightsFile =>
  weightsFile('the checkpoint', new Map([...tensors].filter(([name]) => !name.startsWith('sam.'))), metadata);

/** Among several files the first one that has a tensor counts. */
function reading(files: readonly WeightsFile[]): CheckpointWeights['read'] {
  return async (name) => {
    const file = files.find(({ tensors }) => tensors.has(name));
    if (!file) throw new BadInput(`there is no tensor "${name}" in the checkpoint`);
    return file.read(name);
  };
}

const shapesOf = (files: readonly WeightsFile[]): CheckpointWeights['shapes'] =>
  new Map(files.toReversed().flatMap(({ tensors }) => [...tensors].map(([name, { shape }]) => [name, shape])));

async function configIn(folder: string): Promise<QwenConfig> {
  const file = path.join(folder, 'config.json');
  try {
    return qwenConfigFrom(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    throw new BadInput(`${folder}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function tokenizerIn(folder: string, { language, imageToken }: QwenConfig): Tokenizer {
  const file = path.join(folder, 'tokenizer.json');
  const tokenizer = opened(file);
  const pad = tokenizer.special.get('<|image_pad|>');
  if (pad !== imageToken)
    throw new BadInput(`${file}: <|image_pad|> is ${pad ?? 'missing'}, but config.json says ${imageToken}`);
  if (tokenizer.size > language.vocabulary)
    throw new BadInput(`${file}: has ${tokenizer.size} tokens for a vocabulary of ${language.vocabulary}`);
  return tokenizer;
}

function opened(file: string): Tokenizer {
  try {
    return openTokenizer(file);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing) throw new BadInput(`${file}: does not exist; a checkpoint comes with its tokenizer`);
    if (isPointer(readFileSync(file))) throw new BadInput(`${file}: ${pointerWords}`);
    throw new BadInput(error instanceof Error ? error.message : String(error));
  }
}

/** Safetensors, sharded or whole; else what torch saved. */
async function tensorsIn(folder: string): Promise<WeightsFile> {
  const names = await readdir(folder);
  if (names.some((name) => /^model(\.safetensors|\.safetensors\.index\.json)$/.test(name)))
    return openSafetensors(folder);
  const torch = torchIn(folder, names);
  const shard = names.find((name) => /^model-\d+-of-\d+\.safetensors$/.test(name));
  if (torch.length === 0 && shard !== undefined)
    throw new BadInput(`${folder}: holds ${shard} without the index of its shards (model.safetensors.index.json)`);
  if (torch.length === 0) await refuseForeignFormat(folder);
  if (torch.length === 0)
    throw new BadInput(`${folder}: holds neither model.safetensors, nor its shards, nor pytorch_model.bin`);
  const files = await Promise.all(torch.map((name) => openTorchFile(path.join(folder, name))));
  return weightsFile(folder, new Map(files.flatMap(({ tensors }) => [...tensors])), new Map());
}

/** What torch saved, all of its shards. */
function torchIn(folder: string, names: readonly string[]): string[] {
  const files = names.filter((name) => /^pytorch_model.*\.(bin|pt)$/.test(name)).sort();
  const shards = files.filter((name) => shardOf.test(name));
  const total = Number(shardOf.exec(shards[0] ?? '')?.[1] ?? shards.length);
  if (shards.length < total)
    throw new BadInput(
      `${folder}: holds ${shards.length} of the ${total} shards of pytorch_model.bin; download the others`,
    );
  if (files.length === 0 && names.includes(torchIndex))
    throw new BadInput(`${folder}: holds ${torchIndex} without the shards that it names; download them`);
  return files;
}

const torchIndex = 'pytorch_model.bin.index.json';
const shardOf = /-\d+-of-(\d+)\.bin$/;

/** Whether a checkpoint's weights are in its own folder: an adapter and a taught version stand beside those of another. */
export const holdsOwnWeights = async (folder: string): Promise<boolean> =>
  (await isCheckpoint(folder)) && !(await isAdapter(folder)) && !(await isTaught(folder));

/** In how many bits the products of a checkpoint are kept beside it; null: nobody wrote them in fewer. */
export async function quantisedBits(folder: string): Promise<number | null> {
  const [file] = await quantisedIn(folder);
  return file ? Number(file.metadata.get('bits')) || null : null;
}

async function quantisedIn(folder: string): Promise<WeightsFile[]> {
  const file = path.join(folder, quantisedName);
  if (!(await stat(file).catch(() => null))) return [];
  const copy = await openSafetensors(file);
  const from = copy.metadata.get('from');
  // Files of before this was written down are taken as they are.
  if (from !== undefined && from !== (await tensorsDigest(folder)))
    throw new BadInput(
      `${file}: was written from other weights than lie beside it now; remove it, or write it anew with "loupe model quantise"`,
    );
  return [copy];
}

/** All tensors under the names that the graphs ask for. */
export async function checkpointTensors(folder: string): Promise<WeightsFile> {
  const { tensors, metadata } = await tensorsIn(folder);
  if (tensors.size === 0) throw new BadInput(`${folder}: its files of weights hold no tensor; download them again`);
  const renamed = new Map<string, WeightSpan>([...tensors].map(([name, span]) => [publishedKey(name), span]));
  return weightsFile(folder, renamed, metadata);
}

/** LENS's context module, its sizes from its tensors; null where there is none. */
function contextOf({ tensors }: WeightsFile, { language }: QwenConfig): LensConfig | null {
  const queries = tensors.get('learnable_query')?.shape;
  if (!queries) return null;
  const published = publishedLensConfig(language.hidden);
  const numbers = [...tensors.keys()].map((name) => Number(/^connector\.blocks\.(\d+)\./.exec(name)?.[1] ?? -1));
  return {
    ...published,
    numOfQuery: queries[1] ?? published.numOfQuery,
    blocks: Math.max(-1, ...numbers) + 1,
    samWidth: tensors.get('proj_to_sam.2.weight')?.shape[0] ?? published.samWidth,
  };
}

/** Hugging Face's cache keeps the name in the path: models--OuyBin--LENS/snapshots/... */
export function nameOf(folder: string): string {
  const cached = /models--([^/\\]+)--([^/\\]+)/.exec(folder);
  return cached ? `${cached[1]}/${cached[2]}` : path.basename(folder);
}

export const recipeFile = 'recipe.json';

/** What `recipe.json` in the folder says; else what the folder is called and holds. */
async function recipeIn(folder: string, parts: Pick<CheckpointWeights, 'reasoner' | 'context'>): Promise<Recipe> {
  const text = await readFile(path.join(folder, recipeFile), 'utf8').catch(() => null);
  try {
    return recipeFrom(text === null ? likelyRecipe(await realpath(folder), parts) : JSON.parse(text));
  } catch (error) {
    throw new BadInput(`${path.join(folder, recipeFile)}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

type LikelyRecipe = RecipeName | { base: RecipeName; reasoner: Partial<Recipe['reasoner']> };

/** Tensors do not say what a model was tuned for: its name does. */
export function likelyRecipe(
  folder: string,
  { reasoner, context }: Pick<CheckpointWeights, 'reasoner' | 'context'>,
): LikelyRecipe {
  const isOld = reasoner.vision.style === 'qwen2';
  if (context) {
    if (/reason_?seg.*cot/i.test(folder)) return 'lens-reasonseg-cot';
    if (/reason_?seg/i.test(folder)) return 'lens-reasonseg';
    return isOld ? 'lens-2b-released' : 'lens-released';
  }
  if (/vision[-_ ]?reasoner/i.test(folder)) return 'vision-reasoner';
  if (/seg[-_ ]?zero/i.test(folder)) return 'seg-zero';
  return isOld ? { base: 'qwen-zero-shot', reasoner: { coordinates: 'thousandths' } } : 'qwen-zero-shot';
}
