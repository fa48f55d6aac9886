// Makes a folder for what one piece of work needs while it runs; removes folders that killed processes left.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { isProcessAlive } from '../../formats/files/partFile.ts';

/** Processes of another machine, or of another container, may share the place but not the numbers. */
const machine = hostname().replaceAll(/[^\w.]/gu, '_');
const LEFT = /^loupe-[a-z]+-(?<machine>[\w.]*)-(?<pid>\d{1,10})-\w{6}$/u;

export async function withScratch<T>(
  purpose: 'import' | 'repair' | 'gather',
  work: (folder: string) => Promise<T>,
): Promise<T> {
  await sweepScratch();
  const folder = await mkdtemp(path.join(tmpdir(), `loupe-${purpose}-${machine}-${process.pid}-`));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Takes away what killed processes of this machine left, and nothing of those that live. */
export async function sweepScratch(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const owner = LEFT.exec(name)?.groups;
    if (owner === undefined || owner.machine !== machine || isProcessAlive(Number(owner.pid))) continue;
    // Another person's, which cannot be removed, is no reason not to work.
    await rm(path.join(tmpdir(), name), { recursive: true, force: true }).catch(() => {});
  }
}
