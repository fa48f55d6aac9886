// What was taught of a segmenter beside a checkpoint: its mask decoder, in a file of the version that knows the segmenter by a digest.
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import type { WeightsFile } from '../../models/runtime/weightsFile.ts';
import { type TensorToWrite, writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { BadInput } from '../contract/badInput.ts';
import { segmenterFileAt } from './segmenterFile.ts';
import { fileDigest, tensorsDigest } from './version.ts';

const taughtSegmenterName = 'loupe-segmenter.safetensors';

/** The segmenter that was taught, wherever it lies. */
export interface SegmenterIdentity {
  readonly name: string;
  readonly digest: string;
}

export interface TaughtSegmenter extends SegmenterIdentity {
  /** Tensors that take the place of its own. */
  readonly file: WeightsFile;
}

/** Null where the version of a checkpoint has none. */
export async function taughtSegmenterIn(folder: string): Promise<TaughtSegmenter | null> {
  const place = path.join(folder, taughtSegmenterName);
  if (!(await stat(place).catch(() => null))?.isFile()) return null;
  const file = await openSafetensors(place);
  const [name, digest] = ['segmenter', 'digest'].map((key) => file.metadata.get(key));
  if (name === undefined || digest === undefined)
    throw new BadInput(`${place}: does not say which segmenter it changes; teach the project again`);
  return { name, digest, file };
}

export async function writeTaughtSegmenter(
  folder: string,
  { name, digest, tensors }: SegmenterIdentity & { readonly tensors: Readonly<Record<string, TensorToWrite>> },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeSafetensors(path.join(folder, taughtSegmenterName), tensors, { metadata: { segmenter: name, digest } });
}

/** Null where no one file of weights lies there, as with ONNX files. */
export async function segmenterDigest(place: string): Promise<string | null> {
  try {
    const file = await segmenterFileAt(place);
    // An index of shards names them alone.
    return await (file.endsWith('.json') ? tensorsDigest(path.dirname(file)) : fileDigest(file));
  } catch (error) {
    if (error instanceof BadInput) return null;
    throw error;
  }
}
