// A version of a checkpoint that was taught: a folder that names the checkpoint and holds what learnt, low-rank updates as peft keeps them.
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import type { WeightsFile } from '../../models/runtime/weightsFile.ts';
import { type TensorToWrite, writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { toPeft } from '../../models/train/lora.ts';
import { BadInput } from '../contract/badInput.ts';
import { adapterConfigName, adapterWeightsName } from './adapter.ts';
import { placedBase, placedName } from './records/placedBase.ts';

export const taughtName = 'taught.json';
/** Whole tensors that take the place of the checkpoint's own. */
export const partsName = 'loupe-parts.safetensors';

const TaughtFile = z.object({ base: z.string().min(1) });

interface TaughtParts {
  /** The folder of the checkpoint. */
  readonly base: string;
  /** Null: only low-rank updates learnt. */
  readonly parts: WeightsFile | null;
}

const isThere = async (file: string): Promise<boolean> => (await stat(file).catch(() => null))?.isFile() === true;

export const isTaught = (folder: string): Promise<boolean> => isThere(path.join(folder, taughtName));

/** Null where the folder is no such version. */
export async function taughtIn(folder: string): Promise<TaughtParts | null> {
  if (!(await isTaught(folder))) return null;
  const placed = await placedBase(folder);
  const base = placed ?? (await namedBase(folder));
  if (!(await isThere(path.join(base, 'config.json')))) {
    const file = path.join(folder, placed === null ? taughtName : placedName);
    throw new BadInput(
      `${file}: names ${base}, where no checkpoint is any more; put it back, or write its folder into that file`,
    );
  }
  const parts = path.join(folder, partsName);
  return { base, parts: (await isThere(parts)) ? await openSafetensors(parts) : null };
}

/** Where the checkpoint lay on the machine that taught it. */
export async function namedBase(folder: string): Promise<string> {
  const file = path.join(folder, taughtName);
  const parsed = TaughtFile.safeParse(jsonOf(await readFile(file, 'utf8')));
  if (!parsed.success) throw new BadInput(`${file}: does not name the checkpoint that was taught`);
  return path.resolve(folder, parsed.data.base);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Low-rank updates by the keys of our graphs, and how they count in peft's words. */
export interface AdapterToWrite {
  readonly config: Readonly<Record<string, unknown>>;
  readonly factors: Readonly<Record<string, TensorToWrite>>;
}

export interface TaughtToWrite {
  readonly base: string;
  readonly parts: Readonly<Record<string, TensorToWrite>>;
  readonly adapter: AdapterToWrite | null;
}

/** What names the checkpoint comes last: a folder without it is not whole. */
export async function writeTaught(folder: string, { base, parts, adapter }: TaughtToWrite): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (adapter) await writeAdapter(folder, { ...adapter, base });
  if (Object.keys(parts).length > 0) await writeSafetensors(path.join(folder, partsName), parts);
  await writeFile(path.join(folder, taughtName), `${JSON.stringify({ base })}\n`);
}

/** A folder of peft's. `base`: a folder, or a name on the Hub. */
export async function writeAdapter(
  folder: string,
  { config, factors, base }: AdapterToWrite & { base: string },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const named = Object.fromEntries(Object.entries(factors).map(([key, tensor]) => [toPeft(key), tensor]));
  const about = { ...config, base_model_name_or_path: base };
  await writeFile(path.join(folder, adapterConfigName), `${JSON.stringify(about, null, 2)}\n`);
  await writeSafetensors(path.join(folder, adapterWeightsName), named, { metadata: { format: 'pt' } });
}
