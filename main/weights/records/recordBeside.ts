// Reads and writes small JSON files that lie beside a weights folder's tensors and say what was measured of them.
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { BadInput } from '../../contract/badInput.ts';

export interface RecordKind<T> {
  readonly name: string;
  readonly schema: z.ZodType<T>;
  /** The command that makes it. */
  readonly command: string;
}

const mostBytes = 2 ** 22;

/** Null where the folder has none. Throws BadInput where it cannot be what it is called. */
export async function readRecordBeside<T>(folder: string, { name, schema, command }: RecordKind<T>): Promise<T | null> {
  const file = path.join(folder, name);
  const info = await stat(file).catch(() => null);
  if (!info) return null;
  if (info.size > mostBytes) throw new BadInput(`${file}: is ${info.size} bytes long, which no such file needs`);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch {
    throw new BadInput(`${file}: is not JSON; make it again with "${command}"`);
  }
  const read = schema.safeParse(json);
  if (read.success) return read.data;
  throw new BadInput(`${file}: ${z.prettifyError(read.error)}; make it again with "${command}"`);
}

export async function writeRecordBeside<T>(folder: string, { name }: RecordKind<T>, record: T): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, `${JSON.stringify(record)}\n`);
  return file;
}
