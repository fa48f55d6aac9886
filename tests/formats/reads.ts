// Text to what a reader makes of it, with pictures that exist in name only.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FormatReader } from '../../main/formats/detect.ts';
import { type LeftOut, Notes, type Reading, type ReadShape } from '../../main/formats/reading/reading.ts';

export const freshFolder = (): string => mkdtempSync(path.join(tmpdir(), 'loupe-formats-'));

/** Writes the file, and the folders that it needs. */
export function saved(folder: string, name: string, content: unknown): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  const raw = typeof content === 'string' || content instanceof Uint8Array;
  writeFileSync(file, raw ? content : JSON.stringify(content));
  return file;
}

export interface Outcome extends Omit<Reading, 'shapes'> {
  readonly shapes: ReadShape[];
  readonly leftOut: LeftOut[];
  readonly said: string[];
}

/** `sizes`: width and height of the pictures that are found, by their name. */
export async function outcomeOf(
  reader: FormatReader,
  file: string,
  sizes: Readonly<Record<string, readonly [number, number]>> = {},
): Promise<Outcome> {
  const notes = new Notes();
  const find = async (name: string) => {
    // Own names only: a file may name a picture "__proto__".
    const known = [name, path.basename(name)].find((one) => Object.hasOwn(sizes, one));
    const [width, height] = (known === undefined ? undefined : sizes[known]) ?? [0, 0];
    return width === 0 ? null : { file: `/pictures/${name}`, width, height };
  };
  const reading = await reader(file, {
    notes,
    pictures: { find },
    root: path.dirname(path.dirname(path.dirname(file))),
  });
  const shapes = [...reading.shapes];
  return { ...reading, shapes, leftOut: notes.leftOut, said: notes.said };
}
