// Copies a project that cannot be written where it lies to another place, from where it finds the same images.
import { randomUUID } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
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

function copyWritable(from: string, to: string): void {
  copyFileSync(from, to);
  chmodSync(to, 0o600);
}
