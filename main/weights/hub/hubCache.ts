// Reads and writes the Hub's cache on disk: blobs by their digest, snapshots that link to them, and the commit of each branch.
import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, readdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Digest, isFile } from './digest.ts';

export interface Snapshot {
  /** The folder of the repository in the cache. */
  readonly repository: string;
  /** What a person opens. */
  readonly folder: string;
}

export const repositoryIn = (cache: string, name: string): string =>
  path.join(cache, `models--${name.replaceAll('/', '--')}`);

export function snapshotIn(cache: string, name: string, commit: string): Snapshot {
  const repository = repositoryIn(cache, name);
  return { repository, folder: path.join(repository, 'snapshots', commit) };
}

export const blobOf = ({ repository }: Snapshot, digest: Digest): string => path.join(repository, 'blobs', digest.hex);

/** The file of the snapshot leads to the blob from now on; at no time is it missing or half. */
export async function place(snapshot: Snapshot, name: string, digest: Digest): Promise<void> {
  const entry = path.join(snapshot.folder, name);
  const blob = blobOf(snapshot, digest);
  await mkdir(path.dirname(entry), { recursive: true });
  const beside = `${entry}.${randomUUID()}`;
  await symlink(path.relative(path.dirname(entry), blob), beside)
    // Windows lets not everybody make links.
    .catch(() => link(blob, beside))
    .catch(() => copyFile(blob, beside));
  await rename(beside, entry).catch(async (error: unknown) => {
    await rm(beside, { force: true });
    throw error;
  });
}

export async function writeReference(repository: string, revision: string, commit: string): Promise<void> {
  const file = path.join(repository, 'refs', revision);
  await mkdir(path.dirname(file), { recursive: true });
  const beside = `${file}.${randomUUID()}`;
  await writeFile(beside, commit);
  await rename(beside, file);
}

/** The commit that a branch stood at when it was last asked; null: never. */
export async function readReference(repository: string, revision: string): Promise<string | null> {
  const text = await readFile(path.join(repository, 'refs', revision), 'utf8').catch(() => null);
  return text === null ? null : text.trim();
}

/** Null, or the sentence of the first file below a folder that is a link that leads nowhere, or into the cache to what is not as its blob is called. */
export async function damaged(folder: string): Promise<string | null> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((one) => one.isSymbolicLink())) {
    const file = path.join(entry.parentPath, entry.name);
    const blob = await realpath(file).catch(() => null);
    if (blob === null)
      return `${entry.name} is missing (${file} leads nowhere); "loupe model download" fetches it again`;
    const digest = digestNamed(path.basename(blob));
    if (digest && !(await isFile(blob, digest)))
      return `${entry.name} is damaged (${blob}); "loupe model download" fetches it again`;
  }
  return null;
}

function digestNamed(hex: string): Digest | null {
  if (/^[0-9a-f]{64}$/.test(hex)) return { kind: 'sha256', hex };
  return /^[0-9a-f]{40}$/.test(hex) ? { kind: 'git-sha1', hex } : null;
}
