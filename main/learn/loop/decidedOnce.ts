// Keeps what was decided once in a file of the run's folder: a run that goes on finds it there, though time, memory or images are others.
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';

/** What JSON holds. The file is written whole or not at all, so a kill or a full disk leaves none that cannot be read. */
export async function decidedOnce<T>(file: string, decide: () => T | Promise<T>): Promise<T> {
  if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8'));
  const decided = await decide();
  await writeFile(`${file}.part`, JSON.stringify(decided));
  await rename(`${file}.part`, file);
  return decided;
}
