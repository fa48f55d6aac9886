// Writes and reads the answers that a run's last step learnt from, with what they drew, in a file of the run's folder.
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StepRollouts } from '../contract/learning.ts';

const MOST_BYTES = 2 ** 24;

const fileIn = (folder: string): string => path.join(folder, 'rollouts.json');

/** In place of those of the step before, whole at any time. What is only shown ends no run: a full disk is met by a checkpoint. */
export async function writeRollouts(folder: string, rollouts: StepRollouts): Promise<void> {
  const file = fileIn(folder);
  await writeFile(`${file}.part`, JSON.stringify(rollouts))
    .then(() => rename(`${file}.part`, file))
    .catch(() => {});
}

/** Null where the run left no such file, or one that cannot be read: a view of it is missing, nothing else. */
export async function readRollouts(folder: string): Promise<StepRollouts | null> {
  const info = await stat(fileIn(folder)).catch(() => null);
  if (!info || info.size > MOST_BYTES) return null;
  try {
    return StepRollouts.parse(JSON.parse(await readFile(fileIn(folder), 'utf8')));
  } catch {
    return null;
  }
}
