// Makes the folder that a command writes to before any long work, and says in one sentence where nothing can be written to it.
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { BadInput, refusalOf } from '../../contract/badInput.ts';

/** Makes the folder before any long work, so that a bad one is known at once. */
export const prepareFolder = (folder: string): Promise<void> => writing(folder, () => makeFolder(path.resolve(folder)));

/** Node's own recursive mkdir never returns on file systems that refuse with ENOENT, such as /proc. */
async function makeFolder(folder: string): Promise<void> {
  const info = await stat(folder).catch(() => null);
  if (info?.isDirectory()) return;
  if (path.dirname(folder) !== folder) await makeFolder(path.dirname(folder));
  await mkdir(folder);
}

export async function writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const why = refusalOf(error);
    throw why === null ? error : new BadInput(`${folder}: cannot be written to: ${why}`, { cause: error });
  }
}
