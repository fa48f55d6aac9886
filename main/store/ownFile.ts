// Says whether a path is the file of an open project, by whatever name.
import { statSync } from 'node:fs';
import { BadInput } from '../contract/badInput.ts';
import type { Project } from './project.ts';

/** Opening and closing the file without SQLite would release the lock that keeps other hosts out (POSIX, fcntl). */
export function refuseOwnFile(project: Pick<Project, 'file'>, file: string): void {
  const [own, other] = [infoOf(project.file), infoOf(file)];
  const same = own !== null && other !== null && own.dev === other.dev && own.ino === other.ino;
  if (same) throw new BadInput(`${file}: is the project itself; name another file`);
}

const infoOf = (file: string) => statSync(file, { throwIfNoEntry: false, bigint: true }) ?? null;
