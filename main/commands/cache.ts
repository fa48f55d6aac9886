// `loupe cache`: says what is kept on disk of pictures that were opened, and removes it where that is asked for.
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { BadInput, refusalOf } from '../contract/badInput.ts';
import { foldersBelow } from '../settings.ts';
import type { Terminal } from '../terminal.ts';

/** The folders of the cache, and what is in them. */
const parts = {
  images: 'thumbnails, tiles and converted pictures',
  features: 'what segmenters made of pictures',
} as const;
type Part = keyof typeof parts;
const names = Object.keys(parts) as Part[];

export function addCache(program: Command, terminal: Terminal): void {
  program
    .command('cache')
    .description('what is kept on disk of pictures that were opened, which is made again when it is missing')
    .option('--clear', 'remove all of it')
    .option('--json', 'print one JSON document instead of text')
    .action(async ({ clear = false, json = false }: { clear?: boolean; json?: boolean }) => {
      const folder = foldersBelow(process.env.LOUPE_HOME).cache;
      const held = await contentOf(folder);
      if (clear) for (const name of names) await removed(path.join(folder, name));
      terminal.print(json ? `${JSON.stringify({ folder, ...held, cleared: clear })}\n` : text(folder, held, clear));
    });
}

interface Content {
  readonly files: number;
  readonly bytes: number;
}

async function contentOf(folder: string): Promise<Record<Part, Content>> {
  const found = await Promise.all(
    names.map(async (name) => [name, await contentBelow(path.join(folder, name))] as const),
  );
  return Object.fromEntries(found) as Record<Part, Content>;
}

/** Nothing where there is no such folder; another program may remove files meanwhile. */
async function contentBelow(folder: string): Promise<Content> {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  let [files, bytes] = [0, 0];
  for (const name of entries) {
    const info = await stat(path.join(folder, name)).catch(() => null);
    if (!info?.isFile()) continue;
    files++;
    bytes += info.size;
  }
  return { files, bytes };
}

async function removed(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    throw new BadInput(`${folder}: cannot be removed: ${refusalOf(error) ?? String(error)}`);
  }
}

function text(folder: string, held: Record<Part, Content>, cleared: boolean): string {
  const lines = names.map((name) => {
    const { files, bytes } = held[name];
    return `${parts[name]}: ${files} files, ${(bytes / 1e6).toFixed(1)} MB${cleared ? ', removed' : ''}\n`;
  });
  return `${folder}\n${lines.join('')}`;
}
