// Locks a file for one program at a time: it names the holder's process, and a process that is gone holds nothing.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { BadInput } from '../../contract/badInput.ts';

/** Locks of this program: a file that names its process and is not among them was left by an earlier one with the same id. */
const ours = new Set<string>();

/** Resolves to what lets it go; throws one sentence where another program at work holds it. */
export async function lockFile(file: string): Promise<() => Promise<void>> {
  const isOurs = () =>
    writeFile(file, `${process.pid}`, { flag: 'wx' }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
        return false;
      },
    );
  if (!(await isOurs())) {
    const holder = Number(await readFile(file, 'utf8').catch(() => ''));
    const isOwn = holder === process.pid && !ours.has(file);
    if (!isOwn && isAtWork(holder))
      throw new BadInput(`${file}: the program with process id ${holder} is at work there already`);
    await rm(file, { force: true });
    if (!(await isOurs())) throw new BadInput(`${file}: another program began to work there just now`);
  }
  ours.add(file);
  return async () => {
    ours.delete(file);
    await rm(file, { force: true });
  };
}

function isAtWork(id: number): boolean {
  if (!Number.isInteger(id) || id <= 0) return false;
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    // Somebody else's process is at work too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
