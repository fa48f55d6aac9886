// Opens a folder of peft's (adapter_config.json, adapter_model.safetensors or adapter_model.bin): the checkpoint that it changes, and the low-rank updates beside its weights.
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { ParamSource } from '../../models/nn/params.ts';
import { publishedKey } from '../../models/qwen/config.ts';
import { isPointer, pointerWords } from '../../models/runtime/notFetched.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { openTorchFile } from '../../models/runtime/torchFile.ts';
import { type WeightSpan, type WeightsFile, weightsFile } from '../../models/runtime/weightsFile.ts';
import { fromPeft } from '../../models/train/lora.ts';
import { BadInput } from '../contract/badInput.ts';
import { entry, underKey } from '../contract/lookup.ts';
import { hubCache } from './hub/hub.ts';
import { readReference, repositoryIn } from './hub/hubCache.ts';
import { placedBase } from './records/placedBase.ts';

export const adapterConfigName = 'adapter_config.json';
export const adapterWeightsName = 'adapter_model.safetensors';
/** As peft wrote it before 0.7, and writes it where it is asked to. */
const torchWeightsName = 'adapter_model.bin';

const Numbers = z.record(z.string(), z.number().positive()).default({});
const AdapterConfig = z.looseObject({
  peft_type: z.literal('LORA', { error: 'only LoRA is read' }),
  base_model_name_or_path: z.string().nullish(),
  lora_alpha: z.number().positive(),
  alpha_pattern: Numbers,
  use_rslora: z.boolean().default(false),
  use_dora: z.literal(false, { error: 'DoRA is not read' }).default(false),
  fan_in_fan_out: z.literal(false, { error: 'weights the other way round are not read' }).default(false),
  bias: z.literal('none', { error: 'biases beside it are not read' }).default('none'),
  use_qalora: z.literal(false, { error: 'QA-LoRA is not read' }).default(false),
  layer_replication: z.array(z.unknown()).max(0, 'repeated layers are not read').nullish(),
  modules_to_save: z.array(z.string()).max(0, 'whole modules beside it are not read').nullish(),
});
type AdapterConfig = z.infer<typeof AdapterConfig>;

export interface Adapter {
  /** The folder of the checkpoint that it changes. */
  readonly base: string;
  /** A and B of every linear, under the keys of our graphs. */
  readonly file: WeightsFile;
  /** What the update of a linear counts, by its path. */
  scaleOf(linear: string): number;
  /** As the folder has it. */
  readonly config: Readonly<Record<string, unknown>>;
}

export const isAdapter = async (folder: string): Promise<boolean> =>
  (await stat(path.join(folder, adapterConfigName)).catch(() => null))?.isFile() === true;

/** Null where the folder has no adapter; throws one sentence where it has one that cannot be applied. */
export async function adapterIn(folder: string): Promise<Adapter | null> {
  if (!(await isAdapter(folder))) return null;
  const config = await configIn(path.join(folder, adapterConfigName));
  const { name, opened } = await tensorsIn(folder);
  const spans = [...opened.tensors].map(([key, span]): [string, WeightSpan] => [publishedKey(fromPeft(key)), span]);
  const strange = spans.find(([key, { shape }]) => !factorKey.test(key) || shape.length !== 2);
  if (strange) throw new BadInput(`${path.join(folder, name)}: "${strange[0]}" is no factor of a linear map`);
  const file = weightsFile(folder, new Map(spans), opened.metadata);
  // A pattern is of the paths that the trained model had, which newer libraries name otherwise than our graphs.
  const linears = [...opened.tensors.keys()].map((key) => fromPeft(key).replace(factorKey, ''));
  const paths = new Map(linears.map((linear) => [publishedKey(linear), linear]));
  const scale = (linear: string) => scaleOf({ linear, path: paths.get(linear) ?? linear }, file, config);
  return { base: await baseOf(folder, config), file, scaleOf: scale, config: { ...config } };
}

/** Of both the safetensors count, as with peft. */
async function tensorsIn(folder: string): Promise<{ name: string; opened: WeightsFile }> {
  const place = (name: string) => path.join(folder, name);
  const isThere = async (name: string) => (await stat(place(name)).catch(() => null)) !== null;
  if ((await isThere(adapterWeightsName)) || !(await isThere(torchWeightsName)))
    return { name: adapterWeightsName, opened: await openSafetensors(place(adapterWeightsName)) };
  return { name: torchWeightsName, opened: await openTorchFile(place(torchWeightsName)) };
}

const factorKey = /\.lora_[AB]\.weight$/;

async function configIn(file: string): Promise<AdapterConfig> {
  const text = await readFile(file, 'utf8');
  try {
    return AdapterConfig.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : isPointer(text) ? pointerWords : 'is not JSON';
    throw new BadInput(`${file}: ${why}`);
  }
}

