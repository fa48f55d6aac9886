// Reads the catalogue of models that people use, with what the person added, and says where those lie that are on this machine.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { BadInput } from '../contract/badInput.ts';
import { recipes } from './recipe.ts';

const DirectFile = z.strictObject({
  name: z.string().regex(/^[\w][\w.-]*$/, 'must be a plain name of a file'),
  bytes: z.int().min(1).optional(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  addresses: z.array(z.url({ protocol: /^https?$/ })).min(1),
});

const CatalogueModel = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'must be small letters, digits, dots and dashes'),
  title: z.string().min(1),
  kind: z.enum(['reasoner', 'segmenter']),
  /** Where the Hub has it; null: nowhere that is known for sure. */
  hub: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/, 'must be OWNER/NAME')
    .nullable(),
  /** A branch, tag or commit of it; default main. */
  revision: z
    .string()
    .regex(/^[\w.-]+$/)
    .optional(),
  /** Patterns of the files that are needed of it; default: what describes it and its weights. */
  files: z.array(z.string().min(1)).min(1).optional(),
  /** Files with addresses of their own, the first address first; they go before the Hub. */
  direct: z.array(DirectFile).min(1).optional(),
  /** Bytes of its files, and memory that this machine must have free to run it as it is. */
  bytes: z.int().min(1),
  memory: z.int().min(1),
  /** The same once its weights are in 4 bits; about. */
  quantisedMemory: z.int().min(1).optional(),
  licence: z.string().min(1),
  recipe: z.enum(Object.keys(recipes) as [keyof typeof recipes]).optional(),
  note: z.string().optional(),
});
export type CatalogueModel = z.infer<typeof CatalogueModel>;

const Catalogue = z.strictObject({ models: z.array(CatalogueModel) });

const shipped = path.resolve(import.meta.dirname, '../../resources/models.json');

/** Loupe's own list, and `models.json` of the person's configuration, which may say other things of the same model. */
export async function readCatalogue(config: string): Promise<CatalogueModel[]> {
  const own = await jsonOf(path.join(config, 'models.json'), Catalogue);
  const all = [...((await jsonOf(shipped, Catalogue))?.models ?? []), ...(own?.models ?? [])];
  return [...new Map(all.map((model) => [model.id, model])).values()];
}

const modelKinds = [
  'weights',
  'SAM checkpoint',
  'SAM 2 checkpoint',
  'ONNX segmenter',
  'ONNX text segmenter',
  'Qwen2.5-VL checkpoint',
  'Qwen2-VL checkpoint',
  'LENS checkpoint',
] as const;

/** Kinds that answer no words: clicks, boxes and rough masks alone. */
export const isSegmenterKind = (kind: string): boolean =>
  ['SAM checkpoint', 'SAM 2 checkpoint', 'ONNX segmenter'].includes(kind);

const InstalledModel = z.strictObject({
  name: z.string().min(1),
  kind: z.enum(modelKinds),
  /** Where it lies; it is never moved. */
  place: z.string().min(1),
  detail: z.string(),
});
export type InstalledModel = z.infer<typeof InstalledModel>;

const Installed = z.strictObject({ installed: z.array(InstalledModel) });
const listOf = (config: string): string => path.join(config, 'installed-models.json');

export async function readInstalled(config: string): Promise<readonly InstalledModel[]> {
  return (await jsonOf(listOf(config), Installed))?.installed ?? [];
}

/** `replaces`: whether a model of the same name that lies elsewhere may be forgotten. */
export async function addInstalled(
  config: string,
  model: InstalledModel,
  replaces: (place: string) => boolean = () => false,
): Promise<void> {
  // The list is read by the same rule: a name that breaks it would leave no command that works.
  if (model.name.trim() === '') throw new BadInput(`${model.place}: a model needs a name; give one with --name`);
  const known = await readInstalled(config);
  const same = known.find(({ name }) => name === model.name);
  if (same && same.place !== model.place && !replaces(same.place))
    throw new BadInput(`${model.name} is the name of ${same.place} already; give another with --name`);
  await write(config, [...known.filter(({ name }) => name !== model.name), model]);
}

/** The files stay where they are. */
export async function removeInstalled(config: string, name: string): Promise<InstalledModel> {
  const known = await readInstalled(config);
  const found = known.find((model) => model.name === name);
  if (!found) throw new BadInput(`no model is called ${name}; loupe model list names those that are there`);
  await write(
    config,
    known.filter((model) => model !== found),
  );
  return found;
}

async function write(config: string, installed: readonly InstalledModel[]): Promise<void> {
  await mkdir(config, { recursive: true });
  const beside = path.join(config, `${randomUUID()}.json`);
  await writeFile(beside, `${JSON.stringify({ installed }, null, 2)}\n`, { mode: 0o600 });
  await rename(beside, listOf(config));
}

/** Null where there is no such file. */
async function jsonOf<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  const parsed = schema.safeParse(jsonIn(file, text));
  if (!parsed.success) throw new BadInput(`${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function jsonIn(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadInput(`${file}: is not JSON`);
  }
}
