// Computes digests of files: sha256 for large files, and git's own sha1, which the Hub gives for small ones.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

export interface Digest {
  readonly kind: 'sha256' | 'git-sha1';
  readonly hex: string;
}

export async function digestOf(file: string, kind: Digest['kind'], signal?: AbortSignal): Promise<string> {
  const hash = createHash(kind === 'sha256' ? 'sha256' : 'sha1');
  // Git hashes a header that tells the length before the content.
  if (kind === 'git-sha1') hash.update(`blob ${(await stat(file)).size}\0`);
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20, signal })) hash.update(chunk);
  return hash.digest('hex');
}

/** False where there is no such file. */
export async function isFile(file: string, digest: Digest, signal?: AbortSignal): Promise<boolean> {
  const info = await stat(file).catch(() => null);
  return info?.isFile() === true && (await digestOf(file, digest.kind, signal)) === digest.hex;
}
