// Says of a file that only stands for its contents what it is: a pointer of Git LFS, or a link to what is not there.
import { lstat } from 'node:fs/promises';

export const pointerWords = 'is a Git LFS pointer, not the file itself; fetch it with "git lfs pull".';

/** `start`: the first bytes, nine at least. Neither weights nor JSON begin so. */
export const isPointer = (start: Uint8Array | string): boolean =>
  (typeof start === 'string' ? start.slice(0, 9) : new TextDecoder().decode(start.subarray(0, 9))) === 'version h';

/** The end of a sentence on a file that cannot be found: an unfinished download leaves links that lead nowhere. */
export async function absence(file: string): Promise<string> {
  const info = await lstat(file).catch(() => null);
  return info?.isSymbolicLink() ? 'is a link to a file that is not there; download it again.' : 'does not exist.';
}
