// Lists the files of a model's folder; a folder that holds far more than any model does is refused before it is read through.
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';

/** Of published models the most have some hundred files: shards, an index, and the weights of other libraries beside them. */
const MOST_ENTRIES = 5000;
const DEEPEST = 4;

/** Paths of all files below, with the names of folders before them, sorted. Links are files; what may not be read is left out. */
export async function modelFiles(place: string): Promise<string[]> {
  const files: string[] = [];
  let seen = 0;
  const walk = async (below: string, depth: number): Promise<void> => {
    const entries = await entriesOf(path.join(place, below), depth);
    seen += entries.length;
    if (seen > MOST_ENTRIES)
      throw new BadInput(
        `${place}: holds more than ${MOST_ENTRIES} files, which no model does; choose the model's own folder`,
      );
    for (const entry of entries) {
      const name = path.join(below, entry.name);
      if (!entry.isDirectory()) files.push(name);
      else if (depth < DEEPEST) await walk(name, depth + 1);
    }
  };
  await walk('', 0);
  return files.sort();
}

/** The folder itself must be readable. */
const entriesOf = (folder: string, depth: number): Promise<Dirent[]> =>
  readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (depth > 0) return [];
    throw error;
  });
