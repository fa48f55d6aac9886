// Copies a project that cannot be written where it lies to another place, from where it finds the same images.
import { randomUUID } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import { movePaths } from './images.ts';
import { openFile } from './open.ts';

/**
 * By the file system, as SQLite would have to write beside the file to read it whole. It is checked as any file that is
 * opened; `examine` throws where it is not whole.
 */
export async function copyElsewhere(
  file: string,
  target: string,
  examine: (copy: string) => Promise<void>,
): Promise<void> {
  if (!existsSync(file)) throw new BadInput(`there is no project ${file}`);
  if (existsSync(target)) throw new BadInput(`${target}: is there already; choose another name`);
  if (!existsSync(path.dirname(target))) throw new BadInput(`${path.dirname(target)}: there is no such folder`);
  const part = `${target}.${randomUUID()}.part`;
  try {
    copyWritable(file, part);
    // Changes that were not folded into the file yet.
    if (existsSync(`${file}-wal`)) copyWritable(`${file}-wal`, `${part}-wal`);
    await examine(part);
    const { db, close } = openFile(part, { examined: true });
    try {
      db.whole(() => movePaths(db, path.dirname(file), path.dirname(target)));
    } finally {
      close();
    }
    renameSync(part, target);
  } finally {
    // The copy from before its format changed goes too: the original is one.
    for (const name of readdirSync(path.dirname(target))) {
      if (name.startsWith(path.basename(part))) rmSync(path.join(path.dirname(target), name), { force: true });
    }
  }
}

/**
 * To be read alone, from a place that takes no changes: its images stay where the file says. Throws where the original
 * changed meanwhile, for such a copy is of two moments.
 */
export function copyToRead(file: string, target: string): void {
  const [log, before] = [`${file}-wal`, stateOf(file)];
  copyWritable(file, target);
  if (existsSync(log)) copyWritable(log, `${target}-wal`);
  if (stateOf(file) !== before)
    throw new BadInput(
      `${path.basename(file)} was changed while it was read; close it where it is open, and try again`,
    );
}

/** Lengths and times of the file and its log. */
const stateOf = (file: string): string =>
  [file, `${file}-wal`]
    .map((place) => statSync(place, { bigint: true, throwIfNoEntry: false }))
    .map((info) => (info ? `${info.size} ${info.mtimeNs}` : 'none'))
    .join();

function copyWritable(from: string, to: string): void {
  copyFileSync(from, to);
  chmodSync(to, 0o600);
}
