// Writes and reads what held-out prompts drew before and after a run, in a file of the run's folder.
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { DrawnChange } from '../../contract/learning.ts';

/** Most changes that are written: nobody looks through more. */
const MOST_CHANGES = 60;
const MOST_BYTES = 2 ** 26;

const fileIn = (folder: string): string => path.join(folder, 'changes.json');

/** The first of them are kept: the worst ones. */
export const writeChanges = (folder: string, changes: readonly DrawnChange[]): Promise<void> =>
  writeFile(fileIn(folder), JSON.stringify(changes.slice(0, MOST_CHANGES)));

/** None where the run left no such file, or one that cannot be read: a view of it is missing, nothing else. */
export async function readChanges(folder: string): Promise<DrawnChange[]> {
  const info = await stat(fileIn(folder)).catch(() => null);
  if (!info || info.size > MOST_BYTES) return [];
  try {
    return z.array(DrawnChange).parse(JSON.parse(await readFile(fileIn(folder), 'utf8')));
  } catch {
    return [];
  }
}