/** Its own folder where a checkpoint lies in it, else the folder that it names, else what the Hub's cache has of that name. */
async function baseOf(folder: string, { base_model_name_or_path: name }: AdapterConfig): Promise<string> {
  const named = name ? [path.resolve(folder, name), await cachedCheckpoint(name)] : [];
  const places = [await placedBase(folder), folder, ...named];
  for (const place of places)
    if (place !== null && (await stat(path.join(place, 'config.json')).catch(() => null))) return place;
  throw new BadInput(
    `${folder}: is an adapter of ${name || 'a model that it does not name'}, which is not on this machine; download that first, or write its folder into ${adapterConfigName}`,
  );
}

/** A checkpoint of that name on the Hub, where this machine has it. */
export async function cachedCheckpoint(name: string): Promise<string | null> {
  const repository = repositoryIn(hubCache(process.env), name);
  const commit = await readReference(repository, 'main');
  return commit === null ? null : path.join(repository, 'snapshots', commit);
}

interface Updated {
  /** As our graphs call it, and as the trained model did. */
  readonly linear: string;
  readonly path: string;
}

function scaleOf({ linear, path: trained }: Updated, file: WeightsFile, config: AdapterConfig): number {
  const { lora_alpha, alpha_pattern, use_rslora } = config;
  const rank = entry(underKey(file.tensors, `${linear}.lora_A.weight`, `${linear}: its update`).shape, 0, 'factor A');
  // As peft looks it up: the pattern is the end of the path, and may be an expression.
  const own = Object.entries(alpha_pattern).find(([pattern]) => endsAs(trained, pattern));
  return (own?.[1] ?? lora_alpha) / (use_rslora ? Math.sqrt(rank) : rank);
}

function endsAs(linear: string, pattern: string): boolean {
  if (linear === pattern || linear.endsWith(`.${pattern}`)) return true;
  try {
    return new RegExp(`^(.*\\.)?(${pattern})$`).test(linear);
  } catch {
    return false;
  }
}

interface Beside {
  /** The checkpoint's files and the adapter's. */
  readonly all: readonly WeightsFile[];
  /** Whether the table of tokens serves as the head, whatever else the checkpoint holds. */
  readonly tied: boolean;
}

/** Parameters with the updates beside them; throws one list where an update fits no linear of the checkpoint. */
export function adapted(base: ParamSource, { file, scaleOf: scale }: Adapter, { all, tied }: Beside): ParamSource {
  refuseStrangers(file, { all, tied });
  return {
    get: (key, shape) => base.get(key, shape),
    has: (key) => base.has(key),
    quantised: (key, shape) => base.quantised?.(key, shape) ?? null,
    side(key, [out = 0, wide = 0]) {
      const linear = key.replace(/\.weight$/, '');
      const rank = file.tensors.get(`${linear}.lora_A.weight`)?.shape[0];
      if (rank === undefined) return null;
      const factor = (name: 'A' | 'B', shape: readonly number[]) => base.get(`${linear}.lora_${name}.weight`, shape);
      return { a: factor('A', [rank, wide]), b: factor('B', [out, rank]), scale: scale(linear) };
    },
  };
}

/** Whether the path is that of a table of tokens, places or kinds: [entries, width]. */
const isTable = (path: string): boolean => /(?:^|\.)(?:\w*embed\w*|\w*_tokens?)(?:\.\d+)?$/.test(path);

/** Most updates that are named. */
const mostNamed = 4;

function refuseStrangers(file: WeightsFile, { all, tied }: Beside): void {
  const shapeOf = (key: string) => all.find(({ tensors }) => tensors.has(key))?.tensors.get(key)?.shape ?? [];
  const linears = new Set([...file.tensors.keys()].map((key) => key.replace(factorKey, '')));
  const wrong = [...linears].filter((linear) => {
    // Tables are looked up, and a tied head is the table of tokens: an update beside them would change nothing.
    if (isTable(linear) || (tied && linear === 'lm_head')) return true;
    const [[rank, wide], [out, inner]] = [shapeOf(`${linear}.lora_A.weight`), shapeOf(`${linear}.lora_B.weight`)];
    const weight = shapeOf(`${linear}.weight`);
    return weight.length !== 2 || rank !== inner || weight[0] !== out || weight[1] !== wide;
  });
  if (wrong.length === 0) return;
  const [first] = file.tensors.values();
  const more = wrong.length > mostNamed ? ` and ${wrong.length - mostNamed} more` : '';
  throw new BadInput(
    `${first?.file}: its updates fit no linear of the checkpoint: ${wrong.slice(0, mostNamed).join(', ')}${more}`,
  );
}
