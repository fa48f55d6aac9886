// Lists the image files in and below files and folders, in the order in which people count.
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';

const endings = new Set(['.jpg', '.jpeg', '.png', '.webp', '.tif', '.tiff', '.bmp', '.gif', '.avif']);

export const isImageName = (name: string): boolean => endings.has(path.extname(name).toLowerCase());

interface Found {
  readonly signal?: AbortSignal;
  /** A line for each folder that was left out. */
  note?(line: string): void;
}

/** Refuses what is not there, so that a bad name is known at once. */
export async function refuseMissing(paths: readonly string[]): Promise<void> {
  for (const each of paths) {
    await stat(each).catch(() => {
      throw new BadInput(`${each}: there is no such file or folder`);
    });
  }
}

/** A file that is named itself counts whatever its ending; hidden ones below a folder do not. */
export async function* imageFilesIn(paths: readonly string[], { signal, note }: Found = {}): AsyncGenerator<string> {
  const walked = new Set<string>();
  for (const each of paths) {
    const file = path.resolve(each);
    if ((await stat(file)).isDirectory()) yield* below(file, { signal, note, walked });
    else yield file;
  }
}

async function* below(folder: string, state: Found & { walked: Set<string> }): AsyncGenerator<string> {
  state.signal?.throwIfAborted();
  const entries = await entriesOf(folder, state);
  const folders: string[] = [];
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    const kind = await kindOf(entry, file);
    if (kind === 'folder') folders.push(file);
    else if (kind === 'file' && isImageName(entry.name)) yield file;
  }
  for (const each of folders) yield* below(each, state);
}

/** Gives none where the folder cannot be read or was walked before: links may lead in a circle. */
async function entriesOf(folder: string, { walked, note }: Found & { walked: Set<string> }): Promise<Dirent[]> {
  try {
    const place = await realpath(folder);
    if (walked.has(place)) return [];
    walked.add(place);
    const entries = await readdir(folder, { withFileTypes: true });
    return inOrder(entries.filter(({ name }) => !name.startsWith('.')));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    note?.(`${folder}: cannot be read (${code})`);
    return [];
  }
}

/** Frame 2 before frame 10. */
function inOrder(entries: readonly Dirent[]): Dirent[] {
  const keyed = entries.map((entry) => ({
    entry,
    key: entry.name.replace(/\d+/gu, (digits) => digits.padStart(9, '0')),
  }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
  return keyed.map(({ entry }) => entry);
}

async function kindOf(entry: Dirent, file: string): Promise<'file' | 'folder' | null> {
  const target = entry.isSymbolicLink() ? await stat(file).catch(() => null) : entry;
  if (target?.isDirectory()) return 'folder';
  return target?.isFile() ? 'file' : null;
}
