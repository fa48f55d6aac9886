// Writes a weights folder with some of its tensors, and perhaps its words, replaced; the original stays as it is.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import type { WeightsFile } from '../../../models/runtime/weightsFile.ts';
import { type TensorToWrite, writeSafetensors } from '../../../models/runtime/writeSafetensors.ts';
import { isFactor } from '../../../models/train/lora.ts';
import { adapterIn } from '../../weights/adapter.ts';
import { isCheckpoint } from '../../weights/openCheckpoint.ts';
import { detectorFiles } from '../../weights/records/detectorRecord.ts';
import { taughtIn, taughtName, writeTaught } from '../../weights/taughtParts.ts';
import { type SegmenterIdentity, taughtSegmenterIn, writeTaughtSegmenter } from '../../weights/taughtSegmenter.ts';
import { type Parameter, Parameters } from '../loop/parameters.ts';

export interface WeightsChange {
  readonly tensors?: ReadonlyMap<string, Parameter>;
  /** Tensors of a segmenter beside a checkpoint. */
  readonly segmenter?: SegmenterIdentity & { readonly tensors: ReadonlyMap<string, Parameter> };
  /** Texts that take the place of the folder's own, by file name. */
  readonly texts?: Readonly<Record<string, string>>;
  /** How low-rank updates among the tensors count, in peft's words. */
  readonly adapter?: Readonly<Record<string, unknown>>;
}

const tensorFile = 'model.safetensors';

export const isWhole = (folder: string): boolean =>
  [tensorFile, taughtName].some((name) => existsSync(path.join(folder, name)));

/** Tensors of a folder in memory, to be trained and read by graphs; a graph that asks for others is told so. */
export async function readParameters(folder: string, isRead: (name: string) => boolean): Promise<Parameters> {
  const file = await openSafetensors(path.join(folder, tensorFile));
  const parameters = new Parameters((name) => {
    throw new Error(`${folder}: holds no tensor "${name}".`);
  });
  for (const [name, { shape }] of file.tensors) if (isRead(name)) parameters.set(name, shape, await file.read(name));
  return parameters;
}

/**
 * A detector reads what its own picture encoder sees. What pictures.json says of features was measured with the tower before it
 * learnt on, and holds: with 0.15 to 0.8 of a run's changes 1 of 60 scenes at most was called unlike, and 59 of 60 photographs.
 */
async function filesOf(changed: ReadonlyMap<string, Parameter>, before: WeightsFile): Promise<string[]> {
  const always = ['config.json', 'tokenizer.json', 'repair.json', 'pictures.json'];
  // A tier hands over all that it reads, whether it trains it or not.
  for (const [name, { values }] of changed)
    if (seenByDetector.test(name) && !(before.tensors.has(name) && same(values, await before.read(name))))
      return always;
  return [...always, ...detectorFiles];
}

const seenByDetector = /^sam\.(?:image_encoder|no_mem_embed|sam_mask_decoder\.conv_s1)\b/u;

const same = (a: Float32Array, b: Float32Array): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);

/** Only the changed parts of a checkpoint are written; the checkpoint stays where it is. */
export async function writeVersion(from: string, to: string, change: WeightsChange): Promise<void> {
  if (await isCheckpoint(from)) await writeChanged(from, to, change);
  else await writeWhole(from, to, change);
}

/** What the folder that learnt has of a segmenter beside it stays, where that did not learn on. */
async function writeChanged(
  from: string,
  to: string,
  { tensors = new Map(), adapter: about, segmenter }: WeightsChange,
): Promise<void> {
  const [taught, adapter] = [await taughtIn(from), await adapterIn(from)];
  const beside = segmenter ? { ...segmenter, tensors: toWrite(segmenter.tensors) } : await besideIn(from);
  if (beside) await writeTaughtSegmenter(to, beside);
  const own = toWrite(tensors);
  const before = { ...(await held(taught?.parts)), ...(await held(adapter?.file)) };
  const all = Object.entries({ ...before, ...own });
  const factors = Object.fromEntries(all.filter(([name]) => isFactor(name)));
  const config = about ?? adapter?.config;
  await writeTaught(to, {
    base: taught?.base ?? adapter?.base ?? path.resolve(from),
    parts: Object.fromEntries(all.filter(([name]) => !isFactor(name))),
    adapter: config ? { config, factors } : null,
  });
}

async function besideIn(from: string) {
  const known = await taughtSegmenterIn(from);
  return known && { ...known, tensors: await held(known.file) };
}

const toWrite = (tensors: ReadonlyMap<string, Parameter>): Record<string, TensorToWrite> =>
  Object.fromEntries([...tensors].map(([name, { shape, values }]) => [name, { shape: [...shape], data: values }]));

async function held(file: WeightsFile | null | undefined): Promise<Record<string, TensorToWrite>> {
  const tensors: Record<string, TensorToWrite> = {};
  for (const [name, { shape }] of file?.tensors ?? [])
    if (file) tensors[name] = { shape: [...shape], data: await file.read(name) };
  return tensors;
}

/** The tensors come last: a folder without them is not whole. */
async function writeWhole(
  from: string,
  to: string,
  { tensors: changed = new Map(), texts = {} }: WeightsChange,
): Promise<void> {
  await mkdir(to, { recursive: true });
  const file = await openSafetensors(path.join(from, tensorFile));
  for (const name of await filesOf(changed, file)) {
    const text = texts[name];
    if (text !== undefined) await writeFile(path.join(to, name), text);
    // What repairs gained by the weights that were taught is the nearest that is known.
    else if (existsSync(path.join(from, name))) await copyFile(path.join(from, name), path.join(to, name));
  }
  const tensors: Record<string, TensorToWrite> = {};
  for (const [name, { shape }] of file.tensors) {
    const own = changed.get(name);
    tensors[name] = own ? { shape: own.shape, data: own.values } : { shape: [...shape], data: await file.read(name) };
  }
  await writeSafetensors(path.join(to, tensorFile), tensors, { storage: 'float16' });
}
