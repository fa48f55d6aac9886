// The files group: what lies in a folder, for shells without file dialogs.
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import type { FolderEntry } from '../contract/api.ts';
import { BadInput } from '../contract/badInput.ts';
import { isImageName } from '../pictures/listImageFiles.ts';
import { isWeightsName } from '../weights/segmenterFile.ts';
import { contract } from './contract.ts';

/** More would be no list that a person reads. */
const MOST_ENTRIES = 5000;

export const filesHandlers = () => ({
  browse: contract.files.browse.handler(({ input }) => browse(input.folder ?? homedir())),
});

async function browse(wanted: string) {
  if (!path.isAbsolute(wanted)) throw new BadInput(`${wanted}: give the whole path of a folder`);
  const folder = path.resolve(wanted);
  const found = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new BadInput(`${folder}: ${unreadable[error.code ?? ''] ?? `cannot be read (${error.code})`}`);
  });
  const shown = found.filter(({ name }) => !name.startsWith('.'));
  const kinds = await Promise.all(shown.map((entry) => entryOf(folder, entry)));
  const entries = kinds.filter((entry) => entry !== null).sort(inOrder);
  const parent = path.dirname(folder);
  return { folder, parent: parent === folder ? null : parent, entries: entries.slice(0, MOST_ENTRIES) };
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'is a file; open the folder that it lies in',
};

async function entryOf(folder: string, entry: Dirent): Promise<FolderEntry | null> {
  const file = path.join(folder, entry.name);
  const target = entry.isSymbolicLink() ? await stat(file).catch(() => null) : entry;
  const kind = target?.isDirectory() ? 'folder' : target?.isFile() ? kindOf(entry.name) : null;
  return kind && { name: entry.name, path: file, kind };
}

function kindOf(name: string): FolderEntry['kind'] | null {
  if (isWeightsName(name)) return 'weights';
  const ending = path.extname(name).toLowerCase();
  if (ending === '.loupe') return 'project';
  if (ending === '.json') return 'coco';
  return isImageName(name) ? 'image' : null;
}

const collator = new Intl.Collator('en', { numeric: true });

/** Folders first, then as people count. */
const inOrder = (a: FolderEntry, b: FolderEntry): number =>
  Number(b.kind === 'folder') - Number(a.kind === 'folder') || collator.compare(a.name, b.name);
