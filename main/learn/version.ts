// A weights folder with some of its tensors, and perhaps its words, replaced: the reference stays as it is.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { type TensorToWrite, writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import type { Parameter } from './parameters.ts';

export interface Change {
  readonly tensors: ReadonlyMap<string, Parameter>;
  /** Texts that take the place of the folder's own, by file name. */
  readonly texts?: Readonly<Record<string, string>>;
}

const tensorFile = 'model.safetensors';

export const isWhole = (folder: string): boolean => existsSync(path.join(folder, tensorFile));

/** What pictures.json says of a picture's features holds only for the tower and the words that it was measured with. */
function filesOf(changed: Change['tensors']): string[] {
  const isReasonerChanged = [...changed.keys()].some((name) => /^(?:visual|model|lm_head)\./u.test(name));
  return ['config.json', 'tokenizer.json', 'repair.json', ...(isReasonerChanged ? [] : ['pictures.json'])];
}

/** The tensors come last: a folder without them is not whole. */
export async function writeVersion(from: string, to: string, { tensors: changed, texts = {} }: Change): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of filesOf(changed)) {
    const text = texts[name];
    if (text !== undefined) await writeFile(path.join(to, name), text);
    // What repairs gained by the weights that were taught is the nearest that is known.
    else if (existsSync(path.join(from, name))) await copyFile(path.join(from, name), path.join(to, name));
  }
  const file = await openSafetensors(path.join(from, tensorFile));
  const tensors: Record<string, TensorToWrite> = {};
  for (const [name, { shape }] of file.tensors) {
    const own = changed.get(name);
    tensors[name] = own ? { shape: own.shape, data: own.values } : { shape: [...shape], data: await file.read(name) };
  }
  await writeSafetensors(path.join(to, tensorFile), tensors, { storage: 'float16' });
}
