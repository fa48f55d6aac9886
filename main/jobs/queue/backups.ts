// Copies a file that is about to be replaced, and finds a name for a new file that no file has.
import { closeSync, constants, copyFileSync, existsSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { OPENING } from '../../formats/coco/cocoWrite.ts';

/** The first of `name.json`, `name-2.json`, ... that is not there. */
export function freeName(file: string): string {
  const { dir, name, ext } = path.parse(file);
  for (let count = 1; ; count++) {
    const tried = count === 1 ? file : path.join(dir, `${name}-${count}${ext}`);
    if (!existsSync(tried)) return tried;
  }
}

/** Copies what stands there; gives the copy's path, null where nothing stands there. Never replaces a backup. */
export function keepBackup(file: string, now = new Date()): string | null {
  if (!existsSync(file)) return null;
  const stamp = now.toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  const { dir, name, ext } = path.parse(file);
  const copy = freeName(path.join(dir, `${name}.backup-${stamp}${ext}`));
  copyFileSync(file, copy, constants.COPYFILE_EXCL);
  return copy;
}

const HEAD = 4096;

/** Whether Loupe wrote it: an export is made again at any time, what others wrote is not. */
export function isOwnExport(file: string): boolean {
  const descriptor = openSync(file, 'r');
  try {
    const head = Buffer.alloc(HEAD);
    const start = head.toString('utf8', 0, readSync(descriptor, head, 0, HEAD, 0));
    return start.startsWith(OPENING) || start.includes('"contributor":"Loupe"');
  } finally {
    closeSync(descriptor);
  }
}
