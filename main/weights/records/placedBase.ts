// Remembers, in a file beside an imported version, where on this machine the checkpoint lies that the version changes.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { BadInput } from '../../contract/badInput.ts';

export const placedName = 'loupe-base.json';
const PlacedFile = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('is not JSON');
      return z.NEVER;
    }
  })
  .pipe(z.object({ folder: z.string().min(1) }));

/** Null: the version's own files name its checkpoint. */
export async function placedBase(folder: string): Promise<string | null> {
  const file = path.join(folder, placedName);
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  const parsed = PlacedFile.safeParse(text);
  if (parsed.success) return path.resolve(folder, parsed.data.folder);
  throw new BadInput(`${file}: does not name the folder of a checkpoint; write it as {"folder": "..."}`);
}

export const placeBase = (folder: string, base: string): Promise<void> =>
  writeFile(path.join(folder, placedName), `${JSON.stringify({ folder: base })}\n`);
