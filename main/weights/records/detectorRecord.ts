// `detector.json` and `detector.safetensors` beside weights: the classes that their segmenter's pictures are searched for, and by what.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import type { WeightsFile } from '../../../models/runtime/weightsFile.ts';
import { type TensorToWrite, writeSafetensors } from '../../../models/runtime/writeSafetensors.ts';
import { BadInput } from '../../contract/badInput.ts';
import { type RecordKind, readRecordBeside, writeRecordBeside } from './recordBeside.ts';

const word = z.string().min(1).max(100);
const share = z.number().min(0).max(1);

const DetectorRecord = z.strictObject({
  /** In the order of the detector's scores, with other words for the same. */
  classes: z
    .array(z.strictObject({ name: word, also: z.array(word).max(50) }))
    .min(1)
    .max(10_000),
  width: z.int().min(1).max(4096),
  blocks: z.int().min(0).max(64),
  /** A thing counts as found from this score on. */
  least: share,
  /** Measured on photographs that it did not learn from: large things found, absent ones said to be absent. */
  figures: z.strictObject({ found: share, absent: share, photos: z.int() }),
});
export type DetectorRecord = z.infer<typeof DetectorRecord>;

const kind: RecordKind<DetectorRecord> = {
  name: 'detector.json',
  schema: DetectorRecord,
  command: 'loupe train detector',
};
const tensorsName = 'detector.safetensors';
/** Both lie in a folder, or it has no detector. */
export const detectorFiles = [kind.name, tensorsName] as const;

export interface DetectorWeights {
  readonly record: DetectorRecord;
  readonly file: WeightsFile;
}

/** Null where the folder has none. Throws BadInput where one file lies there without the other, or cannot be read. */
export async function readDetector(folder: string): Promise<DetectorWeights | null> {
  const [record, tensors] = [await readRecordBeside(folder, kind), path.join(folder, tensorsName)];
  if (!record) return null;
  if (!existsSync(tensors))
    throw new BadInput(`${tensors}: is missing beside ${kind.name}; make both again with "${kind.command}"`);
  return { record, file: await openSafetensors(tensors) };
}

/** The record comes last: without it the folder has no detector. */
export async function writeDetector(
  folder: string,
  record: DetectorRecord,
  tensors: Readonly<Record<string, TensorToWrite>>,
): Promise<string> {
  await writeSafetensors(path.join(folder, tensorsName), tensors, { storage: 'float16' });
  return writeRecordBeside(folder, kind, record);
}
