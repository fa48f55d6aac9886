// Opens and writes a weights folder: configuration, tokenizer, and parameters that stay in their file.
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Shape } from '../../models/graph/tensor.ts';
import { type LensConfig, parseLensConfig } from '../../models/lens/config.ts';
import { type Params, paramsFrom } from '../../models/nn/params.ts';
import { type QwenConfig, qwenConfigFrom } from '../../models/qwen/config.ts';
import { type NanoVocabulary, nanoTokenizerFrom } from '../../models/qwen/nanoTokenizer.ts';
import type { Tokenizer } from '../../models/qwen/tokenizer.ts';
import { frozenWeights } from '../../models/runtime/frozen.ts';
import { isPointer, pointerWords } from '../../models/runtime/notFetched.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { type TensorToWrite, writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { parseSam2Config, type Sam2Config } from '../../models/sam2/config.ts';
import { isFactor } from '../../models/train/lora.ts';
import { BadInput } from '../contract/badInput.ts';
import { type Recipe, recipeFrom } from './recipe.ts';

const parts = { name: z.string().min(1), reasoner: z.unknown(), segmenter: z.unknown(), context: z.unknown() };
const FolderConfig = z.strictObject({
  ...parts,
  /** How the weights want to be asked: the name of a recipe, or its base and what is different. */
  recipe: z.union([z.string(), z.looseObject({ base: z.string() })]),
});
export type FolderConfig = z.infer<typeof FolderConfig>;

/** Folders of nano from before recipes had names. */
const OldConfig = z.strictObject({
  ...parts,
  dialect: z.literal('loupe'),
  frame: z.int().min(28).max(4096),
  promptSlots: z.int().min(2).max(64),
  followsEdges: z.boolean().default(false),
});

function configFrom(json: unknown): FolderConfig {
  if (typeof json !== 'object' || json === null || !('dialect' in json)) return FolderConfig.parse(json);
  const { dialect: _, frame: side, promptSlots: slots, followsEdges, ...rest } = OldConfig.parse(json);
  const reasoner = { framing: { kind: 'square', side, filter: 'bilinear' } };
  return { ...rest, recipe: { base: 'nano', reasoner, segmenter: { slots, followsEdges } } };
}

const files = { config: 'config.json', tokenizer: 'tokenizer.json', weights: 'model.safetensors' } as const;
/** No configuration or word list comes near this. */
const jsonLimit = 8 * 2 ** 20;

/** What a reasoner is made of. */
export interface ReasonerWeights {
  readonly name: string;
  readonly recipe: Recipe;
  readonly reasoner: QwenConfig;
  readonly tokenizer: Tokenizer;
  readonly params: Params;
  /** Shapes of all tensors, by key. */
  readonly shapes: ReadonlyMap<string, Shape>;
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
  /** What sessions must be given. */
  readonly folder: string;
}

/** A folder of Loupe's own: reasoner, context module and segmenter. */
export interface Weights extends ReasonerWeights {
  readonly segmenter: Sam2Config;
  readonly context: LensConfig;
}

export async function openWeights(folder: string): Promise<Weights> {
  const json = await readJson(path.join(folder, files.config));
  const config = blaming(path.join(folder, files.config), () => configFrom(json));
  const recipe = blaming(folder, () => recipeFrom(config.recipe));
  const vocabulary = await readJson(path.join(folder, files.tokenizer));
  const opened = await openSafetensors(path.join(folder, files.weights));
  refuseUpdates(path.join(folder, files.weights), opened.tensors.keys());
  const frozen = frozenWeights([opened]);
  const parts = blaming(folder, () =>
    fitting(recipe, {
      reasoner: qwenConfigFrom(config.reasoner),
      segmenter: parseSam2Config(config.segmenter),
      context: parseLensConfig(config.context),
      tokenizer: nanoTokenizerFrom(vocabulary),
    }),
  );
  const params: Params = paramsFrom(frozen);
  const shapes = new Map([...opened.tensors].map(([name, { shape }]) => [name, shape]));
  return { name: config.name, recipe, ...parts, params, shapes, read: opened.read, folder: frozen.folder };
}

/** Low-rank updates beside weights would be left out without a word: no graph of a weights folder adds them. */
export function refuseUpdates(file: string, keys: Iterable<string>): void {
  const found = [...keys].filter(isFactor);
  if (found.length === 0) return;
  throw new BadInput(
    `${file}: holds low-rank updates (${found.length} tensors, as ${found[0]}) that are not applied; merge them into the weights first`,
  );
}

interface Parts {
  reasoner: QwenConfig;
  segmenter: Sam2Config;
  context: LensConfig;
  tokenizer: Tokenizer;
}

/** Parts that contradict each other, before a graph complains in its own words. */
function fitting({ reasoner: { framing } }: Recipe, parts: Parts): Parts {
  const { context, tokenizer, segmenter } = parts;
  const { language, vision, imageToken } = parts.reasoner;
  const cell = vision.patch * vision.merge;
  const pad = tokenizer.special.get('<|image_pad|>');
  const complaints: [boolean, string][] = [
    [
      framing.kind === 'square' && framing.side % cell !== 0,
      `a picture of ${framing.kind === 'square' && framing.side} pixels does not divide into cells of ${cell}`,
    ],
    [context.hidden !== language.hidden, `the context module reads ${context.hidden} wide, not ${language.hidden}`],
    [context.samWidth !== segmenter.width, `its tokens are ${context.samWidth} wide, not ${segmenter.width}`],
    [tokenizer.size !== language.vocabulary, `${tokenizer.size} tokens for a vocabulary of ${language.vocabulary}`],
    [pad !== imageToken, `image_token_id is ${imageToken}, but <|image_pad|> has ${pad}`],
  ];
  const wrong = complaints.filter(([is]) => is).map(([, what]) => what);
  if (wrong.length > 0) throw new Error(`its parts contradict each other: ${wrong.join('; ')}.`);
  return parts;
}

function blaming<T>(folder: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof z.ZodError) throw new BadInput(`${folder}: ${z.prettifyError(error)}`);
    throw new BadInput(`${folder}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function readJson(file: string): Promise<unknown> {
  const info = await stat(file).catch(() => null);
  if (!info?.isFile())
    throw new BadInput(`${file}: does not exist; a weights folder holds ${Object.values(files).join(', ')}`);
  if (info.size > jsonLimit) throw new BadInput(`${file}: is ${info.size} bytes long, which no such file needs`);
  const text = await readFile(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw new BadInput(`${file}: ${isPointer(text) ? pointerWords : 'is not JSON'}`);
  }
}

export interface WeightsToSave {
  config: FolderConfig;
  vocabulary: NanoVocabulary;
  tensors: Record<string, TensorToWrite>;
}

/** Stored as float16; each file is replaced whole. */
export async function saveWeights(folder: string, { config, vocabulary, tensors }: WeightsToSave): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, files.config), `${JSON.stringify(config, null, 2)}\n`);
  await writeFile(path.join(folder, files.tokenizer), `${JSON.stringify(vocabulary)}\n`);
  await writeSafetensors(path.join(folder, files.weights), tensors, { storage: 'float16' });
}
